package ingest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// mounts are the ways in which a host can put the door into its program; prefix is what stands before the token.
var mounts = []struct {
	name   string
	prefix string
	mount  func(h http.Handler) http.Handler
}{
	{"bare", "/", func(h http.Handler) http.Handler { return h }},
	{"ServeMux", "/api/webhooks/", func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/webhooks/", h)
		return mux
	}},
	{"inbound", "/api/webhooks/inbound/", func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/webhooks/", h)
		return mux
	}},
	{"StripPrefix", "/deep/er/", func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/deep/er/", http.StripPrefix("/deep/er", h))
		return mux
	}},
	{"StripPrefix with the slash", "/hooks/", func(h http.Handler) http.Handler { return http.StripPrefix("/hooks/", h) }},
	{"ServeMux pattern", "/p/", func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/p/{token}", h)
		mux.Handle("/p/{token}/{$}", h)
		return mux
	}},
	{"router that keeps the path", "/x/", func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as chi's Mount does
			h.ServeHTTP(w, r.WithContext(r.Context()))
		})
	}},
}

// answers is every row of the contract's table of responses.
var answers = []struct {
	name   string
	method string // "" means POST
	token  string // "" means goodToken
	body   string
	header []string
	opts   ingest.Options
	broken error // what the sink returns
	lookUp error // what the sources return
	before int   // how many good requests come first

	status int
	code   string
	want   http.Header
}{
	{name: "accepted", body: leadBody, status: 200, want: http.Header{"Content-Type": {"application/json"}}},
	{name: "accepted as +json", body: leadBody, header: []string{"Content-Type", "application/vnd.form+json; charset=UTF-8"}, status: 200},
	{name: "accepted as text", body: leadBody, header: []string{"Content-Type", "text/plain;charset=UTF-8"}, status: 200},
	{name: "accepted without a type", body: leadBody, header: []string{"Content-Type", ""}, status: 200},
	{name: "accepted as a form", body: "email=a%40example.com", header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 200},
	{name: "accepted as identity", body: leadBody, header: []string{"Content-Encoding", "identity"}, status: 200},
	{name: "accepted with a byte order mark", body: "\uFEFF" + leadBody, status: 200},

	{name: "unknown token", token: "lc_pub_unknown_token", body: leadBody, status: 404, code: "invalid_token"},
	{name: "short token", token: "short", body: leadBody, status: 404, code: "invalid_token"},
	{name: "long token", token: strings.Repeat("t", 129), body: leadBody, status: 404, code: "invalid_token"},
	{name: "token with a slash in it", token: "lc_pub%2Fgood_token", body: leadBody, status: 404, code: "invalid_token"},
	{name: "token with NUL", token: "lc_pub_good_token%00", body: leadBody, status: 404, code: "invalid_token"},
	{name: "token with a blank", token: "lc_pub_good%20token", body: leadBody, status: 404, code: "invalid_token"},
	{name: "token with a letter of another script", token: "lc_pub_g%C3%B6od_token", body: leadBody, status: 404, code: "invalid_token"},

	{name: "GET", method: "GET", status: 405, code: "method_not_allowed", want: http.Header{"Allow": {"POST, OPTIONS"}}},
	{name: "PUT", method: "PUT", body: leadBody, status: 405, code: "method_not_allowed", want: http.Header{"Allow": {"POST, OPTIONS"}}},
	{name: "DELETE", method: "DELETE", status: 405, code: "method_not_allowed", want: http.Header{"Allow": {"POST, OPTIONS"}}},

	{name: "no body", status: 400, code: "empty_payload"},
	{name: "empty object", body: "{}", status: 400, code: "empty_payload"},
	{name: "empty form", body: "&&", header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 400, code: "empty_payload"},
	{name: "not JSON", body: "email=a@example.com", status: 400, code: "malformed_payload"},
	{name: "cut off JSON", body: leadBody[:100], status: 400, code: "malformed_payload"},
	{name: "trailing garbage", body: leadBody + "x", status: 400, code: "malformed_payload"},
	{name: "two objects", body: leadBody + leadBody, status: 400, code: "malformed_payload"},
	{name: "list", body: "[" + leadBody + "]", status: 400, code: "malformed_payload"},
	{name: "string", body: `"hello"`, status: 400, code: "malformed_payload"},
	{name: "null", body: "null", status: 400, code: "malformed_payload"},
	{name: "comment", body: "{/**/}", status: 400, code: "malformed_payload"},
	{name: "UTF-16", body: "\xFF\xFE{\x00}\x00", status: 400, code: "malformed_payload"},
	{name: "UTF-16, big end first", body: "\xFE\xFF\x00{\x00}", status: 400, code: "malformed_payload"},
	{name: "multipart without a boundary", body: "--x--", header: []string{"Content-Type", "multipart/form-data"}, status: 400, code: "malformed_payload"},

	{name: "XML", body: "<a/>", header: []string{"Content-Type", "application/xml"}, status: 415, code: "unsupported_media_type"},
	{name: "no type and no JSON", body: "hello", header: []string{"Content-Type", ""}, status: 415, code: "unsupported_media_type"},
	{name: "broken type", body: leadBody, header: []string{"Content-Type", "application"}, status: 415, code: "unsupported_media_type"},
	{name: "Latin-1", body: leadBody, header: []string{"Content-Type", "application/json; charset=iso-8859-1"}, status: 415, code: "unsupported_charset"},
	{name: "gzip", body: leadBody, header: []string{"Content-Encoding", "gzip"}, status: 415, code: "unsupported_encoding"},

	{name: "too large", body: `{"a":"` + strings.Repeat("x", ingest.MaxBody) + `"}`, status: 413, code: "payload_too_large", want: http.Header{"Connection": {"close"}}},

	{name: "over the limit", before: 100, body: leadBody, status: 429, code: "rate_limited",
		want: http.Header{"Ratelimit-Policy": {`"ip";q=100;w=60`}, "Ratelimit": {`"ip";r=0;t=60`}, "Retry-After": {"60"}}},
	{name: "the last one within the limit", before: 99, body: leadBody, status: 200, want: http.Header{"Ratelimit": {`"ip";r=0;t=60`}}},
	{name: "over the limit of the host", before: 3, body: leadBody, opts: ingest.Options{PerMinute: 3}, status: 429, code: "rate_limited"},
	{name: "a source with its own limit", before: 100, token: ownToken, body: leadBody, status: 200, want: http.Header{"Ratelimit": {`"source";r=149`}}},

	{name: "an origin that is not listed", token: listedToken, body: leadBody, header: []string{"Origin", "https://evil.example"}, status: 403, code: "origin_not_allowed"},
	{name: "an opaque origin", token: listedToken, body: leadBody, header: []string{"Origin", "null"}, status: 403, code: "origin_not_allowed"},
	{name: "a listed origin", token: listedToken, body: leadBody, header: []string{"Origin", "https://example.com"}, status: 200,
		want: http.Header{"Access-Control-Allow-Origin": {"https://example.com"}, "Vary": {"Origin"}}},
	{name: "a server at a source that lists origins", token: listedToken, body: leadBody, status: 200},

	{name: "busy", body: leadBody, broken: fmt.Errorf("queue: %w", ingest.ErrBusy), status: 503, code: "overloaded", want: http.Header{"Retry-After": {"1"}}},
	{name: "store away", body: leadBody, broken: errors.New("dial ann.lee@example.com: refused"), status: 503, code: "unavailable", want: http.Header{"Retry-After": {"2"}}},
	{name: "look-up failed", body: leadBody, lookUp: errors.New("dial: refused"), status: 503, code: "unavailable", want: http.Header{"Retry-After": {"2"}}},
}

func TestEveryAnswerOnEveryMount(t *testing.T) {
	t.Parallel()
	for _, m := range mounts {
		for _, tt := range answers {
			t.Run(m.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
				opts := tt.opts
				opts.Clock = func() time.Time { return now }
				d := newDoor(&opts)
				d.Handler = m.mount(d.Handler)
				for range tt.before {
					require.Equal(t, 200, d.do(request(m.prefix+goodToken, leadBody)).Code)
				}
				d.sink.err, d.sources.err = tt.broken, tt.lookUp
				token := tt.token
				if token == "" {
					token = goodToken
				}
				r := request("", tt.body, tt.header...)
				var err error
				r.URL, err = r.URL.Parse("http://door.example" + m.prefix + token)
				require.NoError(t, err)
				if tt.method != "" {
					r.Method = tt.method
				}
				if tt.lookUp != nil {
					d.sources.change(func(s *sources) { s.byName = nil })
				}
				w := d.do(r)
				require.Equal(t, tt.status, w.Code, w.Body)
				checkAnswer(t, w, tt.status, tt.code)
				for name, values := range tt.want {
					require.Equal(t, values, w.Header()[name], name)
				}
				if tt.status == 200 {
					require.Equal(t, tt.before+1, d.sink.len())
				} else {
					require.Equal(t, tt.before, d.sink.len(), "a refused submission must not be captured")
				}
			})
		}
	}
}

// checkAnswer checks what all answers have in common.
func checkAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	if status == 200 {
		require.Equal(t, `{"success":true}`, w.Body.String())
		return
	}
	var got struct {
		Success *bool
		Error   struct{ Code, Message string }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), w.Body)
	require.NotNil(t, got.Success)
	require.False(t, *got.Success)
	require.Equal(t, code, got.Error.Code)
	require.NotEmpty(t, got.Error.Message)
	require.NotContains(t, w.Body.String(), "ann.lee", "an error must not quote what was sent or what went wrong inside")
	require.NotContains(t, w.Body.String(), "refused")
}

func TestSlashesAreTolerated(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/" + goodToken, "/" + goodToken + "/", "//" + goodToken, "/api//webhooks///" + goodToken + "/", goodToken, "/api/webhooks/inbound/" + goodToken} {
		d := newDoor(nil)
		w := d.do(request(path, leadBody))
		require.Equal(t, 200, w.Code, path)
		require.Empty(t, w.Header().Get("Location"), path)
	}
}

func TestTokensThatAreNotFoundAnswerByteEqual(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	want := d.do(request("/api/webhooks/lc_pub_unknown_token", leadBody))
	for _, path := range []string{"/", "", "/api/webhooks/", "/api/webhooks/short", "/api/webhooks/b%d", "/api/webhooks/" + goodToken + "/more", "/api/webhooks/" + strings.Repeat("t", 4000), "/api/webhooks/..", "/\x00"} {
		w := d.do(request(path, leadBody))
		require.Equal(t, want.Code, w.Code, path)
		require.Equal(t, want.Body.Bytes(), w.Body.Bytes(), path)
		require.Equal(t, want.Header(), w.Header(), path)
	}
	require.Equal(t, `{"success":false,"error":{"code":"invalid_token","message":"no form or webhook has this address"}}`, want.Body.String())
	require.Equal(t, 2, d.sources.calls, "only what can be a token is looked up: lc_pub_unknown_token and webhooks")
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{PerMinute: 1})
	for range 300 {
		r := request("/api/webhooks/"+goodToken, "", "Origin", "https://example.com", "Access-Control-Request-Private-Network", "true")
		r.Method = http.MethodOptions
		w := d.do(r)
		require.Equal(t, 204, w.Code)
		require.Empty(t, w.Body.String())
		require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
		require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
		for _, name := range []string{"*", "Content-Type", "Idempotency-Key", "webhook-id"} { // "*": scripts that trace requests add headers of their own
			require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), name)
		}
		require.Equal(t, "true", w.Header().Get("Access-Control-Allow-Private-Network"))
		require.NotEmpty(t, w.Header().Get("Access-Control-Max-Age"))
	}
	require.Zero(t, d.sources.calls, "a preflight looks nothing up")
	r := request("/api/webhooks/"+listedToken, "", "Origin", "https://evil.example")
	r.Method = http.MethodOptions
	w := d.do(r)
	require.Equal(t, 204, w.Code, "the submission is what is refused")
	require.Empty(t, w.Header().Get("Access-Control-Allow-Private-Network"), "who is not asked says nothing")
	r = request("/api/webhooks/"+listedToken, leadBody, "Origin", "https://evil.example")
	r.RemoteAddr = "203.0.113.10:1"
	require.Equal(t, 403, d.do(r).Code)
	require.Equal(t, 200, d.post(leadBody).Code, "a preflight is not counted")
}

func TestHeadIsNotAllowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newDoor(nil))
	defer server.Close()
	res, err := server.Client().Head(server.URL + "/" + goodToken)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 405, res.StatusCode)
}

func TestProblemDetails(t *testing.T) {
	t.Parallel()
	w := newDoor(nil).post(`{"email":"`+strings.Repeat("a", 255)+`"}`, "Accept", "application/problem+json, application/json;q=0.5")
	require.Equal(t, 400, w.Code)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.JSONEq(t, `{"type":"urn:leads:error:email_too_long","title":"Bad Request","status":400,"detail":"the email address is longer than 254 bytes",
		"code":"email_too_long","fields":[{"pointer":"/email","message":"the email address is longer than 254 bytes"}]}`, w.Body.String())

	w = newDoor(nil).post("{}", "Accept", "application/problem+json;q=0.5, application/json")
	require.Equal(t, "application/json", w.Header().Get("Content-Type"), "who would rather have JSON gets it")
}

func TestUnknownTokensHaveABucketOfTheirOwn(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	for i := range 20 {
		require.Equal(t, 404, d.do(request(fmt.Sprintf("/lc_pub_guess_%d", i), leadBody)).Code)
	}
	w := d.do(request("/lc_pub_guess_again", leadBody))
	require.Equal(t, 429, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, 429, d.do(request("/short", leadBody)).Code)
	for range 100 {
		require.Equal(t, 200, d.post(leadBody).Code, "the good forms behind the same address go on working")
	}
	other := request("/lc_pub_guess_again", leadBody)
	other.RemoteAddr = "203.0.113.10:1"
	require.Equal(t, 404, d.do(other).Code)
}

func TestOneClientIsOneNetworkOfIPv6(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{PerMinute: 2})
	from := func(addr string) int {
		r := request("/"+goodToken, leadBody)
		r.RemoteAddr = addr
		return d.do(r).Code
	}
	require.Equal(t, 200, from("[2001:db8:1:2::1]:1"))
	require.Equal(t, 200, from("[2001:db8:1:2:ffff::9]:2"))
	require.Equal(t, 429, from("[2001:db8:1:2:1:2:3:4]:3"))
	require.Equal(t, 200, from("[2001:db8:1:3::1]:4"))
	require.Equal(t, 200, from("198.51.100.1:5"))
	require.Equal(t, 200, from("[::ffff:198.51.100.1]:6"))
	require.Equal(t, 429, from("198.51.100.1:7"), "an IPv4 client is the same when its address is written as IPv6")
}

func TestSubmissionIsComplete(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))
	d := newDoor(&ingest.Options{Clock: func() time.Time { return now }, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	w := d.post("\uFEFF "+leadBody, "Idempotency-Key", "k1", "User-Agent", strings.Repeat("ä", 300), "X-Forwarded-For", "198.51.100.7")
	require.Equal(t, 200, w.Code, w.Body)
	sub := d.last(t)
	require.Equal(t, "t1", sub.Tenant)
	require.Equal(t, "01890a5d-ac96-774b-bcce-b302099a8057", sub.SourceID)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, sub.ID)
	require.Equal(t, time.Date(2026, 11, 23, 11, 0, 0, 123456000, time.UTC), sub.Received)
	require.Equal(t, "\uFEFF "+leadBody, string(sub.Raw))
	require.Equal(t, digestOf("\uFEFF "+leadBody), sub.Digest)
	require.Equal(t, "application/json", sub.ContentType)
	require.Equal(t, netip.MustParseAddr("198.51.100.7"), sub.Client)
	require.Equal(t, strings.Repeat("ä", 256), sub.UserAgent)
	require.Equal(t, "k1", sub.Key)
	require.Empty(t, sub.Flags)
	require.Equal(t, ingest.Accepted, sub.Verdict)
}
