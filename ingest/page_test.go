package ingest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// browser is what a browser sends in Accept when it navigates.
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

func TestPlainFormSeesAPage(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	w := d.post("email=a%40example.com", "Content-Type", urlencoded, "Accept", browser)
	require.Equal(t, 200, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	policy := w.Header().Get("Content-Security-Policy")
	require.True(t, strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-"), policy)
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.NotContains(t, policy, "unsafe")
	require.Contains(t, w.Body.String(), "<h1>Thank you</h1>")
	require.Equal(t, 1, d.sink.len())

	body, contentType := multipartBody(t, part{name: "email", content: "a"})
	require.Contains(t, d.post(body, "Content-Type", contentType, "Accept", browser).Body.String(), "<h1>Thank you</h1>")
}

func TestPlainFormSeesErrorsAsPages(t *testing.T) {
	t.Parallel()
	name := "<script>alert(1)</script>"
	w := newDoor(nil).post(url.QueryEscape(name)+"="+strings.Repeat("x", ingest.MaxString+1), "Content-Type", urlencoded, "Accept", browser)
	require.Equal(t, 400, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), "a text is longer than 16 KiB")
	require.NotContains(t, w.Body.String(), "<script>")
	require.Contains(t, w.Body.String(), "&lt;script&gt;")

	w = newDoor(nil).do(request("/lc_pub_unknown_token", "a=b", "Content-Type", urlencoded, "Accept", browser))
	require.Equal(t, 404, w.Code)
	require.Contains(t, w.Body.String(), "no form or webhook has this address")
}

func TestMachinesAreNeverRedirected(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, contentType, accept string }{
		{"curl", "email=a", urlencoded, "*/*"},
		{"no Accept", "email=a", urlencoded, ""},
		{"fetch", "email=a", urlencoded, "application/json, text/plain, */*"},
		{"who would rather have JSON", "email=a", urlencoded, "text/html;q=0.5, application/json"},
		{"who wants no HTML", "email=a", urlencoded, "text/html;q=0"},
		{"JSON from who takes HTML", leadBody, "application/json", browser},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Redirects = []string{"https://example.com/thanks"} })
			w := d.post(tt.body, "Content-Type", tt.contentType, "Accept", tt.accept)
			require.Equal(t, 200, w.Code)
			require.Empty(t, w.Header().Get("Location"))
			require.Equal(t, `{"success":true}`, w.Body.String())
		})
	}
}

func TestWhereAFormIsSentOn(t *testing.T) {
	t.Parallel()
	const fallback = "https://example.com/thanks"
	lists := map[string][]string{
		"page":  {"https://example.com/thanks"},
		"site":  {"https://example.com/"},
		"path":  {"/thanks"},
		"root":  {"/"},
		"both":  {"/thanks", "https://example.com/thanks"},
		"empty": nil,
	}
	tests := []struct {
		name, list, wish, origin string
		want                     string // "" means the thank-you page
	}{
		{"no wish, a page", "page", "", "", fallback},
		{"no wish, paths only", "path", "", "", ""},
		{"no wish, no list", "empty", "", "", ""},
		{"the page", "page", "https://example.com/thanks", "", fallback},
		{"the page with a query", "page", "https://example.com/thanks?a=b#c", "", "https://example.com/thanks?a=b#c"},
		{"the page by its port", "page", "https://EXAMPLE.com:443/thanks", "", "https://example.com:443/thanks"},
		{"another page of the site", "page", "https://example.com/other", "", fallback},
		{"any page of a listed site", "site", "https://example.com/deep/page?x=1", "", "https://example.com/deep/page?x=1"},
		{"another scheme", "site", "http://example.com/x", "", "https://example.com/"},
		{"another port", "site", "https://example.com:8443/x", "", "https://example.com/"},
		{"a subdomain", "site", "https://www.example.com/x", "", "https://example.com/"},
		{"a path", "path", "/thanks", "", "/thanks"},
		{"a path below", "path", "/thanks/now?x=1", "", "/thanks/now?x=1"},
		{"a path beside", "path", "/thanksgiving", "", ""},
		{"a path above", "path", "/", "", ""},
		{"any path", "root", "/a/b", "", "/a/b"},
		{"any wish without a list", "empty", "/thanks", "", ""},
		{"an absolute address on the form's own host", "path", "http://door.example/thanks", "http://door.example", "http://door.example/thanks"},
		{"a path for a form on a listed host", "path", "/thanks", "https://listed.example", "https://listed.example/thanks"},
		{"an address on a listed form's own host", "path", "https://listed.example/thanks/x", "https://listed.example", "https://listed.example/thanks/x"},
		{"an address that is not the form's own", "path", "https://evil.example/thanks", "https://listed.example", ""},
		{"both kinds, path", "both", "/thanks", "", "/thanks"},
		{"both kinds, neither", "both", "/other", "", fallback},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) {
				s.Redirects = lists[tt.list]
				if tt.origin != "" {
					s.Origins = []string{"https://listed.example", "http://door.example"}
				}
			})
			form := url.Values{"email": {"a"}}
			if tt.wish != "" {
				form.Set("_redirect", tt.wish)
			}
			w := d.post(form.Encode(), "Content-Type", urlencoded, "Accept", browser, "Origin", tt.origin)
			require.Equal(t, tt.want, w.Header().Get("Location"))
			if tt.want == "" {
				require.Equal(t, 200, w.Code)
				return
			}
			require.Equal(t, http.StatusSeeOther, w.Code)
			require.Equal(t, 1, d.sink.len())
		})
	}
}

func TestAFormElsewhereIsNotSentHome(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Redirects = []string{"/"} })
	for _, header := range []string{"Origin", "Referer"} {
		w := d.post("_next=/thanks&email=a", "Content-Type", urlencoded, "Accept", browser, header, "https://evil.example/page")
		require.Equal(t, 200, w.Code)
		require.Empty(t, w.Header().Get("Location"))
	}
}

// tricks are wishes that some parser of addresses reads as another host, or that leave the listed path.
var tricks = []string{
	"//evil.example", "///evil.example", "////evil.example/thanks", `\\evil.example`, `/\evil.example`, `\/evil.example`, `/\/evil.example`, "/thanks//evil.example", "///thanks", "////thanks",
	"https:evil.example", "https:/evil.example", "https:///evil.example", `https:\\evil.example`, `https:/\evil.example`, `https://example.com\@evil.example/thanks`,
	"https://example.com@evil.example/thanks", "https://example.com:x@evil.example/thanks", "https://user@example.com/thanks", "https://example.com%40evil.example/thanks",
	"https://evil.example#@example.com/thanks", "https://evil.example?@example.com/thanks", "https://evil.example/https://example.com/thanks", "https://example.com.evil.example/thanks",
	"https://example.comevil.example", "https://example.com%2eevil.example/", "https://example.com%00.evil.example/", "https://example.com\x00.evil.example/", "https://exa\u00ADmple.com/thanks", "https://example。com/thanks", "https://еxample.com/thanks",
	"\thttps://evil.example", " //evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "ht\ntps://evil.example", "/%09/evil.example", "/%0d%0aLocation:%20https://evil.example", "/thanks\r\nSet-Cookie: a=b", "/thanks%0d%0aSet-Cookie:a=b",
	"/%2f/evil.example", "/%2Fevil.example", "/%5cevil.example", "/thanks/%2e%2e/admin", "/thanks/../admin", "/thanks/./../admin", "/thanks/..", "/thanks/%2e%2e%2fadmin", "/thanks/%252e%252e/admin", "/thanks/..;/admin",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd", "ftp://example.com/thanks", "blob:https://example.com/x", "mailto:a@example.com",
	"https://example.com:80:443/thanks", "https://[::1]/thanks", "https://example.com:/../thanks", "https://", "https://:443/thanks", "https://./thanks", "https://../thanks", "http://example.com/thanks", "//example.com/thanks",
	"thanks", "./thanks", "../thanks", "?x", "#x", "", " ", "/thanks ", "/thanks\x7f", "/th\u00e4nks", "/<script>", `/"onload=`, "@evil.example", "/@evil.example", ".evil.example", ":80/thanks",
}

func TestRedirectTricks(t *testing.T) {
	t.Parallel()
	for _, wish := range tricks {
		d := newDoor(nil).with(func(s *ingest.Source) { s.Redirects = []string{"/thanks", "https://example.com/thanks"} })
		w := d.post(url.Values{"email": {"a"}, "_redirect": {wish}}.Encode(), "Content-Type", urlencoded, "Accept", browser)
		require.Equal(t, http.StatusSeeOther, w.Code, "%q", wish)
		require.Equal(t, "https://example.com/thanks", w.Header().Get("Location"), "%q must not be granted", wish)
	}
}
