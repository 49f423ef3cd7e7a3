package ingest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// TestOverRealConnections sends the same requests through net/http with both versions of HTTP.
func TestOverRealConnections(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			server := httptest.NewUnstartedServer(d)
			server.EnableHTTP2 = version == "HTTP/2.0"
			server.StartTLS()
			defer server.Close()
			client := server.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			send := func(path, contentType, body string) (int, string) {
				res, err := client.Post(server.URL+path, contentType, strings.NewReader(body))
				require.NoError(t, err)
				defer res.Body.Close()
				require.Equal(t, version, res.Proto)
				answer, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				return res.StatusCode, string(answer)
			}
			status, answer := send("/api/webhooks/"+goodToken, "application/json", leadBody)
			require.Equal(t, 200, status)
			require.Equal(t, `{"success":true}`, answer)
			require.Equal(t, "ann.lee@example.com", d.last(t).Fields.Email)
			require.Equal(t, "127.0.0.1", d.last(t).Client.String())
			status, answer = send("/api//webhooks/"+goodToken+"/", "application/json", leadBody)
			require.Equal(t, 200, status, answer)
			status, answer = send("/"+goodToken, "application/json", `{"a":"`+strings.Repeat("x", ingest.MaxBody)+`"}`)
			require.Equal(t, 413, status)
			require.Contains(t, answer, "payload_too_large")
			status, _ = send("/a%2F"+goodToken, "application/json", leadBody)
			require.Equal(t, 404, status)
			status, answer = send("/"+goodToken, "application/json", leadBody)
			require.Equal(t, 200, status, answer)
			require.Equal(t, 3, d.sink.len())
		})
	}
}

func TestSlowBodyOverHTTP2(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{Timeout: 50_000_000})
	server := httptest.NewUnstartedServer(d)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	reader, writer := io.Pipe()
	defer writer.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+goodToken, reader)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 408, res.StatusCode)
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	listed := []string{"https://example.com", "http://localhost:3000"}
	tests := []struct {
		name    string
		origins []string
		sent    []string
		status  int
		allow   string // Access-Control-Allow-Origin
		vary    string
	}{
		{"open source", nil, []string{"https://any.example"}, 200, "*", ""},
		{"open source, opaque", nil, []string{"null"}, 200, "*", ""},
		{"open source, server", nil, nil, 200, "*", ""},
		{"listed", listed, []string{"https://example.com"}, 200, "https://example.com", "Origin"},
		{"listed with a port", listed, []string{"http://localhost:3000"}, 200, "http://localhost:3000", "Origin"},
		{"server", listed, nil, 200, "", "Origin"},
		{"another scheme", listed, []string{"http://example.com"}, 403, "", "Origin"},
		{"another port", listed, []string{"https://example.com:8443"}, 403, "", "Origin"},
		{"a subdomain", listed, []string{"https://www.example.com"}, 403, "", "Origin"},
		{"a longer name", listed, []string{"https://example.com.evil.example"}, 403, "", "Origin"},
		{"a star", listed, []string{"*"}, 403, "", "Origin"},
		{"empty", listed, []string{""}, 403, "", "Origin"},
		{"two", listed, []string{"https://example.com", "https://evil.example"}, 403, "", "Origin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Origins = tt.origins })
			r := request("/"+goodToken, leadBody)
			if tt.sent != nil {
				r.Header["Origin"] = tt.sent
			}
			w := d.do(r)
			require.Equal(t, tt.status, w.Code)
			require.Equal(t, tt.allow, w.Header().Get("Access-Control-Allow-Origin"))
			require.Equal(t, tt.vary, w.Header().Get("Vary"))
			require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
			if tt.status == 403 {
				require.Zero(t, d.sink.len())
			}
		})
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header []string
		status int
	}{
		{[]string{"application/json"}, 200},
		{[]string{"APPLICATION/JSON"}, 200},
		{[]string{"application/json;charset=utf-8"}, 200},
		{[]string{`application/json; charset="UTF-8"`}, 200},
		{[]string{"application/json; charset=utf8; x=y"}, 200},
		{[]string{"application/ld+json"}, 200},
		{[]string{"application/cloudevents+json; charset=utf-8"}, 200},
		{[]string{"text/plain"}, 200},
		{[]string{""}, 200},
		{nil, 200},
		{[]string{"application/json; charset=utf-16"}, 415},
		{[]string{"text/plain; charset=iso-8859-1"}, 415},
		{[]string{"text/html"}, 415},
		{[]string{"application/octet-stream"}, 415},
		{[]string{"application/jsonp"}, 415},
		{[]string{"json"}, 415},
		{[]string{"*/*"}, 415},
		{[]string{"multipart/mixed; boundary=b"}, 415},
		{[]string{"application/json", "text/plain"}, 415},
	}
	for _, tt := range tests {
		d := newDoor(nil)
		r := request("/"+goodToken, leadBody)
		r.Header["Content-Type"] = tt.header
		require.Equal(t, tt.status, d.do(r).Code, "%q", tt.header)
	}
	for encoding, status := range map[string]int{"": 200, "identity": 200, "Identity": 200, "gzip": 415, "br": 415, "identity, gzip": 415, "deflate": 415, "zstd": 415} {
		r := request("/"+goodToken, leadBody)
		r.Header["Content-Encoding"] = []string{encoding}
		require.Equal(t, status, newDoor(nil).do(r).Code, "%q", encoding)
	}
}

func TestFullNames(t *testing.T) {
	t.Parallel()
	for full, want := range map[string][2]string{
		"Ann Lee":                 {"Ann", "Lee"},
		"  Ann \t Lee ":           {"Ann", "Lee"},
		"Ann":                     {"Ann", ""},
		"":                        {"", ""},
		"   ":                     {"", ""},
		"Lee, Ann":                {"Ann", "Lee"},
		"Lee, Ann Mary":           {"Ann Mary", "Lee"},
		"van Beethoven, Ludwig":   {"Ludwig", "van Beethoven"},
		"Mary Ann Smith":          {"Mary Ann", "Smith"},
		"Ludwig van Beethoven":    {"Ludwig", "van Beethoven"},
		"Ursula von der Leyen":    {"Ursula", "von der Leyen"},
		"Van Morrison":            {"Van", "Morrison"},
		"Martin Luther King Jr.":  {"Martin Luther", "King Jr."},
		"Martin Luther King, Jr.": {"Martin Luther", "King Jr."},
		"Ann,":                    {"Ann", ""},
		", Ann":                   {"Ann", ""},
		",":                       {"", ""},
		"山田太郎":                    {"山田太郎", ""},
		"José García":             {"José", "García"},
	} {
		d := newDoor(nil).with(func(s *ingest.Source) { s.Mappings = map[string]string{"n": "fullName"} })
		require.Equal(t, 200, d.post(`{"n":"`+strings.ReplaceAll(full, "\t", `\t`)+`"}`).Code)
		got := d.last(t).Fields
		require.Equal(t, want, [2]string{got.FirstName, got.LastName}, "%q", full)
	}
}

// TestLookUpHasItsOwnTime makes a store hang: the sender is told to come back.
func TestLookUpHasItsOwnTime(t *testing.T) {
	t.Parallel()
	hang := sourcesFunc(func(ctx context.Context, _ string) (ingest.Source, error) {
		<-ctx.Done()
		return ingest.Source{}, ctx.Err()
	})
	d := &door{Handler: ingest.NewHandler(hang, &sink{}, &ingest.Options{CaptureTimeout: 1_000_000})}
	require.Equal(t, 503, d.post(leadBody).Code)
	d = &door{Handler: ingest.NewHandler(newSources(), ingest.SinkFunc(func(ctx context.Context, _ ingest.Submission) error {
		<-ctx.Done()
		return ctx.Err()
	}), &ingest.Options{CaptureTimeout: 1_000_000})}
	require.Equal(t, 503, d.post(leadBody).Code)
}
