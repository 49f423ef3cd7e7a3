package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/openleads/leads"
)

// sqlitePragmas are those of every connection that OpenSQLite makes. The log is written back by [Store.Background]; should that not run, SQLite
// does it itself once the log has 64,000 pages (250 MB).
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	"&_pragma=cache_size(-65536)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(64000)&_txlock=immediate"

// readers is how many connections read at once.
const readers = 8

// OpenSQLite returns a Store on the database file at path, which is made when it does not exist, readable by this user only. Commits are
// durable (WAL, synchronous=FULL). Several processes on one machine can use the file at once.
func OpenSQLite(path string) (*Store, error) {
	if path == "" || strings.Contains(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, fmt.Errorf("bunstore: OpenSQLite: %q is not the path of a file (package memstore keeps leads in memory)", path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("bunstore: OpenSQLite: %w", err)
	}
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() + "?" + sqlitePragmas
	writer, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("bunstore: OpenSQLite: %w", err)
	}
	reader, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	if err != nil {
		return nil, fmt.Errorf("bunstore: OpenSQLite: %w", err)
	}
	writer.SetMaxOpenConns(1)
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	s, err := New(bun.NewDB(writer, sqlitedialect.New()), &Options{Reader: bun.NewDB(reader, sqlitedialect.New())})
	if err != nil {
		return nil, err
	}
	s.engine.(*sqliteEngine).path = path
	s.close = func() error { return errors.Join(reader.Close(), writer.Close()) }
	return s, nil
}

// sqliteEngine is the [engine] on SQLite. All writes go through its combiner, which has one connection at a time.
type sqliteEngine struct {
	db, reader *sql.DB
	path       string // the file, if OpenSQLite opened it: then the connection and its log are ours
	now        func() time.Time
	prefix     string
	stmts      *statements
	sql        sqliteStatements
	listing    sqliteListing

	combiner *combiner[sharedWork]
	session  *session // the writer's connection; used by the combiner's leader only
	reading  preparedReader
}

type sqliteStatements struct {
	addIdentity, identity         string
	addKey, key, takeKey          string
	addSubmission, addEvent       string
	putLead, addTask, putDelivery string
	take                          string
	addEnrollment, spend, efforts string
}

func newSQLite(db, reader *sql.DB, prefix string, now func() time.Time) *sqliteEngine {
	e := &sqliteEngine{db: db, reader: reader, now: now, prefix: prefix}
	e.combiner = newCombiner(e.share)
	e.reading.db = reader
	e.stmts = newStatements(e.text)
	e.stmts.dropQuotas = e.text(`DELETE FROM {p}quotas WHERE (tenant_id, quota_key) IN
		(SELECT tenant_id, quota_key FROM {p}quotas WHERE ends_at <= ?1 ORDER BY ends_at LIMIT 1000)`)
	e.listing = newSQLiteListing(e.text)
	e.sql = sqliteStatements{
		addIdentity: e.text(`INSERT INTO {p}identities (tenant_id, kind, value, lead_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`),
		identity:    e.text(`SELECT lead_id FROM {p}identities WHERE tenant_id = ?1 AND kind = ?2 AND value = ?3`),
		addKey: e.text(`INSERT INTO {p}keys (tenant_id, source_id, idempotency_key, submission_id, lead_id, digest, received_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING`),
		key: e.text(`SELECT submission_id, lead_id, digest, received_at FROM {p}keys WHERE tenant_id = ?1 AND source_id = ?2 AND idempotency_key = ?3`),
		takeKey: e.text(`UPDATE {p}keys SET submission_id = ?4, lead_id = ?5, digest = ?6, received_at = ?7
			WHERE tenant_id = ?1 AND source_id = ?2 AND idempotency_key = ?3`),
		addSubmission: e.text(`INSERT INTO {p}submissions (tenant_id, lead_id, id, source_id, received_at, digest, raw, doc)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`),
		addEvent: e.text(`INSERT INTO {p}events (tenant_id, lead_id, id, kind, at, submission_id, task_id, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`),
		putLead: e.text(`INSERT INTO {p}leads (` + leadColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
			ON CONFLICT (tenant_id, id) DO UPDATE SET ` + assignments(leadColumns, "tenant_id", "id", "created_at")),
		addTask: e.text(`INSERT INTO {p}tasks (` + taskColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?11, NULL, ?9, ?10)
			ON CONFLICT (tenant_id, lead_id, id) DO NOTHING`),
		putDelivery: e.text(`INSERT INTO {p}deliveries AS d (` + deliveryColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
			ON CONFLICT (tenant_id, delivery_key) DO UPDATE SET ` + deliveryAssignments),
		addEnrollment: e.text(`INSERT INTO {p}enrollments (` + enrollmentColumns + `)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`),
		spend: e.text(`INSERT INTO {p}quotas AS q (tenant_id, quota_key, used, ends_at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (tenant_id, quota_key) DO UPDATE SET ends_at = excluded.ends_at,
				used = excluded.used + CASE WHEN q.ends_at <= ?5 THEN 0 ELSE q.used END RETURNING used`),
		efforts: e.text(`SELECT ` + deliveryColumns + ` FROM {p}deliveries
			WHERE tenant_id = ?1 AND lead_id = ?2 AND task_id = ?3 ORDER BY created_at, id`),
		take: e.text(`UPDATE {p}tasks SET state = 2, attempts = attempts + 1, fence = fence + 1, lease_until = ?4
			WHERE {these}SELECT {these.id} FROM {p}tasks
				WHERE state = 0 AND kind = ?1 AND tenant_id = ?2 ORDER BY due LIMIT ?3{end} RETURNING ` + taskColumns),
	}
	return e
}

// assignments sets all columns but some from the row that was to be inserted.
func assignments(columns string, but ...string) string {
	var sets []string
next:
	for _, column := range strings.Split(columns, ", ") {
		for _, b := range but {
			if b == column {
				continue next
			}
		}
		sets = append(sets, column+" = excluded."+column)
	}
	return strings.Join(sets, ", ")
}

// deliveryAssignments are what changes about a delivery that is stored again: not what it is, nor when it was made, nor that it was sent, nor that its
// body is gone.
var deliveryAssignments = assignments(deliveryColumns, "tenant_id", "id", "delivery_key", "created_at", "state", "provider", "error", "body") +
	stayingSent("state", "provider", "error") + ", body = CASE WHEN d.body IS NULL THEN NULL ELSE excluded.body END"

// stayingSent sets columns of a delivery, in the table alias d, unless it was sent and the new one says otherwise.
func stayingSent(columns ...string) string {
	var b strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&b, ", %s = CASE WHEN d.state = 'sent' AND excluded.state <> 'sent' THEN d.%s ELSE excluded.%s END", c, c, c)
	}
	return b.String()
}

var sqliteMarks = marks{
	now: "?$1", later: "(?$1 + ?$2)",
	these: "(tenant_id, lead_id, id) IN (", theseID: "tenant_id, lead_id, id", end: ")", find: "instr",
	// Without statistics, an index that has the order is taken to be better than one that has the few rows.
	sort: "+", join: "CROSS JOIN", unlisted: "listed < version", has: "instr(doc, $1) > 0",
}

func (e *sqliteEngine) text(template string) string {
	return sqliteMarks.fill(template, e.prefix)
}

func (e *sqliteEngine) statements() *statements { return e.stmts }

func (e *sqliteEngine) id(u uid) any { return u[:] }

func (e *sqliteEngine) at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func (e *sqliteEngine) clock(t time.Time) any {
	if t.IsZero() {
		t = e.now()
	}
	return t.UnixMicro()
}

func (e *sqliteEngine) optional(u uid) any {
	if u == (uid{}) {
		return nil
	}
	return u[:]
}

// prepare has nothing to do: the first connection makes the file.
func (e *sqliteEngine) prepare(context.Context) error { return nil }

// create makes the file if there is none, because SQLite would make it readable for everybody. The log is given the file's mode.
func (e *sqliteEngine) create() error {
	if e.path == "" {
		return nil
	}
	f, err := os.OpenFile(e.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (e *sqliteEngine) close() error { return errors.Join(e.reading.close(), e.closeSession()) }

func (e *sqliteEngine) read() tx { return &e.reading }

func (e *sqliteEngine) host(t bun.Tx) tx { return plainTx{t.Tx} }

func (e *sqliteEngine) migrationLock() string { return "" }

func (e *sqliteEngine) settle(ctx context.Context, st *settling) error { return e.write(ctx, st.run) }

func (e *sqliteEngine) write(ctx context.Context, work func(ctx context.Context, t tx) error) error {
	return e.combiner.do(ctx, work)
}

// durability checks the settings of the connection that writes.
func (e *sqliteEngine) durability(ctx context.Context) ([]leads.Finding, error) {
	var mode string
	var synchronous, foreign, busy int
	err := e.write(ctx, func(ctx context.Context, t tx) error {
		for pragma, to := range map[string]any{"journal_mode": &mode, "synchronous": &synchronous, "foreign_keys": &foreign, "busy_timeout": &busy} {
			if err := t.query(ctx, "PRAGMA "+pragma, nil, func(scan scanFunc) error { return scan(to) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var findings []leads.Finding
	add := func(wrong, fatal bool, message, fix string) {
		if wrong {
			findings = append(findings, leads.Finding{Fatal: fatal, Part: "store", Message: message, Fix: fix})
		}
	}
	mode = strings.ToLower(mode)
	volatile := mode == "off" || mode == "memory"
	add(volatile, true, "SQLite journal_mode="+mode+" loses data in a crash", "open the database with journal_mode=WAL")
	add(!volatile && mode != "wal", false, "SQLite journal_mode="+mode+" lets readers block the capture", "open the database with journal_mode=WAL")
	add(synchronous < 2, true, fmt.Sprintf("SQLite synchronous=%d loses acknowledged leads in a power cut", synchronous), "open the database with synchronous=FULL")
	add(foreign == 0, false, "SQLite foreign_keys=OFF", "open the database with foreign_keys=ON, as your own tables may rely on it")
	add(busy < 1000, false, fmt.Sprintf("SQLite busy_timeout=%d ms makes writers fail under load", busy), "open the database with busy_timeout=10000")
	return findings, nil
}
