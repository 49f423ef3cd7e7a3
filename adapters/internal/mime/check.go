package mime

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openleads/leads"
)

const (
	maxAddress = 254  // bytes, RFC 5321
	maxValue   = 8192 // bytes of one header value
	maxWord    = 900  // bytes without a blank, where a line can be folded; RFC 5322 limits a line to 998
	maxName    = 76   // bytes of a header name
)

// fieldError is what is wrong with a field, named as the caller wrote it.
type fieldError struct {
	field string
	error
}

// Error begins with "Email.Subject: ".
func (e fieldError) Error() string { return "Email." + e.field + ": " + e.error.Error() }

// Unwrap returns the fault.
func (e fieldError) Unwrap() error { return e.error }

// check reports every field that cannot be sent.
func check(m leads.Email) error {
	var errs []error
	add := func(field string, err error) {
		if err != nil {
			errs = append(errs, fieldError{field, err})
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
	add("Variables", checkFields(VariablesHeader, m.Variables))
	return errors.Join(errs...)
}

func checkAddress(a mail.Address) error {
	if err := checkValue(a.Name); err != nil {
		return fmt.Errorf("the name: %w", err)
	}
	if hasLongWord(a.Name) {
		return errors.New("the name is too long")
	}
	if len(a.Address) > maxAddress {
		return fmt.Errorf("the address is longer than %d bytes", maxAddress)
	}
	parsed, err := mail.ParseAddress("<" + a.Address + ">")
	if err != nil || parsed.Address != a.Address || strings.ContainsFunc(a.Address, isControl) {
		return errors.New("this is not an email address")
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
	case len(s) > maxValue:
		return fmt.Errorf("it is longer than %d bytes", maxValue)
	}
	return nil
}

// checkMessageID takes the dot-atoms of RFC 5322 around an @.
func checkMessageID(s string) error {
	left, right, ok := strings.Cut(s, "@")
	if !ok || !atoms(left) || !atoms(right) || len(s) > maxAddress {
		return errors.New("this is not a Message-ID without its angle brackets")
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
	"Message-Id": true, "Mime-Version": true, "Return-Path": true, "Received": true, TagsHeader: true,
}

// checkFields checks header fields by name, written with prefix before each.
func checkFields(prefix string, fields map[string]string) error {
	var errs []error
	seen := make(map[string]bool, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		key := textproto.CanonicalMIMEHeaderKey(prefix + name)
		err := checkValue(fields[name])
		switch {
		case !isHeaderName(name) || len(key) > maxName:
			err = errors.New("this is not a header name")
		case prefix == "" && (ours[key] || strings.HasPrefix(key, "Content-") || strings.HasPrefix(key, "Resent-") || strings.HasPrefix(key, VariablesHeader)):
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

// isHeaderName takes letters, digits and a few marks: less than RFC 5322 allows, and all that is in use.
func isHeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}
