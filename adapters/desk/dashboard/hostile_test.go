package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
)

// hostile returns texts that are meant to become markup or script where a page is careless: the Big List of Naughty Strings, and every way out of
// every context with every way to run something.
func hostile(t *testing.T) []string {
	t.Helper()
	var all []string
	data, err := os.ReadFile("../../../../shared/corpora/blns.json")
	if err != nil {
		t.Log("SKIPPED the Big List of Naughty Strings: ../shared/corpora/blns.json is not there")
	} else {
		require.NoError(t, json.Unmarshal(data, &all))
	}
	outs := []string{"", `">`, `'>`, "`>", "</textarea>", "</title>", "</script>", "</style>", "</option></select>", "--><!--", "]]>", `" `, `' `, "{{", "\u2028", "%22%3E", "&#34;&#62;", "\\\">", "</bdi></td></tr></table>"}
	for _, out := range outs {
		for _, tag := range []string{"img", "svg", "body", "input autofocus", "details open", "video", "math", "a", "iframe", "marquee", "hx-partial"} {
			for _, on := range []string{"onerror", "onload", "onfocus", "ontoggle", "onmouseover", "hx-on:load", "hx-get", "data-hx-on:click"} {
				all = append(all, fmt.Sprintf(`%s<%s src=x %s=alert(1)>`, out, tag, on))
			}
		}
		for _, scheme := range []string{"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "//evil.example/x.js", "https://evil.example/?\"onclick=alert(1) x=\""} {
			all = append(all, out+scheme, fmt.Sprintf(`%s<a href="%s">x</a>`, out, scheme), fmt.Sprintf(`%s<script src="%s"></script>`, out, scheme), fmt.Sprintf(`%s<base href="%s">`, out, scheme))
			all = append(all, fmt.Sprintf(`%s<meta http-equiv=refresh content="0;%s">`, out, scheme), fmt.Sprintf(`%s<form action="%s"><button>`, out, scheme), fmt.Sprintf(`%s<object data="%s">`, out, scheme))
		}
		for _, more := range []string{"<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<style>*{background:url(//evil.example)}</style>", "<template hx type=partial hx-target=body><img src=x onerror=alert(1)></template>", "{{.User}}", "${alert(1)}", "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<x style=animation-name:x onanimationstart=alert(1)>", "\x00<script>alert(1)</script>", "＜script＞alert(1)＜/script＞", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-"} {
			all = append(all, out+more)
		}
	}
	return all
}

// poison makes leads that hold the texts everywhere that somebody outside can write to, and much of what people inside write.
func (w *world) poison(texts []string) (ids []string) {
	w.t.Helper()
	const each = 60 // texts of one lead
	for chunk := range slices.Chunk(texts, each) {
		at := func(i int) string {
			return strings.ReplaceAll(strings.ToValidUTF8(chunk[i%len(chunk)], "\uFFFD"), "\x00", "")
		}
		sub := ingest.Submission{
			Tenant: leads.DefaultTenant, SourceID: w.source.ID, Metadata: ingest.Metadata{}, Raw: []byte(strings.Join(chunk, "\n")), ContentType: "text/plain; x=" + at(9), UserAgent: at(8),
			Fields: ingest.Fields{Email: cutBytes(at(0), 200), FirstName: at(1), LastName: at(2), Phone: at(3), Company: at(4)}, Client: netip.MustParseAddr("203.0.113.9"),
			Attribution: ingest.Attribution{
				UTM: ingest.UTM{Source: at(5), Medium: at(6), Campaign: at(7), Term: at(8), Content: at(9)}, Referrer: at(10), Page: at(11), Landing: at(12),
				ClickIDs: map[string]string{cutBytes(at(13), 60): at(14)}, Touches: quoted(at(15)),
			},
		}
		for i := range chunk {
			if name := cutBytes(at(i), 120); name != "" {
				sub.Metadata.SetText(name, at(i))
			}
		}
		captured, err := w.engine.Capture(w.t.Context(), sub)
		require.NoError(w.t, err)
		id := captured.LeadID
		ids = append(ids, id)
		tags := []string{}
		for i := range 8 {
			if tag := strings.TrimSpace(cutBytes(at(20+i), 50)); tag != "" {
				tags = append(tags, tag)
			}
		}
		who := cutBytes(at(30), 200)
		_, err = w.desk.Update(w.t.Context(), ann, id, desk.Patch{AddTags: tags, Assignee: &who, Note: cutBytes(strings.Join(chunk, "\n"), 8000)})
		require.NoError(w.t, err)
	}
	for _, id := range ids {
		w.settled(id)
	}
	return ids
}

func quoted(s string) json.RawMessage {
	raw, _ := json.Marshal([]string{s})
	return raw
}

func cutBytes(s string, n int) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), n)], ""), "\x00", "")
}

// shape lists the elements of a page and their attributes.
func shape(t *testing.T, source string) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			found[token.Data] = true
			for _, a := range token.Attr {
				found[token.Data+" "+a.Key] = true
				if slices.Contains([]string{"href", "src", "action", "hx-get", "hx-post", "hx-sse:connect"}, a.Key) {
					u, err := url.Parse(a.Val)
					require.NoError(t, err, a.Val)
					require.True(t, u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/dashboard") || a.Val == "#main" || token.Data == "a" && (u.Scheme == "https" || u.Scheme == "http"), "an address leads out: %s", a.Val)
				}
			}
		case html.CommentToken:
			t.Error("a comment: " + tokens.Token().Data)
		}
	}
}

// TestHostileTextIsText compares the pages of leads full of hostile texts with those of harmless ones: there is no element and no attribute that is not there
// too, so that nothing of a text has become markup.
func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := hostile(t)
	t.Log(len(texts), "texts")
	harmless := make(map[string]bool)
	visit := func(into func(page string), ids []string) {
		paths := []string{"/dashboard/", "/dashboard/board", "/dashboard/?sort=oldest"}
		for _, id := range ids {
			paths = append(paths, "/dashboard/leads/"+id, "/dashboard/leads/"+id+"/edit")
		}
		for _, path := range paths {
			status, page, _ := w.get("owner", path)
			require.Equal(t, 200, status, path)
			into(page)
		}
	}
	visit(func(page string) {
		for what := range shape(t, page) {
			harmless[what] = true
		}
	}, append(w.fill(), w.poison([]string{"harmless", "https://harmless.example/"})...))
	for _, more := range []string{"optgroup", "optgroup label", "option selected"} {
		harmless[more] = true
	}
	visit(func(page string) {
		for what := range shape(t, page) {
			require.True(t, harmless[what], "a text became <%s>", what)
		}
		require.NotContains(t, page, "<script>")
		require.NotContains(t, page, "ZgotmplZ")
	}, w.poison(texts))
}

// TestHostileAddresses sends the texts as what somebody could make a user open: parameters of every page and fields of every form.
func TestHostileAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[0]
	texts := hostile(t)
	for i, text := range texts {
		if i%7 != 0 && os.Getenv("CI") == "" {
			continue
		}
		q := url.Values{}
		for _, name := range []string{"q", "status", "stage", "source", "qualification", "min", "owner", "tag", "from", "to", "repeat", "sort", "done", "n", "after", "pipeline"} {
			q.Set(name, text)
		}
		for _, path := range []string{"/dashboard/?", "/dashboard/board?", "/dashboard/leads/" + id + "?"} {
			_, page, _ := w.get("owner", path+q.Encode())
			for what := range shape(t, page) {
				require.NotContains(t, []string{"img", "iframe", "base", "object", "video", "body onload"}, what, text)
				require.NotContains(t, what, " on", text)
			}
		}
		_, page, _ := w.post("owner", "/dashboard/leads/"+id+"/edit", url.Values{"email": {text + strings.Repeat("x", 300)}, "new.name": {text}, "version": {text}})
		require.NotContains(t, page, "<script>")
		require.NotContains(t, page, "<img")
	}
}

// TestHostileTextInChromium opens the pages in a browser, in which a script that runs is heard of.
func TestHostileTextInChromium(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := hostile(t)
	if os.Getenv("CI") == "" {
		texts = slices.DeleteFunc(texts, func(s string) bool { return len(s)%3 == 0 })
	}
	for i, name := range []string{`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`} {
		_, err := w.desk.CreateSource(t.Context(), ann, ingest.Source{Name: name})
		require.NoError(t, err)
		_, err = w.desk.CreatePipeline(t.Context(), ann, desk.Pipeline{Name: name, Stages: []desk.Stage{{Name: name, Color: []string{"#ff0000", "#00ff00"}[i]}}})
		require.NoError(t, err)
		require.NoError(t, w.desk.SaveView(t.Context(), ann, desk.SavedView{Name: name, Query: "tag=" + url.QueryEscape(name)}))
	}
	ids := w.poison(texts)
	tab := w.tab(chromium(t), "owner")
	require.NoError(t, tab.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `for (const name of ["alert", "confirm", "prompt"]) window[name] = () => { window.hurt = 1; };`,
		})
		return err
	})))
	require.NoError(t, tab.Open("data:text/html,<script>alert(1)</script>"))
	require.Equal(t, "number", ask[string](t, tab, `typeof window.hurt`), "a script that runs is not heard of")
	paths := []string{"/dashboard/", "/dashboard/?tag=" + url.QueryEscape(`"><script>alert(1)</script>`), "/dashboard/board", "/dashboard/pipelines", "/dashboard/import"}
	for _, id := range ids {
		paths = append(paths, "/dashboard/leads/"+id, "/dashboard/leads/"+id+"/edit")
	}
	for _, path := range paths {
		require.NoError(t, tab.Do(chromedp.Navigate(w.server.URL+path)), path)
		require.Equal(t, "undefined", ask[string](t, tab, `(() => {
			for (const d of document.querySelectorAll("details")) d.open = true;
			for (const b of document.querySelectorAll("button.badge")) b.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
			return typeof window.hurt;
		})()`), path)
	}
	// Opening filters and searching swaps parts of the page in.
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/"))
	require.NoError(t, tab.Do(chromedp.SendKeys("#q", "script")))
	require.NoError(t, tab.Wait(`location.search === "?q=script"`))
	require.Empty(t, tab.Problems(), "the policy had to refuse something, or a script has run")
	for _, m := range tab.Messages() {
		require.NotContains(t, strings.ToLower(m.Text), "script", m.Text)
	}
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
