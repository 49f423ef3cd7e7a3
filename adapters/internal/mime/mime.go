// Package mime is what the mail adapters share: the checks that a [leads.Email] passes before it leaves, and the message that is made of it.
package mime

import (
	"cmp"
	"encoding/base64"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// The header fields in which tags and variables are written where there is no provider to take them. No mail may set them itself.
const (
	TagsHeader      = "X-Leads-Tags"
	VariablesHeader = "X-Leads-Variable-"
)

// Prepare returns the mail as it can be sent: checked, with a Message-ID, its domains in ASCII (IDNA) and nothing in
// its names that looks like an encoded word. It shares nothing that is changed with the
// mail it is given. Its error is permanent and names every bad field as the caller wrote it: "Email.Subject: …".
func Prepare(m leads.Email) (leads.Email, error) {
	m.From = plain(m.From)
	m.To, m.ReplyTo = slices.Clone(m.To), slices.Clone(m.ReplyTo)
	for _, list := range [][]mail.Address{m.To, m.ReplyTo} {
		for i := range list {
			list[i] = plain(list[i])
		}
	}
	if m.MessageID == "" {
		_, domain, _ := strings.Cut(m.From.Address, "@")
		m.MessageID = leads.NewID() + "@" + cmp.Or(domain, "localhost")
	}
	if err := check(m); err != nil {
		return leads.Email{}, leads.Permanent(err)
	}
	return m, nil
}

// readable parts what looks like an encoded word, which some readers decode even within quotes, and replaces the backslash, which net/mail
// leaves in encoded words, where it does not read it itself.
var readable = strings.NewReplacer("=?", "= ?", `\`, "/")

// plain writes the domain of an address in ASCII, if it is one that can be; what cannot is left for check to judge. Its
// name is made one that every reader gives back.
func plain(a mail.Address) mail.Address {
	a.Name = readable.Replace(a.Name)
	at := strings.LastIndexByte(a.Address, '@')
	if at < 0 || !strings.ContainsFunc(a.Address[at:], func(r rune) bool { return r >= utf8.RuneSelf }) {
		return a
	}
	if domain, err := emailaddr.Domain(a.Address[at+1:]); err == nil {
		a.Address = a.Address[:at+1] + domain
	}
	return a
}

// Message makes the message of a prepared mail. Tags and variables are not in it. Its lines end in CRLF and are at most 998 bytes long.
func Message(m leads.Email, date time.Time) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.From)
	msg.ToMailAddress(pointers(m.To)...)
	msg.ReplyToMailAddress(pointers(m.ReplyTo)...)
	msg.Subject(Word(m.Subject))
	msg.SetDateWithValue(date)
	msg.SetMessageIDWithValue(m.MessageID)
	for name, value := range m.Headers {
		Set(msg, name, value)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg
}

// Set adds a header field whose name and value have passed the checks.
func Set(msg *gomail.Msg, name, value string) {
	msg.SetGenHeader(gomail.Header(textproto.CanonicalMIMEHeaderKey(name)), Word(value))
}

// Word encodes a header value that a reader would not give back as it is: text that looks like an encoded word, control
// characters, blanks that folding changes, and words that no line takes (RFC 2047). Other text beyond ASCII is encoded by who writes it.
func Word(s string) string {
	if !strings.Contains(s, "=?") && !strings.ContainsFunc(s, isControl) && strings.Join(strings.Fields(s), " ") == s && !hasLongWord(s) {
		return s
	}
	var words []string
	for s != "" {
		n := 0
		for n < len(s) && n < 40 {
			_, size := utf8.DecodeRuneInString(s[n:])
			n += size
		}
		words = append(words, "=?UTF-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

// hasLongWord reports whether no line takes a word of the text.
func hasLongWord(s string) bool {
	return slices.ContainsFunc(strings.Fields(s), func(w string) bool { return len(w) > maxWord })
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func pointers(list []mail.Address) []*mail.Address {
	out := make([]*mail.Address, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
