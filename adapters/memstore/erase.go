package memstore

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// EraseLead removes a lead with everything that is about it. See [desk.Leads].
func (s *Store) EraseLead(ctx context.Context, tenant, leadID string) error {
	k := key{tenant, leadID}
	if err := s.beginLead(ctx, "erase lead", k); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.erase(k)
	return nil
}

func (s *Store) erase(k key) {
	t := &s.tables
	delete(t.leads, k)
	delete(t.timelines, k)
	for _, id := range t.arrivals[k] {
		s.forget(key{k.tenant, id})
	}
	delete(t.arrivals, k)
	maps.DeleteFunc(t.identities, func(who identity, leadID string) bool { return who.tenant == k.tenant && leadID == k.id })
	maps.DeleteFunc(t.tasks, func(_ key, task leads.Task) bool { return task.Tenant == k.tenant && task.LeadID == k.id })
	maps.DeleteFunc(t.deliveries, func(_ key, d leads.Delivery) bool { return d.Tenant == k.tenant && d.LeadID == k.id })
	for task, names := range t.effects {
		t.effects[task] = slices.DeleteFunc(names, func(name string) bool { _, there := t.deliveries[key{task.tenant, name}]; return !there })
	}
	for name, d := range t.deliveries {
		if d.Tenant == k.tenant && leadless(d) {
			d.Body = nil
			t.deliveries[name] = d
		}
	}
	maps.DeleteFunc(t.enrollments, func(_ key, e sequence.Enrollment) bool { return e.Tenant == k.tenant && e.LeadID == k.id })
	s.anonymise(k)
}

// anonymise takes the lead out of the ledger of consents, whose entries stay.
func (s *Store) anonymise(lead key) {
	nobody := key{lead.tenant, ""}
	for k, entries := range s.tables.consents {
		if k.tenant != lead.tenant {
			continue
		}
		var others []sequence.Consent
		for _, c := range entries {
			if c.LeadID != lead.id {
				others = append(others, c)
				continue
			}
			c.LeadID, c.AddressKey = "", ""
			s.tables.consents[nobody] = append(s.tables.consents[nobody], c)
		}
		if k != nobody {
			s.tables.consents[k] = others
		}
	}
}

// forget removes a submission with its idempotency key.
func (s *Store) forget(k key) {
	sub := s.tables.submissions[k]
	delete(s.tables.submissions, k)
	if used := (idempotency{sub.Tenant, sub.SourceID, sub.Key}); s.tables.keys[used] == sub.ID {
		delete(s.tables.keys, used)
	}
}

// Expire removes what need not be kept any longer. See [desk.Retention].
func (s *Store) Expire(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
	if err := s.begin(ctx, "expire"); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	return s.expireLeads(tenant, before, limit) + s.expireSubmissions(tenant, before, limit) + s.expireEvents(tenant, before.Events, limit), nil
}

func (s *Store) expireLeads(tenant string, before desk.Expiry, limit int) int {
	erased, cleared := 0, 0
	for k, lead := range s.tables.leads {
		switch {
		case k.tenant != tenant:
		case !open(lead) && lead.UpdatedAt.Before(before.Leads) && erased < limit:
			s.erase(k)
			erased++
		case cleared < limit && (tells(lead.First, before.Clients) || tells(lead.Last, before.Clients)):
			changed := cloneLead(lead)
			for _, touch := range []*leads.Touch{&changed.First, &changed.Last} {
				if tells(*touch, before.Clients) {
					touch.Client, touch.UserAgent = netip.Addr{}, ""
				}
			}
			s.update(lead, changed)
			cleared++
		}
	}
	return erased + cleared
}

// tells reports whether a touch is older than before and tells who the client was.
func tells(t leads.Touch, before time.Time) bool {
	return t.At.Before(before) && (t.Client.IsValid() || t.UserAgent != "")
}

func (s *Store) expireSubmissions(tenant string, before desk.Expiry, limit int) int {
	removed, emptied, cleared := 0, 0, 0
	for k, sub := range s.tables.submissions {
		if k.tenant != tenant {
			continue
		}
		if sub.Verdict == ingest.Quarantined && sub.Received.Before(before.Quarantined) && removed < limit {
			s.forget(k)
			removed++
			continue
		}
		if len(sub.Raw) > 0 && sub.Received.Before(before.Raw) && emptied < limit {
			sub.Raw = nil
			emptied++
		}
		if (sub.Client.IsValid() || sub.UserAgent != "") && sub.Received.Before(before.Clients) && cleared < limit {
			sub.Client, sub.UserAgent = netip.Addr{}, ""
			cleared++
		}
		s.tables.submissions[k] = sub
	}
	return removed + emptied + cleared
}

func (s *Store) expireEvents(tenant string, before time.Time, limit int) int {
	removed := 0
	for k, timeline := range s.tables.timelines {
		if k.tenant == tenant {
			s.tables.timelines[k] = slices.DeleteFunc(timeline, func(e leads.Event) bool {
				old := e.At.Before(before) && removed < limit
				if old {
					removed++
				}
				return old
			})
		}
	}
	return removed
}
