package ingest_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// sourcesFunc is a function that is a Sources.
type sourcesFunc func(ctx context.Context, token string) (ingest.Source, error)

func (f sourcesFunc) SourceByToken(ctx context.Context, token string) (ingest.Source, error) {
	return f(ctx, token)
}

// limiterFunc is a function that is a Limiter.
type limiterFunc func() (ingest.Allowance, error)

func (f limiterFunc) Allow(context.Context, string, int, time.Duration) (ingest.Allowance, error) {
	return f()
}

// secret is personal data that must not appear in a log or an answer.
const secret = "ann.lee@example.com"

func TestPanicsOfTheHostAre500(t *testing.T) {
	t.Parallel()
	good := newSources()
	for name, h := range map[string]func(*ingest.Options) http.Handler{
		"sink": func(o *ingest.Options) http.Handler {
			return ingest.NewHandler(good, ingest.SinkFunc(func(context.Context, ingest.Submission) error { panic(secret) }), o)
		},
		"sources": func(o *ingest.Options) http.Handler {
			return ingest.NewHandler(sourcesFunc(func(context.Context, string) (ingest.Source, error) { panic(errors.New(secret)) }), &sink{}, o)
		},
		"limiter": func(o *ingest.Options) http.Handler {
			o.Limiter = limiterFunc(func() (ingest.Allowance, error) { panic(secret) })
			return ingest.NewHandler(good, &sink{}, o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			d := &door{Handler: h(&ingest.Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), MaxInFlight: 1})}
			for range 3 { // the slot of a request that panicked is free again
				w := d.post(leadBody)
				require.Equal(t, 500, w.Code)
				require.Equal(t, `{"success":false,"error":{"code":"internal_error","message":"something went wrong on our side; try again"}}`, w.Body.String())
			}
			require.Contains(t, log.String(), "panic")
			require.NotContains(t, log.String(), secret)
			require.NotContains(t, log.String(), goodToken)
		})
	}
}

func TestAbortHandlerIsPassedOn(t *testing.T) {
	t.Parallel()
	h := ingest.NewHandler(newSources(), ingest.SinkFunc(func(context.Context, ingest.Submission) error { panic(http.ErrAbortHandler) }), nil)
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { h.ServeHTTP(httptest.NewRecorder(), request("/"+goodToken, leadBody)) })
}

func TestFaultsAreLoggedWithoutPersonalData(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := newDoor(&ingest.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	d.sink.err = fmt.Errorf("insert %s: %w", secret, context.DeadlineExceeded)
	require.Equal(t, 503, d.post(leadBody).Code)
	require.Contains(t, log.String(), "part=store")
	require.Contains(t, log.String(), "timeout=true")
	require.NotContains(t, log.String(), secret)
	require.NotContains(t, log.String(), goodToken)
}

func TestALimiterThatCannotTellLetsIn(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{Limiter: limiterFunc(func() (ingest.Allowance, error) { return ingest.Allowance{}, errors.New("away") })})
	require.Equal(t, 200, d.post(leadBody).Code)
}

func TestTooMuchAtOnceIsShed(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	h := ingest.NewHandler(newSources(), ingest.SinkFunc(func(context.Context, ingest.Submission) error {
		entered <- struct{}{}
		<-leave
		return nil
	}), &ingest.Options{MaxInFlight: 2})
	d := &door{Handler: h}
	answers := make(chan int, 2)
	for range 2 {
		go func() { answers <- d.post(leadBody).Code }()
		<-entered
	}
	w := d.post(leadBody)
	require.Equal(t, 503, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "overloaded")
	close(leave)
	require.Equal(t, 200, <-answers)
	require.Equal(t, 200, <-answers)
}

func TestTheClientCannotTakeTheLeadWithIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	captured := false
	h := ingest.NewHandler(sourcesFunc(func(ctx context.Context, token string) (ingest.Source, error) {
		cancel() // the client is gone before anything was looked up
		return ingest.Source{Tenant: "t"}, ctx.Err()
	}), ingest.SinkFunc(func(ctx context.Context, _ ingest.Submission) error {
		_, limited := ctx.Deadline()
		captured = ctx.Err() == nil && limited
		return ctx.Err()
	}), nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("/"+goodToken, leadBody).WithContext(ctx))
	require.Equal(t, 200, w.Code)
	require.True(t, captured, "the commit has a context that has not ended but will")
}

func TestDisconnectAfterTheLastByte(t *testing.T) {
	t.Parallel()
	const n = 50
	captured := make(chan error, n)
	h := ingest.NewHandler(newSources(), ingest.SinkFunc(func(ctx context.Context, _ ingest.Submission) error {
		captured <- ctx.Err()
		return nil
	}), nil)
	server := httptest.NewServer(h)
	defer server.Close()
	for range n {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", goodToken, len(leadBody), leadBody)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	for range n {
		require.NoError(t, <-captured)
	}
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	hidden := func(h http.Handler) http.Handler { // as a middleware without Unwrap
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(struct{ http.ResponseWriter }{w}, r) })
	}
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"with a read deadline":           func(h http.Handler) http.Handler { return h },
		"with a deadline that is hidden": hidden,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			d := newDoor(&ingest.Options{Timeout: 50 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			server := httptest.NewServer(wrap(d))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\"", goodToken)
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, 408, res.StatusCode)
			require.True(t, res.Close)
			require.Contains(t, string(body), "body_timeout")
			require.NoError(t, conn.Close())
			require.Zero(t, d.sink.len())
			res, err = server.Client().Post(server.URL+"/"+goodToken, "application/json", strings.NewReader(leadBody))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, 200, res.StatusCode)
			require.Equal(t, strings.Contains(name, "hidden"), strings.Contains(log.String(), "hides the read deadline"))
		})
	}
}

// TestConnectionOutlivesTheDeadline lets the commit take longer than the body may: neither the request nor its connection ends.
func TestConnectionOutlivesTheDeadline(t *testing.T) {
	t.Parallel()
	h := ingest.NewHandler(newSources(), ingest.SinkFunc(func(context.Context, ingest.Submission) error {
		passed := make(chan struct{})
		time.AfterFunc(60*time.Millisecond, func() { close(passed) })
		<-passed // the commit takes longer than the body may
		return nil
	}), &ingest.Options{Timeout: 30 * time.Millisecond})
	ended := make(chan error, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		ended <- r.Context().Err()
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for range 2 {
		_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", goodToken, len(leadBody), leadBody)
		require.NoError(t, err)
		res, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.Equal(t, 200, res.StatusCode)
		require.NoError(t, <-ended)
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	server := httptest.NewServer(d)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n%s", goodToken, leadBody)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Equal(t, 400, res.StatusCode)
	require.Contains(t, string(body), "incomplete_body")
	require.Zero(t, d.sink.len(), "half a body is no lead, even if it is JSON")
}

func TestBodyWithoutALength(t *testing.T) {
	t.Parallel()
	for size, status := range map[int]int{ingest.MaxBody: 200, ingest.MaxBody + 1: 413, 3 * ingest.MaxBody: 413} {
		d := newDoor(nil)
		body := `{"a":1` + strings.Repeat(" ", size-7) + "}"
		for name, r := range map[string]*http.Request{
			"announced":   request("/"+goodToken, body),
			"unannounced": request("/"+goodToken, body),
			"one by one":  request("/"+goodToken, ""),
		} {
			if name != "announced" {
				r.ContentLength = -1
			}
			if name == "one by one" {
				r.Body = io.NopCloser(&trickle{body})
			}
			require.Equal(t, status, d.do(r).Code, "%s, %d bytes", name, size)
		}
	}
}

// trickle gives what it holds in small pieces.
type trickle struct{ rest string }

func (r *trickle) Read(p []byte) (int, error) {
	if r.rest == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1000)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestAnAnnouncedBodyThatIsTooLargeIsNotRead(t *testing.T) {
	t.Parallel()
	r := request("/"+goodToken, "")
	r.ContentLength = ingest.MaxBody + 1
	r.Body = io.NopCloser(io.MultiReader()) // would be an empty payload
	require.Equal(t, 413, newDoor(nil).do(r).Code)
}

func TestALimitOfTheHostIs413(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	r := request("/"+goodToken, leadBody)
	w := httptest.NewRecorder()
	r.Body = http.MaxBytesReader(w, r.Body, 10)
	d.ServeHTTP(w, r)
	require.Equal(t, 413, w.Code)
}

func TestRevokedTokenStopsWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := newDoor(&ingest.Options{Clock: func() time.Time { return now }})
	require.Equal(t, 200, d.post(leadBody).Code)
	require.Equal(t, 200, d.post(leadBody).Code)
	require.Equal(t, 1, d.sources.calls, "a known token is not looked up for every request")
	d.sources.change(func(s *sources) { delete(s.byName, goodToken) })
	now = now.Add(5 * time.Second)
	require.Equal(t, 404, d.post(leadBody).Code)
	d.sources.change(func(s *sources) { s.byName[goodToken] = ingest.Source{Tenant: "t1"} })
	require.Equal(t, 200, d.post(leadBody).Code, "that a token is unknown is not remembered")
	d.sources.change(func(s *sources) { s.err = errors.New("away") })
	now = now.Add(4 * time.Second)
	require.Equal(t, 200, d.post(leadBody).Code)
	now = now.Add(time.Second)
	require.Equal(t, 503, d.post(leadBody).Code, "a failed look-up is our fault, not a 404")
}

func TestRequestWithoutABody(t *testing.T) {
	t.Parallel()
	r := request("/"+goodToken, "")
	r.Body = nil
	require.Equal(t, 400, newDoor(nil).do(r).Code)
}
