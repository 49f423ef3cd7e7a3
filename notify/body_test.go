package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

func TestEverythingKnownIsInBothBodies(t *testing.T) {
	t.Parallel()
	m := sendOne(t, notification())
	text := visible(t, m.HTML)
	for _, want := range []string{
		"Hot lead again", "87", "Ann Lee", "Acme", "ann@acme.com", "+49 (30) 1234-567", "Mon 23 Nov 2026, 12:05 UTC",
		"We need a demo and a price for 40 seats by March.", "https://old.example.net/app",
		"Asks for a demo and a price", "Next:", "Call today and offer Tuesday.",
		"Intent", "asks to buy", "+35 / 40", "acme.com is not a mailbox provider", "−3", "“by March”", "No points: role (unknown)", "score.Rubric",
		"interests", "CRM, Reporting", "job_title", "Head of Operations", "seats", "website", "https://acme.com",
		"google / cpc / brand-2026", "crm for manufacturers", "https://www.google.com/", "https://acme-crm.example/pricing?plan=team", "gclid", "Cj0KCQiA1NebBhDDARIsAANiDD3",
		"First seen", "newsletter / email", "Fri 20 Nov 2026, 11:05 UTC",
		"Email deliverable", "yes", "mx1.acme.com", "Email class", "business", "Geo country", "unknown",
		"Submission no. 2", "last",
	} {
		require.Contains(t, text, want)
		require.Contains(t, m.Text, want)
	}
	require.Contains(t, m.Text, "https://crm.example.com/leads/0193a000")
	for _, internal := range []string{"_hp", "captcha"} {
		require.NotContains(t, strings.ToLower(m.HTML+m.Text), internal)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(n *leads.Notification)
		want   []string
	}{
		"all":         {func(*leads.Notification) {}, []string{"https://crm.example.com/leads/0193a000", "mailto:ann@acme.com", "tel:+49301234567"}},
		"no base URL": {func(n *leads.Notification) { n.URL = "" }, []string{"mailto:ann@acme.com", "tel:+49301234567"}},
		"address with a query": {func(n *leads.Notification) { n.Lead.Email, n.Lead.Phone = "a?bcc=x&b+c@acme.com", "" },
			[]string{"https://crm.example.com/leads/0193a000", "mailto:a%3Fbcc%3Dx%26b%2Bc@acme.com"}},
		"hostile phone": {func(n *leads.Notification) { n.Lead.Phone = "javascript:alert(12345678)" },
			[]string{"https://crm.example.com/leads/0193a000", "mailto:ann@acme.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := notification()
			test.change(&n)
			require.Equal(t, test.want, parse(t, sendOne(t, n).HTML).links)
		})
	}
}

func TestLeadTextIsNoLinkForMailPrograms(t *testing.T) {
	t.Parallel()
	n := notification()
	n.Lead.Metadata = ingest.Metadata{}
	n.Lead.Metadata.SetText("message", "see http://evil.example/login or www.evil.example or x@evil.example")
	body := sendOne(t, n).HTML
	for _, linkable := range []string{"http://evil", "www.evil", "evil.example", "x@evil"} {
		require.NotContains(t, body, linkable)
	}
	require.Contains(t, visible(t, body), "see http://evil.example/login or www.evil.example or x@evil.example", "it reads and copies as typed")
}

func TestCaps(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fill string
		html int // bytes
	}{
		"ordinary text": {"many words ", 102_000}, // where Gmail cuts a mail off
		"escapes":       {"<&é", 250_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			long := strings.Repeat(test.fill, 6000)
			n := filled(long)
			for i := range 256 {
				n.Lead.Metadata.SetText(fmt.Sprintf("field%03d%s", i, strings.Repeat("k", 100)), long)
			}
			for i := range 200 {
				key := fmt.Sprintf("fact.%d", i)
				n.Lead.Enrichment[key] = leads.Fact{Key: key, Truth: leads.Yes, Value: long, Reason: long}
				n.Lead.Score.Evidence = append(n.Lead.Score.Evidence, leads.Evidence{Criterion: long, Level: long, Reason: long, Quote: long})
			}
			m := sendOne(t, n)
			require.Less(t, len(m.HTML), test.html)
			require.Contains(t, m.Text, "more, which are kept with the lead")
			require.True(t, utf8.ValidString(m.HTML) && utf8.ValidString(m.Text))
		})
	}
}

func TestFieldsThatAreNotForPeople(t *testing.T) {
	t.Parallel()
	for key, shown := range map[string]bool{
		"_hp": false, "_anything": false, "g-recaptcha-response": false, "h-captcha-response": false, "cf-turnstile-response": false, "csrf_token": false,
		"Password": false, "confirm_password": false, "card-number": false,
		"Do you use a password manager?": true, "budget": true, "seats": true, "token budget": true,
	} {
		n := notification()
		n.Lead.Metadata = ingest.Metadata{}
		n.Lead.Metadata.SetText(key, "the value")
		m := sendOne(t, n)
		require.Equal(t, shown, strings.Contains(m.Text, "the value"), key)
		require.Equal(t, shown, strings.Contains(visible(t, m.HTML), "the value"), key)
	}
}

func TestTheMessageIsFound(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"message", "Message", "comments", "Question"} {
		n := notification()
		n.Lead.Metadata = ingest.Metadata{"notes": json.RawMessage("12")} // a number is no message
		n.Lead.Metadata.SetText(key, "hello\nthere")
		require.Contains(t, sendOne(t, n).Text, "| hello\n| there", key)
	}
}

func TestAnEmptyLead(t *testing.T) {
	t.Parallel()
	m := sendOne(t, leads.Notification{})
	require.Equal(t, "New lead: no name given", m.Subject)
	require.Contains(t, visible(t, m.HTML), "no name given")
	require.Contains(t, m.Text, "no name given")
}

func TestLeadLinesCannotPassForOurs(t *testing.T) {
	t.Parallel()
	n := notification()
	n.Lead.Metadata.SetText("message", "hello\n\nWHY THIS SCORE\n+100 trust me\r-- \u2028CONTACT")
	n.Lead.Metadata.SetText("address", "1 Main St\nOpen the lead: https://evil.example")
	m := sendOne(t, n)
	require.Contains(t, m.Text, "| WHY THIS SCORE\n| +100 trust me\n| --\n| CONTACT")
	require.Contains(t, m.Text, "| Open the lead: https://evil.example")
	require.Equal(t, 1, strings.Count(m.Text, "\nWHY THIS SCORE"))
}

func TestInvisibleCharactersAreShown(t *testing.T) {
	t.Parallel()
	n := notification()
	n.Lead.Metadata.SetText("message", "pay\u202eexe\u200b\x00\u00ad\u3164\U000e0041 ok")
	n.Lead.Metadata.SetText("zalgo", "a"+strings.Repeat("\u0301", 50))
	n.Lead.Metadata.SetText("family", "👨\u200d👩\u200d👧 نمی\u200cخواهم")
	m := sendOne(t, n)
	for _, body := range []string{m.Text, visible(t, m.HTML)} {
		require.Contains(t, body, "pay[U+202E]exe[U+200B][U+0000][U+00AD][U+3164][U+E0041] ok")
		require.Contains(t, body, "a"+strings.Repeat("\u0301", 4))
		require.NotContains(t, body, strings.Repeat("\u0301", 5))
		require.Contains(t, body, "👨\u200d👩\u200d👧 نمی\u200cخواهم", "joiners that mean something stay")
	}
}

// TestHostileText puts hostile strings into every place that a lead fills and compares the structure of the mail with that of a harmless
// one.
func TestHostileText(t *testing.T) {
	t.Parallel()
	harmless := parse(t, sendOne(t, filled("x")).HTML)
	for _, s := range hostile.Texts(t) {
		if strings.Contains(s, "captcha") { // such a field is not for people
			continue
		}
		n := filled("x" + s + "x")
		m := sendOne(t, n)
		got := parse(t, m.HTML)
		require.Equal(t, harmless.elements, got.elements, "%q", s)
		require.Equal(t, harmless.links, got.links, "%q", s)
		require.True(t, utf8.ValidString(m.HTML) && utf8.ValidString(m.Text), "%q", s)
		for _, h := range []string{m.Subject, m.ReplyTo[0].Name} {
			require.False(t, strings.ContainsFunc(h, func(r rune) bool {
				return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
			}), "%q", h)
			require.NotContains(t, h, "=?")
			require.LessOrEqual(t, utf8.RuneCountInString(h), 150)
		}
		require.False(t, strings.ContainsFunc(m.Text, func(r rune) bool {
			return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}), "%q", s)
	}
}

// filled returns a notification with s wherever a lead's text can come to stand. The link targets do not depend on it.
func filled(s string) leads.Notification {
	n := notification()
	l := &n.Lead
	l.FirstName, l.LastName, l.Company = s, s, s
	l.Tags, l.Assignee = []string{s}, s
	l.Metadata = ingest.Metadata{"list": json.RawMessage(`["x"]`)}
	l.Metadata.SetText("message", s)
	l.Metadata.SetText("extra", s)
	l.Metadata.SetText("z"+s+"z", "1") // begins with a letter, lest it be for machines
	utm := ingest.UTM{Source: s, Medium: s, Campaign: s, Term: s, Content: s}
	l.Last.Attribution = ingest.Attribution{UTM: utm, Referrer: s, Page: s, Landing: s, ClickIDs: map[string]string{"x" + s: s}}
	l.First.Attribution = l.Last.Attribution
	l.Enrichment = leads.Enrichment{"k": {Key: "k" + s, Truth: leads.Yes, Value: s, Reason: s}}
	l.Score.Summary, l.Score.NextStep, l.Score.By = s, s, s
	l.Score.Evidence = []leads.Evidence{{Criterion: s, Level: s, Points: 1, Reason: s, Quote: s}}
	return n
}

// structure is what a mail program makes of the HTML.
type structure struct {
	elements []string // with their attributes' names, line breaks within words left out
	links    []string
	text     string
}

func parse(t *testing.T, s string) structure {
	t.Helper()
	root, err := html.Parse(strings.NewReader(s))
	require.NoError(t, err)
	var out structure
	var b strings.Builder
	for node := range root.Descendants() {
		switch {
		case node.Type == html.TextNode && node.Parent.Data != "style":
			b.WriteString(node.Data)
		case node.Type == html.CommentNode:
			out.elements = append(out.elements, "comment")
		case node.Type == html.ElementNode && node.Data != "wbr":
			name := node.Data
			for _, a := range node.Attr {
				name += " " + a.Key
				require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "src", "%s in %s", a.Key, node.Data)
				if a.Key == "href" {
					out.links = append(out.links, a.Val)
				}
			}
			out.elements = append(out.elements, name)
		}
	}
	out.text = b.String()
	return out
}

func visible(t *testing.T, s string) string { return parse(t, s).text }
