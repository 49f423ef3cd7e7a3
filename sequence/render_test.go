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

func welcomeStep() sequence.EmailStep {
	return sequence.EmailStep{Subject: "Your plan, {{firstName}}{{^firstName}}as promised{{/firstName}}", Body: welcome}
}

func TestRender(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{ID: "welcome", Name: "Welcome"}
	v := viewOfFields(ingest.Fields{FirstName: "Ann", LastName: "Lee", Company: "Acme & Sons"})
	v.Lead.Metadata = ingest.Metadata{}
	v.Lead.Metadata.SetText("budget", "10k <b>")
	f := mailFrame()
	f.Headers, f.Tags, f.Variables = map[string]string{"X-One": "1"}, []string{"welcome"}, map[string]string{"lead": "1"}
	m, err := d.Render(welcomeStep(), v, f)
	require.NoError(t, err)
	require.Equal(t, "Your plan, Ann", m.Subject)
	require.Equal(t, f.From, m.From)
	require.Equal(t, []mail.Address{{Name: "Ann Lee", Address: "ann@acme.example"}}, m.To)
	require.Equal(t, []mail.Address{f.ReplyTo}, m.ReplyTo)
	require.Equal(t, "1@example.com", m.MessageID)
	require.Equal(t, []string{"welcome"}, m.Tags)
	require.Equal(t, map[string]string{"lead": "1"}, m.Variables)
	require.Equal(t, map[string]string{
		"X-One": "1", "List-Unsubscribe": "<https://example.com/u/abc?x=1&y=2>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}, m.Headers)
	require.Len(t, f.Headers, 1, "the Frame is left as it was")
	for _, part := range []string{
		">Hello Ann,</p>", "<strong>plans</strong> for Acme &amp; Sons.<br>", "your budget is 10k &lt;b&gt;.", `<a href="https://example.com/book?a=1&amp;b=2"`,
		`<a href="mailto:sales@example.com"`, "1 High Street, London", `href="https://example.com/u/abc?x=1&amp;y=2"`, ">Unsubscribe</a>", "prefers-color-scheme: dark",
	} {
		require.Contains(t, m.HTML, part)
	}
	require.Equal(t, `Hello Ann,

thanks for asking about plans for Acme & Sons.
Here is what comes next:

- We read what you wrote.
- We call you, or you book a time (https://example.com/book?a=1&b=2).

You said that your budget is 10k <b>. That is enough.

> “The best thing we did this year.”

One more thing

Reply to this mail, or write to sales@example.com. It costs nothing & takes 5 minutes.

Jo

--`+" "+`
Example Ltd
1 High Street, London
Unsubscribe: https://example.com/u/abc?x=1&y=2
`, m.Text)
}

func TestRenderWhenNothingIsKnown(t *testing.T) {
	t.Parallel()
	m, err := sequence.Definition{}.Render(welcomeStep(), viewOfFields(ingest.Fields{}), mailFrame())
	require.NoError(t, err)
	require.Equal(t, "Your plan, as promised", m.Subject)
	require.Equal(t, []mail.Address{{Address: "ann@acme.example"}}, m.To)
	require.Contains(t, m.Text, "Hello there,\n\nthanks for asking about plans.\n")
	require.NotContains(t, m.Text, "budget")
	require.NotContains(t, m.Text, "\n\n\n")
	require.NotContains(t, m.HTML, "budget")
	require.NotContains(t, m.HTML, "<p></p>")
}

func TestRenderTransactional(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{Purpose: "transactional"}
	m, err := d.Render(sequence.EmailStep{Subject: "S", Body: "B"}, viewOfFields(ingest.Fields{}), sequence.Frame{From: mail.Address{Address: "a@example.com"}})
	require.NoError(t, err)
	require.Empty(t, m.Headers)
	require.Empty(t, m.ReplyTo)
	require.Equal(t, "B\n", m.Text)
	require.NotContains(t, m.HTML, "<a ")
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(f *sequence.Frame, v *sequence.View)
		want   string
	}{
		{"no sender", func(f *sequence.Frame, _ *sequence.View) { f.From = mail.Address{} }, "Frame.From"},
		{"no postal address", func(f *sequence.Frame, _ *sequence.View) { f.Postal = " \n" }, "Frame.Postal"},
		{"no way out", func(f *sequence.Frame, _ *sequence.View) { f.UnsubscribeURL = "" }, "Frame.UnsubscribeURL"},
		{"a way out that is none", func(f *sequence.Frame, _ *sequence.View) { f.UnsubscribeURL = "javascript:alert(1)" }, "Frame.UnsubscribeURL"},
		{"a way out that breaks the header", func(f *sequence.Frame, _ *sequence.View) { f.OneClickURL = "https://example.com/\r\nBcc: x" }, "Frame.OneClickURL"},
		{"no address", func(_ *sequence.Frame, v *sequence.View) { v.Lead.Email = "nobody" }, "the lead's address"},
		{"two addresses", func(_ *sequence.Frame, v *sequence.View) { v.Lead.Email = "a@example.com, b@example.com" }, "the lead's address"},
		{"a header in the address", func(_ *sequence.Frame, v *sequence.View) { v.Lead.Email = "a@example.com\r\nBcc: b@example.com" }, "the lead's address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, v := mailFrame(), viewOfFields(ingest.Fields{})
			tc.change(&f, &v)
			_, err := sequence.Definition{}.Render(welcomeStep(), v, f)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestOneClickNeedsHTTPS(t *testing.T) {
	t.Parallel()
	f := mailFrame()
	f.OneClickURL = "http://localhost:8080/u/x"
	m, err := sequence.Definition{}.Render(welcomeStep(), viewOfFields(ingest.Fields{}), f)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"List-Unsubscribe": "<http://localhost:8080/u/x>"}, m.Headers)
}

func TestPreview(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{Steps: []sequence.Step{{ID: "one", Email: &sequence.EmailStep{Subject: "S {{sender}}{{^sender}}x{{/sender}}", Body: "[stop]({{unsubscribe}})"}}, {ID: "two", Tag: &sequence.TagStep{Add: "x"}}}}
	m, err := d.Preview("one", sequence.View{}, sequence.Frame{})
	require.NoError(t, err)
	require.Equal(t, "S Your name", m.Subject)
	require.Contains(t, m.HTML, `<a href="https://example.com/unsubscribe" style=`)
	require.Contains(t, m.Text, "stop (https://example.com/unsubscribe)")
	for _, id := range []string{"two", "three"} {
		_, err = d.Preview(id, sequence.View{}, sequence.Frame{})
		require.ErrorContains(t, err, "is not a step that sends a mail")
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	note, err := sequence.NotifyStep{Note: "Call {{name}}{{^name}}them{{/name}} <now>"}.Fill(viewOfFields(ingest.Fields{FirstName: "Ann", LastName: "<b>\x00Lee https://evil.example"}))
	require.NoError(t, err)
	require.Equal(t, "Call Ann <b> Lee <now>", note)
}

func BenchmarkRender(b *testing.B) {
	d := sequence.Definition{ID: "welcome", Name: "Welcome"}
	v := viewOfFields(ingest.Fields{FirstName: "Ann", LastName: "Lee", Company: "Acme & Sons"})
	e := welcomeStep()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Render(e, v, mailFrame()); err != nil {
			b.Fatal(err)
		}
	}
}
