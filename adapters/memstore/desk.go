package memstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// Route has decide choose who is responsible for a lead. See [notify.Desk]. decide is called under the Store's lock.
func (s *Store) Route(
	ctx context.Context, tenant, leadID string, decide func(notify.Book) (notify.Decision, error),
) (leads.Lead, error) {
	if err := s.beginLead(ctx, "route", key{tenant, leadID}); err != nil {
		return leads.Lead{}, err
	}
	defer s.mu.Unlock()
	lead := s.tables.leads[key{tenant, leadID}]
	decision, err := decide(s.book(lead))
	if err != nil {
		return leads.Lead{}, err
	}
	_, tasks, err := completed(tenant, leadID, nil, decision.Tasks)
	if err != nil {
		return leads.Lead{}, err
	}
	s.add(nil, tasks)
	if decision.State != nil {
		s.tables.routing[tenant] = slices.Clone(decision.State)
	}
	if decision.Assign.To == "" {
		return cloneLead(lead), nil
	}
	routed := cloneLead(lead)
	event, changed := routed.Assign(decision.Assign, s.now())
	if !changed {
		return cloneLead(lead), nil
	}
	s.record(event)
	return s.update(lead, routed), nil
}

// book is what a decision about the lead rests on.
func (s *Store) book(lead leads.Lead) notify.Book {
	b := notify.Book{Lead: cloneLead(lead), Open: make(map[string]int), State: slices.Clone(s.tables.routing[lead.Tenant])}
	owned := ""
	for k, other := range s.tables.leads {
		if k.tenant != lead.Tenant || other.Assignee == "" {
			continue
		}
		if open(other) {
			b.Open[other.Assignee]++
		}
		if d := domain(lead); d != "" && d == domain(other) && k.id != lead.ID && k.id > owned {
			owned, b.Owner = k.id, other.Assignee
		}
	}
	return b
}

// domain is the part of the lead's address after the @, in lower case, or "".
func domain(lead leads.Lead) string {
	at := strings.LastIndexByte(lead.Email, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(lead.Email[at+1:])
}

// open reports whether there is work on the lead.
func open(lead leads.Lead) bool {
	return lead.Status != leads.StatusConverted && lead.Status != leads.StatusClosed
}

// Unassigned returns the open leads that nobody is responsible for, oldest first. See [notify.Desk]. Its limits are those of
// [leads.Records].
func (s *Store) Unassigned(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
	if err := s.begin(ctx, "unassigned"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var found []leads.Lead
	for k, lead := range s.tables.leads {
		if k.tenant == tenant && lead.Assignee == "" && open(lead) {
			found = append(found, cloneLead(lead))
		}
	}
	slices.SortFunc(found, func(a, b leads.Lead) int { return cmp.Compare(a.ID, b.ID) })
	return found[:min(len(found), pageSize(limit))], nil
}
