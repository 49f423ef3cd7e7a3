package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/browser"
)

// visitor is a browser in which somebody tries the program as a new user would.
type visitor struct {
	t     *testing.T
	p     *program
	inbox *browser.Tab // signed in
}

func newVisitor(t *testing.T, p *program) *visitor {
	t.Helper()
	b, err := browser.Start(context.WithoutCancel(t.Context()))
	if errors.Is(err, browser.ErrAbsent) && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(b.Close)
	v := &visitor{t: t, p: p}
	v.inbox, err = b.Tab()
	require.NoError(t, err)
	require.NoError(t, v.inbox.Open(p.dashboard))
	return v
}

func ask[T any](t *testing.T, tab *browser.Tab, expression string) T {
	t.Helper()
	got, err := browser.Eval[T](tab, expression)
	require.NoError(t, err, expression)
	return got
}

// fill types into the fields of the page's form, which may stand in a shadow root, and sends it.
func (v *visitor) fill(tab *browser.Tab, fields map[string]string) {
	v.t.Helper()
	data, err := json.Marshal(fields)
	require.NoError(v.t, err)
	const form = `(document.querySelector("contact-form")?.shadowRoot ?? document).querySelector("form")`
	require.NoError(v.t, tab.Wait(form+` !== null && performance.now() > 1200`), "a person takes longer than a second")
	ask[bool](v.t, tab, fmt.Sprintf(`(() => {
		for (const [name, value] of Object.entries(%s)) {
			const field = %s.elements[name];
			field.focus(); field.value = value;
			field.dispatchEvent(new Event("input", {bubbles: true}));
		}
		return true;
	})()`, data, form))
	ask[bool](v.t, tab, fmt.Sprintf(`(() => { const f = %s; f.querySelectorAll("fieldset[hidden]").forEach(s => s.hidden = false); f.requestSubmit(); return true; })()`, form))
}

// lead waits for a row of the inbox and returns the address of the lead's page.
func (v *visitor) lead(name string) string {
	v.t.Helper()
	row := fmt.Sprintf(`[...document.querySelectorAll("tr[data-lead]")].find(r => r.textContent.includes(%q))`, name)
	require.NoError(v.t, v.inbox.Wait(row+` !== undefined`))
	return ask[string](v.t, v.inbox, row+`.querySelector("a").href`)
}

// TestAsANewUser opens the link, sends the demo form in another tab and sees the lead come in hot; maps a field, drags the lead to Qualified, enrols it
// and unsubscribes from the mail.
func TestAsANewUser(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, nil)
	v := newVisitor(t, p)
	require.NoError(t, v.inbox.Wait(`document.querySelector("#live")?._htmx?.sse?.status === 200`))

	tab, err := v.inbox.Sibling()
	require.NoError(t, err)
	require.NoError(t, tab.Open(p.base+"/demo/snippet"))
	v.fill(tab, map[string]string{"email": "eve@acme-tools.com", "firstName": "Eve", "lastName": "Stone", "company": "Acme Tools", "message": "We need a demo and a price for 40 seats by March"})
	require.NoError(t, tab.Wait(`document.querySelector("[role=status], [aria-live]")?.textContent.trim() !== ""`), "the visitor is told")
	sent := time.Now()
	page := v.lead("Eve Stone")
	require.NoError(t, v.inbox.Wait(`document.querySelector("tr[data-lead] .badge.hot")`))
	require.Less(t, time.Since(sent), 8*time.Second, "seen within seconds") // TestLive of the dashboard has the promised time
	require.Empty(t, v.inbox.Problems())

	// A field of a name of its own: seen, suggested, taken with one click.
	p.post(t, `{"contact_email":"bob@beta.example","full_name":"Bob Best"}`)
	require.NoError(t, tab.Open(p.base+"/sources"))
	require.NoError(t, tab.Do(chromedp.Click(`a[href$="/mapping"]`)))
	require.NoError(t, tab.Wait(`document.querySelector('form[action$="/mapping/take"] input[value="contact_email"]')`))
	require.NoError(t, tab.Do(chromedp.Click(`form[action$="/mapping/take"]:has(input[value="contact_email"]) button`)))
	require.NoError(t, tab.Wait(`!document.querySelector('form[action$="/mapping/take"] input[value="contact_email"]')`))
	posts, last := 0, time.Time{}
	until(t, 10*time.Second, "the field is mapped, which every process does within five seconds", func() bool {
		if time.Since(last) < 500*time.Millisecond {
			return false
		}
		posts, last = posts+1, time.Now()
		p.post(t, fmt.Sprintf(`{"contact_email":"bob@beta.example","full_name":"Bob Best","nr":%d}`, posts))
		return len(p.leads(t, "?search=bob").Data) == 1
	})

	// Drag to Qualified; what the mouse does, as events: Chromium's own dragging needs a window.
	require.NoError(t, tab.Open(p.base+"/board"))
	id := page[strings.LastIndex(page, "/")+1:]
	require.NoError(t, tab.Wait(fmt.Sprintf(`document.querySelector('.tile[data-lead="%s"]')?.draggable`, id)))
	ask[bool](t, tab, fmt.Sprintf(`(() => {
		const data = new DataTransfer(), tile = document.querySelector('.tile[data-lead="%s"]'), to = document.querySelector('.column[data-stage=qualified]');
		const fire = (kind, at) => at.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data}));
		fire("dragstart", tile); fire("dragover", to); fire("drop", to); fire("dragend", tile);
		return true;
	})()`, id))
	require.NoError(t, tab.Wait(fmt.Sprintf(`document.querySelector('.column[data-stage=qualified] .tile[data-lead="%s"]') && document.querySelector(".flash")`, id)))
	require.Equal(t, "qualified", p.leads(t, "?search=eve").Data[0].Status)

	// A sequence that writes at once, whatever the day.
	body := `{"id":"hello","name":"Hello","steps":[{"id":"now","email":{"subject":"Hello from us","body":"Good to hear from you."}}]}`
	made := do(t, http.DefaultClient, "POST", p.base+"/api/sequences", body, "X-API-Key", p.key, "Content-Type", "application/json")
	require.Equal(t, 201, made.status, made.body)
	require.NoError(t, tab.Open(page))
	require.NoError(t, tab.Do(chromedp.SetValue(`form[action$="/enroll"] select`, "hello"), chromedp.Click(`form[action$="/enroll"] button`)))
	outbox := filepath.Join(dir, "outbox")
	var link string
	until(t, 10*time.Second, "the mail of the sequence", func() bool {
		for _, m := range written(t, outbox) {
			if m.Subject == "Hello from us" {
				link = regexp.MustCompile(regexp.QuoteMeta(p.base) + `/mail/u/\S+`).FindString(m.Text)
			}
		}
		return link != ""
	})

	// The link shows a page; the button unsubscribes.
	require.NoError(t, tab.Open(link))
	require.Equal(t, 200, do(t, http.DefaultClient, "GET", link, "").status)
	require.NoError(t, tab.Do(chromedp.Click(`form button[type=submit]:not([name])`)))
	require.NoError(t, tab.Wait(`document.readyState === "complete" && document.querySelector("h1") && !document.querySelector("form button")`))
	require.NoError(t, tab.Open(page))
	require.NoError(t, tab.Wait(`/unsubscribed/i.test(document.body.textContent)`), "the timeline tells")
	require.Empty(t, tab.Problems())
	suppressed := do(t, http.DefaultClient, "GET", p.base+"/api/suppressions", "", "X-API-Key", p.key)
	require.Contains(t, suppressed.body, "unsubscribed")
	require.NotContains(t, suppressed.body, "eve@")
	p.stop(t)
}

// Every kind of demo form makes a lead.
func TestDemoForms(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), nil)
	v := newVisitor(t, p)
	for _, kind := range []string{"plain", "snippet", "observed", "steps", "late", "shadow"} {
		tab, err := v.inbox.Sibling()
		require.NoError(t, err)
		require.NoError(t, tab.Open(p.base+"/demo/"+kind), kind)
		v.fill(tab, map[string]string{"email": kind + "@example.net", "firstName": "From " + kind})
		until(t, 10*time.Second, "a lead from "+kind, func() bool { return len(p.leads(t, "?search="+url.QueryEscape(kind)).Data) == 1 })
		require.Empty(t, tab.Problems(), kind)
		tab.Close()
	}
	p.stop(t)
}
