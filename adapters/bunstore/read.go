package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The limits of a page of leads.
const (
	defaultPage = 20
	maxPage     = 100
)

// from begins a query of bun's on one of the tables.
func (s *Store) from(model any, table string) *bun.SelectQuery {
	return s.reader.NewSelect().Model(model).ModelTableExpr("? AS ?", bun.Ident(s.prefix+table), bun.Ident(table[:1]))
}

// Lead is described by [leads.Store].
func (s *Store) Lead(ctx context.Context, tenant, id string) (leads.Lead, error) {
	var lead leads.Lead
	u, ok := parseID(id)
	if !ok || !validTenant(tenant) {
		return lead, leads.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return lead, err
	}
	err := s.engine.read().query(ctx, s.engine.statements().peek, []any{tenant, s.engine.id(u)}, func(scan scanFunc) (err error) {
		var r leadRow
		if err = r.scan(scan); err == nil {
			lead, err = r.lead()
		}
		return err
	})
	if err != nil {
		return leads.Lead{}, fmt.Errorf("bunstore: lead: %w", err)
	}
	if lead.Version == 0 {
		return lead, leads.ErrNotFound
	}
	return lead, nil
}

// limited calls a query's Limit, which takes an int up to bun 1.2 and an int64 from 1.3 on.
func limited[N int | int64, Q any](limit func(N) Q, n int) Q { return limit(N(n)) }

// Leads is described by [leads.Lister]. An After that is no ID begins at the first page.
func (s *Store) Leads(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error) {
	if err := s.ready(ctx); err != nil || !validTenant(q.Tenant) {
		return nil, err
	}
	limit := min(q.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	var rows []leadRow
	query := limited(s.from(&rows, "leads").Where("tenant_id = ?", q.Tenant).OrderExpr("id DESC").Limit, limit)
	if after, ok := parseID(q.After); ok {
		query = query.Where("id < ?", after)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("bunstore: leads: %w", err)
	}
	page := make([]leads.Lead, len(rows))
	for i := range rows {
		var err error
		if page[i], err = rows[i].lead(); err != nil {
			return nil, fmt.Errorf("bunstore: leads: %w", err)
		}
	}
	return page, nil
}

// ofLead reads the rows of a table that belong to a lead into rows, oldest first by the column that tells their age.
func (s *Store) ofLead(ctx context.Context, tenant, leadID, table, age string, rows any) error {
	id, ok := parseID(leadID)
	if !ok || !validTenant(tenant) {
		return leads.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.from(rows, table).Where("tenant_id = ?", tenant).Where("lead_id = ?", id).OrderExpr("?, id", bun.Ident(age)).Scan(ctx); err != nil {
		return fmt.Errorf("bunstore: %s: %w", table, err)
	}
	return nil
}

// orAbsent tells a lead of which there is nothing from one that is not there.
func (s *Store) orAbsent(ctx context.Context, tenant, leadID string, n int) error {
	if n > 0 {
		return nil
	}
	_, err := s.Lead(ctx, tenant, leadID)
	return err
}

// Submissions is described by [leads.History].
func (s *Store) Submissions(ctx context.Context, tenant, leadID string) ([]ingest.Submission, error) {
	var rows []submissionRow
	if err := s.ofLead(ctx, tenant, leadID, "submissions", "received_at", &rows); err != nil {
		return nil, err
	}
	subs := make([]ingest.Submission, len(rows))
	for i := range rows {
		var err error
		if subs[i], err = rows[i].submission(); err != nil {
			return nil, fmt.Errorf("bunstore: submissions: %w", err)
		}
	}
	return subs, s.orAbsent(ctx, tenant, leadID, len(rows))
}

// Events is described by [leads.History].
func (s *Store) Events(ctx context.Context, tenant, leadID string) ([]leads.Event, error) {
	var rows []eventRow
	if err := s.ofLead(ctx, tenant, leadID, "events", "at", &rows); err != nil {
		return nil, err
	}
	events := make([]leads.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].event()
	}
	return events, s.orAbsent(ctx, tenant, leadID, len(rows))
}

// Tasks is described by [leads.History].
func (s *Store) Tasks(ctx context.Context, tenant, leadID string) ([]leads.Task, error) {
	var rows []taskRow
	if err := s.ofLead(ctx, tenant, leadID, "tasks", "created_at", &rows); err != nil {
		return nil, err
	}
	var deliveries []deliveryRow
	if len(rows) > 0 {
		if err := s.ofLead(ctx, tenant, leadID, "deliveries", "created_at", &deliveries); err != nil {
			return nil, err
		}
	}
	tasks := make([]leads.Task, len(rows))
	for i := range rows {
		tasks[i] = rows[i].task()
		for j := range deliveries {
			if deliveries[j].TaskID == rows[i].ID {
				tasks[i].Deliveries = append(tasks[i].Deliveries, deliveries[j].delivery())
			}
		}
	}
	return tasks, s.orAbsent(ctx, tenant, leadID, len(rows))
}

// absent turns the error of a query that found nothing into ErrNotFound.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return leads.ErrNotFound
	}
	return err
}

// Requeue is described by [leads.History].
func (s *Store) Requeue(ctx context.Context, tenant, taskID string) error {
	id, ok := parseID(taskID)
	if !ok || !validTenant(tenant) {
		return leads.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	// Dead tasks have an index. Any other is looked for among all tasks of the tenant, which happens when two people replay one task.
	var row taskRow
	err := s.from(&row, "tasks").Where("tenant_id = ?", tenant).Where("id = ?", id).Where("state = 3").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.from(&row, "tasks").Where("tenant_id = ?", tenant).Where("id = ?", id).Scan(ctx)
	}
	if err == nil && row.State == stateDead {
		err = s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.revive(ctx, t, &row) })
	}
	if err != nil {
		return fmt.Errorf("bunstore: requeue: %w", absent(err))
	}
	return nil
}

// revive makes a dead task ready, unless somebody else has done so.
func (s *Store) revive(ctx context.Context, t tx, row *taskRow) error {
	e := s.engine
	n, err := t.exec(ctx, e.statements().revive, row.TenantID, e.id(row.LeadID), e.id(row.ID), e.clock(noTime))
	if err != nil || n == 0 {
		return err
	}
	c := &changes{announce: true}
	if row.LeadID != (uid{}) {
		replayed := leads.Event{
			Tenant: row.TenantID, ID: leads.NewID(), LeadID: row.LeadID.String(), Kind: leads.EventReplayed, At: today(),
			SubmissionID: row.SubmissionID.String(), TaskID: row.ID.String(),
		}
		if err := c.add([]leads.Event{replayed}, nil); err != nil {
			return err
		}
	}
	return e.store(ctx, t, c)
}

// Release is described by [leads.History].
func (s *Store) Release(ctx context.Context, tenant, submissionID string) (leads.Captured, error) {
	id, ok := parseID(submissionID)
	if !ok || !validTenant(tenant) {
		return leads.Captured{}, leads.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return leads.Captured{}, err
	}
	var got leads.Captured
	err := s.engine.write(ctx, func(ctx context.Context, t tx) (err error) {
		got, err = s.release(ctx, t, tenant, id)
		return err
	})
	if err != nil {
		return leads.Captured{}, fmt.Errorf("bunstore: release: %w", err)
	}
	if got.LeadID == "" {
		return s.became(ctx, tenant, id)
	}
	return got, nil
}

// release takes the submission out of quarantine and captures it. Taking it out comes first, so that of two people one does it.
func (s *Store) release(ctx context.Context, t tx, tenant string, id uid) (leads.Captured, error) {
	e := s.engine
	var row submissionRow
	err := t.query(ctx, e.statements().unquarantine, []any{tenant, e.id(uid{}), e.id(id)}, row.read)
	if err != nil || row.Doc == nil {
		return leads.Captured{}, err
	}
	sub, err := row.submission()
	if err != nil {
		return leads.Captured{}, err
	}
	sub.Verdict = ingest.Accepted
	m, err := newMember(&sub)
	if err != nil {
		return leads.Captured{}, err
	}
	m.release = true
	if err := s.captureSome(ctx, t, []*member{m}); err != nil || sub.Key == "" {
		return m.got, err
	}
	lead, _ := parseID(m.got.LeadID)
	_, err = t.exec(ctx, e.statements().keyLead, tenant, e.id(m.source), []byte(sub.Key), e.id(lead), e.id(id))
	return m.got, err
}

func (r *submissionRow) read(scan scanFunc) error {
	return scan(&r.TenantID, &r.LeadID, &r.ID, &r.SourceID, &r.ReceivedAt, &r.Digest, &r.Raw, &r.Doc)
}

// became answers what a submission became that is not in quarantine.
func (s *Store) became(ctx context.Context, tenant string, id uid) (leads.Captured, error) {
	var rows []submissionRow
	err := s.from(&rows, "submissions").Where("tenant_id = ?", tenant).Where("id = ?", id).Limit(1).Scan(ctx)
	if err != nil {
		return leads.Captured{}, fmt.Errorf("bunstore: release: %w", err)
	}
	if len(rows) == 0 {
		return leads.Captured{}, fmt.Errorf("bunstore: release: %w", leads.ErrNotFound)
	}
	sub, err := rows[0].submission()
	if err != nil {
		return leads.Captured{}, fmt.Errorf("bunstore: release: %w", err)
	}
	events, err := s.Events(ctx, tenant, rows[0].LeadID.String())
	if err != nil {
		return leads.Captured{}, err
	}
	created := slices.ContainsFunc(events, func(e leads.Event) bool {
		return e.Kind == leads.EventCreated && e.SubmissionID == sub.ID
	})
	return leads.Captured{SubmissionID: sub.ID, LeadID: rows[0].LeadID.String(), Created: created, DuplicateOf: sub.DuplicateOf}, nil
}
