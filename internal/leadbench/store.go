package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/openleads/leads/ingest"
)

// store is one database system with a store of its own for each variant, all holding the same.
type store struct {
	name                         string
	raw, single, engine, running string
}

// makeStores makes the stores and preloads them. drop removes them.
func makeStores(ctx context.Context, s settings) (stores []store, drop func(), err error) {
	drop = func() {}
	lite := store{name: "SQLite"}
	base := filepath.Join(s.dir, "base.db")
	if err := fill(ctx, base, s.preload); err != nil {
		return nil, drop, err
	}
	for variant, where := range map[string]*string{"raw": &lite.raw, "single": &lite.single, "engine": &lite.engine, "running": &lite.running} {
		*where = filepath.Join(s.dir, variant+".db")
		if err := copyFile(*where, base); err != nil {
			return nil, drop, err
		}
	}
	stores = append(stores, lite)
	dsn := os.Getenv("LEADS_TEST_PG_DSN")
	if dsn == "" {
		fmt.Fprintln(os.Stderr, "WITHOUT POSTGRESQL: set LEADS_TEST_PG_DSN or use `make bench`")
		return stores, drop, nil
	}
	pg, drop, err := makePostgres(ctx, s, dsn)
	return append(stores, pg), drop, err
}

func makePostgres(ctx context.Context, s settings, dsn string) (store, func(), error) {
	pg := store{name: "PostgreSQL"}
	d, err := openDatabases(ctx, dsn)
	if err != nil {
		return pg, func() {}, err
	}
	drop := func() { d.drop(ctx) }
	base, err := d.create(ctx, "base", "template0")
	if err != nil {
		return pg, drop, err
	}
	if err := fill(ctx, base, s.preload); err != nil {
		return pg, drop, err
	}
	for variant, where := range map[string]*string{"raw": &pg.raw, "single": &pg.single, "engine": &pg.engine, "running": &pg.running} {
		if *where, err = d.create(ctx, variant, d.prefix+"base"); err != nil {
			return pg, drop, err
		}
	}
	return pg, drop, nil
}

// databases are those of this run on a PostgreSQL server.
type databases struct {
	admin  *sql.DB
	dsn    string
	prefix string // of their names
	names  []string
}

func openDatabases(ctx context.Context, dsn string) (*databases, error) {
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	if err := recycleWAL(ctx, admin); err != nil {
		return nil, errors.Join(err, admin.Close())
	}
	return &databases{admin: admin, dsn: dsn, prefix: fmt.Sprintf("leadbench_%d_", os.Getpid())}, nil
}

// create makes a database as a copy of another and returns its URL.
func (d *databases) create(ctx context.Context, name, template string) (string, error) {
	u, err := url.Parse(d.dsn)
	if err != nil {
		return "", err
	}
	d.names = append(d.names, d.prefix+name)
	u.Path = "/" + d.prefix + name
	_, err = d.admin.ExecContext(ctx, "CREATE DATABASE "+d.prefix+name+" TEMPLATE "+template)
	return u.String(), err
}

// drop removes them all.
func (d *databases) drop(ctx context.Context) {
	for _, name := range d.names {
		_, _ = d.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	_ = d.admin.Close()
}

// recycleWAL gives a new server what one that has been running for a while has: WAL segments to use again. Making one costs
// some 40 ms, in which nobody commits.
func recycleWAL(ctx context.Context, admin *sql.DB) error {
	for range 60 {
		if _, err := admin.ExecContext(ctx, "SELECT txid_current(), pg_switch_wal()"); err != nil {
			return err
		}
	}
	_, err := admin.ExecContext(ctx, "CHECKPOINT")
	return err
}

// fill makes the store at where, with one lead that came through the Store and n more that the raw writer adds.
func fill(ctx context.Context, where string, n int) error {
	st, err := openStore(where)
	if err != nil {
		return err
	}
	if err := st.PutSource(ctx, source(), token); err != nil {
		return err
	}
	request, at := makeRequest()
	copy(request[at:], "template00")
	_, body, _ := strings.Cut(string(request), "\r\n\r\n")
	src := source()
	capture := ingest.SinkFunc(func(ctx context.Context, sub ingest.Submission) error {
		captured, err := st.Capture(ctx, []ingest.Submission{sub})
		if err != nil {
			return err
		}
		return captured[0].Err
	})
	if err := throughTheDoor(ctx, src, capture, body); err != nil {
		return err
	}
	if err := st.Close(); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	w, err := newRawWriter(ctx, where, 500)
	if err != nil {
		return err
	}
	defer w.close()
	for done := 0; done < n; done += 500 {
		if err := w.write(ctx); err != nil {
			return err
		}
	}
	if w.postgres {
		_, err = w.db.ExecContext(ctx, "VACUUM ANALYZE")
	} else {
		_, err = w.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return err
}

// rows counts the submissions of a store.
func rows(ctx context.Context, where string) (int, error) {
	if where == "-" {
		return 0, nil
	}
	db, _, err := openSQL(where)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var n int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM leads_submissions").Scan(&n)
	return n, err
}

func openSQL(where string) (*sql.DB, bool, error) {
	if strings.HasPrefix(where, "postgres://") {
		db, err := sql.Open("pgx", where)
		return db, true, err
	}
	pragmas := "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-65536)&_txlock=immediate"
	db, err := sql.Open("sqlite", "file:"+where+pragmas)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, false, err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

// measureRaw writes batches of 64 for one window.
func measureRaw(ctx context.Context, s settings, v variant, report *report) error {
	w, err := newRawWriter(ctx, v.where, 64)
	if err != nil {
		return err
	}
	defer w.close()
	u := newUsage(0)
	var result sample
	began := time.Now()
	for time.Since(began) < s.window {
		batch := time.Now()
		if err := w.write(ctx); err != nil {
			return err
		}
		took := time.Since(batch)
		for range w.batch {
			result.latencies = append(result.latencies, took)
		}
	}
	result.took = time.Since(began)
	slices.Sort(result.latencies)
	report.add(v, 0, result, u.since())
	return nil
}

// tables are the tables that a capture writes to.
func tables() []string {
	return []string{"leads_leads", "leads_submissions", "leads_identities", "leads_events", "leads_tasks"}
}
