package snippet_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/ingest/snippet"
	"github.com/openleads/leads/internal/browser"
)

// plain is a form that the snippet takes over. The events that it sends are noted.
const plain = `<style>body{font:1rem/1.5 sans-serif;max-width:30rem;margin:2rem auto}label,button{display:block;margin:.5rem 0}</style>
<form><label>Name <input name="name"></label><label>Email <input type="email" name="email"></label><label>Message <textarea name="message"></textarea></label><button>Send</button></form>
<script>window.told=[];for(const k of ["success","error"])addEventListener("leads:"+k,e=>told.push(k+" "+e.detail.status+" "+e.target.tagName))</script>`

// fill types into the fields of plain, by their names.
func fill(t *testing.T, tab *browser.Tab, values map[string]string) {
	t.Helper()
	for name, value := range values {
		run(t, tab, fmt.Sprintf(`document.querySelector("[name=%s]").value=%q`, name, value))
	}
}

// picture saves what the page looks like for a person to look at, if there is a folder for that.
func picture(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	if folder := os.Getenv("LEADS_PICTURES"); folder != "" {
		require.NoError(t, tab.Screenshot(filepath.Join(folder, name+".png")))
	}
}

// accessible runs axe-core over the page.
func accessible(t *testing.T, tab *browser.Tab) {
	t.Helper()
	axe, err := os.ReadFile(filepath.Join(tools(t), "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	run(t, tab, fmt.Sprintf("(0,eval)(%q)", string(axe)))
	violations, err := browser.Eval[[]string](tab, `axe.run().then(r=>r.violations.map(v=>v.id+": "+v.nodes.map(n=>n.html).join(" ")))`)
	require.NoError(t, err)
	require.Empty(t, violations)
}

func TestFeedbackOfSuccess(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: plain, tag: `data-success="Danke!" data-class="note"`})
	require.NoError(t, opened.Open(w.page(name)))
	fill(t, opened, map[string]string{"name": "Ann Lee", "email": "ann@example.com"})
	require.NoError(t, opened.Do(chromedp.Focus(chromedp.CSS("button")), chromedp.KeyEvent("\r")))
	require.NoError(t, opened.Wait(`document.querySelector("[role=status].note.leads-success")`))
	w.captured(t, name, 1)
	shown, err := browser.Eval[string](opened, `(()=>{const r=document.querySelector("[role=status]");return [r.textContent,r.getAttribute("aria-live"),r.previousElementSibling.tagName,document.querySelector("[name=email]").value,document.querySelector("button").disabled,document.activeElement.tagName,told].join("|")})()`)
	require.NoError(t, err)
	require.Equal(t, "Danke!|polite|FORM||false|BUTTON|success 200 FORM", shown)
	accessible(t, opened)
	picture(t, opened, "success")
	require.Empty(t, opened.Problems())
}

func TestFeedbackOfARefusal(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: plain})
	require.NoError(t, opened.Open(w.page(name)))
	fill(t, opened, map[string]string{"email": "ann@example.com", "message": strings.Repeat("x", ingest.MaxString+1)})
	run(t, opened, `document.querySelector("button").click()`)
	require.NoError(t, opened.Wait(`document.querySelector(".leads-error")`))
	shown, err := browser.Eval[string](opened, `(()=>{const r=document.querySelector("[role=status]"),m=document.querySelector("textarea");return [r.textContent,m.getAttribute("aria-invalid"),m.getAttribute("aria-errormessage")===r.id,document.activeElement===m,m.value.length,document.querySelector("button").disabled,document.querySelector("form").ariaBusy,told].join("|")})()`)
	require.NoError(t, err)
	require.Equal(t, "Please check what you entered: a text is longer than 16 KiB|true|true|true|16385|false|false|error 400 FORM", shown)
	accessible(t, opened)
	picture(t, opened, "refusal")

	// What is mended goes through, and is not marked any more.
	fill(t, opened, map[string]string{"message": "shorter"})
	run(t, opened, `document.querySelector("textarea").dispatchEvent(new Event("input"))`)
	run(t, opened, `document.querySelector("button").click()`)
	require.Equal(t, "shorter", w.captured(t, name, 1).Metadata.Text("message"))
	require.NoError(t, opened.Wait(`document.querySelector(".leads-success")&&!document.querySelector("[aria-invalid]")`))
}

func TestThePageMayTakeTheRest(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: plain, failure: "404"})
	require.NoError(t, opened.Open(w.page(name)))
	run(t, opened, `addEventListener("leads:error",e=>e.preventDefault())`)
	fill(t, opened, map[string]string{"email": "ann@example.com"})
	run(t, opened, `document.querySelector("button").click()`)
	require.NoError(t, opened.Wait(`told.length===1&&!document.querySelector("button").disabled`))

	// Another try has the same key.
	w.note(name, func(v *visit) { v.failure = "" })
	run(t, opened, `document.querySelector("button").click()`)
	w.captured(t, name, 1)
	w.at(name, func(v *visit) {
		require.Empty(t, v.natives)
		require.Len(t, v.requests, 2)
		require.Equal(t, v.requests[0], v.requests[1])
		require.Regexp(t, `^\d+-\d+-\d+-\d+$`, v.submissions[0].Key)
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"/thanks": "/thanks", "javascript:document.title='bad'": "/form"} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			w, opened := newWorld(t), tab(t)
			name := w.add(&visit{body: plain, tag: `data-redirect="` + to + `"`})
			require.NoError(t, opened.Open(w.page(name)))
			fill(t, opened, map[string]string{"email": "ann@example.com"})
			run(t, opened, `document.querySelector("button").click()`)
			w.captured(t, name, 1)
			require.NoError(t, opened.Wait(fmt.Sprintf(`location.pathname===%q&&(location.pathname!=="/form"||document.querySelector(".leads-success"))`, want)))
			title, err := browser.Eval[string](opened, "document.title")
			require.NoError(t, err)
			require.NotEqual(t, "bad", title)
		})
	}
}

// TestStrictPolicy loads the tag with its integrity under a policy that allows the door and nothing else.
func TestStrictPolicy(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{})
	door := w.door.URL
	policy := "default-src 'none'; script-src " + door + "; connect-src " + door + "; require-trusted-types-for 'script'; trusted-types 'none'"
	page := `<!doctype html><title>strict</title>` + string(snippet.Tag(door+"/api/webhooks", tokenPrefix+name, nil)) + `<form><input type="email" name="email"><button>Send</button></form>`
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		rw.Header().Set("Content-Security-Policy", policy)
		_, _ = rw.Write([]byte(page))
	}))
	t.Cleanup(site.Close)
	require.NoError(t, opened.Open(site.URL+"/"))
	require.NoError(t, opened.Wait(`window.leads`))
	require.NoError(t, opened.Do(chromedp.SendKeys(chromedp.CSS("input"), "ann@example.com\r")))
	require.NoError(t, opened.Wait(`document.querySelector(".leads-success")`))
	var problems []string
	for _, problem := range opened.Problems() {
		if !strings.Contains(problem, "favicon") {
			problems = append(problems, problem)
		}
	}
	require.Empty(t, problems)
}

// TestCost measures what the script costs a page on a slow machine: a processor of a quarter of the speed.
func TestCost(t *testing.T) {
	w, opened := newWorld(t), tab(t)
	source, err := os.ReadFile("leads.js")
	require.NoError(t, err)
	_, err = chromedp.Call(opened.Context(), emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
	require.NoError(t, err)
	watch := `<script>window.seen=[];new PerformanceObserver(l=>seen.push(...l.getEntries().filter(e=>e.entryType==="layout-shift").map(e=>e.entryType))).observe({type:"layout-shift",buffered:true})</script>`
	name := w.add(&visit{head: watch, body: plain})
	times := make([]float64, 0, 15)
	for range cap(times) {
		require.NoError(t, opened.Open(w.page(name)))
		run(t, opened, "delete window.leads")
		took, err := browser.Eval[float64](opened, fmt.Sprintf(`(()=>{const s=%q,t=performance.now();(0,eval)(s);return performance.now()-t})()`, string(source)))
		require.NoError(t, err)
		times = append(times, took)
		shifts, err := browser.Eval[int](opened, "seen.length")
		require.NoError(t, err)
		require.Zero(t, shifts)
	}
	slices.Sort(times)
	t.Logf("parse and run at a quarter of the speed: best %.2f ms, median %.2f ms, worst %.2f ms", times[0], times[len(times)/2], times[len(times)-1])
	require.Less(t, times[0], 5.0) // a busy machine makes the others longer
}
