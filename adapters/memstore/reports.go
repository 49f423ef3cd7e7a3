package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// LeadsByDay counts the leads of each day. See [desk.Reports].
func (s *Store) LeadsByDay(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error) {
	created, err := s.created(ctx, "leads by day", q)
	if err != nil {
		return nil, err
	}
	counts := make(map[desk.DayCount]int)
	for _, lead := range created {
		counts[desk.DayCount{Day: lead.CreatedAt.In(cmp.Or(q.Zone, time.UTC)).Format(time.DateOnly), Group: group(q.By, lead)}]++
	}
	var days []desk.DayCount
	for day, n := range counts {
		day.Count = n
		days = append(days, day)
	}
	slices.SortFunc(days, func(a, b desk.DayCount) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Group, b.Group)) })
	return days, nil
}

// group is what a lead counts under.
func group(by desk.ReportBy, lead leads.Lead) string {
	switch {
	case by == desk.BySource:
		return lead.First.SourceID
	case by == desk.ByChannel:
		return lead.Enrichment.Value("attribution.first.channel")
	case by == desk.ByStatus:
		return string(lead.Status)
	case by == desk.ByQualification && lead.Score != nil:
		return string(lead.Score.Qualification)
	}
	return ""
}

// Responses returns how soon leads were taken care of. See [desk.Reports].
func (s *Store) Responses(ctx context.Context, q desk.ReportQuery, limit int) ([]desk.ResponseRow, error) {
	created, err := s.created(ctx, "responses", q)
	if err != nil {
		return nil, err
	}
	var rows []desk.ResponseRow
	for _, lead := range created[:min(len(created), max(0, limit))] {
		rows = append(rows, desk.ResponseRow{LeadID: lead.ID, Assignee: lead.Assignee, Created: lead.CreatedAt, Response: lead.Response})
	}
	return rows, nil
}

// created returns the leads created within the span, the newest first.
func (s *Store) created(ctx context.Context, operation string, q desk.ReportQuery) ([]leads.Lead, error) {
	if err := s.begin(ctx, operation); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	found := s.filtered(desk.Filter{Tenant: q.Tenant, From: q.From, To: q.To})
	slices.SortFunc(found, func(a, b leads.Lead) int { return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID)) })
	return found, nil
}

// Moves returns changes of status. See [desk.Reports].
func (s *Store) Moves(ctx context.Context, q desk.ReportQuery, limit int) ([]leads.Event, error) {
	if err := s.begin(ctx, "moves"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var moves []leads.Event
	for k, timeline := range s.tables.timelines {
		for _, e := range timeline {
			if k.tenant == q.Tenant && e.Kind == leads.EventStatus && within(e.At, q.From, q.To) {
				moves = append(moves, cloneEvent(e))
			}
		}
	}
	slices.SortFunc(moves, func(a, b leads.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return moves[:min(len(moves), max(0, limit))], nil
}

// Queue counts the tenant's tasks. See [desk.Work].
func (s *Store) Queue(ctx context.Context, tenant string) ([]desk.QueueCount, error) {
	if err := s.begin(ctx, "queue"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	now := s.now()
	counts := make(map[desk.QueueCount]desk.QueueCount) // by kind, state and Due
	for k, task := range s.tables.tasks {
		if k.tenant != tenant {
			continue
		}
		name := desk.QueueCount{Kind: task.Kind, State: task.State, Due: claimable(task, now)}
		c, there := counts[name]
		if !there {
			c = name
		}
		if c.Count++; c.Oldest.IsZero() || task.Due.Before(c.Oldest) {
			c.Oldest = task.Due
		}
		counts[name] = c
	}
	return slices.Collect(maps.Values(counts)), nil
}

// DeadTasks returns dead tasks, the newest first. See [desk.Work].
func (s *Store) DeadTasks(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error) {
	if err := s.begin(ctx, "dead tasks"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var dead []leads.Task
	for k, task := range s.tables.tasks {
		if k.tenant == tenant && task.State == leads.TaskDead {
			dead = append(dead, s.withDeliveries(task))
		}
	}
	return newest(dead, func(t leads.Task) string { return t.ID }, after, limit), nil
}

// AddEntry adds an entry to the audit trail. See [desk.Trail].
func (s *Store) AddEntry(ctx context.Context, e desk.Entry) error {
	if err := s.begin(ctx, "add entry"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := checkID("an entry", e.ID); err != nil {
		return err
	}
	k := key{e.Tenant, e.ID}
	if _, there := s.tables.trail[k]; !there {
		s.tables.trail[k] = cloneEntry(e)
	}
	return nil
}

// Entries returns a page of the audit trail, the newest first. See [desk.Trail].
func (s *Store) Entries(ctx context.Context, tenant, after string, limit int) ([]desk.Entry, error) {
	if err := s.begin(ctx, "entries"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var entries []desk.Entry
	for k, e := range s.tables.trail {
		if k.tenant == tenant {
			entries = append(entries, cloneEntry(e))
		}
	}
	return newest(entries, func(e desk.Entry) string { return e.ID }, after, limit), nil
}

// newest returns a page of all, the newest first by ID, beginning behind after.
func newest[T any](all []T, id func(T) string, after string, limit int) []T {
	all = slices.DeleteFunc(all, func(x T) bool { return after != "" && id(x) >= after })
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(id(b), id(a)) })
	return all[:min(len(all), pageSize(limit))]
}
