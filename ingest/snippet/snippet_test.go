package snippet_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest/snippet"
)

func get(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	snippet.Handler().ServeHTTP(w, r)
	return w
}

func TestServe(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("leads.js")
	require.NoError(t, err)
	tests := []struct{ name, path, cache string }{
		{"stable", "/leads.js", "public, max-age=3600, stale-while-revalidate=86400"},
		{"stable below a prefix", "/api/webhooks/leads.js", "public, max-age=3600, stale-while-revalidate=86400"},
		{"versioned", "/x/" + snippet.Versioned(), "public, max-age=31536000, immutable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := get(http.MethodGet, tt.path)
			require.Equal(t, 200, w.Code)
			require.Equal(t, string(source), w.Body.String())
			h := w.Header()
			require.Equal(t, tt.cache, h.Get("Cache-Control"))
			require.Equal(t, "text/javascript; charset=utf-8", h.Get("Content-Type"))
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
			require.Equal(t, "*", h.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "Accept-Encoding", h.Get("Vary"))
			require.Empty(t, h.Get("Set-Cookie"))

			require.Equal(t, 304, get(http.MethodGet, tt.path, "If-None-Match", h.Get("ETag")).Code)
			head := get(http.MethodHead, tt.path)
			require.Equal(t, 200, head.Code)
			require.Zero(t, head.Body.Len())
		})
	}
	require.Equal(t, 404, get(http.MethodGet, "/leads.0011223344556677.js").Code)
	require.Equal(t, 404, get(http.MethodPost, "/leads.js").Code)
}

func TestServeTakesTheClientAtItsWord(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, GZIP": "gzip", "gzip;q=0": "", "gzip; q=0.0": "", "gzip;q=0.5": "gzip", "gzip;q=1": "gzip", "br": "",
	} {
		require.Equal(t, want, get(http.MethodGet, "/leads.js", "Accept-Encoding", accept).Header().Get("Content-Encoding"), accept)
	}
}

func TestTag(t *testing.T) {
	t.Parallel()
	want := `<script src="/api/webhooks/` + snippet.Versioned() + `" integrity="` + strings.ReplaceAll(snippet.Integrity(), "+", "&#43;") +
		`" crossorigin="anonymous" data-token="lc_pub_x" defer></script>`
	got := strings.ReplaceAll(string(snippet.Tag("/api/webhooks/", "lc_pub_x", nil)), "+", "&#43;")
	require.Equal(t, want, got)

	hostile := string(snippet.Tag("https://example.com/", `"><script>`, &snippet.TagOptions{
		Nonce:    `a"b`,
		Settings: map[string]string{"mode": "ajax", "success": `<b> "hi"`, `x onload="alert(1)"`: "1", "token": "other"},
	}))
	require.Contains(t, hostile, `<script src="https://example.com/leads.`)
	require.Contains(t, hostile, `data-token="&#34;&gt;&lt;script&gt;" data-mode="ajax" data-success="&lt;b&gt; &#34;hi&#34;" nonce="a&#34;b" defer>`)
	require.NotContains(t, hostile, "onload")
	require.Equal(t, 1, strings.Count(hostile, "<script"))
}
