package mailgun_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
	"github.com/openleads/leads/internal/hostile"
)

// TestHostileText puts every text wherever a mail takes some: either the mail is refused before anything is sent, or the request has the fields that it has
// for a harmless one, each once, in whose texts nothing is a place for Mailgun to fill in.
func TestHostileText(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	mailer := s.mailer(mailgun.Options{})
	sent := func(text string) (map[string][]string, error) {
		m := letter()
		m.Subject, m.Text, m.HTML, m.To[0].Name, m.ReplyTo[0].Name = text, "text "+text, "<p>"+text, text, text
		m.Headers, m.Tags, m.Variables = map[string]string{"X-Text": text}, []string{"x"}, map[string]string{"v": text}
		_, err := mailer.Send(t.Context(), m)
		s.mu.Lock()
		defer s.mu.Unlock()
		got := s.ledger
		if s.ledger = nil; err != nil {
			require.Empty(t, got, "%q", text)
			return nil, err
		}
		require.Len(t, got, 1, "%q", text)
		return got[0].form, nil
	}
	harmless, err := sent("x")
	require.NoError(t, err)
	arrived := 0
	for _, text := range hostile.Texts(t) {
		form, err := sent(text)
		if err != nil {
			require.True(t, leads.IsPermanent(err), "%q: %v", text, err)
			continue
		}
		arrived++
		require.Equal(t, slices.Sorted(maps.Keys(harmless)), slices.Sorted(maps.Keys(form)), "%q", text)
		for name, values := range form {
			require.Len(t, values, 1, name)
			if strings.HasPrefix(name, "h:") || name == "to" || name == "from" || name == "subject" {
				require.NotContains(t, values[0], "\n", "%s: %q", name, text)
			}
		}
		for _, name := range []string{"subject", "text", "html"} {
			for _, place := range []string{"%recipient", "%unsubscribe", "%tag_unsubscribe", "%mailing_list"} {
				require.NotContains(t, strings.ToLower(form[name][0]), place, "%s: %q", name, text)
			}
		}
	}
	t.Logf("%d mails arrived", arrived)
}
