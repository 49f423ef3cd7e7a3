package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/openleads/leads"
)

// connections is how many connections OpenPostgres keeps at most.
const connections = 16

// OpenPostgres returns a Store on the PostgreSQL database of the DSN, a URL or key=value pairs as libpq takes them. Several processes can
// use the database at once. The server must be version 12 or newer.
//
// Unless the DSN says otherwise, bun's own queries use the simple protocol (default_query_exec_mode); the statements of the hot paths are prepared
// on the server in any case, unless the DSN turns that off with statement_cache_capacity=0 for a pooler that cannot keep them.
func OpenPostgres(dsn string) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("bunstore: OpenPostgres: %w", err)
	}
	if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s, err := New(bun.NewDB(db, pgdialect.New()), nil)
	if err != nil {
		return nil, err
	}
	s.close = db.Close
	return s, nil
}

// postgresEngine is the [engine] on PostgreSQL, through pgx/v5/stdlib.
type postgresEngine struct {
	db, reader *sql.DB
	prefix     string
	stmts      *statements
	sql        postgresStatements
	listing    postgresListing
	writes     lazily[string]
	settling   *combiner[*settling]
	paying     *combiner[*outlay]
	putting    *combiner[*putting]
	mode       pgx.QueryExecMode
}

type postgresStatements struct {
	claimKeys, findPeople, lockLeads, lockTasks, take string
	efforts, holdTasks, spend                         string
	lockEnrollments, holdTasksOfMany                  string
}

func newPostgres(db, reader *sql.DB, prefix string) *postgresEngine {
	e := &postgresEngine{db: db, reader: reader, prefix: prefix, mode: pgx.QueryExecModeCacheStatement}
	e.settling = newCombiner(e.settleTogether)
	e.paying = newCombiner(e.payTogether)
	e.putting = newCombiner(e.putTogether)
	e.stmts = newStatements(e.text)
	e.stmts.dropQuotas = e.text(`DELETE FROM {p}quotas WHERE {these}SELECT ctid FROM {p}quotas
		WHERE ends_at <= {now:1} ORDER BY ends_at LIMIT 1000 {skip}{end}`)
	e.listing = newPostgresListing(e.text)
	e.sql = postgresStatements{
		// An expired key is taken over; any other answers who has used it. DO UPDATE is needed either way: DO NOTHING returns no row.
		claimKeys: e.text(`INSERT INTO {p}keys AS k (tenant_id, source_id, idempotency_key, submission_id, lead_id, digest, received_at)
			SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::bytea[], ?4::uuid[], ?5::uuid[], ?6::bytea[], ?7::timestamptz[])
			ON CONFLICT (tenant_id, source_id, idempotency_key) DO UPDATE SET ` + takeOver("submission_id", "lead_id", "digest", "received_at") + `
			RETURNING tenant_id, source_id, idempotency_key, submission_id, lead_id, digest`),
		findPeople: e.text(`INSERT INTO {p}identities AS i (tenant_id, kind, value, lead_id)
			SELECT * FROM unnest(?1::text[], ?2::text[], ?3::text[], ?4::uuid[])
			ON CONFLICT (tenant_id, kind, value) DO UPDATE SET lead_id = i.lead_id RETURNING tenant_id, kind, value, lead_id`),
		lockLeads: e.text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE (tenant_id, id) IN (SELECT * FROM unnest(?1::text[], ?2::uuid[]))
			ORDER BY tenant_id, id FOR UPDATE`),
		lockTasks: e.text(`SELECT t.tenant_id, t.lead_id, t.id FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::bigint[]) AS n (tenant_id, lead_id, id, fence)
			JOIN {p}tasks AS t ON t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id AND t.id = n.id AND t.fence = n.fence AND ` + held + `
			ORDER BY t.tenant_id, t.lead_id, t.id FOR UPDATE OF t`),
		efforts: e.text(`SELECT ` + qualified("d", deliveryColumns) + ` FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[]) AS n (tenant_id, lead_id, task_id)
			JOIN {p}deliveries AS d ON d.tenant_id = n.tenant_id AND d.lead_id = n.lead_id AND d.task_id = n.task_id ORDER BY d.created_at, d.id`),
		holdTasks: e.text(`SELECT 1 FROM unnest(?2::uuid[], ?3::uuid[]) AS n (lead_id, id)
			JOIN {p}tasks AS t ON t.tenant_id = ?1 AND t.lead_id = n.lead_id AND t.id = n.id ORDER BY t.tenant_id, t.lead_id, t.id FOR UPDATE OF t`),
		lockEnrollments: e.text(`SELECT e.tenant_id, e.id FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::text[], ?5::bigint[])
				AS n (tenant_id, id, lead_id, sequence_id, revision)
			JOIN {p}enrollments AS e ON e.tenant_id = n.tenant_id AND e.id = n.id AND e.lead_id = n.lead_id AND e.sequence_id = n.sequence_id
				AND e.revision = n.revision ORDER BY e.tenant_id, e.id FOR UPDATE OF e`),
		holdTasksOfMany: e.text(`SELECT 1 FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[]) AS n (tenant_id, lead_id, id)
			JOIN {p}tasks AS t ON t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id AND t.id = n.id ORDER BY t.tenant_id, t.lead_id, t.id FOR UPDATE OF t`),
		spend: e.text(`INSERT INTO {p}quotas AS q (tenant_id, quota_key, used, ends_at) SELECT ?1, * FROM unnest(?2::text[], ?3::bigint[], ?4::timestamptz[])
			ON CONFLICT (tenant_id, quota_key) DO UPDATE SET ends_at = excluded.ends_at,
				used = excluded.used + CASE WHEN q.ends_at <= statement_timestamp() THEN 0 ELSE q.used END RETURNING quota_key, used`),
		take: e.text(`WITH picked AS MATERIALIZED (
				SELECT k.place FROM unnest(?2::text[], ?3::bigint[]) AS w (tenant, quota)
				CROSS JOIN LATERAL (SELECT ctid AS place FROM {p}tasks
					WHERE state = 0 AND kind = ?1 AND tenant_id = w.tenant ORDER BY due LIMIT w.quota FOR UPDATE SKIP LOCKED) AS k)
			UPDATE {p}tasks SET state = 2, attempts = attempts + 1, fence = fence + 1, lease_until = {later:4:5}
			WHERE ctid = ANY (ARRAY(SELECT place FROM picked)) RETURNING ` + taskColumns),
	}
	return e
}

// qualified names columns by their table.
func qualified(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// takeOver sets columns of an idempotency key to the new values if it has expired, and else to what they are.
func takeOver(columns ...string) string {
	for i, c := range columns {
		columns[i] = fmt.Sprintf("%s = CASE WHEN k.received_at < excluded.received_at - interval '72 hours' THEN excluded.%s ELSE k.%s END", c, c, c)
	}
	return strings.Join(columns, ", ")
}

// The clock is that of the server, which all processes share; as a stable function it can be compared by an index, which
// clock_timestamp() cannot. Rows that have just been locked are found by their place: joined by their key, they may cost a
// scan of the whole table.
var postgresMarks = marks{
	now:   "coalesce(?$1::timestamptz, statement_timestamp())",
	later: "(coalesce(?$1::timestamptz, statement_timestamp()) + ?$2::bigint * interval '1 microsecond')",
	lock:  "FOR UPDATE", skip: "FOR UPDATE SKIP LOCKED",
	these: "ctid = ANY (ARRAY(", theseID: "ctid", end: "))", find: "strpos", join: "JOIN", unlisted: "NOT listed", has: "position($1::bytea IN doc) > 0",
}

func (e *postgresEngine) text(template string) string {
	return argMark.ReplaceAllString(postgresMarks.fill(template, e.prefix), "$$$1")
}

func (e *postgresEngine) statements() *statements { return e.stmts }

func (e *postgresEngine) id(u uid) any { return [16]byte(u) }

func (e *postgresEngine) optional(u uid) any {
	if u == (uid{}) {
		return nil
	}
	return [16]byte(u)
}

func (e *postgresEngine) at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func (e *postgresEngine) clock(t time.Time) any { return e.at(t) }

// prepare makes sure that the database is there, is new enough and is spoken to through pgx.
func (e *postgresEngine) prepare(ctx context.Context) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("%w, not %T", errNotPgx, driver)
		}
		if c.Conn().Config().StatementCacheCapacity == 0 {
			e.mode = pgx.QueryExecModeDescribeExec
		}
		version := c.Conn().PgConn().ParameterStatus("server_version")
		if major, err := strconv.Atoi(leadingDigits(version)); err == nil && major < 12 {
			return fmt.Errorf("PostgreSQL %s is too old, 12 is needed", version)
		}
		return nil
	})
}

func leadingDigits(s string) string {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return s[:n]
}

func (e *postgresEngine) close() error { return nil }

func (e *postgresEngine) read() tx { return postgresTx{e.reader, e.mode} }

func (e *postgresEngine) host(t bun.Tx) tx { return postgresTx{t.Tx, e.mode} }

// migrationLock names the migrations of these tables in this schema.
func (e *postgresEngine) migrationLock() string {
	h := fnv.New64a()
	_, _ = h.Write([]byte("github.com/openleads/leads " + e.prefix))
	return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d, hashtext(current_schema()))", int32(h.Sum64()))
}

// tries is how often a transaction is begun that loses against another one.
const tries = 5

func (e *postgresEngine) write(ctx context.Context, work func(ctx context.Context, t tx) error) (err error) {
	for range tries {
		if err = e.attempt(ctx, work); !isConflict(err) {
			return err
		}
	}
	return err
}

func (e *postgresEngine) attempt(ctx context.Context, work func(ctx context.Context, t tx) error) error {
	t, err := e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	// Also when work panics.
	defer func() { _ = t.Rollback() }()
	if err := work(ctx, postgresTx{t, e.mode}); err != nil {
		return err
	}
	return t.Commit()
}

// postgresTx runs statements with real parameters, whatever the mode of the connection is.
type postgresTx struct {
	on interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	mode pgx.QueryExecMode
}

func (p postgresTx) args(args []any) []any {
	if len(args) == 0 {
		return nil
	}
	return append([]any{p.mode}, args...)
}

func (p postgresTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r, err := p.on.ExecContext(ctx, text, p.args(args)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (p postgresTx) query(ctx context.Context, text string, args []any, row func(scan scanFunc) error) error {
	rows, err := p.on.QueryContext(ctx, text, p.args(args)...)
	return eachRow(rows, err, row)
}

// durability checks the settings of a session.
func (e *postgresEngine) durability(ctx context.Context) ([]leads.Finding, error) {
	var fsync, pages, commit string
	err := e.db.QueryRowContext(ctx, `SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`).
		Scan(&fsync, &pages, &commit)
	if err != nil {
		return nil, err
	}
	var findings []leads.Finding
	add := func(wrong bool, message, fix string) {
		if wrong {
			findings = append(findings, leads.Finding{Fatal: true, Part: "store", Message: message, Fix: fix})
		}
	}
	add(fsync == "off", "PostgreSQL fsync=off loses leads in a power cut", "set fsync=on in postgresql.conf")
	add(pages == "off", "PostgreSQL full_page_writes=off can corrupt tables in a power cut", "set full_page_writes=on in postgresql.conf")
	add(commit == "off", "PostgreSQL synchronous_commit=off loses acknowledged leads in a crash", "set synchronous_commit=on for this database and user")
	return findings, nil
}

var errNoRow = errors.New("the database returned no row for what was just stored")

var errNotPgx = errors.New("PostgreSQL is supported through github.com/jackc/pgx/v5/stdlib")
