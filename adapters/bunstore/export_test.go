package bunstore

import "context"

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
