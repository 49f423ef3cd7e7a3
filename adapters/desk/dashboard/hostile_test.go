package dashboard_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

// proof asks for the counts of docs/reliability.md in full.
var proof = os.Getenv("LEADS_PROOF") != ""

// object is a JSON object with texts as its names and values.
func object(texts []string) string {
	all := map[string]string{"email": "a@example.com"}
	for _, s := range texts {
		all[hostile.Cut(s, 100)] = s
	}
	data, _ := json.Marshal(all)
	return string(data)
}

// leads of attributes that make a browser go or load somewhere.
var addresses = []string{
	"href", "src", "srcset", "action", "formaction", "data", "poster", "ping", "background", "cite", "xlink:href", "hx-get", "hx-post", "hx-put", "hx-delete", "hx-patch", "hx-sse:connect",
}

// skeleton is a page without its texts: elements with the names of their attributes, in their order. It makes sure that no address leads out, save those
// of links to web pages, that there is no handler of an event, and no comment.
func skeleton(t *testing.T, source, what string) []string {
	t.Helper()
	var bones []string
	for tokens := html.NewTokenizer(strings.NewReader(source)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return bones
		}
		if kind == html.TextToken {
			continue
		}
		token := tokens.Token()
		if kind == html.CommentToken {
			require.Fail(t, "a comment", "%s: %s", what, token.Data)
		}
		bone := kind.String() + " " + token.Data
		for _, a := range token.Attr {
			bone += " " + a.Key
			require.False(t, strings.HasPrefix(a.Key, "on"), "%s: a handler: %s", what, a.Key)
			if slices.Contains(addresses, a.Key) {
				within(t, token.Data, a.Val, what)
			}
		}
		bones = append(bones, bone)
	}
}

func within(t *testing.T, tag, address, what string) {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err, what)
	inside := u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/dashboard") || address == "#main"
	require.True(t, inside || tag == "a" && (u.Scheme == "https" || u.Scheme == "http"), "%s: an address leads out: %s", what, address)
}

// linked reports whether the page of a lead makes a link of a text, which is an element more.
func linked(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// TestHostileTextIsText compares every page full of hostile texts with the same page of harmless ones: it has the same elements with the same attributes in
// the same order, so that nothing of a text has become markup. Every text comes to every page; to the pages of a lead, and with LEADS_PROOF=1 to all, it
// comes in every place.
func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	o := newSpoilt(t, 1)
	known := map[string]bool{}
	for _, harmless := range []string{"harmless", "https://harmless.example/", strings.Repeat("long and harmless ", 60), "phone", "{{harmless"} {
		for _, v := range o.pages {
			o.poison.deal(v, []string{harmless}, true)
			_, page := o.see(v, []string{harmless})
			for _, bone := range skeleton(t, page, v.name) {
				known[bone] = true
			}
		}
	}
	texts, pages := hostile.Texts(t), 0
	plain := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.TrimSpace(s) == "" || linked(s) })
	links := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return !linked(s) })
	for _, v := range o.pages {
		pages += o.compare(v, "harmless", plain, known) + o.compare(v, "https://harmless.example/", links, known)
	}
	t.Logf("%d texts, %d kinds of pages, %d pages", len(texts), len(o.pages), pages)
}

// batch is how many texts a form or a file holds.
const batch = 20

// compare goes through the texts on one kind of page, and returns how many pages that took.
func (o *spoiltOffice) compare(v visit, harmless string, texts []string, known map[string]bool) int {
	some := slices.Repeat([]string{harmless}, batch)
	o.poison.deal(v, some[:1], true)
	status, page := o.see(v, some)
	require.Equal(o.t, cmp.Or(v.status, http.StatusOK), status, "%s: %s", v.name, page)
	want := skeleton(o.t, page, v.name)
	o.poison.deal(v, texts, proof || v.path == "/leads/"+o.ids[0] || v.path == "/leads/"+o.ids[0]+"/edit")
	for n, at := 1, 0; ; n, at = n+1, at+batch {
		code, page := o.see(v, texts[at%len(texts):min(at%len(texts)+batch, len(texts))])
		require.NotContains(o.t, page, "ZgotmplZ", v.name)
		o.same(v, code, skeleton(o.t, page, v.name), status, want, known)
		if o.poison.done() && (at+batch >= len(texts) || v.form["payload"] == nil && !v.upload) {
			return n
		}
	}
}

// same compares a page with a harmless one.
func (o *spoiltOffice) same(v visit, code int, got []string, status int, want []string, known map[string]bool) {
	o.t.Helper()
	if v.loose {
		require.Less(o.t, code, 500, v.name)
		for _, bone := range got {
			require.True(o.t, known[bone], "%s: a text became <%s>", v.name, bone)
		}
		return
	}
	require.Equal(o.t, status, code, v.name)
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	require.True(o.t, i == len(want) && i == len(got), "%s: %d elements, not %d; from the %dth on %q, not %q", v.name, len(got), len(want), i, got[i:min(i+5, len(got))], want[i:min(i+5, len(want))])
}

// asked is a request with texts in its parameters or fields.
type asked struct {
	method, path string
	names        []string
}

// ask sends one as the owner.
func (o *spoiltOffice) ask(a asked, values url.Values) (int, string) {
	r := httptest.NewRequestWithContext(o.t.Context(), a.method, "/dashboard"+a.path, strings.NewReader(values.Encode()))
	if r.Header.Set("Content-Type", "application/x-www-form-urlencoded"); a.method == http.MethodGet {
		r.URL.RawQuery = values.Encode()
	}
	r.Header.Set("User", "owner")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	o.board.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// asks are requests with parameters or fields that somebody outside could have a user send, or that a user types.
func (o *spoiltOffice) asks() (all []asked) {
	form := func(names string, paths ...string) {
		for _, path := range paths {
			all = append(all, asked{http.MethodPost, path, strings.Fields(names)})
		}
	}
	query := func(names string, paths ...string) {
		for _, path := range paths {
			all = append(all, asked{http.MethodGet, path, strings.Fields(names)})
		}
	}
	lead := "/leads/" + o.ids[0]
	query("q status stage source qualification min owner tag from to repeat sort done n after pipeline", "/", "/board", lead)
	query("payload done n days state after lead key purpose edit step", "/overview", "/sources/"+o.source.ID+"/mapping", "/sequences/trial", "/sequences/trial/preview", "/sequences/trial/mail", "/quarantine", "/work", "/work/trail", "/settings/suppressions", "/settings/scoring")
	form("email firstName lastName phone company meta.message new.name new.value version", lead+"/edit", "/leads/new")
	form("name query", "/views", "/pipelines")
	form("what where", "/quarantine/"+o.quarantine(ingest.Fields{Email: "jo@spam.example"}, "{}", "honeypot")+"/block")
	form("note tag assignee stage", lead+"/change")
	form("name preset from to payload contentType id kind steps s0.kind s0.id s0.subject match.json match.field delay purpose blocked origins redirects wording honeypot",
		"/sources", "/sources/"+o.source.ID, "/sources/"+o.source.ID+"/mapping", "/sources/"+o.source.ID+"/preview", "/new-sequence", "/sequences/trial/edit", "/sequences/trial/json")
	form("label scope url description events address purpose zone digestAt mode.new json key hook person weight version",
		"/settings", "/settings/team", "/settings/keys", "/settings/webhooks", "/settings/suppressions", "/settings/retention", "/settings/scoring")
	return all
}

// TestHostileRequests sends the texts as what somebody could make a user open, and in the fields of every form: what is shown of them is text. Every text is
// sent in all fields of one request, with LEADS_PROOF=1 of every.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	o := newSpoilt(t, 1)
	all, sent := o.asks(), 0
	for i, text := range hostile.Texts(t) {
		for n, a := range all {
			if !proof && i%len(all) != n {
				continue
			}
			sent++
			values := url.Values{"do": {"create"}, "match.mode": {"json"}}
			for _, name := range a.names {
				values.Set(name, text)
			}
			code, page := o.ask(a, values)
			require.Less(t, code, 500, "%s: %q", a.path, text)
			for _, bone := range skeleton(t, page, a.path) {
				tag := strings.Fields(bone + " x")[1]
				require.NotContains(t, []string{"img", "base", "object", "video", "audio", "marquee", "math", "embed", "style"}, tag, "%s: %q", a.path, text)
			}
		}
	}
	t.Logf("%d requests of %d kinds", sent, len(all))
}

func TestHiddenCharactersAreShown(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                            "plain",
		"gpj\u202Eexe.":                    "gpj[U+202E]exe.",
		"a\u2066b\u2069":                   "a[U+2066]b[U+2069]",
		"tag\U000E0041":                    "tag[U+E0041]",
		"zero\u200Bwidth":                  "zero[U+200B]width",
		"soft\u00ADhyphen":                 "soft[U+00AD]hyphen",
		"bell\a":                           "bell[U+0007]",
		"lines\nand\ttabs":                 "lines\nand\ttabs",
		"\U0001F468\u200D\U0001F469":       "\U0001F468\u200D\U0001F469",
		"Z" + strings.Repeat("\u0301", 50): "Z" + strings.Repeat("\u0301", 4),
		"é":                                "é",
	} {
		require.Equal(t, want, dashboard.Visible(in))
	}
}

// TestAccessibility asks axe-core about every page, in both schemes and at both widths.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("..", "..", "..", "ingest", "snippet", "gen", "node_modules", "axe-core", "axe.min.js"))
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: axe-core is not installed: npm ci in ingest/snippet/gen")
	}
	require.NoError(t, err)
	w := newWorld(t)
	pages := w.pages(w.fill())
	tab := w.tab(chromium(t), "owner")
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			require.NoError(t, tab.Do(chromedp.EmulateViewport(width, 900), scheme(theme)))
			for _, path := range pages {
				require.NoError(t, tab.Open(w.server.URL+path))
				ask[bool](t, tab, string(axe)+";true")
				found := ask[[]string](t, tab, `(async () => {
					for (const d of document.querySelectorAll("details")) d.open = true;
					const r = await axe.run(document, {resultTypes: ["violations"]});
					return r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target.join(" ") + " " + n.failureSummary));
				})()`)
				require.Empty(t, found, "%s, %s, %d", path, theme, width)
				require.LessOrEqual(t, ask[int](t, tab, `document.documentElement.scrollWidth`), int(width), "%s is wider than the window", path)
			}
			if os.Getenv("CI") == "" {
				break
			}
		}
	}
}
