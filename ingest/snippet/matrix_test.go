package snippet_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/browser"
)

// markup is a form as a builder writes it, from testdata/forms. Its first line is a comment that says how it is to be filled and what
// is to come of it.
type markup struct {
	name, html, plan string

	// Kind says who submits the form without the snippet: "page" the browser, to the form's own action; "own" the page's script;
	// "door" nobody, so that the snippet takes it over; "ajax" the browser, but the snippet is told to take it over; "native" the
	// browser, and the snippet leaves it alone.
	Kind string
	Want map[string]string
}

func markups(t *testing.T) []markup {
	t.Helper()
	files, err := filepath.Glob("testdata/forms/*.html")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 40)
	all := make([]markup, 0, len(files))
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		first, html, _ := strings.Cut(string(content), "\n")
		m := markup{name: strings.TrimSuffix(filepath.Base(file), ".html"), html: html}
		m.plan = strings.TrimSuffix(strings.TrimPrefix(first, "<!-- "), " -->")
		require.NoError(t, json.Unmarshal([]byte(m.plan), &m), file)
		all = append(all, m)
	}
	return all
}

// failures are the ways in which a submission may not arrive. The first is none.
var failures = []string{"ok", "blocked", "preflight refused", "csp", "404", "413", "429", "500", "503", "time-out", "offline", "reset mid-answer", "exception"}

// sample are the forms that meet every failure in every run.
var sample = []string{"plain-post", "plain-no-action", "contact-form-7", "ajax-own-action", "web-component-open"}

// visitOf returns the visit of a form under a failure.
func visitOf(m markup, failure string) *visit {
	v := &visit{body: m.html, plan: m.plan, failure: failure, header: http.Header{}}
	switch failure {
	case "csp":
		v.header.Set("Content-Security-Policy", "connect-src 'self'")
	case "offline":
		v.head = `<script>Object.defineProperty(navigator,"onLine",{get:()=>false})</script>`
	case "exception":
		v.head = `<script>JSON.stringify=()=>{throw new Error("planned")}</script>`
	}
	return v
}

// verdict says what is wrong with the outcome of a visit; "" means nothing. A visit that is not over yet is wrong too.
func verdict(m markup, failure string, v *visit) string {
	captured, natives := len(v.keys()), 0
	seen := make(map[native]bool) // Chromium itself sends again what a connection swallowed that it had used before
	for _, n := range v.natives {
		if !seen[n] && (strings.Contains(n.body, "%40") || strings.Contains(n.body, "@") || n.path == "/own" || n.path == "/form") {
			natives++
		}
		seen[n] = true
	}
	arrives := failure == "ok" || failure == "reset mid-answer"
	if m.Kind == "door" && (failure == "blocked" || failure == "csp") {
		arrives = true // as a plain form
	}
	if failure == "exception" && strings.Contains(m.html, "{{endpoint}}") {
		arrives = true // without us it goes to the door as well
	}
	wantCaptured, least, most := 0, 1, 1
	if arrives && m.Kind != "native" {
		wantCaptured = 1
	}
	if m.Kind == "door" || m.Kind == "ajax" {
		switch failure {
		case "ok":
			least, most = 0, 0
		case "reset mid-answer":
			least = 0
		}
	}
	switch {
	case captured != wantCaptured:
		return fmt.Sprintf("captured %d times, want %d; %d scripts, %d requests, %v", captured, wantCaptured, v.scripts, len(v.requests), v.natives)
	case natives < least || natives > most:
		return fmt.Sprintf("natively submitted %d times, want %d to %d: %v", natives, least, most, v.natives)
	}
	return wrongFields(m, v)
}

// wrongFields says which field of what was captured is not as it was typed.
func wrongFields(m markup, v *visit) string {
	for _, sub := range v.submissions {
		if strings.HasPrefix(sub.ContentType, "application/x-www-form-urlencoded") {
			continue // the plain form that follows a lost answer
		}
		for _, secret := range []string{"secret-in-hidden", "hunter2", "4242424242424242"} {
			if strings.Contains(string(sub.Raw), secret) {
				return "read " + secret
			}
		}
		for name, want := range m.Want {
			got := sub.Metadata.Text(name)
			if field := sub.Fields.Field(name); field != nil {
				got = *field
			}
			if got != want {
				return fmt.Sprintf("%s is %q, want %q in %s", name, got, want, sub.Raw)
			}
		}
	}
	return ""
}

// matrix runs visits in the frames of one tab.
type matrix struct {
	*world
	tab  *browser.Tab
	room chan struct{}
}

// run opens the page of a visit in a frame, and returns what is wrong with how it ended.
func (x *matrix) run(m markup, failure string) (name, wrong string) {
	x.room <- struct{}{}
	defer func() { <-x.room }()
	name = x.add(visitOf(m, failure))
	frame := fmt.Sprintf(`{const f=document.createElement("iframe");f.id=%q;f.src=%q;document.body.append(f)}`, name, x.page(name))
	if _, err := browser.Eval[chromedp.Void](x.tab, frame); err != nil {
		return name, err.Error()
	}
	if !x.until(name, 20*time.Second, func(v *visit) bool { return verdict(m, failure, v) == "" }) {
		x.at(name, func(v *visit) { wrong = verdict(m, failure, v) })
	}
	if _, err := browser.Eval[chromedp.Void](x.tab, fmt.Sprintf(`document.getElementById(%q).remove()`, name)); err != nil {
		return name, err.Error()
	}
	return name, wrong
}

// block has the browser refuse the requests to the door as an extension does that blocks trackers: documents still load.
func block(t *testing.T, tab *browser.Tab) {
	t.Helper()
	paused := chromedp.Events(tab.Context(), fetch.RequestPaused)
	var patterns []*fetch.RequestPattern
	for _, kind := range []network.ResourceType{network.ResourceTypeFetch, network.ResourceTypeXHR, network.ResourceTypePing} {
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: "*" + tokenPrefix + "*", ResourceType: kind})
	}
	_, err := chromedp.Call(tab.Context(), fetch.Enable, fetch.EnableParams{Patterns: patterns})
	require.NoError(t, err)
	go func() {
		for event, err := range paused {
			if err != nil {
				return
			}
			_, _ = chromedp.Call(tab.Context(), fetch.FailRequest, fetch.FailRequestParams{RequestID: event.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
		}
	}()
}

func TestFormsTimesFailures(t *testing.T) {
	t.Parallel()
	forms := markups(t)
	w := newWorld(t)
	var results sync.Map
	var all sync.WaitGroup
	for _, failure := range failures {
		opened := tab(t)
		if failure == "blocked" {
			block(t, opened)
		}
		require.NoError(t, opened.Open(w.site.URL+"/harness"))
		x := &matrix{world: w, tab: opened, room: make(chan struct{}, 6)}
		for _, m := range forms {
			if failure != "ok" && !thorough() && !slices.Contains(sample, m.name) {
				continue
			}
			all.Go(func() {
				name, wrong := x.run(m, failure)
				results.Store([2]string{m.name, failure}, name)
				if wrong != "" {
					t.Errorf("%s, %s: %s", m.name, failure, wrong)
				}
			})
		}
		all.Wait()
		opened.Close()
	}
	cases := 0
	for _, m := range forms { // what came late would be seen here
		for _, failure := range failures {
			if name, ok := results.Load([2]string{m.name, failure}); ok {
				cases++
				w.at(name.(string), func(v *visit) { require.Empty(t, verdict(m, failure, v), "%s, %s", m.name, failure) })
			}
		}
	}
	t.Logf("%d forms, %d cases", len(forms), cases)
}
