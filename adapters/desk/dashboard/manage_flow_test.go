package dashboard_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestMappingInChromium(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	for range 12 {
		w.capture(ingest.Fields{}, "hi", func(s *ingest.Submission) {
			s.Metadata.SetText("contact_email", "ann@example.com")
			s.Raw, s.ContentType = []byte(`{"contact_email":"ann@example.com","seats":4}`), "application/json"
		})
	}
	tab := w.tab(chromium(t), "owner")
	at := w.server.URL + "/dashboard/sources/" + w.source.ID
	require.NoError(t, tab.Open(at+"/mapping"))
	// The preview follows what is typed, and the typing is not disturbed.
	require.NoError(t, tab.Do(chromedp.SendKeys(`input[name=from]`, "seats"), chromedp.SendKeys(`input[name=to]`, "company")))
	require.NoError(t, tab.Wait(`/Company\s*4/.test(document.querySelector("#preview").textContent)`))
	require.Equal(t, "to", ask[string](t, tab, `document.activeElement.name`))
	// One press takes what is suggested.
	require.NoError(t, tab.Do(chromedp.Focus(`form[action$="/mapping/take"] button`), chromedp.KeyEvent("\r")))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.includes("were saved")`))
	require.NoError(t, tab.Wait(`/Email\s*ann@example.com/.test(document.querySelector("#preview").textContent)`))
	require.NotContains(t, ask[string](t, tab, `location.search`), "done", "a reload would show the message again")

	require.NoError(t, tab.Open(at))
	require.NoError(t, tab.Do(chromedp.Click(`button[data-copy=url]`)))
	require.NoError(t, tab.Wait(`document.querySelector("button[data-copy=url]").textContent === "Copied" || getSelection().toString().includes("lc_pub_")`))
	require.Empty(t, tab.Problems())
}

// TestSequenceByKeyboard makes, previews and pauses a sequence with keys only.
func TestSequenceByKeyboard(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace"}, "hot")
	tab := w.tab(chromium(t), "owner")
	press := func(what, keys string) {
		t.Helper()
		require.NoError(t, tab.Do(chromedp.Focus(what), chromedp.KeyEvent(keys)), what)
	}
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/sequences"))
	press(`a[href$="/new-sequence"]`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector("input[name=id]")`))
	for name, text := range map[string]string{"name": "Keys", "id": "keys", "s0.subject": "Hello", "s0.body": "Hello there."} {
		press(`[name="`+name+`"]`, text)
	}
	press(`select[name=kind]`, "w")
	press(`button[value=add]`, "\r")
	require.NoError(t, tab.Wait(`document.activeElement.name === "s1.for"`))
	press(`button[value="up:1"]`, "\r")
	require.NoError(t, tab.Wait(`document.activeElement.name === "s0.for"`))
	press(`select[name="match.mode"]`, "a")
	require.NoError(t, tab.Wait(`getComputedStyle(document.querySelector(".conditions")).display !== "none"`))
	press(`input[name="match.field"]`, "qualification")
	press(`input[name="match.value"]`, "hot")
	press(`button[value=check]`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector(".flash, .wrong")`))
	require.Contains(t, ask[string](t, tab, `document.querySelector("main").innerText`), "Everything is in order")
	press(`button[value=save]`, "\r")
	require.NoError(t, tab.Wait(`location.pathname.endsWith("/sequences/keys")`))
	def, err := w.desk.Sequence(t.Context(), ann, "keys")
	require.NoError(t, err)
	require.Equal(t, "qualification [hot] wait-1 email-1", fmt.Sprint(def.Match.Field, " ", def.Match.Is, " ", def.Steps[0].ID, " ", def.Steps[1].ID))

	press(`a[href$="/preview"]`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector("iframe.mail")`))
	require.Contains(t, ask[string](t, tab, `document.querySelector("main").innerText`), "Hello")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/sequences/keys"))
	press(`button[value=pause]`, "\r")
	require.NoError(t, tab.Wait(`document.querySelector("button[value=resume]")`))
	require.Empty(t, tab.Problems())
}

// TestDecidingInChromium releases by picking, and has given up work tried again.
func TestDecidingInChromium(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.capture(ingest.Fields{Email: "dead@example.com"}, "broken")
	for _, name := range []string{"one", "two", "three"} {
		w.quarantine(ingest.Fields{Email: name + "@example.com"}, "{}", "honeypot")
	}
	tab := w.tab(chromium(t), "member")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/quarantine"))
	require.NoError(t, tab.Do(chromedp.Click("#all"), chromedp.Click(`article:last-of-type input[name=id]`), chromedp.Click(`.bulkbar button[value=release]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.startsWith("2 submissions were released")`))
	require.Equal(t, 1, ask[int](t, tab, `document.querySelectorAll("article").length`))
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/work"))
	require.NoError(t, tab.Do(chromedp.Click(`button[name=task]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.startsWith("1 task is tried again")`))
	require.Empty(t, tab.Problems())
}

// TestManageAccessibility asks axe-core about every page of this half, in both schemes and at both widths.
func TestManageAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("..", "..", "..", "ingest", "snippet", "gen", "node_modules", "axe-core", "axe.min.js"))
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: axe-core is not installed: npm ci in ingest/snippet/gen")
	}
	require.NoError(t, err)
	w := newOfficeWith(t, given())
	pages := append(w.furnish(), "/sequences/given", "/sequences/given/json", "/sequences/given/copy", "/settings/scoring?edit=shadow")
	tab := w.tab(chromium(t), "owner")
	for i, look := range []struct {
		theme string
		width int64
	}{{"light", 1280}, {"dark", 390}, {"light", 390}, {"dark", 1280}} {
		require.NoError(t, tab.Do(chromedp.EmulateViewport(look.width, 900), scheme(look.theme)))
		for n, path := range pages {
			if os.Getenv("CI") == "" && n%4 != i { // each page in one look
				continue
			}
			require.NoError(t, tab.Open(w.server.URL+"/dashboard"+path))
			require.LessOrEqual(t, ask[int](t, tab, `document.documentElement.scrollWidth`), int(look.width), "%s is wider than the window", path)
			ask[bool](t, tab, string(axe)+";true")
			found := ask[[]string](t, tab, `(async () => {
				for (const d of document.querySelectorAll("details")) d.open = true;
				const r = await axe.run(document, {resultTypes: ["violations"], iframes: false});
				return r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target.join(" ") + " " + n.failureSummary));
			})()`)
			require.Empty(t, found, "%s, %v", path, look)
		}
	}
	require.Empty(t, tab.Problems())
}

// poisoned fills every text of this half with the texts: names of sources, mappings, steps, conditions, keys, endpoints, and what strangers send.
func (w *world) poisoned(texts []string) []string {
	w.t.Helper()
	at := func(i int) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(texts[i%len(texts)], "\uFFFD")) + " "
	}
	ctx := w.t.Context()
	paths := []string{"/overview", "/sources", "/sequences", "/quarantine", "/work", "/work/trail", "/settings", "/settings/team", "/settings/keys", "/settings/webhooks", "/settings/scoring"}
	made, err := w.desk.CreateSource(ctx, ann, ingest.Source{
		Name: cutBytes("n"+at(0), 250), Mappings: map[string]string{"m" + notAPath.Replace(cutBytes(at(1), 100)): "x" + cutBytes(at(2), 100)}, Spam: ingest.Spam{Honeypot: cutBytes("h"+at(3), 100)},
		Consent: ingest.Consent{Purpose: "marketing", Wording: at(4), Field: cutBytes("f"+at(5), 100)}, Captcha: ingest.CaptchaSettings{Field: cutBytes("c"+at(6), 100)},
	})
	require.NoError(w.t, err)
	paths = append(paths, "/sources/"+made.ID, "/sources/"+made.ID+"/mapping")
	for i := range texts {
		w.quarantine(ingest.Fields{Email: cutBytes(at(i), 200), FirstName: at(i + 1), Company: at(i)}, at(i), cutBytes(at(i), 60))
	}
	def := sequence.Definition{
		ID: fmt.Sprintf("p-%d", len(paths)+len(texts)), Name: cutBytes("n"+at(7), 250), Match: &sequence.Condition{Field: "field:" + cutBytes(at(8), 100), Is: []string{at(9)}},
		Steps: []sequence.Step{
			{ID: "tell", Notify: &sequence.NotifyStep{Note: "n", To: cutBytes(at(10), 200)}},
			{ID: "who", Assign: &sequence.AssignStep{To: cutBytes("a"+at(11), 200)}}, {ID: "mark", Tag: &sequence.TagStep{Add: cutBytes("t"+at(12), 50)}},
		},
	}
	if _, err := w.desk.SaveSequence(ctx, ann, def); err == nil { // what cannot be a field is refused, and then there is none
		for _, part := range []string{"", "/edit", "/json", "/preview"} {
			paths = append(paths, "/sequences/"+def.ID+part)
		}
	}
	_, _, err = w.desk.CreateKey(ctx, ann, desk.Key{Label: cutBytes("k"+at(13), 250), Scope: desk.ScopeRead})
	require.NoError(w.t, err)
	_, err = w.desk.CreateWebhook(ctx, ann, desk.Webhook{URL: "https://" + at(14), Description: at(15), Events: []string{at(16)}})
	require.NoError(w.t, err)
	lead := w.capture(ingest.Fields{Email: cutBytes(at(17), 200), FirstName: at(18), LastName: at(19)}, "hot "+at(20))
	_, err = w.desk.Update(ctx, ann, lead, desk.Patch{Note: at(21)})
	require.NoError(w.t, err)
	return paths
}

// TestHostileTextInManagement compares the pages of this half full of hostile texts with harmless ones, and opens them in a browser.
func TestHostileTextInManagement(t *testing.T) {
	t.Parallel()
	texts := hostile(t)
	harmless := make(map[string]bool)
	w := newOffice(t)
	for _, path := range slices.Concat(w.furnish(), w.poisoned([]string{"harmless", "https://harmless.example/"})) {
		for what := range shape(t, w.page(path)) {
			harmless[what] = true
		}
	}
	harmless["nav class"] = true // more than a page
	hurt := newOffice(t)
	tab := hurt.tab(chromium(t), "owner")
	step := 23
	if os.Getenv("CI") == "" {
		step = 1500
	}
	seen := 0
	for i := 0; i < len(texts); i += step {
		paths := hurt.poisoned(texts[i:min(i+24, len(texts))])
		for _, path := range paths {
			body := hurt.page(path)
			for what := range shape(t, body) {
				require.True(t, harmless[what], "%s: a text became <%s>", path, what)
			}
			require.NotContains(t, body, "ZgotmplZ", path)
			require.NoError(t, tab.Open(hurt.server.URL+"/dashboard"+path))
			seen++
		}
	}
	t.Log(seen, "pages in the browser")
	require.Empty(t, tab.Problems(), "the policy had to refuse something, or a script has run")
}

// TestHostileFormsInManagement sends the texts in every field and parameter of this half.
func TestHostileFormsInManagement(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.furnish()
	names := []string{
		"name", "preset", "from", "to", "payload", "contentType", "id", "kind", "steps", "s0.kind", "s0.id", "s0.subject", "match.mode", "match.json", "match.field", "delay", "label", "scope", "url",
		"events", "address", "purpose", "raw", "zone", "digestAt", "mode.new", "json", "key", "hook", "task", "person", "weight", "version",
	}
	queries := []string{"payload", "done", "n", "days", "state", "after", "lead", "key", "purpose", "edit"}
	texts := hostile(t)
	for i := 0; i < len(texts); i += 97 {
		text := texts[i]
		form := url.Values{"do": {"create"}}
		for _, name := range names {
			form.Set(name, text)
		}
		form.Set("match.mode", "json")
		for _, path := range []string{"/sources", "/sources/" + w.source.ID, "/sources/" + w.source.ID + "/mapping", "/sources/" + w.source.ID + "/preview", "/new-sequence", "/sequences/trial/edit", "/sequences/trial/json", "/settings", "/settings/team", "/settings/keys", "/settings/webhooks", "/settings/suppressions", "/settings/retention", "/settings/scoring"} {
			status, body, _ := w.post("owner", "/dashboard"+path, form)
			require.Less(t, status, 500, path)
			for what := range shape(t, body) {
				require.NotContains(t, []string{"img", "base", "object", "video", "marquee", "math"}, what, "%s: %s", path, text)
				require.NotContains(t, what, " on", "%s: %s", path, text)
			}
		}
		q := url.Values{}
		for _, name := range queries {
			q.Set(name, text)
		}
		for _, path := range []string{"/overview", "/sources/" + w.source.ID + "/mapping", "/sequences/trial", "/sequences/trial/preview", "/quarantine", "/work", "/settings/suppressions", "/settings/scoring"} {
			status, body, _ := w.get("owner", "/dashboard"+path+"?"+q.Encode())
			require.Less(t, status, 500, path)
			for what := range shape(t, body) {
				require.NotContains(t, []string{"img", "base", "object", "video", "marquee", "math"}, what, "%s: %s", path, text)
			}
		}
	}
}

// notAPath takes out of a name what would make it a path, which the door refuses when it is no good one.
var notAPath = strings.NewReplacer("[", "(", "]", ")", ".", "_")
