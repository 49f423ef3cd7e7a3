package bunstore

import (
	"context"

	"github.com/openleads/leads"
)

func (e *sqliteEngine) claimKeys(ctx context.Context, t tx, keys []*keyUse) error {
	for _, k := range keys {
		args := []any{k.tenant, k.source[:], []byte(k.key), k.own[:], k.ownLead[:], k.digest[:], e.at(k.received)}
		n, err := t.exec(ctx, e.sql.addKey, args...)
		if err != nil {
			return err
		}
		k.submission, k.lead, k.known = k.own, k.ownLead, k.digest[:]
		if n == 1 {
			continue
		}
		var received stamp
		if err := t.query(ctx, e.sql.key, args[:3], func(scan scanFunc) error {
			return scan(&k.submission, &k.lead, &k.known, &received)
		}); err != nil {
			return err
		}
		if k.received.Sub(received.Time) <= keyLife {
			continue
		}
		if _, err := t.exec(ctx, e.sql.takeKey, args...); err != nil {
			return err
		}
		k.submission, k.lead, k.known = k.own, k.ownLead, k.digest[:]
	}
	return nil
}

func (e *sqliteEngine) findPeople(ctx context.Context, t tx, people []*person) error {
	for _, p := range people {
		n, err := t.exec(ctx, e.sql.addIdentity, p.tenant, string(p.identity.Kind), p.identity.Value, p.proposed[:])
		if err != nil {
			return err
		}
		p.leadID = p.proposed
		if n == 1 {
			continue
		}
		name := []any{p.tenant, string(p.identity.Kind), p.identity.Value}
		if err := t.query(ctx, e.sql.identity, name, func(scan scanFunc) error { return scan(&p.leadID) }); err != nil {
			return err
		}
		if err := loadLead(ctx, e, t, p.tenant, p.leadID, &p.lead); err != nil {
			return err
		}
	}
	return nil
}

func (e *sqliteEngine) store(ctx context.Context, t tx, c *changes) error {
	for i := range c.leads {
		if err := e.putLead(ctx, t, &c.leads[i]); err != nil {
			return err
		}
	}
	for _, r := range c.submissions {
		if _, err := t.exec(ctx, e.sql.addSubmission, r.TenantID, r.LeadID[:], r.ID[:], r.SourceID[:], e.at(r.ReceivedAt.Time), r.Digest, r.Raw, r.Doc); err != nil {
			return err
		}
	}
	for i := range c.events {
		r := &c.events[i]
		if _, err := t.exec(ctx, e.sql.addEvent, r.TenantID, r.LeadID[:], r.ID[:], r.Kind, e.at(r.At.Time),
			e.optional(r.SubmissionID), e.optional(r.TaskID), r.Data); err != nil {
			return err
		}
	}
	for i := range c.tasks {
		r := &c.tasks[i]
		if _, err := t.exec(ctx, e.sql.addTask, r.TenantID, r.LeadID[:], r.ID[:], r.Kind, e.optional(r.SubmissionID), r.Payload, r.State,
			e.clock(r.Due.Time), r.LastError, e.at(r.CreatedAt.Time), r.Fence); err != nil {
			return err
		}
	}
	for _, r := range c.enrollments {
		if err := e.addEnrollment(ctx, t, r); err != nil {
			return err
		}
	}
	for i := range c.deliveries {
		r := &c.deliveries[i]
		if _, err := t.exec(ctx, e.sql.putDelivery, r.TenantID, r.LeadID[:], r.TaskID[:], r.ID[:], r.DeliveryKey, r.Channel, r.Recipient,
			r.Body, r.State, r.Attempts, r.Provider, r.Error, e.at(r.CreatedAt.Time), e.at(r.UpdatedAt.Time), r.MessageID); err != nil {
			return err
		}
	}
	return storeRest(ctx, e, t, c)
}

func (e *sqliteEngine) putLead(ctx context.Context, t tx, r *leadRow) error {
	var score any
	if r.Score != nil {
		score = *r.Score
	}
	_, err := t.exec(ctx, e.sql.putLead, r.TenantID, r.ID[:], r.Version, r.Email, r.FirstName, r.LastName, r.Phone, r.Company, r.Status, score,
		r.Qualification, r.Assignee, r.SourceID[:], e.at(r.CreatedAt.Time), e.at(r.UpdatedAt.Time), r.Doc)
	return err
}

// storeRest writes the changes that are seldom needed.
func storeRest(ctx context.Context, e engine, t tx, c *changes) error {
	for _, p := range c.repoints {
		if _, err := t.exec(ctx, e.statements().repoint, p.tenant, string(p.identity.Kind), p.identity.Value, e.id(p.leadID)); err != nil {
			return err
		}
	}
	for _, k := range c.keys {
		if _, err := t.exec(ctx, e.statements().keyLead, k.tenant, e.id(k.source), []byte(k.key), e.id(k.lead), e.id(k.own)); err != nil {
			return err
		}
	}
	return nil
}

// loadLead reads a lead, under lock within a transaction of PostgreSQL. It leaves an absent one as it is.
func loadLead(ctx context.Context, e engine, t tx, tenant string, id uid, lead *leads.Lead) error {
	return t.query(ctx, e.statements().lead, []any{tenant, e.id(id)}, func(scan scanFunc) (err error) {
		var r leadRow
		if err = r.scan(scan); err == nil {
			*lead, err = r.lead()
		}
		return err
	})
}

func (e *sqliteEngine) efforts(ctx context.Context, t tx, tasks []taskRow, row func(scan scanFunc) error) error {
	for i := range tasks {
		if err := t.query(ctx, e.sql.efforts, []any{tasks[i].TenantID, tasks[i].LeadID[:], tasks[i].ID[:]}, row); err != nil {
			return err
		}
	}
	return nil
}

func (e *sqliteEngine) take(ctx context.Context, t tx, kind leads.TaskKind, quotas []quota, term leaseTerm) ([]taskRow, error) {
	now := term.now
	if now.IsZero() {
		now = e.now()
	}
	until := now.Add(term.lease).UnixMicro()
	var tasks []taskRow
	for _, q := range quotas {
		if err := t.query(ctx, e.sql.take, []any{string(kind), q.tenant, q.n, until}, func(scan scanFunc) error {
			tasks = append(tasks, taskRow{})
			return tasks[len(tasks)-1].scan(scan)
		}); err != nil {
			return nil, err
		}
	}
	return tasks, nil
}
