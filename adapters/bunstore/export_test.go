package bunstore

import (
	"context"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// Texts are the statements of a claim, for tests that look at their plans.
type Texts struct{ Pending, Promote, Lapse, Tenants, Take string }

func (s *Store) Texts() Texts {
	st := s.engine.statements()
	texts := Texts{st.pending, st.promote, st.lapse, st.tenants, ""}
	switch e := s.engine.(type) {
	case *sqliteEngine:
		texts.Take = e.sql.take
	case *postgresEngine:
		texts.Take = e.sql.take
	}
	return texts
}

// Query runs a query and returns its last column, which must be text.
func (s *Store) Query(ctx context.Context, text string) ([]string, error) {
	return s.QueryLast(ctx, []string{text})
}

// QueryLast runs queries on one connection and returns the last column of the last one.
func (s *Store) QueryLast(ctx context.Context, texts []string, args ...any) (lines []string, err error) {
	conn, err := s.reader.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	last := len(texts) - 1
	for _, text := range texts[:last] {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	rows, err := conn.QueryContext(ctx, texts[last], args...)
	return lines, eachRow(rows, err, func(scan scanFunc) error {
		columns, _ := rows.Columns()
		to := make([]any, len(columns))
		for i := range to {
			to[i] = new(any)
		}
		var line string
		to[len(to)-1] = &line
		err := scan(to...)
		lines = append(lines, line)
		return err
	})
}

// Exec changes the database behind the store's back.
func (s *Store) Exec(ctx context.Context, text string) error {
	return s.engine.write(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, text)
		return err
	})
}

// ForgetKeys forgets the keys that have expired.
func (s *Store) ForgetKeys(ctx context.Context) { s.forgetKeys(ctx) }

// MigrateTo brings an empty database to an earlier step and uses it as it is then.
func (s *Store) MigrateTo(ctx context.Context, step int) error {
	steps, err := s.migrations()
	if err != nil {
		return err
	}
	s.isReady.Store(true)
	return s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.applyMissing(ctx, t, steps[:step]) })
}

// ForgetQuotas forgets the quotas whose periods have ended.
func (s *Store) ForgetQuotas(ctx context.Context) { s.forgetQuotas(ctx) }

// Followings are statements whose plans are looked at, by name.
func (s *Store) Followings() map[string]string {
	st := s.engine.statements()
	return map[string]string{
		"workload": st.workload, "owner": st.owner, "unassigned": st.unassigned, "delivery": st.deliveryOf,
		"standing": st.standing, "consents": st.consents, "quotas": st.dropQuotas,
	}
}

// Ending is the statement that finds the enrolments that are to be ended.
func (s *Store) Ending(q sequence.EnrollmentQuery) string {
	c, _ := s.selection(&q)
	return s.engine.text(`SELECT ` + enrollmentColumns + ` FROM {p}enrollments WHERE ` + c.text + ` AND state < 3 ORDER BY {sort}id {lock}`)
}

// ListFirst has every list wait until all leads are listed.
func (s *Store) ListFirst() { s.few = 0 }

// PutLeads stores leads as they are, with nothing that belongs to them.
func (s *Store) PutLeads(ctx context.Context, all []leads.Lead) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	c := &changes{}
	for i := range all {
		if err := c.addLead(&all[i]); err != nil {
			return err
		}
	}
	return s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.engine.store(ctx, t, c) })
}

// ListAll lists all leads, as it is done in the background.
func (s *Store) ListAll(ctx context.Context) { (&lister{s: s}).all(ctx) }

// Lister lists leads in the background.
type Lister = lister

func (s *Store) NewLister(at time.Time) *Lister { return &lister{s: s, at: at} }

// Pace tells the size of the next batch and the rest after it.
func (l *lister) Pace(now time.Time, listed int) (batch int, rest float64) {
	l.look(now)
	l.at = time.Now() // not again
	return l.pace(listed)
}

// Analyze does what PostgreSQL does by itself after a while.
func (s *Store) Analyze(ctx context.Context) error {
	if e, ok := s.engine.(*postgresEngine); ok {
		_, err := e.db.ExecContext(ctx, "VACUUM ANALYZE")
		return err
	}
	return nil
}

// ShortSteps has a search look at few rows, as if there were many more.
func (s *Store) ShortSteps(walked, few int) { s.steps = steps{walked, few} }

// ListNever has every list read the leads themselves.
func (s *Store) ListNever() { s.few = 1 << 30 }

// ListSome lists up to a batch of a tenant's leads.
func (s *Store) ListSome(ctx context.Context, tenant string) error {
	_, _, err := s.listSome(ctx, s.engine.statements().unlistedOf, tenant, listBatch)
	return err
}

// Deskings are statements of a desk whose plans are looked at, by name.
func (s *Store) Deskings() map[string]string {
	st := s.engine.statements()
	return map[string]string{
		"unlisted": st.readUnlisted, "unlisted behind": st.unlistedBehind, "last seen": st.lastSeen, "payloads": st.payloads,
		"quarantined": st.quarantined, "dead tasks": st.deadTasks, "moves": st.moves, "responses": st.responses, "hours": st.hours,
		"consents": st.erased[5],
	}
}
