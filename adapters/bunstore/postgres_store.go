package bunstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/openleads/leads"
)

// uuids is an array of IDs in which the zero ID is NULL.
func uuids[T any](rows []T, of func(*T) uid) []pgtype.UUID {
	ids := make([]pgtype.UUID, len(rows))
	for i := range rows {
		id := of(&rows[i])
		ids[i] = pgtype.UUID{Bytes: id, Valid: id != (uid{})}
	}
	return ids
}

// keyUUIDs is an array of IDs that are parts of keys, in which the zero ID is an ID.
func keyUUIDs[T any](rows []T, of func(*T) uid) []pgtype.UUID {
	ids := make([]pgtype.UUID, len(rows))
	for i := range rows {
		ids[i] = pgtype.UUID{Bytes: of(&rows[i]), Valid: true}
	}
	return ids
}

func times[T any](rows []T, of func(*T) time.Time) []pgtype.Timestamptz {
	times := make([]pgtype.Timestamptz, len(rows))
	for i := range rows {
		t := of(&rows[i])
		times[i] = pgtype.Timestamptz{Time: t, Valid: !t.IsZero()}
	}
	return times
}

func column[T, V any](rows []T, of func(*T) V) []V {
	values := make([]V, len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

func (e *postgresEngine) claimKeys(ctx context.Context, t tx, keys []*keyUse) error {
	type name struct {
		tenant string
		source uid
		key    string
	}
	uses := make(map[name]*keyUse, len(keys))
	for _, k := range keys {
		uses[name{k.tenant, k.source, k.key}] = k
	}
	return t.query(ctx, e.sql.claimKeys, []any{
		column(keys, func(k **keyUse) string { return (*k).tenant }),
		keyUUIDs(keys, func(k **keyUse) uid { return (*k).source }),
		column(keys, func(k **keyUse) []byte { return []byte((*k).key) }),
		keyUUIDs(keys, func(k **keyUse) uid { return (*k).own }),
		keyUUIDs(keys, func(k **keyUse) uid { return (*k).ownLead }),
		column(keys, func(k **keyUse) []byte { return (*k).digest[:] }),
		times(keys, func(k **keyUse) time.Time { return (*k).received }),
	}, func(scan scanFunc) error {
		var n name
		var key []byte
		var found keyUse
		if err := scan(&n.tenant, &n.source, &key, &found.submission, &found.lead, &found.known); err != nil {
			return err
		}
		n.key = string(key)
		k := uses[n]
		if k == nil {
			return errNoRow
		}
		k.submission, k.lead, k.known = found.submission, found.lead, found.known
		return nil
	})
}

func (e *postgresEngine) findPeople(ctx context.Context, t tx, people []*person) error {
	type name struct{ tenant, kind, value string }
	known := make(map[name]*person, len(people))
	for _, p := range people {
		known[name{p.tenant, string(p.identity.Kind), p.identity.Value}] = p
	}
	var existing []*person
	err := t.query(ctx, e.sql.findPeople, []any{
		column(people, func(p **person) string { return (*p).tenant }),
		column(people, func(p **person) string { return string((*p).identity.Kind) }),
		column(people, func(p **person) string { return (*p).identity.Value }),
		keyUUIDs(people, func(p **person) uid { return (*p).proposed }),
	}, func(scan scanFunc) error {
		var n name
		var lead uid
		if err := scan(&n.tenant, &n.kind, &n.value, &lead); err != nil {
			return err
		}
		p := known[n]
		if p == nil {
			return errNoRow
		}
		p.leadID = lead
		if lead != p.proposed {
			existing = append(existing, p)
		}
		return nil
	})
	if err != nil || len(existing) == 0 {
		return err
	}
	return e.lockLeads(ctx, t, existing)
}

func (e *postgresEngine) lockLeads(ctx context.Context, t tx, people []*person) error {
	type name struct {
		tenant string
		lead   uid
	}
	found := make(map[name]leads.Lead, len(people))
	err := t.query(ctx, e.sql.lockLeads, []any{
		column(people, func(p **person) string { return (*p).tenant }),
		keyUUIDs(people, func(p **person) uid { return (*p).leadID }),
	}, func(scan scanFunc) (err error) {
		var r leadRow
		if err = r.scan(scan); err == nil {
			found[name{r.TenantID, r.ID}], err = r.lead()
		}
		return err
	})
	for _, p := range people {
		p.lead = found[name{p.tenant, p.leadID}]
	}
	return err
}

// part is one of the parts of a writing statement: a CTE, with its arguments as ?1, ?2 …
type part struct {
	name, text string
	args       []any
}

// store writes all changes with one statement, made of the parts that are needed.
func (e *postgresEngine) store(ctx context.Context, t tx, c *changes) error {
	return e.storeWith(ctx, t, c)
}

// storeWith does what store does, and some more in the same statement.
func (e *postgresEngine) storeWith(ctx context.Context, t tx, c *changes, parts ...part) error {
	if len(c.submissions) > 0 {
		parts = append(parts, submissionsPart(c.submissions))
	}
	if len(c.leads) > 0 {
		parts = append(parts, leadsPart(c.leads))
	}
	if len(c.events) > 0 {
		parts = append(parts, eventsPart(c.events))
	}
	if len(c.tasks) > 0 {
		parts = append(parts, tasksPart(inOrder(c.tasks)))
	}
	if len(c.enrollments) > 0 {
		parts = append(parts, enrollmentsPart(c.enrollments))
	}
	if len(c.deliveries) > 0 {
		parts = append(parts, deliveriesPart(c.deliveries))
	}
	if len(parts) > 0 || c.announce {
		if err := e.runParts(ctx, t, parts, c.announce); err != nil {
			return err
		}
	}
	return storeRest(ctx, e, t, c)
}

func (e *postgresEngine) runParts(ctx context.Context, t tx, parts []part, announce bool) error {
	var name strings.Builder
	var args []any
	for _, p := range parts {
		name.WriteString(p.name)
		args = append(args, p.args...)
	}
	end := "SELECT 1"
	if announce {
		end = "SELECT pg_notify('" + e.channel() + "', '')"
	}
	text := e.writes.get(name.String()+end, func() string { return e.text(joinParts(parts) + " " + end) })
	return t.query(ctx, text, args, func(scanFunc) error { return nil })
}

// joinParts makes one statement of the parts and counts their arguments through.
func joinParts(parts []part) string {
	var b strings.Builder
	offset := 0
	for i, p := range parts {
		if i == 0 {
			b.WriteString("WITH ")
		} else {
			b.WriteString(", ")
		}
		marks := make([]string, 0, 2*len(p.args))
		for n := len(p.args); n > 0; n-- { // ?12 before ?1
			marks = append(marks, fmt.Sprintf("?%d", n), fmt.Sprintf("?%d", n+offset))
		}
		fmt.Fprintf(&b, "%s AS (%s)", p.name, strings.NewReplacer(marks...).Replace(p.text))
		offset += len(p.args)
	}
	return b.String()
}

func submissionsPart(rows []*submissionRow) part {
	type row = *submissionRow
	return part{"new_submissions", `INSERT INTO {p}submissions (tenant_id, lead_id, id, source_id, received_at, digest, raw, doc)
		SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::uuid[], ?5::timestamptz[], ?6::bytea[], ?7::bytea[], ?8::bytea[])`, []any{
		column(rows, func(r *row) string { return (*r).TenantID }), keyUUIDs(rows, func(r *row) uid { return (*r).LeadID }),
		keyUUIDs(rows, func(r *row) uid { return (*r).ID }), keyUUIDs(rows, func(r *row) uid { return (*r).SourceID }),
		times(rows, func(r *row) time.Time { return (*r).ReceivedAt.Time }), column(rows, func(r *row) []byte { return (*r).Digest }),
		column(rows, func(r *row) []byte { return (*r).Raw }), column(rows, func(r *row) []byte { return (*r).Doc }),
	}}
}

func leadsPart(rows []leadRow) part {
	type row = leadRow
	return part{"new_leads", `INSERT INTO {p}leads (` + leadColumns + `) SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::bigint[], ?4::text[],
		?5::text[], ?6::text[], ?7::text[], ?8::text[], ?9::text[], ?10::smallint[], ?11::text[], ?12::text[], ?13::uuid[], ?14::timestamptz[],
		?15::timestamptz[], ?16::bytea[]) ON CONFLICT (tenant_id, id) DO UPDATE SET ` + assignments(leadColumns, "tenant_id", "id", "created_at"), []any{
		column(rows, func(r *row) string { return r.TenantID }), keyUUIDs(rows, func(r *row) uid { return r.ID }),
		column(rows, func(r *row) int64 { return r.Version }), column(rows, func(r *row) string { return r.Email }),
		column(rows, func(r *row) string { return r.FirstName }), column(rows, func(r *row) string { return r.LastName }),
		column(rows, func(r *row) string { return r.Phone }), column(rows, func(r *row) string { return r.Company }),
		column(rows, func(r *row) string { return r.Status }), column(rows, func(r *row) *int64 { return r.Score }),
		column(rows, func(r *row) string { return r.Qualification }), column(rows, func(r *row) string { return r.Assignee }),
		keyUUIDs(rows, func(r *row) uid { return r.SourceID }), times(rows, func(r *row) time.Time { return r.CreatedAt.Time }),
		times(rows, func(r *row) time.Time { return r.UpdatedAt.Time }), column(rows, func(r *row) []byte { return r.Doc }),
	}}
}

func eventsPart(rows []eventRow) part {
	type row = eventRow
	return part{"new_events", `INSERT INTO {p}events (tenant_id, lead_id, id, kind, at, submission_id, task_id, data)
		SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::text[], ?5::timestamptz[], ?6::uuid[], ?7::uuid[], ?8::bytea[])`, []any{
		column(rows, func(r *row) string { return r.TenantID }), keyUUIDs(rows, func(r *row) uid { return r.LeadID }),
		keyUUIDs(rows, func(r *row) uid { return r.ID }), column(rows, func(r *row) string { return r.Kind }),
		times(rows, func(r *row) time.Time { return r.At.Time }), uuids(rows, func(r *row) uid { return r.SubmissionID }),
		uuids(rows, func(r *row) uid { return r.TaskID }), column(rows, func(r *row) []byte { return r.Data }),
	}}
}

func tasksPart(rows []taskRow) part {
	type row = taskRow
	return part{"new_tasks", `INSERT INTO {p}tasks (` + taskColumns + `)
		SELECT n.tenant_id, n.lead_id, n.id, n.kind, n.submission_id, n.payload, n.state, coalesce(n.due, statement_timestamp()), 0, n.fence, NULL, n.last_error, n.created_at
		FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::text[], ?5::uuid[], ?6::bytea[], ?7::smallint[], ?8::timestamptz[], ?9::text[], ?10::timestamptz[], ?11::bigint[])
		AS n (tenant_id, lead_id, id, kind, submission_id, payload, state, due, last_error, created_at, fence)
		ON CONFLICT (tenant_id, lead_id, id) DO NOTHING`, []any{
		column(rows, func(r *row) string { return r.TenantID }), keyUUIDs(rows, func(r *row) uid { return r.LeadID }),
		keyUUIDs(rows, func(r *row) uid { return r.ID }), column(rows, func(r *row) string { return r.Kind }),
		uuids(rows, func(r *row) uid { return r.SubmissionID }), column(rows, func(r *row) []byte { return r.Payload }),
		column(rows, func(r *row) int16 { return int16(r.State) }), times(rows, func(r *row) time.Time { return r.Due.Time }),
		column(rows, func(r *row) string { return r.LastError }), times(rows, func(r *row) time.Time { return r.CreatedAt.Time }),
		column(rows, func(r *row) int64 { return r.Fence }),
	}}
}

func deliveriesPart(rows []deliveryRow) part {
	type row = deliveryRow
	return part{"new_deliveries", `INSERT INTO {p}deliveries AS d (` + deliveryColumns + `) SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::uuid[],
		?5::text[], ?6::text[], ?7::text[], ?8::bytea[], ?9::text[], ?10::int[], ?11::text[], ?12::text[], ?13::timestamptz[], ?14::timestamptz[], ?15::text[])
		ON CONFLICT (tenant_id, delivery_key) DO UPDATE SET ` + deliveryAssignments, []any{
		column(rows, func(r *row) string { return r.TenantID }), keyUUIDs(rows, func(r *row) uid { return r.LeadID }),
		keyUUIDs(rows, func(r *row) uid { return r.TaskID }), keyUUIDs(rows, func(r *row) uid { return r.ID }),
		column(rows, func(r *row) string { return r.DeliveryKey }), column(rows, func(r *row) string { return r.Channel }),
		column(rows, func(r *row) string { return r.Recipient }), column(rows, func(r *row) []byte { return r.Body }),
		column(rows, func(r *row) string { return r.State }), column(rows, func(r *row) int32 { return int32(r.Attempts) }),
		column(rows, func(r *row) string { return r.Provider }), column(rows, func(r *row) string { return r.Error }),
		times(rows, func(r *row) time.Time { return r.CreatedAt.Time }), times(rows, func(r *row) time.Time { return r.UpdatedAt.Time }),
		column(rows, func(r *row) string { return r.MessageID }),
	}}
}

func (e *postgresEngine) efforts(ctx context.Context, t tx, tasks []taskRow, row func(scan scanFunc) error) error {
	return t.query(ctx, e.sql.efforts, []any{
		column(tasks, func(r *taskRow) string { return r.TenantID }), keyUUIDs(tasks, func(r *taskRow) uid { return r.LeadID }),
		keyUUIDs(tasks, func(r *taskRow) uid { return r.ID }),
	}, row)
}

func (e *postgresEngine) take(ctx context.Context, t tx, kind leads.TaskKind, quotas []quota, term leaseTerm) ([]taskRow, error) {
	var tasks []taskRow
	err := t.query(ctx, e.sql.take, []any{
		string(kind), column(quotas, func(q *quota) string { return q.tenant }), column(quotas, func(q *quota) int64 { return int64(q.n) }),
		e.clock(term.now), term.lease.Microseconds(),
	}, func(scan scanFunc) error {
		tasks = append(tasks, taskRow{})
		return tasks[len(tasks)-1].scan(scan)
	})
	return tasks, err
}

// channel is what processes listen to for work.
func (e *postgresEngine) channel() string { return e.prefix + "wake" }
