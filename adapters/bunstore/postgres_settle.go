package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// settlePatience bounds how long settlements that are done together may take.
const settlePatience = 30 * time.Second

// settle records the outcome of a task, together with those that other callers settle at the same time.
func (e *postgresEngine) settle(ctx context.Context, st *settling) error {
	return e.settling.do(ctx, st)
}

// settleTogether settles the tasks of several callers.
func (e *postgresEngine) settleTogether(ctx context.Context, calls []*call[*settling]) error {
	return inOne(ctx, e, calls, e.settleMany)
}

// combinable is work that can be done together with that of other callers, or alone.
type combinable[W any] interface {
	run(ctx context.Context, t tx) error
	// compare is 0 for work on the same thing, which is not done at once.
	compare(other W) int
}

// inOne does the work of several callers in one transaction, with a few statements for all of them. If that of one of them cannot be stored,
// each is done alone.
func inOne[W combinable[W]](ctx context.Context, e *postgresEngine, calls []*call[W], many func(ctx context.Context, t tx, calls []*call[W]) error) error {
	if len(calls) == 1 {
		alone(ctx, e, calls[0])
		return nil
	}
	// The work of others is not given up because the leader's caller has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settlePatience)
	defer cancel()
	batch, rest := distinct(calls)
	err := e.write(ctx, func(ctx context.Context, t tx) error { return many(ctx, t, batch) })
	switch {
	case errors.Is(err, errAlone) || isDataError(err):
		rest = calls
	case err != nil:
		for _, c := range batch {
			c.err = err
		}
	}
	for _, c := range rest {
		alone(ctx, e, c)
	}
	return nil
}

// errAlone says that what several callers want cannot be stored together.
var errAlone = errors.New("to be done alone")

func alone[W combinable[W]](ctx context.Context, e *postgresEngine, c *call[W]) {
	c.err = e.write(ctx, func(ctx context.Context, t tx) error {
		return c.try(func() error { return c.work.run(ctx, t) })
	})
}

// distinct sorts the calls and sets those aside whose work is on the same thing as another one's.
func distinct[W combinable[W]](calls []*call[W]) (batch, rest []*call[W]) {
	sorted := slices.Clone(calls)
	slices.SortStableFunc(sorted, func(a, b *call[W]) int { return a.work.compare(b.work) })
	for i, c := range sorted {
		if i > 0 && c.work.compare(sorted[i-1].work) == 0 {
			rest = append(rest, c)
		} else {
			batch = append(batch, c)
		}
	}
	return batch, rest
}

func (st *settling) compare(other *settling) int {
	return cmp.Or(strings.Compare(st.task.Tenant, other.task.Tenant), bytes.Compare(st.lead[:], other.lead[:]), bytes.Compare(st.id[:], other.id[:]))
}

// settleMany settles different tasks, sorted.
func (e *postgresEngine) settleMany(ctx context.Context, t tx, calls []*call[*settling]) error {
	held, err := e.lockTasks(ctx, t, calls)
	if err != nil || len(held) == 0 {
		return err
	}
	c := &changes{}
	if err := e.changeLeads(ctx, t, held, c); err != nil {
		return err
	}
	var done, kept []*settling
	for _, st := range held {
		c.events, c.tasks = append(c.events, st.added.events...), append(c.tasks, st.added.tasks...)
		c.deliveries = append(c.deliveries, st.added.deliveries...)
		if st.outcome.Settlement == leads.Done {
			done = append(done, st)
		} else {
			kept = append(kept, st)
		}
	}
	var parts []part
	if len(done) > 0 {
		parts = append(parts, donePart(done))
	}
	if len(kept) > 0 {
		parts = append(parts, keptPart(kept))
	}
	err = e.storeWith(ctx, t, c, parts...)
	if sqlState(err) == "21000" { // two of them store the same delivery
		return errAlone
	}
	return err
}

// lockTasks locks the tasks that their callers still hold and returns them. The others are stale.
func (e *postgresEngine) lockTasks(ctx context.Context, t tx, calls []*call[*settling]) ([]*settling, error) {
	type name struct {
		tenant   string
		lead, id uid
	}
	locked := make(map[name]bool, len(calls))
	all := column(calls, func(c **call[*settling]) *settling { return (*c).work })
	err := t.query(ctx, e.sql.lockTasks, append(taskKeys(all), column(all, func(st **settling) int64 { return (*st).task.Fence })), func(scan scanFunc) error {
		var n name
		err := scan(&n.tenant, &n.lead, &n.id)
		locked[n] = true
		return err
	})
	held := make([]*settling, 0, len(calls))
	for _, c := range calls {
		c.err = leads.ErrStale
		if locked[name{c.work.task.Tenant, c.work.lead, c.work.id}] {
			c.err = nil
			held = append(held, c.work)
		}
	}
	return held, err
}

// changeLeads applies the outcomes to their leads, one after the other.
func (e *postgresEngine) changeLeads(ctx context.Context, t tx, held []*settling, c *changes) (err error) {
	var changed []*person
	of := make(map[*settling]*person, len(held))
	for i, st := range held {
		if st.outcome.Change == nil {
			continue
		}
		// Sorted by lead, so that those of one lead stand together.
		if n := len(changed); i == 0 || n == 0 || changed[n-1].tenant != st.task.Tenant || changed[n-1].leadID != st.lead {
			changed = append(changed, &person{tenant: st.task.Tenant, leadID: st.lead})
		}
		of[st] = changed[len(changed)-1]
	}
	if len(changed) == 0 {
		return nil
	}
	if err := e.lockLeads(ctx, t, changed); err != nil {
		return err
	}
	// A panic belongs to its own caller, and may have left the lead half changed.
	defer func() {
		if recover() != nil {
			err = errAlone
		}
	}()
	for _, st := range held {
		if p := of[st]; p != nil && p.lead.Version > 0 {
			st.apply(&p.lead)
		}
	}
	for _, p := range changed {
		if p.lead.Version > 0 {
			if err := c.addLead(&p.lead); err != nil {
				return err
			}
		}
	}
	return nil
}

// taskKeys are the arguments that name the tasks.
func taskKeys(sts []*settling) []any {
	return []any{
		column(sts, func(st **settling) string { return (*st).task.Tenant }),
		keyUUIDs(sts, func(st **settling) uid { return (*st).lead }),
		keyUUIDs(sts, func(st **settling) uid { return (*st).id }),
	}
}

func donePart(sts []*settling) part {
	return part{"done_tasks", `DELETE FROM {p}tasks AS t USING unnest(?1::text[], ?2::uuid[], ?3::uuid[]) AS n (tenant_id, lead_id, id)
		WHERE t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id AND t.id = n.id`, taskKeys(sts)}
}

func keptPart(sts []*settling) part {
	shapes := column(sts, func(st **settling) reshaping { return (*st).reshaping() })
	return part{"kept_tasks", `UPDATE {p}tasks AS t SET state = n.state,
			due = CASE WHEN n.due THEN statement_timestamp() + n.delay * interval '1 microsecond' ELSE t.due END,
			lease_until = CASE WHEN n.leased THEN statement_timestamp() + n.delay * interval '1 microsecond' END,
			attempts = t.attempts - n.back,
			last_error = CASE WHEN n.message = '' THEN t.last_error ELSE n.message END,
			payload = coalesce(n.payload, t.payload)
		FROM unnest(?1::text[], ?2::uuid[], ?3::uuid[], ?4::smallint[], ?5::bool[], ?6::bool[], ?7::bigint[], ?8::int[], ?9::text[], ?10::bytea[])
			AS n (tenant_id, lead_id, id, state, due, leased, delay, back, message, payload)
		WHERE t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id AND t.id = n.id`, append(taskKeys(sts),
		column(shapes, func(r *reshaping) int16 { return int16(r.state) }), column(shapes, func(r *reshaping) bool { return r.due }),
		column(shapes, func(r *reshaping) bool { return r.leased }),
		column(sts, func(st **settling) int64 { return (*st).outcome.Delay.Microseconds() }),
		column(shapes, func(r *reshaping) int32 { return int32(r.back) }), column(shapes, func(r *reshaping) string { return r.message }),
		column(shapes, func(r *reshaping) []byte { return r.payload }))}
}
