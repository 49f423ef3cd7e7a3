package bunstore

import (
	"context"

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
