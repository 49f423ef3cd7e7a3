package sequence_test

import (
	"context"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(o *sequence.Options)
		fatal  string // in the message of a fatal finding; "" means none
		says   string // in any
	}{
		"all is well":         {func(*sequence.Options) {}, "", ""},
		"nobody writes":       {func(o *sequence.Options) { o.Sender.From = mail.Address{} }, "Sender.From", ""},
		"no address":          {func(o *sequence.Options) { o.Sender.From.Address = "ann" }, "not an address", ""},
		"no postal address":   {func(o *sequence.Options) { o.Sender.Postal = " " }, "Sender.Postal", ""},
		"no links":            {func(o *sequence.Options) { o.BaseURL = "" }, "BaseURL is empty", ""},
		"links to nowhere":    {func(o *sequence.Options) { o.BaseURL = "crm.example.com" }, "not an absolute", ""},
		"http":                {func(o *sequence.Options) { o.BaseURL = "http://crm.example.com" }, "", "RFC 8058"},
		"short secret":        {func(o *sequence.Options) { o.Secret = []byte("x") }, "at least 32 bytes", ""},
		"a broken definition": {func(o *sequence.Options) { o.Definitions[0].Steps = nil }, "welcome", ""},
		"a webhook to nobody": {func(o *sequence.Options) {
			o.Definitions[0].Steps[1] = sequence.Step{ID: "pause", Webhook: &sequence.WebhookStep{}}
		}, "", "Poster"},
		"only mails asked for":  {func(o *sequence.Options) { o.Definitions[0].Purpose, o.Sender.Postal = "transactional", "" }, "", "Postal"},
		"no sequences, nothing": {func(o *sequence.Options) { *o = sequence.Options{} }, "", "Sender.From"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := options(course())
			c.change(opts)
			var fatal, all []string
			for _, f := range sequence.New(memstore.New(nil), &outbox{}, opts).Check(t.Context()) {
				require.Equal(t, "sequence", f.Part)
				require.NotEmpty(t, f.Fix)
				all = append(all, f.Message)
				if f.Fatal {
					fatal = append(fatal, f.Message)
				}
			}
			if c.fatal == "" {
				require.Empty(t, fatal)
			}
			require.Contains(t, strings.Join(fatal, "\n"), c.fatal)
			require.Contains(t, strings.Join(all, "\n"), c.says)
			if c.fatal == "" && c.says == "" {
				require.Empty(t, all)
			}
		})
	}
}

type checked struct{ *outbox }

func (checked) Check(context.Context) []leads.Finding {
	return []leads.Finding{{Part: "mail", Message: "no DKIM"}}
}

func TestCheckAsksTheMailer(t *testing.T) {
	t.Parallel()
	found := sequence.New(memstore.New(nil), checked{&outbox{}}, options(course())).Check(t.Context())
	require.Equal(t, []leads.Finding{{Part: "mail", Message: "no DKIM"}}, found)
}

// TestNothingGiven shows that a Sequencer of nothing returns errors and findings, and does not panic.
func TestNothingGiven(t *testing.T) {
	t.Parallel()
	seq := sequence.New(nil, nil, nil)
	found := seq.Check(t.Context())
	require.Len(t, found, 1)
	require.True(t, found[0].Fatal)
	_, err := seq.Enroll(t.Context(), leads.Lead{})
	require.True(t, leads.IsPermanent(err))
	_, err = seq.Step(t.Context(), leads.Task{})
	require.True(t, leads.IsPermanent(err))
	require.Error(t, seq.MailEvent(t.Context(), leads.MailEvent{MessageID: "x"}))
	require.NotNil(t, seq.Handler())
}

// TestMailsWaitForWhatIsMissing keeps marketing mail of a tenant whose sender is not lawful waiting, visibly, and sends it once it is.
func TestMailsWaitForWhatIsMissing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opts := options(course())
		sender := opts.Sender
		var moved atomic.Bool
		opts.Senders = func(context.Context, string) (sequence.Sender, error) {
			s := sender
			if !moved.Load() {
				s.Postal = ""
			}
			return s, nil
		}
		r := newRig(t, opts, parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(24 * time.Hour)
		require.Empty(t, r.out.all())
		tasks, err := r.store.Tasks(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		require.Contains(t, tasks[0].LastError, "postal address is missing")
		moved.Store(true)
		after(2 * time.Hour)
		require.Len(t, r.out.all(), 1)
	})
}
