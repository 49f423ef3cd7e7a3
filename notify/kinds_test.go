package notify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

func TestEveryKindHasItsMail(t *testing.T) {
	t.Parallel()
	for kind, test := range map[leads.NotificationKind]struct{ subject, note, line string }{
		leads.NotifyNew:      {"Hot lead: Ann Lee, Acme (87)", "", ""},
		leads.NotifyReturned: {"Hot lead again: Ann Lee, Acme (87)", "", ""},
		leads.NotifyHot:      {"Now hot: Ann Lee, Acme (87)", "", "It has become hot."},
		leads.NotifyAssigned: {"Assigned: Ann Lee, Acme (87)", "", "ben is responsible for this lead now."},
		leads.NotifyReplied:  {"Reply: Ann Lee, Acme (87)", "Tuesday at ten suits me.\nAnn", "The lead has answered:"},
		leads.NotifyWaiting:  {"Waiting: Ann Lee, Acme (87)", "", "Nobody has been in touch yet. The lead came on Mon 23 Nov 2026, 12:05 UTC."},
		leads.NotifyDead:     {"Stage failed: Ann Lee, Acme (87)", "score: timed out", "Nothing is lost"},
		leads.NotifyCustom:   {"Note: Ann Lee, Acme (87)", "Has opened the price list three times.", ""},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			n := notification()
			n.Kind, n.Note, n.Lead.Assignee = kind, test.note, "ben"
			m := sendOne(t, n)
			require.Equal(t, test.subject, m.Subject)
			text := visible(t, m.HTML)
			for _, want := range []string{test.line, test.note, "We need a demo and a price", "ann@acme.com"} {
				require.Contains(t, text, want)
			}
			require.Contains(t, m.Text, test.line)
			if test.note != "" {
				require.Contains(t, m.Text, "| "+test.note[:10])
			}
			for _, internal := range []string{"03AFcWeA6captchatoken", "_hp", "captcha"} {
				require.NotContains(t, m.HTML+m.Text, internal)
			}
		})
	}
}

// A reply is as hostile as anything else that a lead writes.
func TestANoteIsText(t *testing.T) {
	t.Parallel()
	n := notification()
	n.Kind, n.Note = leads.NotifyReplied, "see http://evil.example/login\r\n<script>alert(1)</script>\u202egnp.exe"
	m := sendOne(t, n)
	require.NotContains(t, m.HTML, "<script")
	require.NotContains(t, m.HTML, "http://evil")
	require.Contains(t, visible(t, m.HTML), "see http://evil.example/login\n<script>alert(1)</script>[U+202E]gnp.exe")
}

func TestANoteAboutNoLead(t *testing.T) {
	t.Parallel()
	n := leads.Notification{Tenant: "default", Kind: leads.NotifyCustom, Note: "The webhook \"crm\" was switched off.\nIt has failed for five days.", URL: "https://crm.example.com/leads/", At: noon}
	m := sendOne(t, n)
	require.Equal(t, `Note: The webhook "crm" was switched off.`, m.Subject)
	text := visible(t, m.HTML)
	require.Contains(t, text, "It has failed for five days.")
	require.NotContains(t, text+m.Text, "no name given")
	require.NotContains(t, m.HTML, "Open the lead")
}

func TestDigestsAndBacklogsAreNotForEverybody(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	for _, kind := range []leads.NotificationKind{leads.NotifyDigest, leads.NotifyBacklog} {
		require.NoError(t, notify.Email(box, "sales@example.com").Notify(t.Context(), leads.Notification{Kind: kind, To: "ann"}))
	}
	require.Empty(t, box.mails)
}

// Two replies are two mails, so they need two names.
func TestTwoNoticesHaveTwoMessageIDs(t *testing.T) {
	t.Parallel()
	n := notification()
	n.Kind, n.Note = leads.NotifyReplied, "yes"
	first := sendOne(t, n)
	n.At = n.At.Add(time.Hour)
	require.NotEqual(t, first.MessageID, sendOne(t, n).MessageID)
}

// provider is a Mailer that takes mails without saying so, and can be asked.
type provider struct {
	outbox
	broken  int // how many answers are lost
	answers []leads.Truth
	asked   int
}

func (p *provider) Send(ctx context.Context, m leads.Email) (leads.Receipt, error) {
	r, err := p.outbox.Send(ctx, m)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken > 0 {
		p.broken--
		return leads.Receipt{}, leads.Ambiguous(errors.New("the line broke"))
	}
	return r, err
}

func (p *provider) Sent(_ context.Context, m leads.Email) (leads.Receipt, leads.Truth, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if len(p.answers) == 0 {
		return leads.Receipt{}, leads.Unknown, nil
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return leads.Receipt{ID: m.MessageID}, answer, nil
}

// What a provider may have taken is sent again only when it says no, or has not known for five minutes.
func TestAProviderIsAskedBeforeAMailIsSentAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []leads.Truth
		mails   int
	}{
		"it has it":           {[]leads.Truth{leads.Yes}, 1},
		"it knows later":      {[]leads.Truth{leads.Unknown, leads.Unknown, leads.Yes}, 1},
		"it does not have it": {[]leads.Truth{leads.Unknown, leads.No}, 2},
		"it never knows":      {nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, func(t *testing.T) {
				p := &provider{broken: 1, answers: test.answers}
				s := start(t, func(*simulation) leads.Notifier { return notify.Email(p, "sales@example.com") })
				began := time.Now()
				s.capture(t, "ann@acme.com")
				pass(time.Hour)
				require.Len(t, p.mails, test.mails)
				if test.answers == nil {
					require.GreaterOrEqual(t, p.asked, 5, "since %s", began)
				}
				for _, m := range p.mails {
					require.Equal(t, p.mails[0], m)
				}
				s.settled(t)
			})
		})
	}
}
