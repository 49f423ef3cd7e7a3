package dashboard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

// submit sends a form through a door of its own, which remembers no source.
func (w *world) submit(body string) {
	w.t.Helper()
	door := ingest.NewHandler(w.store, ingest.SinkFunc(func(ctx context.Context, sub ingest.Submission) error {
		_, err := w.engine.Capture(ctx, sub)
		return err
	}), nil)
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/"+w.source.Tokens[0], strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "203.0.113.9:4711"
	answer := httptest.NewRecorder()
	door.ServeHTTP(answer, r)
	require.Equal(w.t, http.StatusOK, answer.Code)
}

// blocked is the block list of the world's source.
func (w *world) blocked() []string {
	w.t.Helper()
	s, err := w.desk.Source(w.t.Context(), ann, w.source.ID)
	require.NoError(w.t, err)
	return s.Spam.Blocked
}

// TestBlockingInChromium goes with keys only from a quarantined submission to its blocked domain, a released one, and the domain let through again.
func TestBlockingInChromium(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.submit(`{"email":"one@spam.example","firstName":"Sam","_hp":"x"}`)
	tab := w.tab(chromium(t), "admin")
	press := func(what, keys string) {
		t.Helper()
		require.NoError(t, tab.Do(chromedp.Focus(what), chromedp.KeyEvent(keys)), what)
	}
	require.NoError(t, tab.Do(chromedp.EmulateViewport(390, 800)))
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/quarantine"))
	press(`details.block summary`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector("details.block").open`))
	require.LessOrEqual(t, ask[int](t, tab, `document.documentElement.scrollWidth`), 390)
	press(`details.block select[name=what]`, kb.ArrowDown)
	require.Equal(t, "the domain spam.example", ask[string](t, tab, `document.querySelector("select[name=what]").selectedOptions[0].text`))
	press(`details.block button`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.startsWith("Blocked at 1 source.")`))
	require.Equal(t, []string{"spam.example"}, w.blocked())

	w.submit(`{"email":"two@mail.spam.example","firstName":"Tom","message":"hot"}`)
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/quarantine"))
	require.Equal(t, "Tom on the block list", ask[string](t, tab, `document.querySelector("article .title").innerText.replace(/\s+/g, " ").trim()`))
	press(`article button[value^="release:"]`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.startsWith("1 submission was released")`))
	page, err := w.desk.Leads(t.Context(), ann, desk.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Leads, 1)
	w.settled(page.Leads[0].ID)
	require.Equal(t, leads.Hot, w.lead(page.Leads[0].ID).Score.Qualification, "the whole line has run")

	w.submit(`{"email":"jane@spam.example"}`)
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/sources/"+w.source.ID))
	require.Contains(t, ask[string](t, tab, `document.querySelector(".side").innerText`), "on the block list (1)")
	require.Equal(t, "spam.example\n", ask[string](t, tab, `document.querySelector("textarea[name=blocked]").value`))
	require.NoError(t, tab.Do(chromedp.Focus(`textarea[name=blocked]`)))
	ask[bool](t, tab, `document.activeElement.select(), true`)
	press(`textarea[name=blocked]`, kb.Delete)
	press(`form.card[method=post] button.main`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent === "The settings were saved."`))
	require.Empty(t, w.blocked())
	w.submit(`{"email":"three@spam.example"}`)
	page, err = w.desk.Leads(t.Context(), ann, desk.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Leads, 2, "the next one is let through")
	require.Empty(t, tab.Problems())
}

// TestBlockingIsAccessible asks axe-core about the opened choice, the block list, and both with something wrong.
func TestBlockingIsAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("..", "..", "..", "ingest", "snippet", "gen", "node_modules", "axe-core", "axe.min.js"))
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: axe-core is not installed: npm ci in ingest/snippet/gen")
	}
	require.NoError(t, err)
	w := newOffice(t)
	w.quarantine(ingest.Fields{Email: "jo@gmail.com", FirstName: "Jo"}, "{}", "honeypot")
	w.quarantine(ingest.Fields{Email: "a.very.long.name.of.somebody@a-rather-long-company-name.with.many.parts.example"}, "{}", "blocked")
	_, err = w.desk.ChangeSource(t.Context(), ann, w.source.ID, 0, func(s *ingest.Source) { s.Spam.Blocked = []string{"spam.example", "2001:db8::/32"} })
	require.NoError(t, err)
	tab := w.tab(chromium(t), "owner")
	for _, look := range []struct {
		theme string
		width int64
	}{{"light", 390}, {"dark", 1280}, {"dark", 390}, {"light", 1280}} {
		require.NoError(t, tab.Do(chromedp.EmulateViewport(look.width, 900), scheme(look.theme)))
		for _, path := range []string{"/quarantine", "/sources/" + w.source.ID} {
			require.NoError(t, tab.Open(w.server.URL+"/dashboard"+path))
			ask[bool](t, tab, `(() => { for (const d of document.querySelectorAll("details")) d.open = true; return true })()`)
			require.LessOrEqual(t, ask[int](t, tab, `document.documentElement.scrollWidth`), int(look.width), path)
			ask[bool](t, tab, string(axe)+";true")
			require.Empty(t, ask[[]string](t, tab, `axe.run(document, {resultTypes: ["violations"], iframes: false}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target.join(" ") + " " + n.failureSummary)))`), "%s, %v", path, look)
		}
	}
	require.Empty(t, tab.Problems())
}

func TestBlockingOutOfQuarantine(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	second, err := w.desk.CreateSource(t.Context(), ann, ingest.Source{Name: "Second form"})
	require.NoError(t, err)
	id := w.quarantine(ingest.Fields{Email: "jo@spam.example", FirstName: "Jo"}, "{}", "honeypot")
	body := w.page("/quarantine")
	for _, text := range []string{`<option value="email">the address jo@spam.example`, `<option value="domain">the domain spam.example`, `<option value="network">the network 203.0.113.9`, "at the source Contact form", "at all sources"} {
		require.Contains(t, body, text)
	}
	form := formOf(t, body[strings.Index(body, `<details class="block">`):])
	require.Equal(t, url.Values{"what": {"email"}, "where": {""}}, form)
	require.Contains(t, body, `<form id="block-`+id+`" method="post" action="/dashboard/quarantine/`+id+`/block">`)
	require.Equal(t, 3, strings.Count(body, `form="block-`+id+`"`), "the fields belong to that form")

	require.Contains(t, w.act("/quarantine/"+id+"/block", form), "/quarantine?done=quarantine.blocked&n=1")
	require.Contains(t, w.act("/quarantine/"+id+"/block", url.Values{"what": {"network"}, "where": {"all"}}), "n=2")
	require.Equal(t, []string{"jo@spam.example", "203.0.113.9"}, w.blocked())
	require.Contains(t, w.page("/work/trail"), "blocked a sender at a source")
	require.Contains(t, w.page("/quarantine?done=quarantine.blocked&n=2"), "Blocked at 2 sources.")

	_, member, _ := w.get("member", "/dashboard/quarantine")
	require.NotContains(t, member, "block-"+id, "members are offered what they may not")
	for user, want := range map[string]int{"member": http.StatusForbidden, "reader": http.StatusForbidden, "eve": http.StatusNotFound} {
		status, _, _ := w.post(user, "/dashboard/quarantine/"+id+"/block", url.Values{"what": {"domain"}})
		require.Equal(t, want, status, user)
	}
	require.Len(t, w.blocked(), 2)

	free := w.quarantine(ingest.Fields{Email: "jo@gmail.com"}, "{}", "honeypot")
	body = w.page("/quarantine")
	require.NotContains(t, body, "the domain gmail.com")
	require.Contains(t, body, "gmail.com gives mailboxes to everybody: block the address or the network instead")
	status, body, _ := w.post("owner", "/dashboard/quarantine/"+free+"/block", url.Values{"what": {"domain"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `<code>/what</code>: gmail.com gives mailboxes to everybody`)
	require.Contains(t, body, "jo@spam.example", "the list is still there")

	require.NoError(t, w.desk.DeleteSource(t.Context(), ann, w.source.ID))
	require.NotContains(t, w.page("/quarantine"), "at the source", "a source that is not there any more is offered")
	require.Contains(t, w.act("/quarantine/"+id+"/block", url.Values{"what": {"domain"}, "where": {"all"}}), "n=1")
	s, err := w.desk.Source(t.Context(), ann, second.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"203.0.113.9", "spam.example"}, s.Spam.Blocked)
}

func TestTheBlockListOfASource(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	at := "/sources/" + w.source.ID
	settings := func() url.Values { return fields(t, w.page(at), `<form class="card" method="post"`) }
	form := settings()
	form.Set("blocked", " spam.example \r\n\r\n203.0.113.0/24\r\njo@example.com\r\n")
	w.act(at, form)
	require.Equal(t, []string{"spam.example", "203.0.113.0/24", "jo@example.com"}, w.blocked())

	form = settings()
	require.Equal(t, "spam.example\n203.0.113.0/24\njo@example.com\n", strings.TrimPrefix(form.Get("blocked"), "\n"))
	form.Del("spam")
	w.act(at, form)
	require.Len(t, w.blocked(), 3, "the list counts without the other signs of spam")

	form = settings()
	form.Set("blocked", "spam.example\nno entry\n*.x.example")
	status, body, _ := w.post("owner", "/dashboard"+at, form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `<code>/spam/blocked/1</code>: &#34;no entry&#34; is no email address, domain or network`)
	require.Contains(t, body, `<code>/spam/blocked/2</code>: &#34;*.x.example&#34; is no`)
	require.Contains(t, body, "aria-describedby=\"blocked-hint\" aria-invalid=\"true\">\nspam.example\nno entry\n*.x.example\n</textarea>", "what was typed is lost")
	require.Len(t, w.blocked(), 3)

	form.Set("blocked", "")
	w.act(at, form)
	require.Empty(t, w.blocked())
	require.NotContains(t, w.page(at), `aria-invalid`)
}
