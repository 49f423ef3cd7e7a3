// Package emailaddr parses email addresses by one policy, for identities and for enrichment alike.
package emailaddr

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The reasons for which an address is refused.
var (
	ErrEmpty  = errors.New("the address is empty")
	ErrSyntax = errors.New("this is not an email address")
	ErrLocal  = errors.New("the part before the @ is longer than 64 bytes or has characters that no provider takes")
	ErrDomain = errors.New("the domain is not a valid host name")
	ErrLength = errors.New("the address is longer than 254 bytes")
)

// Address is a parsed address: the local part as typed and the domain in lower-case ASCII (punycode).
type Address struct {
	Local  string
	Domain string
}

// profile is stricter than idna.Lookup, which takes empty labels.
var profile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.Transitional(false))

// Parse parses a bare address; surrounding blanks are ignored. Limits are those of RFC 5321: 64 bytes for the local part, 254
// for the whole. Display names, comments, quoted local parts, address literals and single-label domains are refused.
func Parse(s string) (Address, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return Address{}, ErrEmpty
	case len(s) > 254:
		return Address{}, ErrLength
	}
	if a, ok := parseASCII(s); ok {
		return a, nil
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s {
		return Address{}, ErrSyntax
	}
	at := strings.LastIndexByte(s, '@')
	local := s[:at]
	if len(local) > 64 || strings.ContainsFunc(local, unusable) {
		return Address{}, ErrLocal
	}
	domain, err := Domain(s[at+1:])
	if err != nil {
		return Address{}, err
	}
	if len(local)+1+len(domain) > 254 {
		return Address{}, ErrLength
	}
	return Address{Local: local, Domain: domain}, nil
}

// unusable tells what no provider gives out: quoting, blanks of any script, control characters, and invisible or bidirectional
// marks, with which an address would look like another.
func unusable(r rune) bool {
	return r == '"' || r == '\\' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// Domain returns the domain in lower-case ASCII. It refuses address literals, single labels and anything that is no host name.
func Domain(s string) (string, error) {
	domain, err := profile.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || !strings.Contains(domain, ".") {
		return "", ErrDomain
	}
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if strings.Trim(last, "0123456789") == "" { // an IPv4 address
		return "", ErrDomain
	}
	return domain, nil
}

// parseASCII takes the plain addresses that nearly all are, without allocating more than the lower-case domain.
func parseASCII(s string) (Address, bool) {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > 64 || at == len(s)-1 {
		return Address{}, false
	}
	local, domain := s[:at], s[at+1:]
	for i := range len(local) {
		c := local[i]
		dot := c == '.' && i > 0 && i < len(local)-1 && local[i-1] != '.'
		if !dot && !alphanumeric(c) && c != '_' && c != '-' && c != '+' {
			return Address{}, false
		}
	}
	dots, label := 0, 0
	for i := range len(domain) {
		switch c := domain[i]; {
		case alphanumeric(c):
			label++
		case c == '.' && label > 0:
			dots, label = dots+1, 0
		default: // hyphens have rules of their own (xn--), which the slow path knows
			return Address{}, false
		}
		if label > 63 {
			return Address{}, false
		}
	}
	if dots == 0 || label == 0 || len(domain) > 253 || domain[len(domain)-1] <= '9' {
		return Address{}, false
	}
	return Address{Local: local, Domain: lower(domain)}, true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// lower folds ASCII letters only: Unicode case folding differs between Go and the databases (İ).
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// String returns the address with its domain in ASCII.
func (a Address) String() string { return a.Local + "@" + a.Domain }

// tagged are the providers (besides Gmail) that deliver local+tag to local.
var tagged = map[string]bool{
	"outlook.com": true, "hotmail.com": true, "live.com": true, "fastmail.com": true, "fastmail.fm": true,
	"proton.me": true, "protonmail.com": true, "pm.me": true, "icloud.com": true, "me.com": true, "mac.com": true,
}

// Canonical returns the form by which two spellings of one mailbox are known to be the same: the local part folded in ASCII,
// Gmail's dots and "+tag" taken out, "+tag" taken out at providers that are known to ignore it. It is an identity, not an
// address to write to.
func (a Address) Canonical() string {
	local, domain := lower(a.Local), a.Domain
	gmail := domain == "gmail.com" || domain == "googlemail.com"
	if gmail {
		domain = "gmail.com"
		local = strings.ReplaceAll(local, ".", "") // before the tag goes, so that "a.+b" and "a+b" end alike
	}
	if gmail || tagged[domain] {
		if base, _, ok := strings.Cut(local, "+"); ok && base != "" && !strings.HasSuffix(base, ".") {
			local = base
		}
	}
	return local + "@" + domain
}
