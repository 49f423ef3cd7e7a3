package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/uuid"

	"github.com/openleads/leads/ingest"
)

// rawWriter writes the rows of a lead again and again, as fast as the database takes them: prepared statements, nothing looked
// up, merged or encoded. The rows are those that the Store wrote for its first lead, with new IDs and a new identity.
type rawWriter struct {
	db       *sql.DB
	postgres bool
	batch    int // leads in a transaction
	inserts  []insert
}

// insert writes rows into one table.
type insert struct {
	statement *sql.Stmt // of one row (SQLite) or of batch rows (PostgreSQL)
	template  []any
	columns   []string // of the template
}

func newRawWriter(ctx context.Context, where string, batch int) (*rawWriter, error) {
	db, postgres, err := openSQL(where)
	if err != nil {
		return nil, err
	}
	w := &rawWriter{db: db, postgres: postgres, batch: batch}
	for _, table := range tables() {
		in, err := w.prepare(ctx, table)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", table, err), db.Close())
		}
		w.inserts = append(w.inserts, in)
	}
	return w, nil
}

func (w *rawWriter) close() { _ = w.db.Close() }

// prepare reads the template row of a table and prepares its insert.
func (w *rawWriter) prepare(ctx context.Context, table string) (insert, error) {
	// The oldest row is the one that came through the Store.
	order := "id"
	if table == "leads_identities" {
		order = "lead_id"
	}
	rows, err := w.db.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY "+order+" LIMIT 1")
	if err != nil {
		return insert{}, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return insert{}, err
	}
	template := make([]any, len(columns))
	pointers := make([]any, len(columns))
	for i := range template {
		pointers[i] = &template[i]
	}
	if !rows.Next() {
		return insert{}, errors.New("no template row")
	}
	if err := rows.Scan(pointers...); err != nil {
		return insert{}, err
	}
	if err := rows.Close(); err != nil {
		return insert{}, err
	}
	statement, err := w.db.PrepareContext(ctx, w.insertSQL(table, columns))
	return insert{statement, template, columns}, err
}

func (w *rawWriter) insertSQL(table string, columns []string) string {
	n := 1
	if w.postgres {
		n = w.batch
	}
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, strings.Join(columns, ", "))
	for row := range n {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for i := range columns {
			if i > 0 {
				b.WriteString(", ")
			}
			if w.postgres {
				fmt.Fprintf(&b, "$%d", row*len(columns)+i+1)
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

// write commits one batch.
func (w *rawWriter) write(ctx context.Context) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := w.writeIn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (w *rawWriter) writeIn(ctx context.Context, tx *sql.Tx) error {
	args := make([][]any, len(w.inserts)) // of all rows, by table
	for range w.batch {
		ids := map[string]uuid.UUID{}
		who := newcomer()
		for t, in := range w.inserts {
			for _, value := range in.template {
				args[t] = append(args[t], replace(value, ids, who))
			}
		}
	}
	for t, in := range w.inserts {
		statement := tx.StmtContext(ctx, in.statement)
		step := len(in.template)
		if w.postgres {
			step = len(args[t])
		}
		for at := 0; at < len(args[t]); at += step {
			if _, err := statement.ExecContext(ctx, args[t][at:at+step]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace gives a row's value another ID or identity: the same new one for the same old one within a lead.
func replace(value any, ids map[string]uuid.UUID, who string) any {
	switch v := value.(type) {
	case []byte:
		if len(v) == 16 && v[6]>>4 == 7 { // a UUIDv7
			return renew(string(v), ids).bytes()
		}
	case string:
		if old, err := uuid.Parse(v); err == nil && len(v) == 36 && old.Version() == 7 {
			return uuid.UUID(renew(v, ids)).String()
		}
		if strings.HasSuffix(v, "@acme-widgets.example") {
			return "ann.lee." + who + "@acme-widgets.example"
		}
	}
	return value
}

type id uuid.UUID

func (i id) bytes() []byte { return i[:] }

func renew(old string, ids map[string]uuid.UUID) id {
	if _, ok := ids[old]; !ok {
		ids[old] = uuid.Must(uuid.NewV7())
	}
	return id(ids[old])
}

// throughTheDoor submits a body to the sink as a request would.
func throughTheDoor(ctx context.Context, src ingest.Source, sink ingest.Sink, body string) error {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/"+token, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	ingest.NewHandler(fixed(src), sink, nil).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return fmt.Errorf("the template was answered %d %s", w.Code, w.Body)
	}
	return nil
}

// fixed is a Sources of one source.
type fixed ingest.Source

func (f fixed) SourceByToken(context.Context, string) (ingest.Source, error) {
	return ingest.Source(f), nil
}
