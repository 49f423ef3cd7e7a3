package sequence

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// Suppress stops everything that writes to an address for a purpose; "" means every purpose, transactional mails too. The address is kept as a keyed hash,
// so that it outlives the person's data. No mail is begun once Suppress has returned, in whatever process. An address that is suppressed for the
// purpose already stays so, and its enrolments are ended again. It returns an error that wraps [leads.ErrInvalid] for what is no address.
func (s *Sequencer) Suppress(ctx context.Context, tenant, address, purpose string, reason Reason) error {
	key, err := s.AddressKey(ctx, tenant, address)
	if err != nil {
		return err
	}
	_, err = s.suppress(ctx, Suppression{Tenant: tenant, Key: key, Purpose: purpose, Reason: reason})
	return err
}

// Unsuppress lets an address be written to again for a purpose. What was stopped is not started again. It is for people who ask for it
// themselves: after an unsubscription no form lifts the stop, since anybody can submit anybody's address.
func (s *Sequencer) Unsuppress(ctx context.Context, tenant, address, purpose string) error {
	key, err := s.AddressKey(ctx, tenant, address)
	if err != nil {
		return err
	}
	return s.store.Unsuppress(ctx, tenant, key, purpose)
}

// AddressKey returns the keyed hash of an address, by which its suppressions, consents and enrolments are found. It returns an error that
// wraps [leads.ErrInvalid] for what is no address.
func (s *Sequencer) AddressKey(ctx context.Context, tenant, address string) (string, error) {
	a, err := emailaddr.Parse(address)
	if err != nil {
		return "", fmt.Errorf("%w: the address: %w", leads.ErrInvalid, err)
	}
	if s.store == nil {
		return "", errNoStore
	}
	ring, err := s.keys(ctx)
	if err != nil {
		return "", err
	}
	return ring.addressKey(tenant, a), nil
}

// suppress stores a stop and ends what it stops. It returns what it has ended.
//
// Why no mail begins after it has returned: a mail begins with the storing of its delivery, in a transaction that fails if the task is gone
// ([leads.Ledger.Once]). An enrolment that is there when EndEnrollments commits loses its task in that transaction, and with it the chance to begin a
// mail. One that is made later, or made active again, is looked at by Step after that commit, and Step looks at the suppressions, which were
// stored before, between claiming and beginning. So the order of the two calls below matters: the other way round, an enrolment made between them
// by somebody who had looked before would be neither ended nor stopped.
func (s *Sequencer) suppress(ctx context.Context, stop Suppression) ([]Enrollment, error) {
	stop.At = s.now()
	if err := s.store.Suppress(ctx, stop); err != nil {
		return nil, err
	}
	if stop.Purpose == "" {
		return s.store.EndEnrollments(ctx, EnrollmentQuery{Tenant: stop.Tenant, AddressKey: stop.Key}, reasonOf(stop), stop.At)
	}
	return s.endPurpose(ctx, stop)
}

// endPurpose ends the enrolments of an address in the sequences of one purpose.
func (s *Sequencer) endPurpose(ctx context.Context, stop Suppression) ([]Enrollment, error) {
	var ended []Enrollment
	which := EnrollmentQuery{Tenant: stop.Tenant, AddressKey: stop.Key, States: []State{Pending, Active, Paused}, Limit: 1000}
	for {
		page, err := s.store.Enrollments(ctx, which)
		if err != nil {
			return ended, err
		}
		for _, e := range page {
			purpose, err := s.purposeOf(ctx, e)
			if err != nil {
				return ended, err
			}
			if purpose != stop.Purpose {
				continue
			}
			some, err := s.store.EndEnrollments(ctx, EnrollmentQuery{Tenant: e.Tenant, ID: e.ID}, reasonOf(stop), stop.At)
			if err != nil {
				return ended, err
			}
			ended = append(ended, some...)
		}
		if len(page) < which.Limit {
			return ended, nil
		}
		which.After = page[len(page)-1].ID
	}
}

// purposeOf returns what the mails of an enrolment's sequence are for. A sequence that is gone is taken for marketing.
func (s *Sequencer) purposeOf(ctx context.Context, e Enrollment) (string, error) {
	d, err := s.definition(ctx, e.Tenant, e.SequenceID, e.Version)
	if leads.IsNotFound(err) {
		return Definition{}.purpose(), nil
	}
	return d.purpose(), err
}
