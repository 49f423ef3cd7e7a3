package sequence_test

import (
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
	"github.com/openleads/leads/sequence"
)

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

// toAnn is the mail to a harmless lead, and its structure.
var toAnn = sync.OnceValues(func() (leads.Email, string) {
	mail, err := sequence.Definition{ID: "x"}.Render(oneOfEach, hostileView("Ann"), mailFrame())
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(mail.HTML)); z.Next() != html.ErrorToken; {
		if token := z.Token(); token.Type != html.TextToken {
			b.WriteString(token.String() + "\n")
		}
	}
	return mail, b.String()
})

// harmless compares the mail to a lead with that value with one to a harmless lead.
func harmless(t require.TestingT, value string) {
	d, f := sequence.Definition{ID: "x"}, mailFrame()
	want, bones := toAnn()
	got, err := d.Render(oneOfEach, hostileView(value), f)
	require.NoError(t, err)

	require.Equal(t, bones, structure(t, got.HTML), "the page has the elements and attributes that it has for everybody")
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
	values := hostile.Texts(t)
	for _, value := range values {
		harmless(t, value)
	}
	t.Logf("%d hostile values, each in 9 places", len(values))
}

// Whatever somebody of the team writes is refused with a reason, or is a mail without scripts, pictures and strange links.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	sent := 0
	for _, text := range hostile.Texts(t) {
		for _, step := range []sequence.EmailStep{{Subject: text, Body: "Hello"}, {Subject: "Hello", Body: text}, {Subject: "Hello", Body: "[x](" + text + ")"}} {
			d := sequence.Definition{ID: "x", Name: "X", Steps: []sequence.Step{{ID: "a", Email: &step}}}
			if err := d.Validate(); err != nil {
				continue
			}
			m, err := d.Render(step, hostileView("Ann"), mailFrame())
			require.NoError(t, err, "%q", text)
			sent++
			require.False(t, strings.ContainsFunc(m.Subject, unicode.IsControl), "%q", text)
			for z := html.NewTokenizer(strings.NewReader(m.HTML)); z.Next() != html.ErrorToken; {
				token := z.Token()
				if token.Type == html.TextToken {
					continue
				}
				require.NotContains(t, []string{"script", "img", "iframe", "base", "form", "object", "svg", "link"}, token.Data, "%q", text)
				for _, a := range token.Attr {
					require.True(t, a.Key != "href" || strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "mailto:"), "%q: %s", text, a.Val)
					require.False(t, strings.HasPrefix(a.Key, "on"), "%q", text)
				}
			}
		}
	}
	t.Logf("%d are mails", sent)
}

func TestRenderAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { harmless(t, rapid.String().Draw(t, "value")) })
}

func FuzzRender(f *testing.F) {
	for i, value := range hostile.Texts(f) {
		if i%16 == 0 {
			f.Add(value)
		}
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
