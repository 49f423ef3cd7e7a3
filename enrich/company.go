package enrich

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich/lists"
	"github.com/openleads/leads/internal/emailaddr"
)

// Company learns the organisation behind a lead: [CompanyDomain], the registered domain of the email address, and
// [CompanyName], made from it ("mail.acme-tools.co.uk" is "Acme Tools"). A name that the lead gave wins over a made one, and one that
// was read on the homepage stays while it is fresh. Nothing is learned from the address of a private mailbox, a throw-away one or a
// forwarder. The zero value is ready for use; it asks nobody and has no errors.
type Company struct {
	// Own are the host's own domains, in lower-case ASCII: who writes from them or from below them has no company to learn of.
	Own []string
	// Classify tells what a domain is used for; it is given lower-case ASCII. Nil means [lists.Lookup].
	Classify func(domain string) lists.Entry
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
}

// Enrich learns about the lead's company.
func (c Company) Enrich(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	now := clockOr(c.Clock)
	var facts []leads.Fact
	domain, label := c.employer(lead.Email)
	if domain != "" {
		facts = append(facts, leads.Fact{
			Key: CompanyDomain, Truth: leads.Yes, Value: domain, Reason: "the registered domain of the email address", Source: "domain",
		})
	}
	if name := stated(lead.Company); name != "" {
		facts = append(facts, leads.Fact{Key: CompanyName, Truth: leads.Yes, Value: name, Reason: "as the lead gave it", Source: sourceLead})
	} else if label != "" && !hasBetterName(lead, domain, sourceDomain, now) {
		facts = append(facts, leads.Fact{Key: CompanyName, Truth: leads.Yes, Value: title(label), Reason: "made from " + domain, Source: sourceDomain})
	}
	return learned(lead, now, facts...), nil
}

// The sources of a company's name. Beside them there are those of the host's own parts.
const (
	sourceLead        = "lead"
	sourceDomain      = "domain"
	sourceJSONLD      = "homepage: JSON-LD"
	sourceSiteName    = "homepage: og:site_name"
	sourceApplication = "homepage: application-name"
	sourceTitle       = "homepage: title"
)

// nameRank orders names by where they come from: the organisation's own words for machines, then for people, then what we make of
// its domain. What the lead said is better, and what a host's own part says best: somebody chose to ask it.
func nameRank(source string) int {
	switch source {
	case sourceDomain:
		return 0
	case sourceTitle:
		return 1
	case sourceApplication:
		return 2
	case sourceSiteName:
		return 3
	case sourceJSONLD:
		return 4
	case sourceLead:
		return 5
	}
	return 6
}

// hasBetterName reports whether the lead has a fresh name for the same organisation from a better source. What the lead itself has said
// does not count: it has taken its word back.
func hasBetterName(lead leads.Lead, domain, source string, now time.Time) bool {
	old := lead.Enrichment[CompanyName]
	return old.Truth == leads.Yes && old.Fresh(now) && old.Source != sourceLead &&
		nameRank(old.Source) > nameRank(source) && lead.Enrichment.Value(CompanyDomain) == domain
}

// bestName leaves one company name among the facts, the one from the best source, and of two such the later.
func bestName(facts []leads.Fact) []leads.Fact {
	best := -1
	for i, f := range facts {
		if f.Key == CompanyName && f.Truth == leads.Yes && (best < 0 || nameRank(f.Source) >= nameRank(facts[best].Source)) {
			best = i
		}
	}
	if best < 0 {
		return facts
	}
	name := facts[best]
	return slices.DeleteFunc(facts, func(f leads.Fact) bool { return f.Key == CompanyName && f != name })
}

// employer returns the registered domain behind an address and the label that its owner chose, or nothing.
func (c Company) employer(email string) (domain, label string) {
	a, err := emailaddr.Parse(email)
	if err != nil || c.owns(a.Domain) {
		return "", ""
	}
	classify := c.Classify
	if classify == nil {
		classify = lists.Lookup
	}
	if classify(a.Domain).Class != lists.Business {
		return "", ""
	}
	domain, label = registered(a.Domain)
	if domain == "" || domain != a.Domain && classify(domain).Class != lists.Business {
		return "", ""
	}
	return domain, label
}

func (c Company) owns(domain string) bool {
	for _, own := range c.Own {
		if domain == own || strings.HasSuffix(domain, "."+own) {
			return true
		}
	}
	return false
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
