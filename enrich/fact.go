package enrich

import (
	"slices"
	"time"

	"github.com/openleads/leads"
)

// The keys of the facts that this package learns.
const (
	// EmailValid tells whether the address is one; Value is the address with its domain in lower-case ASCII.
	EmailValid = "email.valid"
	// EmailClass is what kind of address it is; Value is one of the Class constants.
	EmailClass = "email.class"
	// EmailDeliverable tells whether the domain takes mail; Value is the domain.
	EmailDeliverable = "email.deliverable"
	// EmailSuggestion tells whether the domain looks like a slip of the fingers; Value is the address that was probably meant.
	EmailSuggestion = "email.suggestion"
	// CompanyDomain is the domain that the organisation has registered.
	CompanyDomain = "company.domain"
	// CompanyName is the organisation's name.
	CompanyName = "company.name"
	// CompanyDescription is what the organisation says of itself, in a sentence or two of plain text.
	CompanyDescription = "company.description"
	// CompanyHomepage tells whether the organisation's homepage was read; Value is the domain.
	CompanyHomepage = "company.homepage"
)

// How long facts hold.
const (
	keepYes     = 30 * 24 * time.Hour
	keepNo      = 7 * 24 * time.Hour
	keepUnknown = time.Hour
)

// learned stamps facts with their time and expiry, and leaves out those that the lead has just so and still fresh.
func learned(lead leads.Lead, now time.Time, facts ...leads.Fact) []leads.Fact {
	for i, f := range facts {
		keep := keepUnknown
		switch f.Truth {
		case leads.Yes:
			keep = keepYes
		case leads.No:
			keep = keepNo
		}
		facts[i].At, facts[i].Expires = now, now.Add(keep)
	}
	return slices.DeleteFunc(facts, func(f leads.Fact) bool {
		old, ok := lead.Enrichment[f.Key]
		f.At, f.Expires = old.At, old.Expires
		return ok && old.Fresh(now) && old == f
	})
}

// clockOr returns the present in UTC and whole microseconds, as it is stored.
func clockOr(clock func() time.Time) time.Time {
	if clock == nil {
		clock = time.Now
	}
	return clock().UTC().Truncate(time.Microsecond)
}
