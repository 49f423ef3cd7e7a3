package bunstore

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// engine is what differs between SQLite and PostgreSQL.
type engine interface {
	// prepare gets the first connection and whatever the engine needs before it is used.
	prepare(ctx context.Context) error
	durability(ctx context.Context) ([]leads.Finding, error)
	close() error

	// write runs work in a transaction and commits it. It may run work again after a conflict, so work must begin from nothing each time.
	write(ctx context.Context, work func(ctx context.Context, t tx) error) error
	// settle records the outcome of a task.
	settle(ctx context.Context, st *settling) error
	// pay spends, and put stores an enrolment that there is.
	pay(ctx context.Context, o *outlay) error
	put(ctx context.Context, p *putting) error
	// read returns what runs single statements outside of a transaction.
	read() tx
	// host returns what runs statements in the host's transaction.
	host(t bun.Tx) tx

	// id and at make arguments of IDs and times. clock makes an argument for {now}: the time given, or the store's clock if that is zero.
	id(u uid) any
	// optional is id with NULL for the zero ID.
	optional(u uid) any
	at(t time.Time) any
	clock(t time.Time) any
	// text makes a statement of a template.
	text(template string) string
	// statements returns the texts that both databases have.
	statements() *statements

	// claimKeys stores the keys, or fills in who has used them. They are distinct and sorted.
	claimKeys(ctx context.Context, t tx, keys []*keyUse) error
	// findPeople stores the identities with their proposed leads, or fills in the lead that has one already, and loads those leads under
	// lock. They are distinct and sorted.
	findPeople(ctx context.Context, t tx, people []*person) error
	// store writes the changes.
	store(ctx context.Context, t tx, c *changes) error
	// efforts reads the deliveries of the tasks, each task's oldest first.
	efforts(ctx context.Context, t tx, tasks []taskRow, row func(scan scanFunc) error) error
	// take claims ready tasks of a kind: of each tenant as many as its quota says.
	take(ctx context.Context, t tx, kind leads.TaskKind, quotas []quota, lease leaseTerm) ([]taskRow, error)

	// end ends enrolments that are locked. They are of one tenant.
	end(ctx context.Context, t tx, e *ending) error
	// spend counts what is spent, and fills in how much is used up then. They are distinct and sorted.
	spend(ctx context.Context, t tx, tenant string, spent []spending) error

	// list writes the rows of leads, which are locked, into the listing, and notes that they are there.
	list(ctx context.Context, t tx, rows []*listingRow) error
	// unlist removes a lead from the listing.
	unlist(ctx context.Context, t tx, tenant string, lead uid) error
	// loose runs single statements outside of a transaction that are put together anew each time.
	loose() tx
	// index names an index of the listing behind the table's name, or is "" where the planner knows better. fence, if it is not "", is what keeps
	// the planner from looking into a WITH.
	index(name string) string
	fence() string
	// ofEach joins a table with rows of another one: those that meet a condition on a row of the first, looked up for each.
	ofEach(rows, alias, where string) string
	// plainID is an ID as 32 hexadecimal digits.
	plainID(column string) string
	// hasWord is the condition that a row l has the word; wordRows are the rows l that have the words, with their WHERE.
	hasWord(c *condition, tenant string, w desk.Word) string
	wordRows(c *condition, tenant string, words []desk.Word) string
	// leadsByID reads leads, in no order.
	leadsByID(ctx context.Context, tenant string, ids []uid, row func(scan scanFunc) error) error

	// background works until ctx ends, and calls sweep now and then.
	background(ctx context.Context, wake func(), sweep func(context.Context))
	// migrationLock is the statement that keeps others from migrating, or "" where the transaction does.
	migrationLock() string
}

// tx runs statements.
type tx interface {
	exec(ctx context.Context, text string, args ...any) (int64, error)
	query(ctx context.Context, text string, args []any, row func(scan scanFunc) error) error
}

type scanFunc func(dest ...any) error

// eachRow reads all rows and closes them.
func eachRow(rows *sql.Rows, err error, row func(scan scanFunc) error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			_ = rows.Close()
			return err
		}
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return err
	}
	return rows.Close()
}

// statements are the statements that both databases have. In a template, {p} is the prefix of the tables, ?1 an argument, {now:1} the time
// in argument 1 or else the database's clock, {later:1:2} that time plus argument 2 in microseconds, and {lock} and {skip} lock the rows
// found, the latter skipping those that are locked. {find} is the function that finds a text in another, {sort} stands
// before a column by which a few rows are sorted. {join} joins the table that comes before with the one behind it, in that order. {doc has ?1} is true of a row whose
// document has those bytes. {unlisted} is true of
// a lead that is not listed as it is. {these}SELECT {these.id} …{end} are the rows that a query finds.
type statements struct {
	sourceByToken string
	lead, peek    string
	repoint       string
	keyLead       string
	unquarantine  string

	pending string
	promote string
	lapse   string
	tenants string

	finish  string
	reshape string
	revive  string
	forget  string

	following
	desking
}

// held is true of a task that its last claim still holds: it is running, or its lease has ended and nobody else has claimed it yet.
const held = `(state = 2 OR state = 0 AND lease_until IS NOT NULL)`

const leadColumns = `tenant_id, id, version, email, first_name, last_name, phone, company, status, score, qualification, assignee, source_id, created_at, updated_at, doc`

const taskColumns = `tenant_id, lead_id, id, kind, submission_id, payload, state, due, attempts, fence, lease_until, last_error, created_at`

const deliveryColumns = `tenant_id, lead_id, task_id, id, delivery_key, channel, recipient, body, state, attempts, provider, error, created_at, updated_at, message_id`

func newStatements(text func(string) string) *statements {
	return &statements{
		sourceByToken: text(`SELECT s.tenant_id, s.id, s.name, s.doc, s.created_at FROM {p}tokens t
			JOIN {p}sources s ON s.tenant_id = t.tenant_id AND s.id = t.source_id WHERE t.token = ?1 AND s.deleted_at IS NULL`),
		lead:    text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND id = ?2 {lock}`),
		peek:    text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND id = ?2`),
		repoint: text(`UPDATE {p}identities SET lead_id = ?4 WHERE tenant_id = ?1 AND kind = ?2 AND value = ?3`),
		keyLead: text(`UPDATE {p}keys SET lead_id = ?4 WHERE tenant_id = ?1 AND source_id = ?2 AND idempotency_key = ?3 AND submission_id = ?5`),
		unquarantine: text(`DELETE FROM {p}submissions WHERE tenant_id = ?1 AND lead_id = ?2 AND id = ?3
			RETURNING tenant_id, lead_id, id, source_id, received_at, digest, raw, doc`),

		// The least of each index tells, at the same cost however many there are. With EXISTS, PostgreSQL may choose to read the table.
		pending: text(`SELECT coalesce((SELECT min(due) FROM {p}tasks WHERE state = 1) <= {now:1}, false),
			coalesce((SELECT min(lease_until) FROM {p}tasks WHERE state = 2) <= {now:1}, false),
			(SELECT min(kind) FROM {p}tasks WHERE state = 0) IS NOT NULL`),
		promote: text(`UPDATE {p}tasks SET state = 0 WHERE {these}SELECT {these.id} FROM {p}tasks
			WHERE state = 1 AND due <= {now:1} ORDER BY due LIMIT 1000 {skip}{end}`),
		lapse: text(`UPDATE {p}tasks SET state = 0 WHERE {these}SELECT {these.id} FROM {p}tasks
			WHERE state = 2 AND lease_until <= {now:1} ORDER BY lease_until LIMIT 1000 {skip}{end}`),
		tenants: text(`WITH RECURSIVE found(tenant_id, n) AS (
				SELECT (SELECT min(tenant_id) FROM {p}tasks WHERE state = 0 AND kind = ?1 AND tenant_id > ?2), 1
				UNION ALL
				SELECT (SELECT min(tenant_id) FROM {p}tasks WHERE state = 0 AND kind = ?1 AND tenant_id > found.tenant_id), n + 1
				FROM found WHERE found.tenant_id IS NOT NULL AND n <= ?3)
			SELECT tenant_id FROM found WHERE tenant_id IS NOT NULL AND n <= ?3`),

		finish: text(`DELETE FROM {p}tasks WHERE tenant_id = ?1 AND lead_id = ?2 AND id = ?3 AND fence = ?4 AND ` + held),
		reshape: text(`UPDATE {p}tasks SET state = ?5,
				due = CASE WHEN ?6 THEN {later:7:8} ELSE due END,
				lease_until = CASE WHEN ?9 THEN {later:7:8} ELSE NULL END,
				attempts = attempts - ?10,
				last_error = CASE WHEN ?11 = '' THEN last_error ELSE ?11 END,
				payload = COALESCE(?12, payload)
			WHERE tenant_id = ?1 AND lead_id = ?2 AND id = ?3 AND fence = ?4 AND ` + held),
		forget: text(`DELETE FROM {p}keys WHERE tenant_id = ?1 AND source_id = ?2 AND idempotency_key = ?3 AND received_at < ?4`),
		revive: text(`UPDATE {p}tasks SET state = 0, due = {now:4}, attempts = 0 WHERE tenant_id = ?1 AND lead_id = ?2 AND id = ?3 AND state = 3`),

		following: newFollowing(text),
		desking:   newDesking(text),
	}
}

var (
	nowMark   = regexp.MustCompile(`\{now:(\d+)\}`)
	laterMark = regexp.MustCompile(`\{later:(\d+):(\d+)\}`)
	argMark   = regexp.MustCompile(`\?(\d+)`)
	hasMark   = regexp.MustCompile(`\{doc has (\?\d+)\}`)
)

// marks is what the marks of a template stand for on a database.
type marks struct{ now, later, lock, skip, these, theseID, end, find, sort, join, unlisted, has string }

// fill makes a statement of a template.
func (d marks) fill(template, prefix string) string {
	s := strings.NewReplacer("{p}", prefix, "{lock}", d.lock, "{skip}", d.skip, "{these}", d.these, "{these.id}", d.theseID, "{end}", d.end, "{find}", d.find, "{sort}", d.sort, "{join}", d.join, "{unlisted}", d.unlisted).Replace(template)
	s = nowMark.ReplaceAllString(s, d.now)
	s = laterMark.ReplaceAllString(s, d.later)
	s = hasMark.ReplaceAllString(s, d.has)
	return strings.Join(strings.Fields(s), " ")
}
