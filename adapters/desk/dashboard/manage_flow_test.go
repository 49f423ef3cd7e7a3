package dashboard_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
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
