package proof_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy stands between the engine and the database, and can fail as networks do.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	mode  string // "pass", "refuse", "swallow": connections live and nothing moves
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, target: target, mode: "pass", conns: map[net.Conn]bool{}}
	go p.serve()
	t.Cleanup(func() {
		_ = listener.Close()
		p.set("refuse")
	})
	return p
}

// set changes the mode; refusing resets what is connected.
func (p *proxy) set(mode string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
	if mode != "swallow" {
		for conn := range p.conns {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
			delete(p.conns, conn)
		}
	}
}

func (p *proxy) is(mode string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode == mode
}

func (p *proxy) serve() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.is("refuse") {
			_ = in.Close()
			continue
		}
		out, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns[in], p.conns[out] = true, true
		p.mu.Unlock()
		go p.pipe(in, out)
		go p.pipe(out, in)
	}
}

// pipe copies until either side ends; what comes while the network swallows is lost with its connection.
func (p *proxy) pipe(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if p.is("swallow") {
			continue
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// While the database is away the sender is told to come back, soon; when it has returned, submissions are taken without a restart. What was
// acknowledged is there.
func TestOutage(t *testing.T) {
	dsn := postgres(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	p := newProxy(t, u.Host)
	u.Host = p.listener.Addr().String()
	store, err := open(u.String())
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.PutSource(t.Context(), source(), token))
	engine, err := newEngine(store)
	require.NoError(t, err)
	server := httptest.NewServer(engine.Handler())
	defer server.Close()
	o := &outage{url: server.URL + "/" + token, acked: map[string]bool{}}
	o.mustBe(t, http.StatusOK)
	for round := range count(3, 30) {
		for _, mode := range []string{"refuse", "swallow"} {
			p.set(mode)
			slowest := time.Duration(0)
			for range 2 {
				began := time.Now()
				o.mustBe(t, http.StatusServiceUnavailable)
				slowest = max(slowest, time.Since(began))
			}
			require.Less(t, slowest, 4*time.Second, "a sender is not kept waiting")
			p.set("pass")
			began := time.Now()
			for o.post(t) != http.StatusOK {
				require.Less(t, time.Since(began), 10*time.Second, "%s: not recovered", mode)
			}
			t.Logf("round %d %s: slowest 503 after %s, recovered after %s", round, mode, slowest.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		}
	}
	stored := map[string]bool{}
	for _, sub := range take(t, dsn).submissions {
		stored[sub.Metadata.Text("marker")] = true
	}
	for marker := range o.acked {
		require.True(t, stored[marker], "an acknowledged submission was lost")
	}
}

// outage posts and remembers what was acknowledged.
type outage struct {
	url   string
	n     int
	acked map[string]bool
}

func (o *outage) post(t *testing.T) int {
	t.Helper()
	o.n++
	marker := fmt.Sprint("m", o.n)
	resp, err := http.Post(o.url, "application/json", strings.NewReader(fmt.Sprintf(`{"email":"ann%d@acme.com","marker":%q}`, o.n, marker)))
	require.NoError(t, err)
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	switch resp.StatusCode {
	case http.StatusOK:
		o.acked[marker] = true
	case http.StatusServiceUnavailable:
		require.NotEmpty(t, resp.Header.Get("Retry-After"))
	default:
		require.Failf(t, "our own fault is 503", "%d", resp.StatusCode)
	}
	return resp.StatusCode
}

func (o *outage) mustBe(t *testing.T, status int) {
	t.Helper()
	require.Equal(t, status, o.post(t))
}
