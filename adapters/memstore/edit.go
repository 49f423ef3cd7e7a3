package memstore

import (
	"context"

	"github.com/openleads/leads"
)

// Edit changes a lead outside of its tasks. See [leads.Editor]. edit is called under the Store's lock.
func (s *Store) Edit(
	ctx context.Context, tenant, leadID string, edit func(lead *leads.Lead) ([]leads.Event, []leads.Task, error),
) (leads.Lead, error) {
	if err := s.beginLead(ctx, "edit", key{tenant, leadID}); err != nil {
		return leads.Lead{}, err
	}
	defer s.mu.Unlock()
	lead := s.tables.leads[key{tenant, leadID}]
	edited := cloneLead(lead)
	events, tasks, err := edit(&edited)
	if err != nil {
		return leads.Lead{}, err
	}
	if events, tasks, err = completed(tenant, leadID, events, tasks); err != nil {
		return leads.Lead{}, err
	}
	if given, ok := leads.Reidentify(lead, &edited); ok {
		who := identity{tenant, given}
		if owner, taken := s.tables.identities[who]; taken && owner != leadID {
			return leads.Lead{}, &leads.TakenError{Kind: given.Kind, LeadID: owner}
		}
		s.tables.identities[who] = leadID
	}
	s.add(events, tasks)
	return s.update(lead, edited), nil
}
