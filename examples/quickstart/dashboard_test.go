package main_test

import (
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/iploc"
)

func TestSigningIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, nil)
	hostile := `<script>alert(1)</script>`
	p.post(t, strings.Replace(ann, "Lee", hostile, 1))
	written := awaitMails(t, filepath.Join(dir, "outbox"), 1)[0]
	lead := "/leads/" + p.leads(t, "").Data[0].ID

	for _, url := range []string{"/", "/?signin=", "/?signin=wrong", lead, "/mails", "/mails/" + written.Name, "/mails/" + written.Name + "/html", "/nothing"} {
		a := do(t, http.DefaultClient, "GET", p.base+url, "")
		require.Equal(t, 403, a.status, url)
		require.Empty(t, a.header.Get("Set-Cookie"))
		require.NotContains(t, a.body, "Ann")
	}
	require.Equal(t, 403, do(t, http.DefaultClient, "HEAD", p.dashboard, "").status, "looking at a link does not use it up")

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	front := do(t, browser, "GET", p.dashboard, "")
	require.Equal(t, 200, front.status)
	require.Contains(t, front.header.Get("Set-Cookie"), "HttpOnly")
	require.Contains(t, front.header.Get("Set-Cookie"), "SameSite=Strict")
	require.Equal(t, 403, do(t, http.DefaultClient, "GET", p.dashboard, "").status, "the link works once")
	require.Equal(t, 200, do(t, browser, "GET", p.dashboard, "").status, "but a reload in the same browser does")

	for url, want := range map[string][]string{
		"/":                                {"Ann", "Acme", lead, "Website"},
		lead:                               {"Ann", "We need a demo", "Email deliverable", "Country", iploc.Attribution},
		"/mails":                           {"lead: Ann", written.Name, iploc.Attribution},
		"/mails/" + written.Name:           {"lead: Ann", "/mails/" + written.Name + "/html"},
		"/mails/" + written.Name + "/html": {"We need a demo", "Why this score"},
	} {
		a := do(t, browser, "GET", p.base+url, "")
		require.Equal(t, 200, a.status, url)
		require.NotContains(t, a.body, hostile)
		require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'")
		for _, text := range want {
			require.Contains(t, a.body, text, url)
		}
	}
	framed := do(t, browser, "GET", p.base+"/mails/"+written.Name+"/html", "").header.Get("Content-Security-Policy")
	require.Contains(t, framed, "sandbox")
	require.NotContains(t, framed, "frame-ancestors", "browsers would show an empty frame")
	for _, url := range []string{"/leads/nobody", "/mails/..%2f..%2fgo.mod", "/mails/..%2fquickstart.db/html"} {
		require.Equal(t, 404, do(t, browser, "GET", p.base+url, "").status, url)
	}
	p.stop(t)
}

func TestAPI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), nil)
	for _, name := range []string{"a", "b", "c"} {
		p.post(t, `{"email":"`+name+`@example.com"}`)
	}
	url := p.base + "/api/leads"
	for name, test := range map[string]struct {
		method, url string
		header      []string
		status      int
	}{
		"no key":          {"GET", url, nil, 401},
		"wrong key":       {"GET", url, []string{"X-API-Key", "wrong"}, 401},
		"wrong scheme":    {"GET", url, []string{"Authorization", "Bearer " + p.key}, 401},
		"key":             {"GET", url, []string{"X-API-Key", p.key}, 200},
		"authorization":   {"GET", url, []string{"Authorization", "ApiKey " + p.key}, 200},
		"limit too large": {"GET", url + "?limit=101", []string{"X-API-Key", p.key}, 400},
		"page zero":       {"GET", url + "?page=0", []string{"X-API-Key", p.key}, 400},
		"putting":         {"PUT", url, []string{"X-API-Key", p.key}, 405},
		"elsewhere":       {"GET", url + "/x", []string{"X-API-Key", p.key}, 404},
		"sources":         {"GET", p.base + "/api/sources", []string{"X-API-Key", p.key}, 200},
		"keys":            {"GET", p.base + "/api/api-keys", []string{"X-API-Key", p.key}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			a := do(t, http.DefaultClient, test.method, test.url, "", test.header...)
			require.Equal(t, test.status, a.status)
			require.Equal(t, "application/json", a.header.Get("Content-Type"))
			require.Equal(t, test.status != 200, strings.Contains(a.body, `"success":false`))
		})
	}
	second := p.leads(t, "?page=2&limit=2")
	require.Equal(t, struct{ Page, Limit, Total, Pages int }{2, 2, 3, 2}, second.Pagination)
	require.Len(t, second.Data, 1)
	require.Equal(t, "a@example.com", second.Data[0].Email, "the newest come first")
	p.stop(t)
}

// The demo form is public, so a lead that qualifies is asked by mail before the sequence writes to it.
func TestALeadIsAskedFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, nil)
	p.post(t, ann)
	outbox := filepath.Join(dir, "outbox")
	until(t, 5*time.Second, "the mail that asks", func() bool { return len(written(t, outbox)) >= 2 })
	for _, m := range written(t, outbox) {
		if m.To != "<sales@example.com>" {
			require.Contains(t, m.To, "ann@acme.com")
			require.Contains(t, m.Text, p.base+"/mail/c/")
		}
	}
	p.stop(t)
}
