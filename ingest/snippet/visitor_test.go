package snippet_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/ingest/snippet"
	"github.com/openleads/leads/internal/browser"
)

// patience bounds the waiting for one outcome.
const patience = 20 * time.Second

const contact = `<form action="/send.php" method="post"><label>Name <input name="name"></label><label>Email <input type="email" name="email"></label><button>Send</button></form>`

// filled is what driver.js does with contact.
const filled = `{"fill":{"[name=name]":"Ann Lee","[name=email]":"ann@example.com"}}`

// leave is the page of an app that submits by its own script and goes elsewhere in the same breath.
const leave = `<form><input type="email" name="email"><button>Send</button></form><script>document.querySelector("form").addEventListener("submit",e=>{e.preventDefault();location.assign("/elsewhere")})</script>`

// run evaluates a statement in the page.
func run(t *testing.T, tab *browser.Tab, script string) {
	t.Helper()
	_, err := browser.Eval[bool](tab, "("+script+",true)")
	require.NoError(t, err)
}

// captured waits until a visit has so many submissions.
func (w *world) captured(t *testing.T, name string, n int) ingest.Submission {
	t.Helper()
	require.True(t, w.until(name, patience, func(v *visit) bool { return len(v.submissions) >= n }), "%s was not captured", name)
	return w.last(t, name)
}

func TestNavigationsThatLeaveAtOnce(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	count := 20
	if thorough() {
		count = 40
	}
	if !strict() && thorough() {
		count = 200
	}
	names := make([]string, count)
	for i := range names {
		v := &visit{body: contact, plan: filled}
		if i%2 == 1 {
			v = &visit{body: leave, plan: `{"fill":{"[name=email]":"ann@example.com"}}`}
		}
		names[i] = w.add(v)
		require.NoError(t, opened.Open(w.page(names[i])))
		require.True(t, w.until(names[i], patience, func(v *visit) bool { return len(v.natives) > 0 }), "the page was not left")
	}
	lost := 0
	for _, name := range names {
		if !w.until(name, patience, func(v *visit) bool { return len(v.keys()) == 1 }) {
			lost++
		}
	}
	t.Logf("%d navigations, %d lost", count, lost)
	require.Zero(t, lost)
}

// TestLeavingBeforeTheRequestDoes closes a page whose connections to the door are all taken: the request cannot even begin before the
// page has gone. The page is in a frame, because Chromium keeps whole pages for the way back, and their requests with them.
func TestLeavingBeforeTheRequestDoes(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	busy := `<script>addEventListener("load",()=>{for(let i=0;i<6;i++)fetch("{{door}}"+i+"/hang",{mode:"no-cors"})})</script>`
	name := w.add(&visit{})
	w.at(name, func(v *visit) { v.body = contact + strings.ReplaceAll(busy, "{{door}}", w.doorOf(name)) })
	require.NoError(t, opened.Open(strings.Replace(w.page(name), "/form", "/harness", 1)))
	run(t, opened, fmt.Sprintf(`(()=>{const f=document.createElement("iframe");f.src=%q;document.body.append(f)})()`, w.page(name)))
	require.True(t, w.until(name, patience, func(v *visit) bool { return v.hanging == 6 })) // Chromium's limit for a host
	run(t, opened, `(()=>{const d=document.querySelector("iframe").contentDocument;d.querySelector("[name=email]").value="ann@example.com";d.querySelector("button").click()})()`)
	require.True(t, w.until(name, patience, func(v *visit) bool { return len(v.natives) == 1 }))
	w.at(name, func(v *visit) { require.Empty(t, v.requests) })
	run(t, opened, `document.querySelector("iframe").remove()`)
	w.captured(t, name, 1)
}

// TestLeavingBetweenTwoTries closes a page that waits to try again.
func TestLeavingBetweenTwoTries(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: contact + `<script>document.querySelector("form").onsubmit=()=>false</script>`, failure: "503"})
	require.NoError(t, opened.Open(strings.Replace(w.page(name), "/form", "/harness", 1)))
	run(t, opened, fmt.Sprintf(`(()=>{const f=document.createElement("iframe");f.src=%q;document.body.append(f)})()`, w.page(name)))
	require.NoError(t, opened.Wait(`document.querySelector("iframe").contentWindow.leads`))
	run(t, opened, `(()=>{const d=document.querySelector("iframe").contentDocument;d.querySelector("[name=email]").value="ann@example.com";d.querySelector("button").click()})()`)
	require.True(t, w.until(name, patience, func(v *visit) bool { return len(v.requests) == 1 }))
	w.note(name, func(v *visit) { v.failure = "" })
	require.NoError(t, opened.Wait(`document.querySelector("iframe").contentWindow.performance.getEntriesByType("resource").some(e=>e.initiatorType==="fetch"&&e.responseEnd)`))
	run(t, opened, `document.querySelector("iframe").remove()`)
	sub := w.captured(t, name, 1)
	w.at(name, func(v *visit) { require.Equal(t, v.requests[0], string(sub.Raw)) })
}

func TestWhereItGoes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, src, data, form, want string }{
		{name: "beside the script", src: "/some/webhooks/leads.js", data: `data-token="a_token"`, want: "/some/webhooks/a_token"},
		{name: "the usual place", src: "/leads.js", data: `data-token="a_token"`, want: "/api/webhooks/a_token"},
		{name: "an address of its own", src: "/leads.js", data: `data-token="a_token" data-endpoint="/crm/a"`, want: "/crm/a"},
		{name: "the form's token", src: "/leads.js", data: `data-token="a_token"`, form: `data-token="none" data-leads-token="b_token"`, want: "/api/webhooks/b_token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opened := tab(t)
			posted := make(chan string, 8)
			door := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if !snippet.Serve(rw, r) && r.Method == http.MethodPost {
					rw.Header().Set("Access-Control-Allow-Origin", "*")
					posted <- r.Header.Get("Content-Type") + " " + r.URL.Path
				}
			}))
			t.Cleanup(door.Close)
			site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Content-Type", "text/html")
				_, _ = fmt.Fprintf(rw, `<!doctype html><script src="%s%s" %s defer></script><form %s><input type="email" name="email" value="ann@example.com"><button>Send</button></form>`, door.URL, tt.src, tt.data, tt.form)
			}))
			t.Cleanup(site.Close)
			require.NoError(t, opened.Open(site.URL+"/"))
			run(t, opened, `document.querySelector("button").click()`)
			select {
			case got := <-posted:
				require.Equal(t, "text/plain;charset=UTF-8 "+tt.want, got)
			case <-time.After(patience):
				t.Fatal("nothing came")
			}
		})
	}
}

func TestDoubleClicks(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	require.NoError(t, opened.Open(w.site.URL+"/harness"))
	room := make(chan struct{}, 6)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			v := &visit{body: contact, plan: `{"steps":["button"],` + filled[1:]}
			if i%2 == 1 {
				v.body = strings.Replace(contact, ` action="/send.php"`, "", 1)
			}
			name := w.add(v)
			_, err := browser.Eval[bool](opened, fmt.Sprintf(`(()=>{const f=document.createElement("iframe");f.id=%q;f.src=%q;document.body.append(f);return true})()`, name, w.page(name)))
			if err != nil || !w.until(name, patience, func(v *visit) bool { return len(v.submissions) > 0 }) {
				t.Errorf("%s was not captured: %v", name, err)
			}
		})
	}
	all.Wait()
	for name, v := range w.visits {
		require.Equal(t, 1, len(v.keys()), name)
		require.Len(t, v.requests, 1, name)
		require.NotContains(t, v.keys(), "", name)
	}
}

// guarded is a form with everything that nobody but the page may read.
const guarded = `<form id="all" method="post"><input type="email" name="email"><input type="password" name="secret1"><input name="password2"><input autocomplete="current-password" name="s3">
<input name="card" autocomplete="cc-number"><input name="cardNumber"><label>CVC <input name="s5"></label><input name="s6" autocomplete="one-time-code"><label>IBAN <input name="s7"></label>
<input type="hidden" name="s8" value="HUSH"><input type="file" name="s9"><input data-leads-ignore name="s10"><div data-leads-ignore><textarea name="s11"></textarea></div>
<input type="hidden" name="plan" value="gold"><input type="hidden" name="utm_source" value="form"><input name="note"><fieldset disabled><input name="s12"></fieldset><button name="b" value="HUSH">Send</button></form>`

func TestWhatIsNeverRead(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: guarded, tag: `data-forms="#all" data-fields="[name=plan]"`})
	require.NoError(t, opened.Open(w.page(name)))
	run(t, opened, `document.querySelectorAll("input:not([type=hidden],[type=file]),textarea").forEach(el=>el.value={email:"ann@example.com",note:"hello"}[el.name]||"HUSH")`)
	run(t, opened, `(()=>{const d=new DataTransfer();d.items.add(new File(["HUSH"],"HUSH.txt"));document.querySelector("[type=file]").files=d.files;document.querySelector("button").click()})()`)
	sub := w.captured(t, name, 1)
	require.NotContains(t, string(sub.Raw), "HUSH")
	require.Equal(t, "ann@example.com", sub.Fields.Email)
	require.Equal(t, "hello", sub.Metadata.Text("note"))
	require.Equal(t, "gold", sub.Metadata.Text("plan"))
	require.Equal(t, "form", sub.Attribution.UTM.Source)
	require.Len(t, sub.Metadata, 2)
	stored, err := browser.Eval[string](opened, `JSON.stringify([{...localStorage},{...sessionStorage},document.cookie])`)
	require.NoError(t, err)
	for _, hush := range []string{"HUSH", "ann@", "hello"} {
		require.NotContains(t, stored, hush)
	}
}

// touch is a touch as the snippet sends it.
type touch struct {
	At, Landing, Referrer string
	UTM                   map[string]string
}

func touchesOf(t *testing.T, sub ingest.Submission) []touch {
	t.Helper()
	var touches []touch
	require.NoError(t, json.Unmarshal(sub.Attribution.Touches, &touches))
	return touches
}

func TestAttribution(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: contact, tag: `data-consent="granted"`})
	submit := `(()=>{for(const el of document.querySelectorAll("form input"))el.value={name:"Ann Lee",email:"ann@example.com"}[el.name]||"";document.querySelector("button").click()})()`

	// The first visit comes by an advertisement and goes over three pages.
	require.NoError(t, opened.Open(w.page(name)+"?visit=1&utm_source=google&utm_medium=cpc&utm_campaign=spring&utm_content=x%40y.z&gclid=Cj0&token=HUSH&email=ann%40example.com#HUSH"))
	require.NoError(t, opened.Open(strings.Replace(w.page(name), "/form", "/about", 1)))
	run(t, opened, fmt.Sprintf("location.assign(%q)", w.page(name)))
	require.NoError(t, opened.Wait(`location.pathname==="/form"&&window.leads&&performance.now()>1100`)) // nobody types faster
	run(t, opened, submit)
	first := w.captured(t, name, 1)
	require.Equal(t, ingest.UTM{Source: "google", Medium: "cpc", Campaign: "spring"}, first.Attribution.UTM)
	require.Equal(t, map[string]string{"gclid": "Cj0"}, first.Attribution.ClickIDs)
	require.Equal(t, w.page(name), first.Attribution.Page)
	landing, err := url.Parse(first.Attribution.Landing)
	require.NoError(t, err)
	require.Equal(t, url.Values{"utm_source": {"google"}, "utm_medium": {"cpc"}, "utm_campaign": {"spring"}, "gclid": {"Cj0"}}, landing.Query())
	require.NotContains(t, string(first.Raw), "HUSH")
	require.Len(t, touchesOf(t, first), 1)
	require.Equal(t, ingest.Accepted, first.Verdict, first.Reasons)

	// The second comes by a link of another site, in another tab, and the first touch is kept.
	later, err := opened.Sibling()
	require.NoError(t, err)
	t.Cleanup(later.Close)
	require.NoError(t, later.Open(w.site.URL+"/harness"))
	run(t, later, fmt.Sprintf("location.assign(%q)", w.page(name)+"?visit=1&utm_source=news"))
	require.NoError(t, later.Wait(`location.pathname==="/form"&&window.leads`))
	run(t, later, submit)
	second := w.captured(t, name, 2)
	touches := touchesOf(t, second)
	require.Len(t, touches, 2)
	require.Equal(t, "google", touches[0].UTM["utm_source"])
	require.Equal(t, "news", touches[1].UTM["utm_source"])
	require.Equal(t, "news", second.Attribution.UTM.Source)
	require.Equal(t, w.site.URL+"/", second.Attribution.Referrer)
}

func TestConsent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, tag, head, script string
		local, session, clicks  bool
	}{
		{name: "by default for the session", session: true, clicks: true},
		{name: "granted", tag: `data-consent="granted"`, local: true, session: true, clicks: true},
		{name: "required and not given", tag: `data-consent="required"`},
		{name: "required and given", tag: `data-consent="required"`, script: "leads.consent(true)", local: true, session: true, clicks: true},
		{name: "taken back", tag: `data-consent="granted"`, script: "leads.consent(false)"},
		{name: "do not track", head: `<script>Object.defineProperty(navigator,"doNotTrack",{get:()=>"1"})</script>`},
		{name: "global privacy control", tag: `data-consent="granted"`, head: `<script>Object.defineProperty(navigator,"globalPrivacyControl",{get:()=>true})</script>`},
		{name: "storage refused", head: `<script>for(const s of ["localStorage","sessionStorage"])Object.defineProperty(window,s,{get(){throw new DOMException("no","SecurityError")}})</script>`, clicks: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, opened := newWorld(t), tab(t)
			name := w.add(&visit{body: contact, tag: tt.tag, head: tt.head})
			require.NoError(t, opened.Open(w.page(name)+"?visit=1&utm_source=a&gclid=b"))
			if tt.script != "" {
				run(t, opened, tt.script)
			}
			for storage, want := range map[string]bool{"localStorage": tt.local, "sessionStorage": tt.session} {
				got, err := browser.Eval[bool](opened, fmt.Sprintf(`(()=>{try{return "leads" in %s}catch{return false}})()`, storage))
				require.NoError(t, err)
				require.Equal(t, want, got, storage)
			}
			run(t, opened, `leads.capture({email:"ann@example.com"})`)
			sub := w.captured(t, name, 1)
			require.Equal(t, "a", sub.Attribution.UTM.Source)
			require.Equal(t, tt.clicks, len(sub.Attribution.ClickIDs) > 0)
			require.Len(t, touchesOf(t, sub), 1)
			require.Empty(t, opened.Problems())
		})
	}
}

func TestCaptureFromScripts(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: contact})
	require.NoError(t, opened.Open(w.page(name)))
	answer, err := browser.Eval[string](opened, `leads.capture({email:"ann@example.com",budget:5,tags:["a","b"]}).then(a=>JSON.stringify(a))`)
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true,"status":200}`, answer)
	sub := w.captured(t, name, 1)
	require.Equal(t, "5", sub.Metadata.Text("budget"))
	require.Equal(t, `["a","b"]`, sub.Metadata.Text("tags"))
	require.Equal(t, ingest.Accepted, sub.Verdict)

	run(t, opened, `document.querySelector("[name=email]").value="bob@example.com"`)
	_, err = browser.Eval[string](opened, `leads.capture(document.querySelector("form")).then(a=>JSON.stringify(a))`)
	require.NoError(t, err)
	require.Equal(t, "bob@example.com", w.captured(t, name, 2).Fields.Email)

	w.note(name, func(v *visit) { v.failure = "404" })
	answer, err = browser.Eval[string](opened, `leads.capture({email:"cid@example.com"}).then(a=>JSON.stringify(a))`)
	require.NoError(t, err)
	require.JSONEq(t, `{"success":false,"status":404}`, answer)
	failed, err := browser.Eval[string](opened, `(document.querySelector("form").reset(),leads.capture(document.querySelector("form")).then(()=>"",e=>e.name))`)
	require.NoError(t, err)
	require.Equal(t, "TypeError", failed, "a form that says nothing cannot be sent")
	names, err := browser.Eval[[]string](opened, `(()=>{const f=document.createElement("iframe");document.body.append(f);return Object.keys(window).filter(n=>!(n in f.contentWindow)&&!["plan","own","0"].includes(n))})()`)
	require.NoError(t, err)
	require.Equal(t, []string{"leads"}, names, "the globals that the snippet makes")
}

func TestTraps(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	name := w.add(&visit{body: contact})
	require.NoError(t, opened.Open(w.page(name)))
	run(t, opened, `document.querySelector("[name=email]").focus()`)
	run(t, opened, `document.querySelector("[name=email]").click()`)
	shown, err := browser.Eval[int](opened, `document.querySelectorAll("form input").length`)
	require.NoError(t, err)
	require.Equal(t, 3, shown, "one trap")
	run(t, opened, `document.querySelectorAll("form input").forEach(el=>el.value="bot@example.com")`)
	run(t, opened, `document.querySelector("button").click()`)
	sub := w.captured(t, name, 1)
	require.Equal(t, ingest.Quarantined, sub.Verdict)
	require.Contains(t, sub.Reasons, "honeypot")
	require.True(t, w.until(name, patience, func(v *visit) bool { return len(v.natives) == 1 }))
	w.at(name, func(v *visit) {
		require.Equal(t, "name=bot%40example.com&email=bot%40example.com", v.natives[0].body, "the trap is not submitted")
	})
}
