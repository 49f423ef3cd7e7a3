package dashboard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/browser"
)

// ask evaluates an expression in the page.
func ask[T any](t *testing.T, tab *browser.Tab, expression string) T {
	t.Helper()
	v, err := browser.Eval[T](tab, expression)
	require.NoError(t, err, expression)
	return v
}

func TestInboxIsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/"))
	require.NoError(t, tab.Wait(`document.querySelectorAll("tr[data-lead]").length === 7`))
	require.NoError(t, tab.Wait(`document.querySelector("#live")._htmx?.sse?.status === 200`))
	require.NoError(t, tab.Do(chromedp.Click(fmt.Sprintf(`input[name=id][value="%s"]`, ids[1]))))
	require.Equal(t, "1 picked", ask[string](t, tab, `document.querySelector("#picked").textContent`))

	_, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: leads.DefaultTenant, SourceID: w.source.ID, Fields: ingest.Fields{Email: "new@live.example", FirstName: "Brand", LastName: "New"}})
	came := time.Now()
	require.NoError(t, err)
	require.NoError(t, tab.Wait(`document.querySelector("tr[data-lead] a").textContent.includes("Brand New")`))
	require.Less(t, time.Since(came), 5*time.Second, "it took too long") // TestLive has the promised time; a browser may be slow here
	require.NoError(t, tab.Wait(`document.querySelector("tr[data-lead] .badge").textContent.includes("cold 34")`))
	require.True(t, ask[bool](t, tab, fmt.Sprintf(`document.querySelector('input[value="%s"]').checked`, ids[1])), "what was picked is not any more")
	require.Contains(t, ask[string](t, tab, `document.querySelector("#say").textContent`), "1 new lead")
	require.Empty(t, tab.Problems())

	// The reasons of a score show on focus, and go on Escape.
	require.NoError(t, tab.Do(chromedp.Focus(`tr[data-lead] button.badge`)))
	require.NoError(t, tab.Wait(`getComputedStyle(document.querySelector(".tip")).display === "block"`))
	require.Contains(t, ask[string](t, tab, `document.querySelector(".tip").textContent`), "intent")
	require.NoError(t, tab.Do(chromedp.KeyEvent("\x1b")))
	require.NoError(t, tab.Wait(`getComputedStyle(document.querySelector(".tip")).display === "none"`))
}

func TestInboxFiltersAsOneTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/"))
	require.NoError(t, tab.Do(chromedp.SendKeys("#q", "hopp")))
	require.NoError(t, tab.Wait(`document.querySelectorAll("tr[data-lead]").length === 1`))
	require.NoError(t, tab.Wait(`location.search === "?q=hopp"`))
	require.True(t, ask[bool](t, tab, `document.activeElement.id === "q"`), "the field lost the focus")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/?qualification=hot"))
	require.NoError(t, tab.Wait(`document.querySelectorAll("tr[data-lead]").length === 2`))
	require.NoError(t, tab.Do(chromedp.Click(`input[name=qualification][value=warm]`)))
	require.NoError(t, tab.Wait(`document.querySelectorAll("tr[data-lead]").length === 4`))
	require.Equal(t, "?qualification=hot&qualification=warm", ask[string](t, tab, `location.search`))

	require.NoError(t, tab.Do(chromedp.SendKeys(`input[name=name]`, "Good ones"), chromedp.Click(`.save button`)))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.includes("saved")`))
	require.NoError(t, tab.Wait(`document.querySelector(".views a[aria-current]")?.textContent === "Good ones"`))
	require.Equal(t, "?qualification=hot&qualification=warm", ask[string](t, tab, `location.search`), "the message stays in the address")

	require.NoError(t, tab.Do(chromedp.Click(`#all`), chromedp.SendKeys(`.bulk input[name=tag]`, "good"), chromedp.Click(`.bulk button[value=tag]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.includes("4 leads were tagged")`))
	require.Empty(t, tab.Problems())
}

func TestLeadPageInTheBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/leads/"+ids[0]))
	require.NoError(t, tab.Do(chromedp.SendKeys(`textarea[name=note]`, "Has signed."), chromedp.Click(`button[value=note]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".said")?.textContent === "Has signed."`))
	require.Equal(t, "/dashboard/leads/"+ids[0], ask[string](t, tab, `location.pathname + location.search`))
	require.NoError(t, tab.Do(chromedp.SetValue(`select[name=stage]`, "qualified"), chromedp.Click(`button[value=stage]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".title .stage")?.textContent.includes("Qualified")`))
	require.Equal(t, leads.StatusQualified, w.lead(ids[0]).Status)
	require.NoError(t, tab.Do(chromedp.Click(`button[value=pause]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".badge.paused")`))
	require.NoError(t, tab.Do(chromedp.Click(`button[value=resume]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".badge.active")`))
	require.NoError(t, tab.Do(chromedp.Click(`button[value=exit]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".badge.exited")`))
	require.NoError(t, tab.Do(chromedp.Click(`form[action$="/erase"] button`)))
	require.NoError(t, tab.Wait(`document.querySelector("h1")?.textContent.includes("Erase for good")`))
	require.NoError(t, tab.Do(chromedp.Click(`button.danger`)))
	require.NoError(t, tab.Wait(`document.querySelectorAll("tr[data-lead]").length === 6`))
	require.Empty(t, tab.Problems())
}

func TestBoardDragAndKeyboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	tab := w.tab(chromium(t), "member")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/board"))
	card := fmt.Sprintf(`.tile[data-lead="%s"]`, ids[0])
	require.NoError(t, tab.Wait(fmt.Sprintf(`document.querySelector('%s')?.draggable`, card)))
	// What the mouse does when it drags, as events: Chromium's own dragging needs a window.
	ask[bool](t, tab, fmt.Sprintf(`(() => {
		const data = new DataTransfer(), tile = document.querySelector('%s'), to = document.querySelector('.column[data-stage=qualified]');
		const fire = (kind, at) => at.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data}));
		fire("dragstart", tile); fire("dragover", to); fire("drop", to); fire("dragend", tile);
		return true;
	})()`, card))
	require.NoError(t, tab.Wait(fmt.Sprintf(`document.querySelector('.column[data-stage=qualified] %s') && document.querySelector(".flash")`, card)))
	require.Equal(t, leads.StatusQualified, w.lead(ids[0]).Status)

	// By keyboard alone.
	require.NoError(t, tab.Do(chromedp.Focus(card+" summary"), chromedp.KeyEvent(" "), chromedp.KeyEvent("\t"), chromedp.KeyEvent("Conv"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r")))
	require.NoError(t, tab.Wait(fmt.Sprintf(`document.querySelector('.column[data-stage=converted] %s')`, card)))
	require.Equal(t, leads.StatusConverted, w.lead(ids[0]).Status)
	require.Empty(t, tab.Problems())
}

func TestImportInTheBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "leads.csv")
	require.NoError(t, os.WriteFile(file, []byte("E-Mail;Name;Town\nann@import.example;Ann Able;Ulm\nbob@import.example;Bob Best;Bonn\n"), 0o600))
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/import"))
	require.NoError(t, tab.Do(chromedp.SetUploadFiles(`input[type=file]`, []string{file}), chromedp.Click(`button[value=try]`)))
	require.NoError(t, tab.Wait(`document.querySelector('select[name="map.Town"]')`))
	require.Equal(t, "email fullName Town", ask[string](t, tab, `[...document.querySelectorAll("#result select")].map(s => s.value).join(" ")`))
	require.NoError(t, tab.Do(chromedp.SetValue(`select[name="map.Town"]`, "company"), chromedp.Click(`button[value=run]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.includes("2 new leads")`))
	require.Empty(t, tab.Problems())
	page, err := w.desk.Leads(t.Context(), ann, desk.Filter{Search: "ulm"})
	require.NoError(t, err)
	require.Len(t, page.Leads, 1)
	require.Equal(t, "Able", page.Leads[0].LastName)
}

func TestWithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})))
	rows := func(n int) {
		t.Helper()
		require.NoError(t, tab.Wait(fmt.Sprintf(`document.readyState === "complete" && document.querySelectorAll("tr[data-lead]").length === %d`, n)))
	}
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/"))
	require.False(t, ask[bool](t, tab, `document.documentElement.classList.contains("js")`))
	require.NoError(t, tab.Do(chromedp.SendKeys("#q", "turing"), chromedp.Click("#filters button")))
	rows(1)
	require.NoError(t, tab.Do(chromedp.Click(`input[name=id]`), chromedp.SendKeys(`.bulk input[name=tag]`, "found"), chromedp.Click(`.bulk button[value=tag]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent === "1 lead was tagged."`))
	require.Equal(t, []string{"found"}, w.lead(ids[1]).Tags)
	require.NoError(t, tab.Do(chromedp.Click(`tr[data-lead] a`)))
	require.NoError(t, tab.Wait(`document.querySelector("textarea[name=note]")`))
	require.NoError(t, tab.Do(chromedp.SendKeys(`textarea[name=note]`, "By hand."), chromedp.Click(`button[value=note]`)))
	require.NoError(t, tab.Wait(`document.querySelector(".said")?.textContent === "By hand."`))
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/board"))
	card := fmt.Sprintf(`.tile[data-lead="%s"]`, ids[1])
	require.NoError(t, tab.Do(chromedp.Click(card+" summary"), chromedp.SetValue(card+" select", "closed"), chromedp.Click(card+" form button")))
	require.NoError(t, tab.Wait(fmt.Sprintf(`document.querySelector('.column[data-stage=closed] %s')`, card)))
	require.Equal(t, leads.StatusClosed, w.lead(ids[1]).Status)
}

// TestByKeyboard goes from the inbox to a lead, searches and takes a note with keys alone.
func TestByKeyboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/"))
	press := func(keys ...string) {
		t.Helper()
		for _, k := range keys {
			require.NoError(t, tab.Do(chromedp.KeyEvent(k)))
		}
	}
	until := func(focused string) {
		t.Helper()
		for range 60 {
			press("\t")
			if ask[bool](t, tab, fmt.Sprintf(`document.activeElement.matches(%q)`, focused)) {
				return
			}
		}
		require.Fail(t, "the Tab key does not come to "+focused)
	}
	press("\t")
	require.Equal(t, "#main", ask[string](t, tab, `document.activeElement.getAttribute("href")`), "the first stop skips the navigation")
	press("\r")
	until("#q")
	press("katherine")
	require.NoError(t, tab.Wait(`document.querySelectorAll("tr[data-lead]").length === 1`))
	until("tr[data-lead] .who a")
	require.NotEqual(t, "none", ask[string](t, tab, `getComputedStyle(document.activeElement).outlineStyle`), "where the focus is cannot be seen")
	press("\t")
	require.NoError(t, tab.Wait(`getComputedStyle(document.querySelector(".tip")).display === "block"`))
	require.NoError(t, tab.Do(chromedp.KeyEvent("\t", chromedp.KeyModifiers(chromedp.ModifierShift))))
	press("\r")
	require.NoError(t, tab.Wait(`document.querySelector("textarea[name=note]")`))
	until("textarea[name=note]")
	press("Typed.", "\t", "\r")
	require.NoError(t, tab.Wait(`document.querySelector(".said")?.textContent === "Typed."`))
	require.NotEqual(t, "BODY", ask[string](t, tab, `document.activeElement.tagName`), "the focus is lost")
	require.Empty(t, tab.Problems())
}
