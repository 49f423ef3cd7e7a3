package bunstore

import (
	"context"
	"slices"
	"strings"
	"time"
)

func enrollmentsPart(rows []*enrollmentRow) part {
	type row = *enrollmentRow
	return part{"new_enrollments", `INSERT INTO {p}enrollments (` + enrollmentColumns + `) SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::text[],
		?5::bigint[], ?6::text[], ?7::smallint[], ?8::text[], ?9::text[], ?10::timestamptz[], ?11::bytea[], ?12::text[], ?13::text[], ?14::bigint[],
		?15::timestamptz[], ?16::timestamptz[], ?17::timestamptz[])`, []any{
		column(rows, func(r *row) string { return (*r).tenant }), keyUUIDs(rows, func(r *row) uid { return (*r).id }),
		keyUUIDs(rows, func(r *row) uid { return (*r).lead }), column(rows, func(r *row) string { return (*r).sequence }),
		column(rows, func(r *row) int64 { return (*r).version }), column(rows, func(r *row) string { return (*r).address }),
		column(rows, func(r *row) int16 { return int16((*r).state) }), column(rows, func(r *row) string { return (*r).reason }),
		column(rows, func(r *row) string { return (*r).step }), times(rows, func(r *row) time.Time { return (*r).due.Time }),
		column(rows, func(r *row) []byte { return (*r).passed }), column(rows, func(r *row) string { return (*r).zone }),
		column(rows, func(r *row) string { return (*r).by }), column(rows, func(r *row) int64 { return (*r).revision }),
		times(rows, func(r *row) time.Time { return (*r).created.Time }), times(rows, func(r *row) time.Time { return (*r).updated.Time }),
		times(rows, func(r *row) time.Time { return (*r).ended.Time }),
	}}
}

// end locks the tasks in the order in which settlements lock them, and writes what has become of the enrolments.
func (e *postgresEngine) end(ctx context.Context, t tx, ending *ending) error {
	tenant := ending.rows[0].tenant
	leads := keyUUIDs(ending.rows, func(r *enrollmentRow) uid { return r.lead })
	ids := keyUUIDs(ending.rows, func(r *enrollmentRow) uid { return r.id })
	if err := t.query(ctx, e.sql.holdTasks, []any{tenant, leads, ids}, func(scanFunc) error { return nil }); err != nil {
		return err
	}
	parts := []part{
		{"ended_tasks", `DELETE FROM {p}tasks AS t USING unnest(?2::uuid[], ?3::uuid[]) AS n (lead_id, id)
			WHERE t.tenant_id = ?1 AND t.lead_id = n.lead_id AND t.id = n.id`, []any{tenant, leads, ids}},
		{"ended_enrollments", `UPDATE {p}enrollments AS e SET state = 4, reason = ?3, step = '', due = NULL, revision = e.revision + 1, updated_at = ?4, ended_at = ?4
			FROM unnest(?2::uuid[]) AS n (id) WHERE e.tenant_id = ?1 AND e.id = n.id`, []any{tenant, ids, ending.reason, e.at(ending.at.Time)}},
	}
	return e.storeWith(ctx, t, &changes{events: ending.events}, parts...)
}

func (e *postgresEngine) spend(ctx context.Context, t tx, tenant string, spent []spending) error {
	at := make(map[string]*spending, len(spent))
	for i := range spent {
		at[spent[i].key] = &spent[i]
	}
	return t.query(ctx, e.sql.spend, []any{
		tenant, column(spent, func(q *spending) string { return q.key }), column(spent, func(q *spending) int64 { return q.n }),
		times(spent, func(q *spending) time.Time { return q.until }),
	}, func(scan scanFunc) error {
		var key string
		var used int64
		if err := scan(&key, &used); err != nil {
			return err
		}
		q := at[key]
		if q == nil {
			return errNoRow
		}
		q.used = used
		return nil
	})
}

// inOrder are tasks in the order in which every transaction stores and locks them.
func inOrder(rows []taskRow) []taskRow {
	if len(rows) < 2 {
		return rows
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b taskRow) int {
		if c := strings.Compare(a.TenantID, b.TenantID); c != 0 {
			return c
		}
		if c := slices.Compare(a.LeadID[:], b.LeadID[:]); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return rows
}
