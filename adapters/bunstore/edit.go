package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// Edit is described by [leads.Editor].
func (s *Store) Edit(
	ctx context.Context, tenant, leadID string, edit func(lead *leads.Lead) ([]leads.Event, []leads.Task, error),
) (leads.Lead, error) {
	return s.onLead(ctx, "edit", tenant, leadID, func(ctx context.Context, t tx, row *leadRow) (refused, err error) {
		if err := s.lockLead(ctx, t, row); err != nil {
			return nil, err
		}
		lead, err := row.lead()
		if err != nil {
			return nil, err
		}
		was := leads.Lead{Fields: lead.Fields, Identities: slices.Clone(lead.Identities)}
		events, tasks, refused := edit(&lead)
		if refused == nil {
			refused, err = s.reidentify(ctx, t, row, was, &lead)
		}
		if refused != nil || err != nil {
			return refused, err
		}
		return nil, s.storeLead(ctx, t, row, &lead, events, tasks)
	})
}

// reidentify has the lead be found by what an edit has given it, unless another lead is.
func (s *Store) reidentify(ctx context.Context, t tx, row *leadRow, was leads.Lead, edited *leads.Lead) (taken, err error) {
	given, ok := leads.Reidentify(was, edited)
	if !ok {
		return nil, nil
	}
	p := person{tenant: row.TenantID, identity: given, proposed: row.ID}
	if err := s.engine.findPeople(ctx, t, []*person{&p}); err != nil || p.leadID == row.ID {
		return nil, err
	}
	return &leads.TakenError{Kind: given.Kind, LeadID: p.leadID.String()}, nil
}

// onLead has work change a lead under lock and returns it as work leaves the row. What work refuses is returned as it is, and undone.
func (s *Store) onLead(
	ctx context.Context, operation, tenant, leadID string, work func(ctx context.Context, t tx, row *leadRow) (refused, err error),
) (leads.Lead, error) {
	id, ok := parseID(leadID)
	if !ok || !validTenant(tenant) {
		return leads.Lead{}, leads.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return leads.Lead{}, err
	}
	var lead leads.Lead
	var refused error
	err := s.engine.write(ctx, func(ctx context.Context, t tx) (err error) {
		row := leadRow{TenantID: tenant, ID: id}
		if refused, err = work(ctx, t, &row); err == nil {
			err = refused
		}
		if err == nil {
			lead, err = row.lead()
		}
		return err
	})
	switch {
	case err == nil:
		return lead, nil
	case refused != nil:
		return leads.Lead{}, refused
	}
	return leads.Lead{}, fmt.Errorf("bunstore: %s: %w", operation, err)
}

// lockLead reads the lead that the row names, under lock, or returns ErrNotFound.
func (s *Store) lockLead(ctx context.Context, t tx, row *leadRow) error {
	found := false
	err := t.query(ctx, s.engine.statements().lead, []any{row.TenantID, s.engine.id(row.ID)}, func(scan scanFunc) error {
		found = true
		return row.scan(scan)
	})
	if err == nil && !found {
		err = leads.ErrNotFound
	}
	return err
}

// storeLead stores what has become of a lead with the events and tasks that belong to it, and puts it into the row.
func (s *Store) storeLead(ctx context.Context, t tx, row *leadRow, lead *leads.Lead, events []leads.Event, tasks []leads.Task) error {
	lead.Tenant, lead.ID, lead.Version, lead.CreatedAt = row.TenantID, row.ID.String(), row.Version+1, row.CreatedAt.Time
	changed, err := rowOfLead(lead)
	if err != nil {
		return err
	}
	c := changes{leads: []leadRow{changed}}
	if err := c.addOf(row.TenantID, row.ID.String(), events, tasks); err != nil {
		return err
	}
	*row = changed
	return s.engine.store(ctx, t, &c)
}

// addOf adds events and tasks, whose empty IDs, tenants and lead IDs are filled. Other processes are told of tasks that are due.
func (c *changes) addOf(tenant, lead string, events []leads.Event, tasks []leads.Task) error {
	now := today()
	events, tasks = filledEvents(tenant, lead, events, now), filledTasks(tenant, lead, tasks, now)
	for i := range tasks {
		c.announce = c.announce || !tasks[i].Due.After(now)
	}
	return c.add(events, tasks)
}

func filledEvents(tenant, lead string, events []leads.Event, now time.Time) []leads.Event {
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		e.ID, e.Tenant, e.LeadID = cmp.Or(e.ID, leads.NewID()), cmp.Or(e.Tenant, tenant), cmp.Or(e.LeadID, lead)
		orNow(&e.At, now)
	}
	return events
}

func filledTasks(tenant, lead string, tasks []leads.Task, now time.Time) []leads.Task {
	tasks = slices.Clone(tasks)
	for i := range tasks {
		t := &tasks[i]
		t.ID, t.Tenant, t.LeadID = cmp.Or(t.ID, leads.NewID()), cmp.Or(t.Tenant, tenant), cmp.Or(t.LeadID, lead)
		orNow(&t.CreatedAt, now)
	}
	return tasks
}
