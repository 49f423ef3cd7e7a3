package dashboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/internal/browser"
	"github.com/openleads/leads/internal/hostile"
)

// ear is a tab in which a script that runs is heard of, what the policy refuses, and every request to somewhere else.
type ear struct {
	t *testing.T
	*browser.Tab
	home string

	mu   sync.Mutex
	away []string
}

// heard is what the console says when a script of a text has run.
const heard = "a hostile script has run"

func listen(o *spoiltOffice) *ear {
	o.t.Helper()
	e := &ear{t: o.t, Tab: o.tab(chromium(o.t), "owner"), home: o.server.URL}
	require.NoError(o.t, e.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `for (const name of ["alert", "confirm", "prompt", "msgbox"]) window[name] = () => { console.error("` + heard + `"); };`,
		})
		return err
	})))
	requests := chromedp.Events(e.Context(), network.RequestWillBeSent)
	go func() {
		for sent, err := range requests {
			if err != nil {
				return
			}
			if u := sent.Request.URL; u != e.home && !strings.HasPrefix(u, e.home+"/") && !strings.HasPrefix(u, "data:") {
				e.mu.Lock()
				e.away = append(e.away, u)
				e.mu.Unlock()
			}
		}
	}()
	return e
}

// wrong is what was heard so far.
func (e *ear) wrong() []string {
	found := e.Problems()
	for _, m := range e.Messages() {
		if strings.Contains(m.Text, heard) {
			found = append(found, m.Text)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(found, e.away...)
}

// TestHostileTextInChromium opens every kind of page, full of hostile texts, in a browser, until every text has stood on it. With LEADS_PROOF=1 no two
// texts share a place.
func TestHostileTextInChromium(t *testing.T) {
	t.Parallel()
	o := newSpoilt(t, 8)
	texts, each, most, some := hostile.Texts(t), 24, 200, 4
	if proof {
		each, most, some = 1, 3000, 200
	}
	tab, looks := listen(o), looks(texts)
	total := 0
	for _, v := range o.pages {
		if v.form != nil || v.upload {
			continue
		}
		bound := most
		if v.few {
			bound = some
		}
		visits, left := tab.until(o, v, texts, looks, each, bound)
		total += visits
		t.Logf("%s: %d times, without %d texts", v.name, visits, len(left))
		require.True(t, v.few || len(left) == 0, "%s: never there: %q", v.name, left[:min(len(left), 5)])
	}
	tab.search(o, texts)
	t.Logf("%d texts, %d kinds of pages, %d pages", len(texts), len(o.pages), total)
}

// search has a part of the inbox exchanged, as one types.
func (e *ear) search(o *spoiltOffice, texts []string) {
	o.poison.deal(visit{}, texts, false)
	e.open(o.server.URL+"/dashboard/", "inbox")
	require.NoError(e.t, e.Do(chromedp.SendKeys("#q", "example")))
	require.NoError(e.t, e.Wait(`location.search === "?q=example"`))
	require.Empty(e.t, e.wrong())
}

// TestCarelessPagesAreHeardOf makes sure that TestHostileTextInChromium would hear of what it listens for.
func TestCarelessPagesAreHeardOf(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a script":            `<script>alert(1)</script>`,
		"a handler":           `<img src=x onerror=alert(1)>`,
		"a script in a frame": `<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
		"a picture":           `<img src=https://evil.example/x.png>`,
		"a style":             `<style>@import "https://evil.example/x.css"</style>`,
		"another page":        `<meta http-equiv=refresh content="0;url=https://evil.example/">`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &spoiltOffice{world: &world{t: t}}
			o.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if r.URL.Path == "/careless" {
					_, _ = w.Write([]byte(body))
				}
			}))
			t.Cleanup(o.server.Close)
			tab := listen(o)
			require.Empty(t, tab.wrong())
			require.NoError(t, tab.Do(chromedp.Navigate(o.server.URL+"/careless")))
			require.Eventually(t, func() bool { return len(tab.wrong()) > 0 }, patience, pause)
		})
	}
}

// between stands between the texts of one place.
const between = " \u2e3b "

// until opens a page until every text has been on it, many in each place, and returns what has not been by then.
func (e *ear) until(o *spoiltOffice, v visit, texts []string, looks map[string][]string, each, most int) (visits int, left []string) {
	left = slices.Clone(texts)
	for len(left) > 0 && visits < most {
		groups := make(map[string][]string)
		var joined []string
		for group := range slices.Chunk(left, each) {
			s := strings.Join(group, between)
			joined, groups[s] = append(joined, s), slices.Clone(group)
		}
		o.poison.deal(v, joined, false)
		e.open(o.server.URL+"/dashboard"+v.path, v.name)
		visits++
		stood, seen := standing(o.last()), map[string]bool{}
		for _, s := range o.poison.taken() {
			for _, text := range groups[s] {
				seen[text] = seen[text] || stood.has(looks[text])
			}
		}
		// What was dealt and not shown tries its luck in another place, and in another order.
		left = slices.DeleteFunc(left, func(s string) bool { return seen[s] })
		if n := len(left); n > 0 {
			left = append(left[visits*37%n:], left[:visits*37%n]...)
		}
	}
	return visits, left
}

// open shows everything that a page has.
func (e *ear) open(address, name string) {
	e.t.Helper()
	require.NoError(e.t, e.Do(chromedp.Navigate(address)), name)
	require.True(e.t, ask[bool](e.t, e.Tab, `(() => {
		for (const d of document.querySelectorAll("details")) d.open = true;
		for (const b of document.querySelectorAll("button.badge")) b.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
		return true;
	})()`), name)
	require.Empty(e.t, e.wrong(), name)
}

// stood are the beginnings of the texts on a page, between elements and in attributes.
type stood map[string]bool

// begin cuts a text to what pages show of any.
func begin(s string) string {
	s = strings.TrimSpace(s)
	for i, n := 0, 0; i < len(s); n++ {
		if n == 30 {
			return s[:i]
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s
}

func standing(source []byte) stood {
	found := make(stood)
	note := func(s string) {
		for part := range strings.SplitSeq(s, strings.TrimSpace(between)) {
			found[begin(part)] = true
		}
	}
	for tokens := html.NewTokenizer(bytes.NewReader(source)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			return found
		case html.TextToken:
			note(tokens.Token().Data)
		default:
			for _, a := range tokens.Token().Attr {
				note(a.Val)
			}
		}
	}
}

var lines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// looks is how each text begins where it stands: by itself or in JSON, with what is hidden made visible.
func looks(texts []string) map[string][]string {
	all := make(map[string][]string, len(texts))
	for _, s := range texts {
		quoted, _ := json.Marshal(s)
		inside := string(quoted[1 : len(quoted)-1])
		for _, form := range []string{dashboard.Visible(s), hostile.UTF8(s), dashboard.Visible(hostile.UTF8(s)), inside, dashboard.Visible(inside)} {
			all[s] = append(all[s], begin(lines.Replace(form)))
		}
	}
	return all
}

// has reports whether one of a text's looks is on the page.
func (st stood) has(looks []string) bool {
	return slices.ContainsFunc(looks, func(s string) bool { return st[s] })
}

// copied keeps what was answered.
type copied struct {
	http.ResponseWriter
	to *bytes.Buffer
}

func (c copied) Write(p []byte) (int, error) {
	c.to.Write(p)
	return c.ResponseWriter.Write(p)
}

func (c copied) Unwrap() http.ResponseWriter { return c.ResponseWriter }
