package mailgun_test

import (
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/mailgun"
)

// fieldNames are all fields that a request may have, but for h: and v:.
var fieldNames = []string{"from", "to", "subject", "text", "html", "o:tag", "o:tracking", "o:tracking-clicks", "o:tracking-opens"}

func TestConformance(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	adaptertest.TestMailer(t, s.mailer(mailgun.Options{}), func(t *testing.T, id string) []leads.Email {
		t.Helper()
		var found []leads.Email
		for _, m := range s.got() {
			if m.form["h:Message-Id"][0] == "<"+id+">" {
				found = append(found, asMail(t, m.form))
			}
		}
		return found
	})
}

// asMail reads a request as Mailgun does.
func asMail(t *testing.T, form map[string][]string) leads.Email {
	t.Helper()
	m := leads.Email{Headers: make(map[string]string)}
	for name, values := range form {
		require.True(t, name == "o:tag" || len(values) == 1, "%s: %q", name, values)
		text, err := new(mime.WordDecoder).DecodeHeader(values[0])
		require.NoError(t, err)
		switch header, isHeader := strings.CutPrefix(name, "h:"); {
		case name == "h:Message-Id":
			m.MessageID = strings.Trim(text, "<>")
		case name == "h:Reply-To":
			m.ReplyTo = list(t, values[0])
		case isHeader:
			m.Headers[header] = text
		case strings.HasPrefix(name, "v:"):
		default:
			require.True(t, slices.Contains(fieldNames, name), "no such field of Mailgun's: %s", name)
		}
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(form["subject"][0])
	require.NoError(t, err)
	m.From, m.To, m.Subject, m.Text = list(t, form["from"][0])[0], list(t, form["to"][0]), decoded, form["text"][0]
	if html := form["html"]; len(html) > 0 {
		m.HTML = html[0]
	}
	return m
}

func list(t *testing.T, s string) []mail.Address {
	t.Helper()
	parsed, err := mail.ParseAddressList(s)
	require.NoError(t, err, "%q", s)
	out := make([]mail.Address, len(parsed))
	for i, a := range parsed {
		out[i] = *a
	}
	return out
}
