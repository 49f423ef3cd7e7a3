package safehttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/safehttp"
)

// The tests take 127.0.0.2 for the public internet, and 127.0.0.1 for the inside.
const (
	public = "127.0.0.2"
	inside = "127.0.0.1"
)

// nameServer answers with what the function says and returns a resolver that asks it.
func nameServer(t *testing.T, answer func(name string) []string) *net.Resolver {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	started, ended := make(chan struct{}), make(chan error, 1)
	server := &dns.Server{PacketConn: packets, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, req *dns.Msg) {
		reply := new(dns.Msg).SetReply(req)
		reply.RecursionAvailable = true
		if q := req.Question[0]; q.Qtype == dns.TypeA {
			for _, ip := range answer(strings.TrimSuffix(q.Name, ".")) {
				reply.Answer = append(reply.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.ParseIP(ip)})
			}
		}
		_ = w.WriteMsg(reply) // a client that has gone away is its own business
	})}
	go func() { ended <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		require.NoError(t, server.Shutdown())
		require.NoError(t, <-ended)
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", packets.LocalAddr().String())
	}}
}

func denying(t *testing.T) *net.Resolver { return nameServer(t, func(string) []string { return nil }) }

// listener counts the connections to it, before a byte was read.
type listener struct {
	net.Listener
	accepted atomic.Int64
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return conn, err
}

// serve starts a server at the address and returns its port and the count of its connections.
func serve(t *testing.T, address string, handler http.HandlerFunc) (port string, accepted *atomic.Int64) {
	t.Helper()
	raw, err := net.Listen("tcp", address)
	require.NoError(t, err)
	l := &listener{Listener: raw}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	_, port, err = net.SplitHostPort(raw.Addr().String())
	require.NoError(t, err)
	return port, &l.accepted
}

func reach(resolver *net.Resolver) http.RoundTripper {
	return safehttp.Transport(&safehttp.Reach{Resolver: resolver, AnyPort: true, Allow: []netip.Prefix{netip.MustParsePrefix(public + "/32")}})
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

// TestRebinding: the name server says a public address first and an inner one the second time, or both at once. Nothing reaches the
// inside in a thousand tries, and what is public is reached.
func TestRebinding(t *testing.T) {
	t.Parallel()
	port, dialled := serve(t, public+":0", ok)
	_, leaked := serve(t, inside+":"+port, ok)
	var asked atomic.Int64
	resolver := nameServer(t, func(string) []string {
		switch asked.Add(1) % 4 {
		case 1:
			return []string{public}
		case 2:
			return []string{inside}
		case 3:
			return []string{inside, public}
		}
		return []string{public, inside}
	})
	client := safehttp.Client(&safehttp.Options{Transport: reach(resolver)})
	refused := 0
	for range 1000 {
		if _, body, err := get(t, client, "http://rebind.example:"+port+"/"); err == nil {
			require.Equal(t, "ok", body)
		} else {
			require.True(t, safehttp.Refused(err), err)
			refused++
		}
	}
	require.Zero(t, leaked.Load(), "connections to the inside")
	require.EqualValues(t, 1000-refused, dialled.Load())
	require.GreaterOrEqual(t, refused, 250)
	require.Less(t, refused, 1000)
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var port string
	hop := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			_, _ = io.WriteString(w, "end of "+r.Host+" referer="+r.Referer()+" cookie="+r.Header.Get("Cookie"))
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		to := strings.ReplaceAll(r.URL.Query().Get("to"), "PORT", port)
		http.Redirect(w, r, to, http.StatusFound)
	}
	port, _ = serve(t, public+":0", hop)
	_, leaked := serve(t, inside+":"+port, hop)
	resolver := nameServer(t, func(name string) []string {
		if strings.HasPrefix(name, "inner.") {
			return []string{inside}
		}
		return []string{public}
	})
	client := safehttp.Client(&safehttp.Options{Redirects: 3, Transport: reach(resolver)})
	again := func(n int) string {
		to := "/end"
		for range n - 1 {
			to = "/?to=" + url.QueryEscape(to)
		}
		return to
	}
	cases := map[string]struct{ to, want string }{
		"same host":                  {"/end", "end of acme.co.uk:PORT referer= cookie="},
		"three in a row":             {again(3), "end of acme.co.uk:PORT referer= cookie="},
		"four in a row":              {again(4), ""},
		"below the same domain":      {"http://www.acme.co.uk:PORT/end", "end of www.acme.co.uk:PORT referer= cookie="},
		"another domain":             {"http://other.co.uk:PORT/end", ""},
		"only the suffix is alike":   {"http://co.uk:PORT/end", ""},
		"an inner address":           {"http://127.0.0.1:PORT/end", ""},
		"an inner name, same domain": {"http://inner.acme.co.uk:PORT/end", ""},
		"cloud metadata":             {"http://169.254.169.254/latest/meta-data/", ""},
		"a file":                     {"file:///etc/passwd", ""},
		"another protocol":           {"gopher://acme.co.uk:PORT/", ""},
		"credentials":                {"http://ann:secret@acme.co.uk:PORT/end", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, body, err := get(t, client, "http://acme.co.uk:"+port+"/?to="+url.QueryEscape(c.to))
			if c.want == "" {
				require.Error(t, err)
				require.True(t, safehttp.Refused(err), err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(c.want, "PORT", port), body)
		})
	}
	require.Zero(t, leaked.Load())

	response, _, err := get(t, safehttp.Client(&safehttp.Options{Transport: reach(resolver)}), "http://acme.co.uk:"+port+"/?to=/end")
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, response.StatusCode, "without redirects the redirect is the response")
}

// The environment's proxy would be dialled in place of the target, and then fetch whatever it is told to.
func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	port, dialled := serve(t, public+":0", ok)
	t.Setenv("HTTP_PROXY", "http://"+public+":"+port)
	t.Setenv("http_proxy", "http://"+public+":"+port)
	_, _, err := get(t, safehttp.Client(&safehttp.Options{Transport: reach(denying(t))}), "http://169.254.169.254/")
	require.True(t, safehttp.Refused(err), err)
	require.Zero(t, dialled.Load())
}

func TestPortsAndInnerAddressesByDefault(t *testing.T) {
	t.Parallel()
	port, dialled := serve(t, inside+":0", ok)
	for _, url := range []string{"http://127.0.0.1:" + port, "https://127.0.0.1:" + port, "http://127.0.0.1:80", "http://127.0.0.1:22"} {
		_, _, err := get(t, safehttp.Client(nil), url)
		require.True(t, safehttp.Refused(err), err)
	}
	require.Zero(t, dialled.Load())
}

func TestSameSite(t *testing.T) {
	t.Parallel()
	cases := map[[2]string]bool{
		{"http://acme.com", "https://www.acme.com:443"}:          true,
		{"http://ACME.com", "http://acme.com."}:                  true,
		{"http://a.acme.co.uk", "http://b.acme.co.uk"}:           true,
		{"http://acme.co.uk", "http://other.co.uk"}:              false,
		{"http://ann.github.io", "http://bob.github.io"}:         false,
		{"http://acme.com", "http://acme.com.evil.example"}:      false,
		{"http://127.0.0.1", "http://10.0.0.1"}:                  false,
		{"http:///nothing", "http:///nothing"}:                   false,
		{"http://acme.com", "http://notacme.com"}:                false,
		{"http://co.uk", "http://acme.co.uk"}:                    false,
		{"http://xn--bcher-kva.de", "http://m.xn--bcher-kva.de"}: true,
	}
	for pair, want := range cases {
		a, err := url.Parse(pair[0])
		require.NoError(t, err)
		b, err := url.Parse(pair[1])
		require.NoError(t, err)
		require.Equal(t, want, safehttp.SameSite(a, b), pair)
	}
}
