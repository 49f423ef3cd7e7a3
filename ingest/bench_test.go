package ingest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// leadBody is a typical submission of about 300 bytes.
const leadBody = `{"email":"ann.lee@example.com","firstName":"Ann","lastName":"Lee","phone":"+1 212 555 0142","company":"Example Ltd","message":"Hello, we would like to hear about prices for 40 seats.","plan":"team","seats":40,"_utm":{"utm_source":"google","utm_medium":"cpc","utm_campaign":"spring"},"_referrer":"https://www.google.com/"}`

func BenchmarkDecode(b *testing.B) {
	source := &ingest.Source{}
	b.SetBytes(int64(len(leadBody)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ingest.DecodeForTest([]byte(leadBody), "application/json", source); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeForm(b *testing.B) {
	source := &ingest.Source{}
	body := []byte("email=ann.lee%40example.com&firstName=Ann&lastName=Lee&phone=%2B1+212+555+0142&message=Hello%2C+we+would+like+to+hear+about+prices&utm_source=google")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ingest.DecodeForTest(body, "application/x-www-form-urlencoded", source); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandler is the whole door over a sink that takes everything, without net/http's own work.
func BenchmarkHandler(b *testing.B) { benchmarkHandler(b, ingest.Source{}) }

// BenchmarkHandlerBlocked is the same with a block list of as many entries as one may have.
func BenchmarkHandlerBlocked(b *testing.B) {
	benchmarkHandler(b, ingest.Source{Spam: ingest.Spam{Blocked: manyBlocked(ingest.MaxBlocked)}})
}

func benchmarkHandler(b *testing.B, source ingest.Source) {
	h := ingest.NewHandler(oneSource{source}, ingest.SinkFunc(func(context.Context, ingest.Submission) error { return nil }),
		&ingest.Options{PerMinute: 1000})
	body := &rewinder{text: leadBody}
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/api/webhooks/lc_pub_benchmark"}, ContentLength: int64(len(leadBody)), Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Mozilla/5.0"}, "Accept": {"*/*"}},
	}
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		body.at = 0
		i++
		r.RemoteAddr = clients[i%len(clients)]
		clear(w.header)
		h.ServeHTTP(w, r)
		if w.status != 0 && w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

var clients = func() []string {
	list := make([]string, 50_000)
	for i := range list {
		list[i] = fmt.Sprintf("10.%d.%d.%d:4711", i>>16, i>>8&255, i&255)
	}
	return list
}()

func BenchmarkWindowHit(b *testing.B) {
	window := ingest.NewWindow(0, nil)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = window.Allow(b.Context(), "ip:203.0.113.9", 100, time.Minute)
	}
}

func BenchmarkWindowMiss(b *testing.B) {
	window := ingest.NewWindow(0, nil)
	keys := make([]string, 1<<18)
	for i := range keys {
		keys[i] = fmt.Sprintf("ip:2001:db8:%x:%x::/64", i>>16, i&0xFFFF)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		_, _ = window.Allow(b.Context(), keys[i%len(keys)], 100, time.Minute)
	}
}

func BenchmarkNewToken(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ingest.NewToken()
	}
}

// oneSource finds the same source for every token.
type oneSource struct{ ingest.Source }

func (s oneSource) SourceByToken(context.Context, string) (ingest.Source, error) {
	return s.Source, nil
}

// rewinder is a body that can be read again.
type rewinder struct {
	text string
	at   int
}

func (r *rewinder) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

func (r *rewinder) Close() error { return nil }

// discard is a ResponseWriter that keeps nothing but the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header             { return d.header }
func (d *discard) Write(p []byte) (int, error)     { return len(p), nil }
func (d *discard) WriteHeader(status int)          { d.status = status }
func (d *discard) SetReadDeadline(time.Time) error { return nil }

func TestBenchmarkBodyIsAccepted(t *testing.T) {
	t.Parallel()
	sub, err := ingest.DecodeForTest([]byte(leadBody), "application/json", &ingest.Source{})
	require.NoError(t, err)
	require.Equal(t, ingest.Fields{Email: "ann.lee@example.com", FirstName: "Ann", LastName: "Lee", Phone: "+1 212 555 0142", Company: "Example Ltd"}, sub.Fields)
	require.Len(t, sub.Metadata, 3)
	require.Equal(t, ingest.UTM{Source: "google", Medium: "cpc", Campaign: "spring"}, sub.Attribution.UTM)
}
