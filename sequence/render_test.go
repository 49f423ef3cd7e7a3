package sequence_test

import (
	"net/mail"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// frame is what the mails of these tests have around them.
func mailFrame() sequence.Frame {
	return sequence.Frame{
		From: mail.Address{Name: "Jo Park", Address: "jo@example.com"}, ReplyTo: mail.Address{Address: "replies@example.com"},
		Postal: "Example Ltd\n1 High Street, London", UnsubscribeURL: "https://example.com/u/abc?x=1&y=2", MessageID: "1@example.com",
	}
}

func viewOfFields(f ingest.Fields) sequence.View {
	if f.Email == "" {
		f.Email = "ann@acme.example"
	}
	return sequence.View{Lead: leads.Lead{Fields: f}}
}

const welcome = `Hello {{firstName}}{{^firstName}}there{{/firstName}},

thanks for asking about **plans**{{#company}} for {{company}}{{/company}}.
Here is what comes *next*:

- We read what you wrote.
- We call you, or you [book a time](https://example.com/book?a=1&b=2).

{{#field:budget}}
You said that your budget is {{field:budget}}. That is enough.

{{/field:budget}}
> “The best thing we did this year.”

## One more thing

Reply to this mail, or write to <sales@example.com>. It costs nothing & takes 5 minutes.

Jo
`

func TestRender(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{ID: "welcome", Name: "Welcome"}
	v := viewOfFields(ingest.Fields{FirstName: "Ann", LastName: "Lee", Company: "Acme & Sons"})
	v.Lead.Metadata = ingest.Metadata{}
	v.Lead.Metadata.SetText("budget", "10k <b>")
	m, err := d.Render(sequence.EmailStep{Subject: "Your plan, {{firstName}}{{^firstName}}as promised{{/firstName}}", Body: welcome}, v, mailFrame())
	require.NoError(t, err)
	t.Log(m.HTML)
	t.Log(m.Text)
}

func BenchmarkRender(b *testing.B) {
	d := sequence.Definition{ID: "welcome", Name: "Welcome"}
	v := viewOfFields(ingest.Fields{FirstName: "Ann", LastName: "Lee", Company: "Acme & Sons"})
	e := sequence.EmailStep{Subject: "Your plan, {{firstName}}{{^firstName}}as promised{{/firstName}}", Body: welcome}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Render(e, v, mailFrame()); err != nil {
			b.Fatal(err)
		}
	}
}
