package enrich

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich/lists"
	"github.com/openleads/leads/internal/emailaddr"
)

// Company learns the organisation behind a lead: [CompanyDomain], the registered domain of the email address, and
// [CompanyName], made from it ("mail.acme-tools.co.uk" is "Acme Tools"). A name that the lead gave wins over a made one. Nothing is
// learned from the address of a private mailbox, a throw-away one or a forwarder. The zero value is ready for use; it asks nobody and
// has no errors.
type Company struct {
	// Classify tells what a domain is used for; it is given lower-case ASCII. Nil means [lists.Lookup].
	Classify func(domain string) lists.Entry
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
}

// Enrich learns about the lead's company.
func (c Company) Enrich(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	var facts []leads.Fact
	domain, made := c.fromEmail(lead.Email)
	if domain != "" {
		facts = append(facts, leads.Fact{
			Key: CompanyDomain, Truth: leads.Yes, Value: domain, Reason: "the registered domain of the email address", Source: "domain",
		})
	}
	if name := stated(lead.Company); name != "" {
		facts = append(facts, leads.Fact{Key: CompanyName, Truth: leads.Yes, Value: name, Reason: "as the lead gave it", Source: "lead"})
	} else if made != "" {
		facts = append(facts, leads.Fact{Key: CompanyName, Truth: leads.Yes, Value: made, Reason: "made from " + domain, Source: "domain"})
	}
	return learned(lead, clockOr(c.Clock), facts...), nil
}

// fromEmail returns the registered domain behind an address and the name made from it, or nothing.
func (c Company) fromEmail(email string) (domain, name string) {
	a, err := emailaddr.Parse(email)
	if err != nil {
		return "", ""
	}
	classify := c.Classify
	if classify == nil {
		classify = lists.Lookup
	}
	if classify(a.Domain).Class != lists.Business {
		return "", ""
	}
	domain, label := registered(a.Domain)
	if domain == "" || classify(domain).Class != lists.Business {
		return "", ""
	}
	return domain, title(label)
}

// registered returns the part of a domain that somebody has registered, and the label that they chose. There is none for a bare
// public suffix (co.uk) and for a top-level domain that is not in the DNS (.internal, .test).
func registered(domain string) (name, label string) {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	switch {
	case !icann && !strings.Contains(suffix, "."):
		return "", ""
	case !icann && suffix == domain:
		// The operator of a private suffix (github.io) writes from it. Its own domain follows ICANN's rules only.
		_, parent, _ := strings.Cut(domain, ".")
		if suffix, icann = publicsuffix.PublicSuffix(parent); !icann {
			return "", ""
		}
	}
	below, ok := strings.CutSuffix(domain, "."+suffix)
	if !ok {
		return "", ""
	}
	label = below[strings.LastIndexByte(below, '.')+1:]
	return label + "." + suffix, label
}

// title makes a name of a label: words in title case, initials in capitals.
func title(label string) string {
	if decoded, err := idna.ToUnicode(label); err == nil {
		label = decoded
	}
	words := strings.FieldsFunc(label, func(r rune) bool { return r == '-' })
	for i, word := range words {
		if isInitials(word, len(words) == 1) {
			words[i] = strings.ToUpper(word)
			continue
		}
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToTitle(first)) + word[size:]
	}
	return strings.Join(words, " ")
}

// isInitials guesses whether a word is an abbreviation: up to three letters standing alone (ibm, sap), up to four without a vowel (kpmg).
func isInitials(word string, alone bool) bool {
	return alone && len(word) <= 3 || len(word) <= 4 && !strings.ContainsAny(word, "aeiouy")
}

// maxName bounds a company's name, in bytes.
const maxName = 200

// stated returns the company that a lead gave, in one line, or "" for what people type when they have none.
func stated(company string) string {
	name := strings.Join(strings.Fields(company), " ")
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	switch strings.ToLower(strings.Trim(name, " .-_/")) {
	case "", "na", "n/a", "none", "no", "nil", "null", "test", "self", "private", "individual", "personal", "x", "xx", "xxx",
		"keine", "privat", "aucune", "ninguna", "nenhuma", "particulier", "particular":
		return ""
	}
	return name
}
