package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/ingest/snippet"
)

const lead = `{"email":"ann@example.com","firstName":"Ann","message":"We need a demo"}`

// requests are what senders and browsers send, and what they must be answered wherever the door is.
var requests = []struct {
	name   string
	method string // "" means POST
	path   string // behind the prefix; "" means the token
	kind   string // the media type; "" means application/json
	body   string
	header []string
	slash  bool // the path has doubled slashes

	status int
	want   map[string]string // headers
	holds  string            // the answer holds this text
	stored int               // how many leads there are then
}{
	{name: "JSON", body: lead, status: 200, holds: `{"success":true}`, stored: 1},
	{name: "form", kind: "application/x-www-form-urlencoded", body: "email=ann%40example.com", status: 200, holds: `{"success":true}`, stored: 1},
	{name: "text that holds JSON", kind: "text/plain;charset=UTF-8", body: lead, status: 200, holds: `{"success":true}`, stored: 1},
	{name: "multipart", kind: "multipart/form-data; boundary=x", body: "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nann@example.com\r\n--x--\r\n", status: 200, stored: 1},
	{name: "form of a page without scripts", kind: "application/x-www-form-urlencoded", body: "email=ann%40example.com",
		header: []string{"Accept", "text/html,application/xhtml+xml", "Sec-Fetch-Mode", "navigate"}, status: 200, holds: "<!", stored: 1},
	{name: "trailing slash", path: token + "/", body: lead, status: 200, holds: `{"success":true}`, stored: 1},
	{name: "doubled slash", path: "/" + token, slash: true, body: lead, status: 200, holds: `{"success":true}`, stored: 1},
	{name: "slashes on both sides", path: "//" + token + "//", slash: true, body: lead, status: 200, holds: `{"success":true}`, stored: 1},
	{name: "inbound", path: "inbound/" + token, body: lead, status: 200, stored: 1},
	{name: "query", path: token + "?utm_source=a&path=b", body: lead, status: 200, stored: 1},
	{name: "other origin", body: lead, header: []string{"Origin", "https://example.com"}, status: 200, want: map[string]string{"Access-Control-Allow-Origin": "*"}, stored: 1},
	{name: "waits for 100-continue", body: lead, header: []string{"Expect", "100-continue"}, status: 200, stored: 1},

	{name: "preflight", method: "OPTIONS", header: []string{"Origin", "https://example.com", "Access-Control-Request-Method", "POST"},
		status: 204, want: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST, OPTIONS"}},
	{name: "unknown token", path: "somebody-else-1", body: lead, status: 404, holds: "invalid_token"},
	{name: "unknown token that ends in ours", path: "x" + token, body: lead, status: 404, holds: "invalid_token"},
	{name: "slash within the token", path: "website%2Fform-1", body: lead, status: 404, holds: "invalid_token"},
	{name: "no token", path: "-", body: lead, status: 404, holds: "invalid_token"},
	{name: "GET", method: "GET", status: 405, want: map[string]string{"Allow": "POST, OPTIONS"}},
	{name: "HEAD", method: "HEAD", status: 405, want: map[string]string{"Allow": "POST, OPTIONS"}},
	{name: "PUT", method: "PUT", body: lead, status: 405, want: map[string]string{"Allow": "POST, OPTIONS"}, holds: "method_not_allowed"},
	{name: "nothing", status: 400, holds: "empty_payload"},
	{name: "no JSON", body: "email", status: 400, holds: "malformed_payload"},
	{name: "too much", body: `{"a":"` + strings.Repeat("x", ingest.MaxBody) + `"}`, status: 413, holds: "payload_too_large"},
	{name: "XML", kind: "text/xml", body: "<a/>", status: 415, holds: "unsupported_media_type"},

	{name: "script", method: "GET", path: snippet.Stable, status: 200, want: map[string]string{"Content-Type": "text/javascript; charset=utf-8"}, holds: "data-leads-ignore"},
	{name: "script of this version", method: "GET", path: snippet.Versioned(), status: 200,
		want: map[string]string{"Cache-Control": "public, max-age=31536000, immutable"}, holds: "data-leads-ignore"},
	{name: "script without gzip", method: "GET", path: snippet.Stable, header: []string{"Accept-Encoding", "identity"}, status: 200, holds: "data-leads-ignore"},
	{name: "HEAD of the script", method: "HEAD", path: snippet.Stable, status: 200},
}

// wrappers are what middleware does to the ResponseWriter, around the router and between the router and the door.
var wrappers = map[string]func(m mount, door http.Handler) http.Handler{
	"plain":          func(m mount, door http.Handler) http.Handler { return m.wrap(door) },
	"opaque outside": func(m mount, door http.Handler) http.Handler { return opaque(m.wrap(door)) },
	"opaque inside":  func(m mount, door http.Handler) http.Handler { return m.wrap(opaque(door)) },
}

// opaque hides everything of the ResponseWriter but its three methods: it has no Unwrap, and does not flush.
func opaque(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(struct{ http.ResponseWriter }{w}, r) })
}

// answer is what counts of an answer.
type answer struct {
	status int
	header http.Header
	body   string
}

func TestTheSameAnswersEverywhere(t *testing.T) {
	t.Parallel()
	bare := mount{prefix: "/", wrap: func(door http.Handler) http.Handler { return door }}
	for i, req := range requests {
		want, _ := ask(t, bare, wrappers["plain"], i, false)
		require.Equal(t, req.status, want.status, "%s: %s", req.name, want.body)
		require.Contains(t, want.body, req.holds, req.name)
		for name, value := range req.want {
			require.Equal(t, value, want.header.Get(name), req.name)
		}
		for router, mounts := range routers {
			for _, m := range mounts {
				for wrapper, wrap := range wrappers {
					t.Run(fmt.Sprintf("%s/%s/%s/%s", req.name, router, m.name, wrapper), func(t *testing.T) {
						t.Parallel()
						got, stored := ask(t, m, wrap, i, m.cleans && req.slash)
						require.Equal(t, want, got)
						require.Equal(t, req.stored, stored)
					})
				}
			}
		}
	}
}

// ask sends one of the requests to a program of its own. If it is to be redirected once, it follows.
func ask(t *testing.T, m mount, wrap func(mount, http.Handler) http.Handler, i int, redirected bool) (answer, int) {
	engine, store := build(t)
	server := httptest.NewServer(wrap(m, engine.Handler()))
	defer server.Close()
	hops := 0
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		if hops++; !redirected {
			return http.ErrUseLastResponse
		}
		return nil
	}
	req := requests[i]
	r, err := http.NewRequestWithContext(t.Context(), or(req.method, http.MethodPost), server.URL+m.prefix+or(req.path, token), strings.NewReader(req.body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", or(req.kind, "application/json"))
	for pair := range slices.Chunk(req.header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	answered, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = answered.Body.Close() }()
	body, err := io.ReadAll(answered.Body)
	require.NoError(t, err)
	require.Equal(t, redirected, hops > 0, "redirected")
	for _, name := range []string{"Date", "Content-Length", "Vary", "X-Request-Id", "Etag", "Accept-Ranges"} {
		answered.Header.Del(name) // middleware's own, or changed by what compresses
	}
	return answer{answered.StatusCode, answered.Header, string(body)}, count(t, store)
}

// build makes a program whose clock stands, so that what is left of the limits can be compared.
func build(t *testing.T) (*leads.Engine, *memstore.Store) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	store, engine, err := newEngine(t.Context(), leads.Config{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	return engine, store
}

func count(t *testing.T, store *memstore.Store) int {
	found, err := store.Leads(t.Context(), leads.LeadQuery{Tenant: leads.DefaultTenant, Limit: 10})
	require.NoError(t, err)
	return len(found)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// TestAClientThatLeaves sends a whole submission and hangs up. The door is asked only when the server knows that the client has gone.
func TestAClientThatLeaves(t *testing.T) {
	t.Parallel()
	for router, mounts := range routers {
		for _, m := range mounts {
			for wrapper, wrap := range wrappers {
				t.Run(fmt.Sprintf("%s/%s/%s", router, m.name, wrapper), func(t *testing.T) {
					t.Parallel()
					engine, store := build(t)
					answered := make(chan struct{})
					server := httptest.NewServer(wrap(m, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						defer close(answered)
						body, _ := io.ReadAll(r.Body)
						r.Body = io.NopCloser(bytes.NewReader(body))
						<-r.Context().Done()
						engine.Handler().ServeHTTP(w, r)
					})))
					defer server.Close()
					leave(t, server.Listener.Addr().String(), m.prefix+token)
					<-answered
					require.Equal(t, 1, count(t, store))
				})
			}
		}
	}
}

func leave(t *testing.T, address, path string) {
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(lead), lead)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

// TestEveryPrefixOfARouterInOneProgram is the program that main serves.
func TestEveryPrefixOfARouterInOneProgram(t *testing.T) {
	t.Parallel()
	for router, mounts := range routers {
		engine, _ := build(t)
		handler := all(mounts, engine.Handler())
		for _, m := range mounts {
			r := httptest.NewRequestWithContext(t.Context(), "POST", m.prefix+token, strings.NewReader(lead))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code, "%s %s", router, m.name)
		}
	}
}
