package dashboard_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
	rubrics "github.com/openleads/leads/score"
)

func TestRulesBesideTheLiveOnes(t *testing.T) {
	t.Parallel()
	var told []string
	w := newOffice(t, func(o *dashboard.Options) {
		o.RubricSaved = func(_ context.Context, _ string, r *rubrics.Rubric) error {
			told = append(told, r.Name)
			return nil
		}
	})
	w.capture(ingest.Fields{Email: "before@example.com"}, "hot")
	require.NotContains(t, w.page("/settings/scoring"), "Beside the live rules")
	form := fields(t, w.page("/settings/scoring?edit=1"), "<form class=\"card\" method=\"post\"")
	form.Set("do", "shadow")
	live := form.Get("json")
	form.Set("json", strings.Replace(live, `"points"`, `"pints"`, 1))
	status, body, _ := w.post("owner", "/dashboard/settings/scoring", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "/pints")
	form.Set("json", strings.Replace(strings.Replace(live, `"name": "b2b"`, `"name": "ours"`, 1), `"hot": 70`, `"hot": 12`, 1))
	status, _, _ = w.post("member", "/dashboard/settings/scoring", form)
	require.Equal(t, http.StatusForbidden, status)
	w.act("/settings/scoring", form)
	require.Contains(t, w.page("/settings/scoring"), "No lead has come since.")

	w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace", Company: "Navy"}, "we need a demo by next week, what is the price?")
	body = w.page("/settings/scoring")
	for _, text := range []string{"Beside the live rules: <bdi>ours</bdi>", "1 lead has come since", "Ann Archer", "1 / 1"} {
		require.Contains(t, body, text)
	}
	require.NotContains(t, body, "Where they differ most", "the points are the same")
	_, reader, _ := w.get("reader", "/dashboard/settings/scoring")
	require.Contains(t, reader, "1 lead has come since")
	require.NotContains(t, reader, `value="adopt"`)
	_, hers, _ := w.get("eve", "/dashboard/settings/scoring")
	require.NotContains(t, hers, "Beside the live rules")

	// Other points, and leads that were won and lost.
	edited := fields(t, w.page("/settings/scoring?edit=shadow"), "<form class=\"card\" method=\"post\"")
	require.Contains(t, edited.Get("json"), `"name": "ours"`)
	require.NoError(t, w.desk.SetShadow(t.Context(), ann, candidate()))
	id := w.capture(ingest.Fields{Email: "ada@navy.example", FirstName: "Ada", Company: "Navy"}, "we need a demo by next week, what is the price?")
	lost := w.capture(ingest.Fields{Email: "bob@gmail.com", FirstName: "Bob"}, "hello")
	require.Contains(t, w.page("/settings/scoring"), "Once some of these leads are won")
	for lead, stage := range map[string]string{id: "converted", lost: "closed"} {
		_, err := w.desk.Update(t.Context(), ann, lead, desk.Patch{Stage: &stage})
		require.NoError(t, err)
	}
	body = w.page("/settings/scoring")
	require.Contains(t, body, "Where they differ most")
	require.Contains(t, body, `/leads/`+id+`"`)
	require.Contains(t, body, "Tested on 2 leads")
	require.Contains(t, body, "<bdi>company</bdi> <span class=\"muted\">&#43;8 → &#43;4</span>")

	seen := fields(t, body, `<form class="actions" method="post" action="/dashboard/settings/scoring"`)
	other := candidate()
	other.Name = "another"
	require.NoError(t, w.desk.SetShadow(t.Context(), ann, other))
	seen.Set("do", "adopt")
	status, _, _ = w.post("owner", "/dashboard/settings/scoring", seen)
	require.Equal(t, http.StatusConflict, status, "rules were made live that nobody has seen")
	require.Empty(t, told)
	seen.Set("hash", other.Hash())
	w.act("/settings/scoring", seen)
	require.Equal(t, []string{"another"}, told)
	body = w.page("/settings/scoring")
	require.Contains(t, body, `<h2 id="h-rubric"><bdi>another</bdi></h2>`)
	require.NotContains(t, body, "Beside the live rules")

	require.NoError(t, w.desk.SetShadow(t.Context(), ann, candidate()))
	status, body, _ = w.post("owner", "/dashboard/settings/scoring", url.Values{"do": {"stop"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "These rules are forgotten")
	_, err := w.desk.Shadow(t.Context(), ann)
	require.NoError(t, err)
	w.act("/settings/scoring", url.Values{"do": {"stop"}, "sure": {"yes"}})
	_, err = w.desk.Shadow(t.Context(), ann)
	require.ErrorIs(t, err, leads.ErrNotFound)
	status, _, _ = w.post("owner", "/dashboard/settings/scoring", url.Values{"do": {"stop"}})
	require.Equal(t, http.StatusNotFound, status)
}

// TestRulesThatCannotBeSaved can be tried beside the live ones all the same, and not be made live.
func TestRulesThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	w := newOffice(t, func(o *dashboard.Options) { o.RubricSaved = nil })
	require.NoError(t, w.desk.SetShadow(t.Context(), ann, candidate()))
	require.NotContains(t, w.page("/settings/scoring"), `value="adopt"`)
	status, _, _ := w.post("owner", "/dashboard/settings/scoring", url.Values{"do": {"adopt"}, "hash": {candidate().Hash()}})
	require.Equal(t, http.StatusBadRequest, status)
	_, err := w.desk.Shadow(t.Context(), ann)
	require.NoError(t, err)
}

// TestRulesBesideTheLiveOnesInChromium writes rules, runs them beside the live ones, sees a lead come, and makes them live.
func TestRulesBesideTheLiveOnesInChromium(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	tab := w.tab(chromium(t), "owner")
	press := func(what string) {
		t.Helper()
		require.NoError(t, tab.Do(chromedp.Focus(what), chromedp.KeyEvent("\r")), what)
	}
	at := w.server.URL + "/dashboard/settings/scoring"
	require.NoError(t, tab.Open(at))
	press(`a[href$="?edit=1"]`)
	require.NoError(t, tab.Wait(`document.querySelector("textarea[name=json]")`))
	ask[bool](t, tab, `(() => { const j = document.querySelector("textarea[name=json]"); j.value = j.value.replace('"name": "b2b"', '"name": "ours"').replace('"points": 18', '"points": 2'); return true })()`)
	press(`button[value=shadow]`)
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.includes("beside the live ones")`))
	w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace", Company: "Navy"}, "we need a demo by next week")
	require.NoError(t, tab.Open(at))
	require.NoError(t, tab.Wait(`document.querySelector("#h-shadow")`))
	require.Contains(t, ask[string](t, tab, `document.querySelector("main").innerText`), "1 lead has come since")
	require.Equal(t, "Qualified otherwise|Points, on average|New rules: hot|New rules: warm|New rules: cold", ask[string](t, tab,
		`[...document.querySelectorAll("#h-shadow, section[aria-labelledby=h-shadow] tbody tr:first-child td")].filter(e => e.dataset.th).slice(0, 5).map(e => e.dataset.th).join("|")`),
		"on a phone a cell stands under another's name")
	press(`button[value=stop]`)
	require.NoError(t, tab.Wait(`document.querySelector("button.danger")`))
	press(`a.button[href$="/settings/scoring"]`)
	require.NoError(t, tab.Wait(`document.querySelector("button[value=adopt]")`))
	press(`button[value=adopt]`)
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.includes("were saved")`))
	require.Equal(t, "ours", ask[string](t, tab, `document.querySelector("#h-rubric").textContent`))
	require.False(t, ask[bool](t, tab, `!!document.querySelector("#h-shadow")`))
	require.Empty(t, tab.Problems())
}
