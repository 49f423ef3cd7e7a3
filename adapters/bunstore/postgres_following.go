package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

func (e *postgresEngine) pay(ctx context.Context, o *outlay) error { return e.paying.do(ctx, o) }

func (e *postgresEngine) put(ctx context.Context, p *putting) error { return e.putting.do(ctx, p) }

func (e *postgresEngine) payTogether(ctx context.Context, calls []*call[*outlay]) error {
	return inOne(ctx, e, calls, e.payMany)
}

func (e *postgresEngine) putTogether(ctx context.Context, calls []*call[*putting]) error {
	return inOne(ctx, e, calls, e.putMany)
}

// compare sorts by tenant, and then by who came first: what several spend of one quota adds up.
func (o *outlay) compare(other *outlay) int {
	return cmp.Or(strings.Compare(o.tenant, other.tenant), cmp.Compare(o.number, other.number))
}

// payMany spends for all callers of a tenant at once, as if they had come one after the other. Where a quota does not suffice for all of them, each
// must spend alone.
func (e *postgresEngine) payMany(ctx context.Context, t tx, calls []*call[*outlay]) error {
	for len(calls) > 0 {
		tenant, n := calls[0].work.tenant, 0
		var quotas []sequence.Quota
		for ; n < len(calls) && calls[n].work.tenant == tenant; n++ {
			quotas = append(quotas, calls[n].work.quotas...)
		}
		spent := together(quotas)
		if err := e.spend(ctx, t, tenant, spent); err != nil {
			return err
		}
		if exceeded(quotas, spent) != "" {
			return errAlone
		}
		calls = calls[n:]
	}
	return nil
}

func (p *putting) compare(other *putting) int {
	return cmp.Or(strings.Compare(p.row.tenant, other.row.tenant), bytes.Compare(p.row.id[:], other.row.id[:]))
}

// putMany stores different enrolments, sorted: it locks first them and then their tasks, as whoever ends them does.
func (e *postgresEngine) putMany(ctx context.Context, t tx, calls []*call[*putting]) error {
	held, err := e.lockEnrollments(ctx, t, calls)
	if err != nil || len(held) == 0 {
		return err
	}
	rows := column(held, func(p **putting) *enrollmentRow { return (*p).row })
	if err := t.query(ctx, e.sql.holdTasksOfMany, enrollmentTasks(rows), func(scanFunc) error { return nil }); err != nil {
		return err
	}
	c := &changes{}
	var working, resting []*enrollmentRow
	var tasks []taskRow
	for _, p := range held {
		if err := p.addTo(c); err != nil {
			return err
		}
		if !p.row.works() {
			resting = append(resting, p.row)
			continue
		}
		task, err := p.row.nextTask()
		if err != nil {
			return err
		}
		working, tasks = append(working, p.row), append(tasks, task)
	}
	parts := []part{putPart(rows)}
	if len(working) > 0 {
		parts = append(parts, scheduledPart(inOrder(tasks)))
	}
	if len(resting) > 0 {
		parts = append(parts, part{"resting_tasks", `DELETE FROM {p}tasks AS t USING unnest(?1::text[], ?2::uuid[], ?3::uuid[]) AS n (tenant_id, lead_id, id)
			WHERE t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id AND t.id = n.id`, enrollmentTasks(resting)})
	}
	return e.storeWith(ctx, t, c, parts...)
}

// lockEnrollments locks those that are as their callers know them. The others are stale.
func (e *postgresEngine) lockEnrollments(ctx context.Context, t tx, calls []*call[*putting]) ([]*putting, error) {
	type name struct {
		tenant string
		id     uid
	}
	locked := make(map[name]bool, len(calls))
	rows := column(calls, func(c **call[*putting]) *enrollmentRow { return (*c).work.row })
	type row = *enrollmentRow
	err := t.query(ctx, e.sql.lockEnrollments, []any{
		column(rows, func(r *row) string { return (*r).tenant }), keyUUIDs(rows, func(r *row) uid { return (*r).id }),
		keyUUIDs(rows, func(r *row) uid { return (*r).lead }), column(rows, func(r *row) string { return (*r).sequence }),
		column(rows, func(r *row) int64 { return (*r).revision }),
	}, func(scan scanFunc) error {
		var n name
		err := scan(&n.tenant, &n.id)
		locked[n] = true
		return err
	})
	held := make([]*putting, 0, len(calls))
	for _, c := range calls {
		c.err = leads.ErrStale
		if locked[name{c.work.row.tenant, c.work.row.id}] {
			c.err = nil
			held = append(held, c.work)
		}
	}
	return held, err
}

// enrollmentTasks are the arguments that name the enrolments' tasks.
func enrollmentTasks(rows []*enrollmentRow) []any {
	type row = *enrollmentRow
	return []any{
		column(rows, func(r *row) string { return (*r).tenant }), keyUUIDs(rows, func(r *row) uid { return (*r).lead }),
		keyUUIDs(rows, func(r *row) uid { return (*r).id }),
	}
}

func putPart(rows []*enrollmentRow) part {
	type row = *enrollmentRow
	return part{"put_enrollments", `UPDATE {p}enrollments AS e SET version = n.version, address_key = n.address_key, state = n.state, reason = n.reason,
			step = n.step, due = n.due, passed = n.passed, zone = n.zone, enrolled_by = n.enrolled_by, revision = e.revision + 1, created_at = n.created_at,
			updated_at = n.updated_at, ended_at = n.ended_at
		FROM unnest(?1::text[], ?2::uuid[], ?3::bigint[], ?4::text[], ?5::smallint[], ?6::text[], ?7::text[], ?8::timestamptz[], ?9::bytea[], ?10::text[],
			?11::text[], ?12::timestamptz[], ?13::timestamptz[], ?14::timestamptz[])
			AS n (tenant_id, id, version, address_key, state, reason, step, due, passed, zone, enrolled_by, created_at, updated_at, ended_at)
		WHERE e.tenant_id = n.tenant_id AND e.id = n.id`, []any{
		column(rows, func(r *row) string { return (*r).tenant }), keyUUIDs(rows, func(r *row) uid { return (*r).id }),
		column(rows, func(r *row) int64 { return (*r).version }), column(rows, func(r *row) string { return (*r).address }),
		column(rows, func(r *row) int16 { return int16((*r).state) }), column(rows, func(r *row) string { return (*r).reason }),
		column(rows, func(r *row) string { return (*r).step }), times(rows, func(r *row) time.Time { return (*r).due.Time }),
		column(rows, func(r *row) []byte { return (*r).passed }), column(rows, func(r *row) string { return (*r).zone }),
		column(rows, func(r *row) string { return (*r).by }), times(rows, func(r *row) time.Time { return (*r).created.Time }),
		times(rows, func(r *row) time.Time { return (*r).updated.Time }), times(rows, func(r *row) time.Time { return (*r).ended.Time }),
	}}
}

// scheduledPart gives enrolments their tasks, as the statement putTask does.
func scheduledPart(rows []taskRow) part {
	p := tasksPart(rows)
	p.name = "scheduled_tasks"
	p.text = strings.Replace(p.text, "INSERT INTO {p}tasks (", "INSERT INTO {p}tasks AS t (", 1)
	p.text = strings.Replace(p.text, "DO NOTHING", "DO UPDATE SET state = excluded.state, due = excluded.due, lease_until = NULL WHERE t.state < 2", 1)
	return p
}
