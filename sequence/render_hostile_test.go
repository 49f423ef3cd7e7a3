package sequence_test

import (
	"encoding/json"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// hostile are values that have broken somebody's mails.
func hostile(t testing.TB) []string {
	t.Helper()
	values := []string{
		"{{company}}", "{{{lastName}}}", "{{&firstName}}", "{{> /etc/passwd}}", "{{=<% %>=}}", "}}{{#x}}", "{{/firstName}}", "\uE0000\uE001", "%EE%80%800%EE%80%81",
		"**bold** [click](https://evil.example)", "![x](https://evil.example/p.gif)", "<https://evil.example>", "# heading", "\n\n# heading\n\n- list",
		"<script>alert(1)</script>", "</td></tr></table><h1>x", "<!--", "]]>", "<a href=https://evil.example>x</a>", "<img src=x onerror=alert(1)>", "&lt;b&gt;&#x3c;i>",
		"\" onmouseover=\"alert(1)", "'><svg/onload=alert(1)>", "<style>*{display:none}</style>", "<base href=//evil.example>", "<bdo dir=rtl>x", "<plaintext>",
		"Win at http://evil.example/now", "Win at evil.com", "Win at evil。com", "Win at evil．com", "EVIL.COM/login", "evil\u200b.com", "evil.\u00adcom", "www.evil.example", "x@evil.com",
		"//evil.com", "\\\\evil.com\\x", "hTTps:\\\\evil.com", "tel:+491234", "javascript:alert(1)", "(http://evil.com)", "mailto:x@evil.com", "пример.рф", "http://1.2.3.4", "1.2.3.4", "evil.com,evil.net", "a,b.com", "x.evil.co.uk",
		"Ann\r\nBcc: x@evil.com", "Ann\nSubject: x", "Ann\x00\x0bB", "Ann\u2028Bcc: x", "=?utf-8?q?x?=", "\u202Emoc.live", "\u2066x\u2069", strings.Repeat("\u0300", 500), "Z" + strings.Repeat("\u0301", 300),
		strings.Repeat("A", 5000), strings.Repeat("very long ", 900), strings.Repeat("\U0001F600", 300), "\xff\xfe\xfd", "\u3164\u2800\u115f",
	}
	data, err := os.ReadFile("../../shared/corpora/blns.json")
	if err != nil {
		t.Log("SKIPPED the Big List of Naughty Strings: ../../shared/corpora/blns.json is not there")
		return values
	}
	var corpus []string
	require.NoError(t, json.Unmarshal(data, &corpus))
	require.Greater(t, len(corpus), 400)
	return append(values, corpus...)
}

// oneOfEach has a value in every place that a template allows, and no markup inside of sections, so that its structure is always the same.
var oneOfEach = sequence.EmailStep{
	Subject: "{{firstName}}{{^firstName}}-{{/firstName}} at {{company}}{{^company}}-{{/company}}",
	Body: `# Hello {{firstName}}{{^firstName}}there{{/firstName}}

A *{{lastName}}{{^lastName}}-{{/lastName}}* and [see {{company}}{{^company}}-{{/company}}](https://example.com/x), ` + "`{{field:note}}{{^field:note}}-{{/field:note}}`" + `

- {{name}}{{^name}}-{{/name}}

> {{field:note}}{{^field:note}}-{{/field:note}}

    {{field:note}}{{^field:note}}-{{/field:note}}

[stop]({{unsubscribe}})
`,
}

func hostileView(value string) sequence.View {
	v := viewOfFields(ingest.Fields{FirstName: value, LastName: value, Company: value})
	v.Lead.Metadata = ingest.Metadata{}
	v.Lead.Metadata.SetText("note", value)
	return v
}

// structure is a page without its text: elements and attributes.
func structure(t require.TestingT, page string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
		default:
			token := z.Token()
			require.NotEqual(t, html.CommentToken, token.Type)
			b.WriteString(token.String() + "\n")
		}
	}
}

// visibleText is the text of a page.
func visibleText(page string) string {
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.WriteString(z.Token().Data + " ")
		}
	}
}

// linked is what mail programs make links of.
var linked = regexp.MustCompile(`(?i)(https?:|www\.|//|@|\b[\pL\d-]+\.(com|net|org|uk|рф)\b|\b\d+\.\d+\.\d+\.\d+\b|javascript:|mailto:|tel:)`)

// harmless compares the mail to a lead with that value with one to a harmless lead.
func harmless(t require.TestingT, value string) {
	d, f := sequence.Definition{ID: "x"}, mailFrame()
	want, err := d.Render(oneOfEach, hostileView("Ann"), f)
	require.NoError(t, err)
	got, err := d.Render(oneOfEach, hostileView(value), f)
	require.NoError(t, err)

	require.Equal(t, structure(t, want.HTML), structure(t, got.HTML), "the page has the elements and attributes that it has for everybody")
	require.Equal(t, want.Headers, got.Headers)
	require.Equal(t, want.From, got.From)
	require.Equal(t, want.MessageID, got.MessageID)
	require.Len(t, got.To, 1)
	require.Equal(t, "ann@acme.example", got.To[0].Address)
	for _, line := range []string{got.Subject, got.To[0].Name} {
		require.NotContains(t, line, "=?")
		require.Falsef(t, strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' }), "%q", line)
	}
	back, err := mail.ParseAddress((&mail.Address{Name: got.To[0].Name, Address: got.To[0].Address}).String())
	require.NoError(t, err)
	require.Equal(t, got.To[0], *back)

	require.Equal(t, strings.Count(want.Text, "\n"), strings.Count(got.Text, "\n"), "no value makes a line")
	for _, text := range []string{got.Text, visibleText(got.HTML[strings.Index(got.HTML, "</style>"):]), got.Subject, got.To[0].Name} {
		for _, ours := range []string{"https://example.com/x", f.UnsubscribeURL} {
			text = strings.ReplaceAll(text, ours, "")
		}
		require.Emptyf(t, linked.FindString(text), "%q makes a link", value)
	}
}

func TestRenderHostile(t *testing.T) {
	t.Parallel()
	values := hostile(t)
	for _, value := range values {
		harmless(t, value)
	}
	t.Logf("%d hostile values, each in 9 places", len(values))
}

func TestRenderAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { harmless(t, rapid.String().Draw(t, "value")) })
}

func FuzzRender(f *testing.F) {
	for _, value := range hostile(f) {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) { harmless(t, value) })
}

func TestPersonal(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"Ann":                          "Ann",
		"  Ann \t\n Lee ":              "Ann Lee",
		"Jürgen Müller-Lüdenscheidt":   "Jürgen Müller-Lüdenscheidt",
		"J. R. Smith":                  "J. R. Smith",
		"J.R.Smith":                    "J.R.Smith",
		"St.Mary":                      "St.Mary",
		"Booking.com":                  "Booking",
		"Acme Inc.":                    "Acme Inc.",
		"AT&T":                         "AT&T",
		"Yahoo!":                       "Yahoo!",
		"O'Brien <3":                   "O'Brien <3",
		"Win at http://evil.example":   "Win at",
		"evil.com/login now":           "evil/login now",
		"Ann@evil.com":                 "",
		"version 2.0":                  "version 2.0",
		"محمد":                         "محمد",
		"李小龙":                          "李小龙",
		"e\u0301":                      "e\u0301",
		"a\u202eb":                     "ab",
		"10:30 to 11:00":               "10:30 to 11:00",
		strings.Repeat("x", 61):        strings.Repeat("x", 59) + "…",
		strings.Repeat("x", 60):        strings.Repeat("x", 60),
		strings.Repeat("ж", 70) + "\n": strings.Repeat("ж", 59) + "…",
	} {
		require.Equal(t, want, sequence.Personal(value), value)
		require.Equal(t, want, sequence.Personal(sequence.Personal(value)), "again changes nothing: %s", value)
	}
}

// A fact that an enricher read from somebody's homepage is cleaned like what the lead typed.
func TestFactsAreCleanedToo(t *testing.T) {
	t.Parallel()
	v := viewOfFields(ingest.Fields{})
	v.Lead.Enrichment = leads.Enrichment{"company.name": {Truth: leads.Yes, Value: "<b>Evil</b> https://evil.example"}}
	m, err := sequence.Definition{}.Render(sequence.EmailStep{Subject: "S", Body: "At {{company}}{{^company}}x{{/company}}."}, v, mailFrame())
	require.NoError(t, err)
	require.Contains(t, m.HTML, "At &lt;b&gt;Evil&lt;/b&gt;.")
	require.NotContains(t, m.Text, "evil.example")
}

// balanced makes sure that every element is closed where it was opened.
func balanced(t require.TestingT, page string) {
	var open []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		token := z.Token()
		switch {
		case kind == html.ErrorToken:
			require.Empty(t, open)
			return
		case kind == html.StartTagToken && !strings.Contains(" meta br hr ", " "+token.Data+" "):
			open = append(open, token.Data)
		case kind == html.EndTagToken:
			require.NotEmpty(t, open)
			require.Equal(t, open[len(open)-1], token.Data)
			open = open[:len(open)-1]
		}
	}
}
