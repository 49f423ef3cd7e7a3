package smtp_test

import (
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/smtp"
	"github.com/openleads/leads/internal/hostile"
)

// TestHostileText puts every text wherever a mail takes some, and sends it: either the mail is refused before anything is said to the server, or one mail
// arrives with the headers it was given, to whom it was for.
func TestHostileText(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	mailer := s.mailer(t, smtp.Options{})
	sent := func(text string) (mail.Header, error) {
		m := letter()
		m.Subject, m.Text, m.HTML, m.To[0].Name, m.ReplyTo[0].Name = text, text, "<p>"+text, text, text
		m.Headers, m.Tags, m.Variables = map[string]string{"X-Text": text}, []string{text}, map[string]string{"v": text}
		_, err := mailer.Send(t.Context(), m)
		got := s.take()
		if err != nil {
			require.Empty(t, got, "%q", text)
			return nil, err
		}
		require.Len(t, got, 1, "%q", text)
		require.Equal(t, []string{"sales@example.com"}, got[0].to)
		require.Equal(t, "leads@example.com", got[0].from)
		msg, err := mail.ReadMessage(strings.NewReader(got[0].raw))
		require.NoError(t, err, "%q", text)
		return msg.Header, nil
	}
	harmless, err := sent("x")
	require.NoError(t, err)
	arrived := 0
	for _, text := range hostile.Texts(t) {
		header, err := sent(text)
		if err != nil {
			require.True(t, leads.IsPermanent(err), "%q: %v", text, err)
			continue
		}
		arrived++
		require.Equal(t, slices.Sorted(maps.Keys(harmless)), slices.Sorted(maps.Keys(header)), "%q", text)
		for name, values := range header {
			require.Len(t, values, 1, name)
		}
	}
	t.Logf("%d mails arrived", arrived)
}

// take returns what was accepted since the last call.
func (s *sink) take() []envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.accepted
	s.accepted = nil
	return got
}
