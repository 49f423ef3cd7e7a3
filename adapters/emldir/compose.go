package emldir

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/openleads/leads"
)

const (
	maxAddress = 254 // bytes, RFC 5321
	maxHeader  = 8192
	maxWord    = 900 // bytes without a blank, where a line can be folded; RFC 5322 limits a line to 998
)

// The header fields that carry a mail's tags and variables.
const (
	tagsHeader      = "X-Leads-Tags"
	variablesHeader = "X-Leads-Variable-"
)

// compose makes the message. Its errors name the field of the mail.
func compose(m leads.Email, now time.Time) (*gomail.Msg, error) {
	if err := check(m); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.From)
	msg.ToMailAddress(pointers(m.To)...)
	msg.ReplyToMailAddress(pointers(m.ReplyTo)...)
	msg.Subject(word(m.Subject))
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(m.MessageID)
	for name, value := range m.Headers {
		msg.SetGenHeader(gomail.Header(textproto.CanonicalMIMEHeaderKey(name)), word(value))
	}
	if len(m.Tags) > 0 {
		msg.SetGenHeader(tagsHeader, word(strings.Join(m.Tags, ", ")))
	}
	for name, value := range m.Variables {
		msg.SetGenHeader(gomail.Header(textproto.CanonicalMIMEHeaderKey(variablesHeader+name)), word(value))
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// check reports every field that cannot be written.
func check(m leads.Email) error {
	var errs []error
	add := func(field string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("emldir: Email.%s: %w", field, err))
		}
	}
	add("From", checkAddress(m.From))
	if len(m.To) == 0 {
		add("To", errors.New("a recipient is required"))
	}
	for i, a := range m.To {
		add(fmt.Sprintf("To[%d]", i), checkAddress(a))
	}
	for i, a := range m.ReplyTo {
		add(fmt.Sprintf("ReplyTo[%d]", i), checkAddress(a))
	}
	add("Subject", checkValue(m.Subject))
	add("MessageID", checkMessageID(m.MessageID))
	for i, tag := range m.Tags {
		add(fmt.Sprintf("Tags[%d]", i), checkValue(tag))
	}
	add("Headers", checkFields("", m.Headers))
	add("Variables", checkFields(variablesHeader, m.Variables))
	return errors.Join(errs...)
}

func checkAddress(a mail.Address) error {
	if err := checkValue(a.Name); err != nil {
		return fmt.Errorf("the name: %w", err)
	}
	if slices.ContainsFunc(strings.Fields(a.Name), func(w string) bool { return len(w) > maxWord }) {
		return errors.New("the name is too long")
	}
	if len(a.Address) > maxAddress {
		return fmt.Errorf("the address is longer than %d bytes", maxAddress)
	}
	parsed, err := mail.ParseAddress("<" + a.Address + ">")
	if err != nil || parsed.Address != a.Address || strings.ContainsFunc(a.Address, isControl) {
		return fmt.Errorf("%q is not an email address", a.Address)
	}
	return nil
}

// checkValue refuses what would end a header line or cannot be written in one.
func checkValue(s string) error {
	switch {
	case strings.ContainsAny(s, "\r\n\x00"):
		return errors.New("it holds a line break or NUL")
	case !utf8.ValidString(s):
		return errors.New("it is not valid UTF-8")
	case len(s) > maxHeader:
		return fmt.Errorf("it is longer than %d bytes", maxHeader)
	}
	return nil
}

// checkMessageID takes the dot-atoms of RFC 5322 around an @.
func checkMessageID(s string) error {
	left, right, ok := strings.Cut(s, "@")
	if !ok || !atoms(left) || !atoms(right) || len(s) > maxAddress {
		return fmt.Errorf("%q is not a Message-ID without its angle brackets", s)
	}
	return nil
}

func atoms(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// ours are the header fields that other fields of a mail, or the writer, decide.
var ours = map[string]bool{
	"From": true, "To": true, "Cc": true, "Bcc": true, "Reply-To": true, "Sender": true, "Subject": true, "Date": true,
	"Message-Id": true, "Mime-Version": true, "Return-Path": true, "Received": true, tagsHeader: true,
}

// checkFields checks header fields by name, written with prefix before each.
func checkFields(prefix string, fields map[string]string) error {
	var errs []error
	seen := make(map[string]bool, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		key := textproto.CanonicalMIMEHeaderKey(prefix + name)
		err := checkValue(fields[name])
		switch {
		case name == "" || len(key) > 76 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }):
			err = errors.New("this is not a header name")
		case prefix == "" && (ours[key] || strings.HasPrefix(key, "Content-") || strings.HasPrefix(key, variablesHeader)):
			err = errors.New("this header is not free to be set")
		case seen[key]:
			err = errors.New("this header is set twice")
		}
		seen[key] = true
		if err != nil {
			errs = append(errs, fmt.Errorf("[%q]: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// word encodes a header value that a reader would not give back as it is: text that looks like an encoded word, control
// characters, blanks that folding changes, and words that no line takes (RFC 2047). Other text beyond ASCII is encoded by go-mail.
func word(s string) string {
	long := func(w string) bool { return len(w) > maxWord }
	if !strings.Contains(s, "=?") && !strings.ContainsFunc(s, isControl) && strings.Join(strings.Fields(s), " ") == s &&
		!slices.ContainsFunc(strings.Fields(s), long) {
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

func pointers(list []mail.Address) []*mail.Address {
	out := make([]*mail.Address, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
