package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

// crowd is the leads of one tenant.
type crowd struct {
	tenant  string
	leads   int
	sources []string
}

// crowds are the tenant that is measured, and two smaller ones beside it.
func crowds(n int) []crowd {
	all := []crowd{{tenant: "acme", leads: n}, {tenant: "beta", leads: n / 10}, {tenant: "gamma", leads: max(n/100, 1)}}
	for i := range all {
		for j := range 20 {
			all[i].sources = append(all[i].sources, uuid.NewSHA1(uuid.Nil, fmt.Append(nil, all[i].tenant, j)).String())
		}
	}
	return all
}

// Of each crowd so many submissions are quarantined, and so many tasks wait or are dead.
const (
	quarantined = 5000
	waitingWork = 2000
	deadWork    = 500
)

// fillDesk makes the leads of all crowds with their submissions, identities and events. Rows are written as rawWriter does it, because what a
// desk reads is measured here; that the Store reads them is checked by what it finds.
func fillDesk(ctx context.Context, where string, all []crowd) error {
	if err := fill(ctx, where, 0); err != nil {
		return err
	}
	if err := putSources(ctx, where, all); err != nil {
		return err
	}
	f, err := newFiller(ctx, where)
	if err != nil {
		return err
	}
	defer f.db.Close()
	for _, c := range all {
		r := rand.New(rand.NewPCG(1, uint64(c.leads)))
		now := time.Now().UTC()
		for n := range c.leads {
			l := somebody(r, n, c.leads, now, c.sources)
			l.Tenant = c.tenant
			if err := f.addLead(ctx, r, &l); err != nil {
				return err
			}
		}
		if err := f.addWork(ctx, r, c, now); err != nil {
			return err
		}
	}
	return f.finish(ctx)
}

func putSources(ctx context.Context, where string, all []crowd) error {
	st, err := openStore(where)
	if err != nil {
		return err
	}
	defer st.Close()
	for _, c := range all {
		for i, id := range c.sources {
			src := ingest.Source{Tenant: c.tenant, ID: id, Name: fmt.Sprintf("Form %d", i), CreatedAt: time.Now().Add(-span)}
			if err := st.PutSource(ctx, src, "lc_pub_"+id); err != nil {
				return err
			}
		}
	}
	return nil
}

// filler adds rows that are like those of the first lead.
type filler struct {
	db       *sql.DB
	postgres bool
	tables   map[string]*bulk
}

// bulk adds rows to a table.
type bulk struct {
	db        *sql.DB
	name      string
	columns   []string
	template  []any
	statement *sql.Stmt
	pending   [][]any
	all       bool // the statement takes a whole batch
}

// bulkRows is how many rows are written at once.
const bulkRows = 500

func newFiller(ctx context.Context, where string) (*filler, error) {
	db, postgres, err := openSQL(where)
	if err != nil {
		return nil, err
	}
	f := &filler{db: db, postgres: postgres, tables: make(map[string]*bulk)}
	if !postgres {
		for _, pragma := range []string{"synchronous = OFF", "wal_autocheckpoint = 64000", "cache_size = -262144"} {
			if _, err := db.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
				return nil, errors.Join(err, db.Close())
			}
		}
	}
	w := &rawWriter{db: db, postgres: postgres, batch: bulkRows}
	for _, table := range tables() {
		in, err := w.prepare(ctx, table)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		f.tables[strings.TrimPrefix(table, "leads_")] = &bulk{db: db, name: table, columns: in.columns, template: in.template, statement: in.statement, all: postgres}
	}
	return f, nil
}

// add adds a row that differs from the template in some columns.
func (f *filler) add(ctx context.Context, table string, values map[string]any) error {
	b := f.tables[table]
	row := slices.Clone(b.template)
	for column, value := range values {
		i := slices.Index(b.columns, column)
		if i < 0 {
			return fmt.Errorf("%s has no column %s", b.name, column)
		}
		row[i] = f.value(value)
	}
	if b.pending = append(b.pending, row); len(b.pending) < bulkRows {
		return nil
	}
	return b.flush(ctx)
}

// value is how a database takes it.
func (f *filler) value(v any) any {
	switch v := v.(type) {
	case uuid.UUID:
		if !f.postgres {
			return v[:]
		}
		return v.String()
	case time.Time:
		if !f.postgres {
			return v.UnixMicro()
		}
	}
	return v
}

// flush writes what is there. What is no whole batch is written row by row.
func (b *bulk) flush(ctx context.Context) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if b.all && len(b.pending) == bulkRows {
		_, err = tx.StmtContext(ctx, b.statement).ExecContext(ctx, slices.Concat(b.pending...)...)
	} else {
		one := &rawWriter{postgres: b.all, batch: 1}
		var statement *sql.Stmt
		if statement, err = tx.PrepareContext(ctx, one.insertSQL(b.name, b.columns)); err != nil {
			return err
		}
		for _, row := range b.pending {
			if err == nil {
				_, err = statement.ExecContext(ctx, row...)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.name, err)
	}
	b.pending = b.pending[:0]
	return tx.Commit()
}

// addLead adds a lead with all that a capture and the work on it would have left.
func (f *filler) addLead(ctx context.Context, r *rand.Rand, l *leads.Lead) error {
	doc, err := json.Marshal(document{l.Metadata, l.First, l.Last, l.Submissions, l.Enrichment, l.Score, l.Tags, l.Response})
	if err != nil {
		return err
	}
	id, source, sub := uuid.MustParse(l.ID), uuid.MustParse(l.First.SourceID), uuid.MustParse(l.First.SubmissionID)
	of := func(more map[string]any) map[string]any {
		more["tenant_id"], more["lead_id"] = l.Tenant, id
		return more
	}
	err = errors.Join(
		f.add(ctx, "leads", map[string]any{
			"tenant_id": l.Tenant, "id": id, "version": l.Version, "email": l.Email, "first_name": l.FirstName, "last_name": l.LastName, "phone": l.Phone,
			"company": l.Company, "status": string(l.Status), "score": l.Score.Value, "qualification": string(l.Score.Qualification), "assignee": l.Assignee,
			"source_id": source, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "doc": doc,
		}),
		f.add(ctx, "identities", of(map[string]any{"kind": "email", "value": l.Email})),
		f.add(ctx, "submissions", of(map[string]any{"id": sub, "source_id": source, "received_at": l.CreatedAt})),
		f.add(ctx, "events", of(map[string]any{"id": idAt(r, l.CreatedAt), "at": l.CreatedAt, "submission_id": sub})))
	from := leads.StatusNew
	for at := l.Response.Contacted; from != l.Status && err == nil; at = at.Add(24 * time.Hour) {
		to := l.Status
		if from == leads.StatusNew {
			to = leads.StatusContacted
		}
		data, _ := json.Marshal(leads.Change{From: string(from), To: string(to), By: l.Assignee})
		err = f.add(ctx, "events", of(map[string]any{"id": idAt(r, at), "at": at, "kind": string(leads.EventStatus), "submission_id": nil, "data": data}))
		from = to
	}
	return err
}

// addWork adds what waits in the queue and in quarantine.
func (f *filler) addWork(ctx context.Context, r *rand.Rand, c crowd, now time.Time) error {
	for i := range min(quarantined, c.leads) {
		at := now.Add(-time.Duration(i) * time.Minute)
		source := uuid.MustParse(c.sources[i%len(c.sources)])
		if err := f.add(ctx, "submissions", map[string]any{"tenant_id": c.tenant, "lead_id": uuid.Nil, "id": idAt(r, at), "source_id": source, "received_at": at}); err != nil {
			return err
		}
	}
	for i := range min(waitingWork+deadWork, c.leads) {
		state, due := 1, now.Add(24*time.Hour)
		if i < deadWork {
			state, due = 3, now.Add(-time.Hour)
		}
		id := idAt(r, now)
		if err := f.add(ctx, "tasks", map[string]any{"tenant_id": c.tenant, "lead_id": id, "id": id, "state": state, "due": due, "last_error": "the server said 500"}); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the rest, and takes away the lead that the rows were made from.
func (f *filler) finish(ctx context.Context) error {
	for _, table := range tables() {
		name := strings.TrimPrefix(table, "leads_")
		if err := f.tables[name].flush(ctx); err != nil {
			return err
		}
		if _, err := f.db.ExecContext(ctx, "DELETE FROM "+table+" WHERE tenant_id = '"+leads.DefaultTenant+"'"); err != nil {
			return err
		}
	}
	end := "PRAGMA wal_checkpoint(TRUNCATE)"
	if f.postgres {
		end = "VACUUM ANALYZE"
	}
	_, err := f.db.ExecContext(ctx, end)
	return err
}

// awaitListing has the store list all leads, and returns when it has.
func awaitListing(ctx context.Context, where string, store *bunstore.Store) error {
	db, postgres, err := openSQL(where)
	if err != nil {
		return err
	}
	defer db.Close()
	text := "SELECT count(*) FROM (SELECT 1 FROM leads_leads WHERE listed < version LIMIT 1)"
	if postgres {
		text = "SELECT count(*) FROM (SELECT 1 FROM leads_leads WHERE NOT listed LIMIT 1) AS l"
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- store.Background(run, func() {}) }()
	defer func() { stop(); <-ended }()
	for beat := time.NewTicker(time.Second); ; <-beat.C {
		var n int
		if err := db.QueryRowContext(ctx, text).Scan(&n); err != nil || n == 0 {
			return err
		}
		fmt.Fprint(os.Stderr, ".")
	}
}
