package notify

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"

	"github.com/openleads/leads"
)

//go:embed email.html.tmpl
var page string

// layout has its styles inline, which all mail programs take; the block in its head is for dark mode only.
var layout = template.Must(template.New("email").Funcs(template.FuncMap{"pieces": pieces}).Parse(page))

// render makes both bodies and the Reply-To; the caller fills in the other headers.
func render(n leads.Notification, reader reader, zone *time.Location) (leads.Email, error) {
	v := newView(n, reader, zone)
	var html strings.Builder
	if err := layout.Execute(&html, v); err != nil {
		return leads.Email{}, err
	}
	return leads.Email{ReplyTo: replyTo(n.Lead), Text: v.text(), HTML: html.String(), Tags: []string{"lead-" + string(n.Kind)}}, nil
}

// pieces splits text where a mail program would see a link. The template puts an optional line break between: nothing is seen of it
// and nothing is copied, but the lead's text stays text. Long addresses break across lines as a side effect.
func pieces(s string) []string {
	var out []string
	start := 0
	runes := []rune(s)
	for i := 1; i < len(runes); i++ {
		after := runes[i-1]
		if (after == '.' || after == '@' || after == ':' || after == '/') && !unicode.IsSpace(runes[i]) {
			out = append(out, string(runes[start:i]))
			start = i
		}
	}
	return append(out, string(runes[start:]))
}

// text writes the plain-text part. The lead's own lines are marked with a bar, so that they cannot pass for ours.
func (v view) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", v.Headline, join(", ", v.Name, v.Company))
	if v.Score != nil {
		fmt.Fprintf(&b, "Score %d of 100, %s\n", v.Score.Value, v.Score.Qualification)
	}
	paragraph(&b, v.When)
	if v.Line != "" {
		fmt.Fprintf(&b, "\n%s\n", v.Line)
	}
	if v.Note != "" {
		fmt.Fprintf(&b, "\n%s\n", barred(v.Note))
	}
	if v.Message != "" {
		if v.About != "" {
			fmt.Fprintf(&b, "\n%s:", v.About)
		}
		fmt.Fprintf(&b, "\n%s\n", barred(v.Message))
	}
	if v.Score != nil {
		paragraph(&b, "\n"+v.Score.Summary)
		if v.Score.NextStep != "" {
			paragraph(&b, "Next: "+v.Score.NextStep)
		}
	}
	if v.URL != "" {
		fmt.Fprintf(&b, "\nOpen the lead: %s\n", v.URL)
	}
	for i, s := range v.Sections {
		s.text(&b)
		if i == 0 {
			v.Score.text(&b)
		}
	}
	if len(v.Sections) == 0 {
		v.Score.text(&b)
	}
	if v.Footer != "" {
		fmt.Fprintf(&b, "\n-- \n%s\n", v.Footer)
	}
	return b.String()
}

func (s section) text(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s\n", strings.ToUpper(s.Title))
	for _, r := range s.Rows {
		if strings.Contains(r.Value, "\n") {
			fmt.Fprintf(b, "%s:\n%s\n", r.Label, barred(r.Value))
			continue
		}
		fmt.Fprintf(b, "%s: %s", r.Label, r.Value)
		if r.Note != "" {
			fmt.Fprintf(b, " (%s)", r.Note)
		}
		b.WriteByte('\n')
	}
	if s.Note != "" {
		fmt.Fprintf(b, "(%s)\n", s.Note)
	}
}

func (s *scoreView) text(b *strings.Builder) {
	if s == nil {
		return
	}
	b.WriteString("\nWHY THIS SCORE\n")
	for _, e := range s.Evidence {
		fmt.Fprintf(b, "%s  %s\n", e.Points, join(": ", e.Criterion, e.Level))
		for _, line := range []string{e.Reason, quoted(e.Quote)} {
			if line != "" {
				fmt.Fprintf(b, "      %s\n", line)
			}
		}
	}
	if s.Rest != "" {
		fmt.Fprintf(b, "%s\n", s.Rest)
	}
	fmt.Fprintf(b, "(%s)\n", s.Note)
}

func paragraph(b *strings.Builder, s string) {
	if strings.TrimSpace(s) != "" {
		fmt.Fprintf(b, "%s\n", s)
	}
}

func barred(s string) string { return "| " + strings.ReplaceAll(s, "\n", "\n| ") }

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "“" + s + "”"
}

// join joins the texts that are not empty.
func join(sep string, texts ...string) string {
	var some []string
	for _, s := range texts {
		if s != "" {
			some = append(some, s)
		}
	}
	return strings.Join(some, sep)
}
