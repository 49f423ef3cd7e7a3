package notify_test

import (
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
)

func sendOne(t *testing.T, n leads.Notification) leads.Email {
	t.Helper()
	box := &outbox{}
	require.NoError(t, notify.Email(box, "sales@example.com").Notify(t.Context(), n))
	require.Len(t, box.mails, 1)
	return box.mails[0]
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(n *leads.Notification)
		want   string
	}{
		"new and hot":   {func(n *leads.Notification) { n.Kind = leads.NotifyNew }, "Hot lead: Ann Lee, Acme (87)"},
		"returned":      {func(*leads.Notification) {}, "Hot lead again: Ann Lee, Acme (87)"},
		"no score":      {func(n *leads.Notification) { n.Kind, n.Lead.Score = leads.NotifyNew, nil }, "New lead: Ann Lee, Acme"},
		"back, unrated": {func(n *leads.Notification) { n.Lead.Score = nil }, "Lead again: Ann Lee, Acme"},
		"no company":    {func(n *leads.Notification) { n.Lead.Company = " " }, "Hot lead again: Ann Lee (87)"},
		"no name":       {func(n *leads.Notification) { n.Lead.FirstName, n.Lead.LastName = "", "" }, "Hot lead again: ann@acme.com, Acme (87)"},
		"phone only": {func(n *leads.Notification) { n.Lead.Fields = ingest.Fields{Phone: "+49 30 1234567"} },
			"Hot lead again: +49 30 1234567 (87)"},
		"nothing":       {func(n *leads.Notification) { n.Lead.Fields = ingest.Fields{} }, "Hot lead again: no name given (87)"},
		"line breaks":   {func(n *leads.Notification) { n.Lead.FirstName = "Ann\r\nBcc: x@evil.example\x00\u2028" }, "Hot lead again: Ann Bcc: x@evil.example Lee, Acme (87)"},
		"bidi":          {func(n *leads.Notification) { n.Lead.FirstName = "A\u202en\u200bn" }, "Hot lead again: Ann Lee, Acme (87)"},
		"encoded word":  {func(n *leads.Notification) { n.Lead.FirstName = "=?utf-8?q?x=0D=0A?=" }, "Hot lead again: = ?utf-8?q?x=0D=0A?= Lee, Acme (87)"},
		"emoji, Arabic": {func(n *leads.Notification) { n.Lead.FirstName, n.Lead.LastName = "👩‍💻", "سلام" }, "Hot lead again: 👩‍💻 سلام, Acme (87)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := notification()
			test.change(&n)
			require.Equal(t, test.want, sendOne(t, n).Subject)
		})
	}
}

func TestSubjectIsShort(t *testing.T) {
	t.Parallel()
	n := notification()
	n.Lead.FirstName, n.Lead.Company = strings.Repeat("é", 500), strings.Repeat("W", 500)
	box := &outbox{}
	e := notify.EmailTo(box, &notify.EmailOptions{To: []string{"a@example.com"}, Prefix: strings.Repeat("p", 90)})
	require.NoError(t, e.Notify(t.Context(), n))
	subject := []rune(box.mails[0].Subject)
	require.LessOrEqual(t, len(subject), 150)
	require.True(t, strings.HasSuffix(string(subject), " (87)"), "the score stays: %s", string(subject))
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	e := notify.EmailTo(box, &notify.EmailOptions{
		From: mail.Address{Name: "Acme CRM", Address: "crm@acme.example"}, To: []string{"Sales <sales@example.com>", "sales@example.com", "boss@example.com"},
		Prefix: "[Acme]", Location: time.FixedZone("CET", 3600),
	})
	require.Empty(t, e.Check(t.Context()))
	require.NoError(t, e.Notify(t.Context(), notification()))
	require.Len(t, box.mails, 2, "one mail for each recipient, once")
	first, second := box.mails[0], box.mails[1]
	require.Equal(t, []mail.Address{{Name: "Sales", Address: "sales@example.com"}}, first.To)
	require.Equal(t, []mail.Address{{Address: "boss@example.com"}}, second.To)
	require.Equal(t, mail.Address{Name: "Acme CRM", Address: "crm@acme.example"}, first.From)
	require.Equal(t, []mail.Address{{Name: "Ann Lee", Address: "ann@acme.com"}}, first.ReplyTo)
	require.Equal(t, "[Acme] Hot lead again: Ann Lee, Acme (87)", first.Subject)
	require.Contains(t, first.Text, "13:05 CET")
	require.Empty(t, first.Headers)
	require.True(t, strings.HasSuffix(first.MessageID, "@acme.example"))
	require.NotEqual(t, first.MessageID, second.MessageID)
}

func TestFromByDefault(t *testing.T) {
	t.Parallel()
	require.Equal(t, mail.Address{Name: "Leads", Address: "leads@example.com"}, sendOne(t, notification()).From)
}

func TestReplyToNeedsAValidAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "ann", "ann@", "ann@acme.com\r\nBcc: x@evil.example", "Ann <ann@acme.com>", "ann@acme.com, x@evil.example", "a\x00b@acme.com"} {
		n := notification()
		n.Lead.Email = bad
		m := sendOne(t, n)
		require.Empty(t, m.ReplyTo, "%q", bad)
		require.NotContains(t, m.HTML, "mailto:", "%q", bad)
		require.NotContains(t, m.Text, "A reply to this mail")
	}
}

func TestMessageIDNamesTheSubmission(t *testing.T) {
	t.Parallel()
	id := func(change func(n *leads.Notification)) string {
		n := notification()
		n.At = time.Now() // another attempt is made later
		change(&n)
		return sendOne(t, n).MessageID
	}
	same := id(func(*leads.Notification) {})
	require.Equal(t, same, id(func(n *leads.Notification) { n.Lead.Score = nil }), "a retry")
	require.NotEqual(t, same, id(func(n *leads.Notification) { n.SubmissionID = "other" }))
	require.NotEqual(t, same, id(func(n *leads.Notification) { n.Lead.ID = "other" }))
	require.NotEqual(t, same, id(func(n *leads.Notification) { n.Tenant = "other" }))
	require.NotEqual(t, same, id(func(n *leads.Notification) { n.Kind = leads.NotifyNew }))
}

func TestMisconfigurationIsReported(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	for name, test := range map[string]struct {
		notifier *notify.EmailNotifier
		want     string
	}{
		"recipient":         {notify.Email(box, "not an address"), `recipient 1: "not an address"`},
		"second recipient":  {notify.Email(box, "a@example.com", "b@x\r\nBcc: c@example.com"), "recipient 2"},
		"empty recipient":   {notify.Email(box, ""), "recipient 1"},
		"no recipients":     {notify.EmailTo(box, &notify.EmailOptions{}), "EmailOptions.To is required"},
		"nil options":       {notify.EmailTo(box, nil), "EmailOptions.To is required"},
		"no mailer":         {notify.Email(nil, "a@example.com"), "the mailer is required"},
		"sender":            {notify.EmailTo(box, &notify.EmailOptions{To: []string{"a@example.com"}, From: mail.Address{Address: "x"}}), "EmailOptions.From"},
		"list in one value": {notify.Email(box, "a@example.com, b@example.com"), "recipient 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := test.notifier.Check(t.Context())
			require.Len(t, findings, 1)
			require.True(t, findings[0].Fatal)
			require.Contains(t, findings[0].Message, test.want)
			err := test.notifier.Notify(t.Context(), notification())
			require.ErrorContains(t, err, test.want)
			require.True(t, leads.IsPermanent(err))
		})
	}
	require.Empty(t, box.mails)
}

// checkedMailer reports a finding of its own.
type checkedMailer struct{ outbox }

func (*checkedMailer) Check(context.Context) []leads.Finding {
	return []leads.Finding{{Part: "mailer"}}
}

func TestCheckAsksTheMailer(t *testing.T) {
	t.Parallel()
	findings := notify.Email(&checkedMailer{}, "sales@example.com").Check(t.Context())
	require.Equal(t, []leads.Finding{{Part: "mailer"}}, findings)
}

func TestOneRecipientsFailureLeavesTheOthers(t *testing.T) {
	t.Parallel()
	down, refused := errors.New("down"), leads.Permanent(errors.New("refused"))
	for name, test := range map[string]struct {
		errs      map[string]error
		sent      int
		permanent bool
	}{
		"one down":                {map[string]error{"a@example.com": down}, 2, false},
		"one refused":             {map[string]error{"a@example.com": refused}, 2, true},
		"one refused, one down":   {map[string]error{"a@example.com": refused, "b@example.com": down}, 1, false},
		"one down, two refused":   {map[string]error{"a@example.com": down, "b@example.com": refused, "c@example.com": refused}, 0, false},
		"all refused":             {map[string]error{"a@example.com": refused, "b@example.com": refused, "c@example.com": refused}, 0, true},
		"one asks to wait a tick": {map[string]error{"c@example.com": leads.After(down, time.Minute)}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &outbox{fail: func(m leads.Email) error { return test.errs[m.To[0].Address] }}
			err := notify.Email(box, "a@example.com", "b@example.com", "c@example.com").Notify(t.Context(), notification())
			require.Error(t, err)
			require.Len(t, box.mails, test.sent)
			require.Equal(t, test.permanent, leads.IsPermanent(err))
			for _, e := range test.errs {
				require.ErrorContains(t, err, e.Error())
			}
			if e := test.errs["c@example.com"]; e != nil {
				require.Equal(t, leads.RetryAfter(e), leads.RetryAfter(err))
			}
		})
	}
}

func TestNotifyDoesNotChangeTheLead(t *testing.T) {
	t.Parallel()
	n := notification()
	sendOne(t, n)
	require.Equal(t, notification(), n)
	require.True(t, slices.Contains(n.Lead.Enrichment.Facts(), n.Lead.Enrichment["geo.country"]))
}
