package bunstore

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// AddConsent is described by [sequence.Consents].
func (s *Store) AddConsent(ctx context.Context, c sequence.Consent) error {
	for _, text := range []string{c.Purpose, string(c.Action), c.Wording, c.Digest} {
		if !storable(text) {
			return fmt.Errorf("bunstore: add consent: %w: a field of the consent is not UTF-8 or holds NUL", leads.ErrInvalid)
		}
	}
	if !validTenant(c.Tenant) || !keyable(c.AddressKey) {
		return fmt.Errorf("bunstore: add consent: %w: Consent.Tenant or AddressKey", leads.ErrInvalid)
	}
	var id, lead, source, submission uid
	err := checkIDs(idField{"Consent.ID", c.ID, &id, false}, idField{"Consent.LeadID", c.LeadID, &lead, true},
		idField{"Consent.SourceID", c.SourceID, &source, true}, idField{"Consent.SubmissionID", c.SubmissionID, &submission, true})
	if err != nil {
		return fmt.Errorf("bunstore: add consent: %w", err)
	}
	e := s.engine
	return s.exec(ctx, "add consent", e.statements().addConsent, true, c.Tenant, e.id(id), c.AddressKey, e.optional(lead),
		c.Purpose, string(c.Action), c.Wording, c.Digest, e.optional(source), e.optional(submission), e.at(micro(c.At)))
}

// Consents is described by [sequence.Consents].
func (s *Store) Consents(ctx context.Context, tenant, addressKey string) (ledger []sequence.Consent, err error) {
	possible := validTenant(tenant) && keyable(addressKey)
	err = s.read(ctx, "consents", s.engine.statements().consents, possible, []any{tenant, addressKey}, func(scan scanFunc) error {
		var c sequence.Consent
		var id, lead, source, submission uid
		var at stamp
		err := scan(&c.Tenant, &id, &c.AddressKey, &lead, &c.Purpose, (*string)(&c.Action), &c.Wording, &c.Digest, &source, &submission, &at)
		c.ID, c.LeadID, c.SourceID, c.SubmissionID, c.At = id.String(), lead.String(), source.String(), submission.String(), at.Time
		ledger = append(ledger, c)
		return err
	})
	return ledger, err
}
