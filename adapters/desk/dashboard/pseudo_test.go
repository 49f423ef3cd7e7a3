package dashboard_test

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
)

// pseudo is a catalogue in a language of brackets: what is English on a page and not within them did not come from it.
func pseudo() dashboard.Texts {
	texts := dashboard.English()
	for key, text := range texts {
		switch {
		case key == "date.months" || key == "date.weekdays":
			texts[key] = "⟦" + strings.ReplaceAll(text, " ", "⟧ ⟦") + "⟧"
		case !strings.HasPrefix(key, "date."):
			texts[key] = "⟦" + text + "⟧"
		}
	}
	return texts
}

var (
	bracketed = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	mailed    = regexp.MustCompile(`[\w.-]+@[\w.-]+|[\w-]+\.(example|com)\b`)
	english   = regexp.MustCompile(`[A-Za-z]{3,}`)
)

// shown are the attributes that people read or hear.
var shown = []string{"title", "placeholder", "aria-label", "aria-description", "alt", "label", "data-text", "data-one", "data-other", "data-copied"}

// foreign lists the English texts of a page that are neither within brackets nor data. Data stands in elements for it, or is among known.
func foreign(t *testing.T, page string, known []string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var found []string
	look := func(where, text string) {
		rest := strings.TrimSuffix(strings.TrimSuffix(text, " · ⟦Leads⟧"), " UTC") // in titles, and in times
		if slices.Contains(known, strings.TrimSpace(rest)) {
			return
		}
		for {
			less := bracketed.ReplaceAllString(rest, " ")
			if less == rest {
				break
			}
			rest = less
		}
		if english.MatchString(mailed.ReplaceAllString(rest, "")) {
			found = append(found, where+": "+strings.TrimSpace(text))
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch n.Data {
		case "script", "style", "bdi", "code", "pre", "textarea", "iframe":
			return
		}
		if lang, ok := attr(n, "lang"); ok && lang == "en" {
			return
		}
		if n.Type == html.TextNode {
			look(n.Parent.Data, n.Data)
		}
		for _, a := range n.Attr {
			if slices.Contains(shown, a.Key) {
				look(n.Data+" "+a.Key, a.Val)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return found
}

func TestPagesOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	w := newOffice(t, func(o *dashboard.Options) { o.Language, o.Texts = "x-test", pseudo() })
	pages := w.furnish()
	all, err := w.desk.Leads(t.Context(), ann, desk.Filter{Limit: 100})
	require.NoError(t, err)
	slices.Reverse(all.Leads)
	pages = append(pages, "/", "/?q=nobody", "/?qualification=hot&owner=me", "/leads/new", "/board", "/pipelines", "/pipelines/default", "/import", "/nothing", "/sources/nothing")
	for _, lead := range all.Leads[:10] {
		pages = append(pages, "/leads/"+lead.ID, "/leads/"+lead.ID+"/edit")
	}
	known := w.known(all.Leads)
	for _, path := range pages {
		_, page, _ := w.get("owner", "/dashboard"+path)
		require.Contains(t, page, `<html lang="x-test">`)
		for _, f := range foreign(t, page, known) {
			t.Error(path, f)
		}
		require.NotContains(t, page, "%!", path)
	}
}

// TestRefusalsOfAnotherLanguage sends every form with something in it that cannot be taken.
func TestRefusalsOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	w := newOffice(t, func(o *dashboard.Options) { o.Language, o.Texts = "x-test", pseudo() })
	w.furnish()
	all, err := w.desk.Leads(t.Context(), ann, desk.Filter{Limit: 100})
	require.NoError(t, err)
	lead, long, known := "/leads/"+all.Leads[0].ID, strings.Repeat("x", 9000), w.known(all.Leads)
	answered := []string{"/pipelines/default/delete", "/sources/" + w.source.ID + "/preview"} // with a page that says what is wrong
	pipeline := func(change url.Values) url.Values {
		form := url.Values{"name": {"Leads"}, "stage": {"new", "contacted", "qualified", "converted", "closed"}}
		maps.Copy(form, change)
		return form
	}
	for _, c := range []struct {
		path string
		form url.Values
	}{
		{"/views", url.Values{"name": {""}, "query": {"owner=me"}}},
		{"/views", url.Values{"name": {long}, "query": {"owner=me"}}},
		{"/views", url.Values{"name": {"x"}}},
		{"/leads/bulk", url.Values{"do": {"stage"}, "id": {all.Leads[0].ID}, "stage": {"nowhere"}}},
		{"/leads/bulk", url.Values{"do": {"dance"}, "id": {all.Leads[0].ID}}},
		{"/leads/new", url.Values{}},
		{"/leads/new", url.Values{"email": {long}, "firstName": {strings.Repeat(long, 2)}}},
		{lead + "/edit", url.Values{"email": {long}, "firstName": {strings.Repeat(long, 2)}}},
		{lead + "/change", url.Values{"do": {"stage"}, "stage": {"nowhere"}}},
		{lead + "/change", url.Values{"do": {"tag"}, "tag": {long}}},
		{lead + "/change", url.Values{"do": {"assign"}, "assignee": {long}}},
		{lead + "/change", url.Values{"do": {"note"}, "note": {long}}},
		{lead + "/enroll", url.Values{"sequence": {"none"}}},
		{lead + "/replay", url.Values{"task": {"none"}}},
		{"/pipelines", url.Values{"name": {""}}},
		{"/pipelines/default", pipeline(url.Values{"name": {""}})},
		{"/pipelines/default/delete", url.Values{}},
		{"/sources", url.Values{"name": {""}}},
		{"/sources/" + w.source.ID, url.Values{"name": {"x"}, "origins": {"shop"}, "redirects": {"ftp://x"}, "perMinute": {"-1"}, "honeypot": {"email"}, "scheme": {"standard"}, "minFill": {"x"}}},
		{"/sources/" + w.source.ID + "/mapping", url.Values{"from": {"a[", "b"}, "to": {"email", "_hp"}}},
		{"/sources/" + w.source.ID + "/mapping", url.Values{"from": {"a"}, "to": {"email"}, "preset": {"fax"}}},
		{"/sources/" + w.source.ID + "/preview", url.Values{"payload": {"{"}, "contentType": {"application/json"}}},
		{"/sources/" + w.source.ID + "/preview", url.Values{"payload": {"{}"}, "contentType": {"image/png"}}},
		{"/new-sequence", url.Values{"do": {"save"}}},
		{"/sequences/trial/edit", url.Values{"do": {"save"}, "id": {"trial"}, "name": {long[:300]}, "delay": {"soon"}, "from": {"9"}, "steps": {"3"}, "s0.kind": {"email"}, "s0.id": {"A B"},
			"s0.body": {"{{name"}, "s1.kind": {"wait"}, "s1.id": {"w"}, "s1.at": {"noon"}, "s2.kind": {"split"}, "s2.id": {"w"}, "s2.next": {"nowhere"}, "s2.arm": {"a"}, "s2.weight": {"x"}, "s2.armnext": {"w"}}},
		{"/sequences/trial/json", url.Values{"json": {"{"}}},
		{"/sequences/trial/json", url.Values{"json": {`{"id":"trial","steps":[{"id":"a","email":{"subject":"{{nobody}}","body":"{{#x}}"}},{"id":"b","status":{"to":"gone"}}],"hat":1}`}}},
		{"/sequences/trial/json", url.Values{"json": {`{"id":"trial","steps":[{"id":"a","email":{"subject":"{{nobody}}","body":"{{#name}}"}},{"id":"b","status":{"to":"gone"}},{"id":"a"}]}`}}},
		{"/sequences/trial/json", url.Values{"json": {`{"id":"other","name":"x","steps":[]}`}}},
		{"/settings", url.Values{"zone": {"Mars"}, "digestAt": {"9"}, "quiet0.from": {"x"}, "quiet0.to": {"y"}}},
		{"/settings/team", url.Values{"id": {"ben"}, "weight": {"-1"}, "capacity": {"-1"}}},
		{"/settings/team", url.Values{"id": {"ben"}, "weight": {"x"}, "capacity": {"y"}}},
		{"/settings/scoring", url.Values{"json": {"{"}, "do": {"try"}}},
		{"/settings/scoring", url.Values{"json": {`{"hat":1,"criteria":[{"name":7,"axis":"x","signal":"none","levels":[]}],"thresholds":{"hot":1,"warm":2}}`}, "do": {"try"}}},
		{"/settings/keys", url.Values{"do": {"create"}, "label": {""}, "scope": {"x"}}},
		{"/settings/webhooks", url.Values{"do": {"create"}, "url": {"http://x.example"}}},
		{"/settings/suppressions", url.Values{"do": {"add"}, "email": {"nobody"}, "purpose": {long}}},
		{"/settings/retention", url.Values{"raw": {"x"}, "leads": {"1"}}},
		{"/settings/retention", url.Values{"raw": {"-1"}, "leads": {"1"}}},
		{"/quarantine", url.Values{"do": {"dance"}}},
	} {
		status, page, _ := w.post("owner", "/dashboard"+c.path, c.form)
		require.True(t, status >= 400 || slices.Contains(answered, c.path), "%s %v: %d", c.path, c.form, status)
		for _, f := range foreign(t, page, known) {
			t.Errorf("%s %d: %s", c.path, status, f)
		}
		require.NotContains(t, page, "%!", c.path)
	}
}

func TestRefusedLinesOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	w := newOffice(t, func(o *dashboard.Options) { o.Language, o.Texts = "x-test", pseudo() })
	for _, content := range []string{"-", "", "Email,Status,Tags\na@x.example,won,\nb@x.example,new,,more\nc\"d,e\nf@x.example,," + strings.Repeat("t", 300) + "\n\"open"} {
		_, page := w.upload("owner", content, map[string]string{"do": "run"})
		for _, f := range foreign(t, page, w.known(nil)) {
			t.Error(f)
		}
	}
}

// known are texts that are the same in every language: what people have named, names of vendors, and examples of what is typed in.
func (w *world) known(all []leads.Lead) []string {
	w.t.Helper()
	known := []string{
		strings.Repeat("x", 300),
		"Ann Archer", "Ben Bauer", "Cleo Costa", "ann", "German", "BUY NOW", "quick@example.com", "JSON", "Leads", "Welcome", "After the trial", "lead.new", "lead.hot", "email-1",
		"marketing", "welcome", "_captcha", "sequence.step", "Europe/Berlin", "https://example.com/hook", "image/png", "application/json", "application/x-www-form-urlencoded", "utm_source",
		"leads.ScorerFunc", "leads.EnricherFunc", "*sequence.Sequencer",
		"hello", "pause", "which", "ways", "again", "call", "mine", "move", "mark", "post", // steps
	}
	for _, lead := range all {
		known = append(known, strings.TrimSpace(lead.FirstName+" "+lead.LastName), lead.Email)
	}
	sources, err := w.desk.Sources(w.t.Context(), ann)
	require.NoError(w.t, err)
	for _, s := range sources {
		known = append(known, s.Name)
	}
	for _, p := range ingest.Presets() {
		known = append(known, p.Title)
	}
	return append(known, ingest.Schemes()...)
}
