package desk

import (
	"context"
	"errors"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// Dossier is everything that is kept about one person, for the person (GDPR, article 15).
type Dossier struct {
	Lead        leads.Lead
	Submissions []ingest.Submission
	Events      []leads.Event
	Deliveries  []leads.Delivery
	Enrollments []sequence.Enrollment
	Consents    []sequence.Consent
	// Suppressed says for which purposes the person is not written to; "" stands for any.
	Suppressed []sequence.Suppression
}

// Dossier collects everything about one lead. For admins.
func (d *Desk) Dossier(ctx context.Context, u User, id string) (Dossier, error) {
	if err := may(u, Admin); err != nil {
		return Dossier{}, err
	}
	var x Dossier
	var errs [5]error
	if x.Lead, errs[0] = d.store.Lead(ctx, u.Tenant, id); errs[0] != nil {
		return Dossier{}, errs[0]
	}
	x.Submissions, errs[0] = d.store.Submissions(ctx, u.Tenant, id)
	x.Events, errs[1] = d.store.Events(ctx, u.Tenant, id)
	x.Deliveries, errs[2] = d.store.Deliveries(ctx, u.Tenant, id)
	x.Enrollments, errs[3] = d.store.Enrollments(ctx, sequence.EnrollmentQuery{Tenant: u.Tenant, LeadID: id, Limit: 1000})
	errs[4] = d.permissions(ctx, u, &x)
	if err := errors.Join(errs[:]...); err != nil {
		return Dossier{}, wrap("dossier", err)
	}
	d.audit(ctx, u, "lead.dossier", id, nil)
	return x, nil
}

// permissions finds what the person has agreed to, and where they have said stop.
func (d *Desk) permissions(ctx context.Context, u User, x *Dossier) error {
	if d.cfg.Sequencer == nil || x.Lead.Email == "" {
		return nil
	}
	key, err := d.cfg.Sequencer.AddressKey(ctx, u.Tenant, x.Lead.Email)
	if err != nil || key == "" {
		return nil // what is no address has agreed to nothing
	}
	var consentErr error
	x.Consents, consentErr = d.store.Consents(ctx, u.Tenant, key)
	x.Suppressed, err = d.store.Suppressed(ctx, u.Tenant, key)
	return errors.Join(consentErr, err)
}

// Erase removes a lead with everything that is about it, see [Leads.EraseLead], and what is quarantined under its address or number. Its address is suppressed by a keyed hash that does not tell
// it, so that nobody writes to the person again when an old list is imported. For admins.
func (d *Desk) Erase(ctx context.Context, u User, id string) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	lead, err := d.store.Lead(ctx, u.Tenant, id)
	if err != nil {
		return err
	}
	if s := d.cfg.Sequencer; s != nil && lead.Email != "" {
		err := s.Suppress(ctx, u.Tenant, lead.Email, "", sequence.ReasonErased)
		if err != nil && !errors.Is(err, leads.ErrInvalid) { // what is no address is written to by nobody
			return wrap("erase", err)
		}
	}
	if err := d.eraseQuarantined(ctx, u, lead); err != nil {
		return wrap("erase", err)
	}
	if err := d.store.EraseLead(ctx, u.Tenant, id); err != nil {
		return err
	}
	d.audit(ctx, u, "lead.erase", id, nil)
	return nil
}

// eraseQuarantined removes what the person has sent that was never taken in.
func (d *Desk) eraseQuarantined(ctx context.Context, u User, lead leads.Lead) error {
	const page = 500
	for after := ""; ; {
		subs, err := d.store.Quarantined(ctx, u.Tenant, after, page)
		if err != nil {
			return err
		}
		for _, sub := range subs {
			after = sub.ID
			if !samePerson(sub.Fields, lead.Fields) {
				continue
			}
			if err := d.store.DeleteQuarantined(ctx, u.Tenant, sub.ID); err != nil && !leads.IsNotFound(err) {
				return err
			}
		}
		if len(subs) < page {
			return nil
		}
	}
}

// samePerson reports whether two have an identity in common.
func samePerson(a, b ingest.Fields) bool {
	return a.Email != "" && identity(a.Email, "") == identity(b.Email, "") || a.Phone != "" && identity("", a.Phone) == identity("", b.Phone)
}

// identity is what leads are found by. What makes none is only the same when it is written alike.
func identity(email, phone string) leads.Identity {
	found := leads.Identify(ingest.Submission{Fields: ingest.Fields{Email: email, Phone: phone}})
	if found.Kind == leads.IdentityBody {
		return leads.Identity{Value: strings.ToLower(strings.TrimSpace(email + phone))}
	}
	return found
}
