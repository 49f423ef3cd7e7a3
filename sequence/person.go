package sequence

import (
	"context"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/emailaddr"
)

// The facts by which an address is known that sequences do not write to of themselves, and their values; package enrich learns them.
const (
	factValid       = "email.valid"
	factDeliverable = "email.deliverable"
	factClass       = "email.class"
	classDisposable = "disposable"
	classRole       = "role"
)

// person is whom a sequence may write to, and what is known about whether it may.
type person struct {
	lead    leads.Lead
	address emailaddr.Address
	key     string // the hash of the address, or "" where there is none
	stops   []Suppression
	source  ingest.Source
	// trusted is set when whoever sent the newest submission vouches for the address.
	trusted bool
	// granted are the purposes that the person has agreed to, and requested those for which a confirmation is wanted.
	granted, requested []string
}

// person looks up what is known about a lead's address.
func (s *Sequencer) person(ctx context.Context, lead leads.Lead) (person, error) {
	p := person{lead: lead}
	if err := s.come(ctx, &p); err != nil {
		return p, err
	}
	address, err := emailaddr.Parse(lead.Email)
	if err != nil {
		return p, nil // nobody to write to
	}
	ring, err := s.keys(ctx)
	if err != nil {
		return p, err
	}
	p.address, p.key = address, ring.addressKey(lead.Tenant, address)
	if p.stops, err = s.store.Suppressed(ctx, lead.Tenant, p.key); err != nil {
		return p, err
	}
	entries, err := s.store.Consents(ctx, lead.Tenant, p.key)
	if err != nil {
		return p, err
	}
	if entries, err = s.agree(ctx, p, entries); err != nil {
		return p, err
	}
	p.granted, p.requested = agreed(entries)
	return p, nil
}

// come finds out where the newest submission came from. What Go code of the host has captured, without a source, is trusted; what came
// through a source that is gone is not.
func (s *Sequencer) come(ctx context.Context, p *person) error {
	if p.lead.Last.SourceID == "" {
		p.trusted = true
		return nil
	}
	source, err := s.store.Source(ctx, p.lead.Tenant, p.lead.Last.SourceID)
	if leads.IsNotFound(err) {
		return nil
	}
	p.source, p.trusted = source, source.Trusted
	return err
}

// writable reports whether sequences write to the address of themselves: it is one, its domain takes mail, and it is that of a person and
// neither thrown away after use nor a shared mailbox such as info@. What is not known counts for the address.
func (p person) writable() bool {
	facts := p.lead.Enrichment
	class := facts.Value(factClass)
	return p.key != "" && facts[factValid].Truth != leads.No && facts[factDeliverable].Truth != leads.No &&
		class != classDisposable && class != classRole
}

// stopped returns why the address may not be written to for a purpose, or "".
func stopped(stops []Suppression, purpose string) Reason {
	for _, stop := range stops {
		if stop.Purpose == "" || stop.Purpose == purpose {
			return reasonOf(stop)
		}
	}
	return ""
}

func reasonOf(stop Suppression) Reason {
	switch stop.Reason {
	case ReasonUnsubscribed, ReasonComplaint, ReasonBounce:
		return stop.Reason
	}
	return ReasonSuppressed
}

// agreed reads the ledger: which purposes stand agreed to, and which wait for a confirmation. A withdrawal of "" withdraws all.
func agreed(entries []Consent) (granted, requested []string) {
	for _, c := range entries {
		other := func(purpose string) bool {
			return purpose == c.Purpose || c.Action == ConsentWithdrawn && c.Purpose == ""
		}
		switch c.Action {
		case ConsentRequested:
			requested = append(slices.DeleteFunc(requested, other), c.Purpose)
			continue
		case ConsentGranted:
			granted = append(slices.DeleteFunc(granted, other), c.Purpose)
		case ConsentWithdrawn:
			granted = slices.DeleteFunc(granted, other)
		}
		requested = slices.DeleteFunc(requested, other)
	}
	return granted, requested
}

// unconfirmed reports whether the person has to be asked before a sequence writes. Who has confirmed once, for whatever purpose, has shown
// that the address is theirs; a source with double opt-in asks for its own purpose all the same.
func (s *Sequencer) unconfirmed(p person, purpose string) bool {
	if p.source.Consent.DoubleOptIn && purpose == p.source.Consent.Purpose && !slices.Contains(p.granted, purpose) {
		return true
	}
	return !p.trusted && !s.opts.AllowUnconfirmed && len(p.granted) == 0
}

// recently reports whether something was at most 24 hours ago.
func recently(at, now time.Time) bool { return now.Sub(at) < day }
