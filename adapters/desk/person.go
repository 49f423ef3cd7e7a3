package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
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

// permissions finds what the person has agreed to, and where they have said stop, under every address that they have had.
func (d *Desk) permissions(ctx context.Context, u User, x *Dossier) error {
	if d.cfg.Sequencer == nil {
		return nil
	}
	var keys []string
	for _, address := range addresses(x.Lead, x.Submissions) {
		key, err := d.cfg.Sequencer.AddressKey(ctx, u.Tenant, address)
		if err != nil || key == "" || slices.Contains(keys, key) {
			continue // what is no address has agreed to nothing
		}
		keys = append(keys, key)
		consents, err := d.store.Consents(ctx, u.Tenant, key)
		suppressed, errSuppressed := d.store.Suppressed(ctx, u.Tenant, key)
		if err := errors.Join(err, errSuppressed); err != nil {
			return err
		}
		x.Consents, x.Suppressed = append(x.Consents, consents...), append(x.Suppressed, suppressed...)
	}
	return nil
}

// Erase removes a lead with everything that is about it, see [Leads.EraseLead], what is quarantined under an address or number of it, and what digests
// that are still to be sent say of it. Its addresses, former ones too, are suppressed by keyed hashes that do not tell them, so that nobody writes to
// the person again when an old list is imported. For admins.
func (d *Desk) Erase(ctx context.Context, u User, id string) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	lead, err := d.store.Lead(ctx, u.Tenant, id)
	if err != nil {
		return err
	}
	subs, err := d.store.Submissions(ctx, u.Tenant, id)
	if err != nil {
		return err
	}
	for _, address := range addresses(lead, subs) {
		if s := d.cfg.Sequencer; s != nil {
			err := s.Suppress(ctx, u.Tenant, address, "", sequence.ReasonErased)
			if err != nil && !errors.Is(err, leads.ErrInvalid) { // what is no address is written to by nobody
				return wrap("erase", err)
			}
		}
	}
	if err := d.eraseQuarantined(ctx, u, identities(lead, subs)); err != nil {
		return wrap("erase", err)
	}
	if err := d.store.EraseLead(ctx, u.Tenant, id); err != nil {
		return err
	}
	d.audit(ctx, u, "lead.erase", id, nil)
	return wrap("erase", notify.Forget(ctx, d.store, u.Tenant, id))
}

// eraseQuarantined removes what the person has sent that was never taken in.
func (d *Desk) eraseQuarantined(ctx context.Context, u User, person []leads.Identity) error {
	const page = 500
	for after := ""; ; {
		subs, err := d.store.Quarantined(ctx, u.Tenant, after, page)
		if err != nil {
			return err
		}
		for _, sub := range subs {
			after = sub.ID
			if !slices.ContainsFunc(identitiesOf(sub.Fields), func(i leads.Identity) bool { return slices.Contains(person, i) }) {
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

// addresses are the email addresses that a person has, has had and has given, each once.
func addresses(lead leads.Lead, subs []ingest.Submission) []string {
	all := []string{lead.Email}
	for _, i := range lead.Identities {
		if i.Kind == leads.IdentityEmail {
			all = append(all, i.Value)
		}
	}
	for _, sub := range subs {
		all = append(all, sub.Fields.Email)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(address string) bool { return address == "" })
}

// identities are what a person can be known by: addresses and numbers.
func identities(lead leads.Lead, subs []ingest.Submission) []leads.Identity {
	all := append(identitiesOf(lead.Fields), lead.Identities...)
	for _, sub := range subs {
		all = append(all, identitiesOf(sub.Fields)...)
	}
	return all
}

func identitiesOf(f ingest.Fields) (found []leads.Identity) {
	if f.Email != "" {
		found = append(found, identity(f.Email, ""))
	}
	if f.Phone != "" {
		found = append(found, identity("", f.Phone))
	}
	return found
}

// identity is what leads are found by. What makes none is only the same when it is written alike.
func identity(email, phone string) leads.Identity {
	found := leads.Identify(ingest.Submission{Fields: ingest.Fields{Email: email, Phone: phone}})
	if found.Kind == leads.IdentityBody {
		return leads.Identity{Value: strings.ToLower(strings.TrimSpace(email + phone))}
	}
	return found
}
