package smtp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/smtp"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	adaptertest.TestMailer(t, s.mailer(t, smtp.Options{}), func(t *testing.T, id string) []leads.Email {
		t.Helper()
		var found []leads.Email
		for _, e := range s.got() {
			if strings.Contains(e.raw, id) {
				m, err := adaptertest.ReadMail([]byte(e.raw))
				require.NoError(t, err)
				require.Equal(t, m.From.Address, e.from)
				require.Equal(t, []string{m.To[0].Address}, e.to)
				found = append(found, m)
			}
		}
		return found
	})
}
