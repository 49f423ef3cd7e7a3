package bunstore

import (
	"context"
	"fmt"
)

func (e *sqliteEngine) addEnrollment(ctx context.Context, t tx, r *enrollmentRow) error {
	_, err := t.exec(ctx, e.sql.addEnrollment, r.tenant, r.id[:], r.lead[:], r.sequence, r.version, r.address, r.state, r.reason, r.step,
		e.at(r.due.Time), r.passed, r.zone, r.by, r.revision, e.at(r.created.Time), e.at(r.updated.Time), e.at(r.ended.Time))
	return err
}

func (e *sqliteEngine) pay(ctx context.Context, o *outlay) error { return e.write(ctx, o.run) }

func (e *sqliteEngine) put(ctx context.Context, p *putting) error { return e.write(ctx, p.run) }

func (e *sqliteEngine) end(ctx context.Context, t tx, ending *ending) error {
	w := ending.which
	_, err := t.exec(ctx, e.text(`DELETE FROM {p}tasks WHERE (tenant_id, lead_id, id) IN
		(SELECT tenant_id, lead_id, id FROM {p}enrollments WHERE `+w.text+`)`), w.args...)
	if err != nil {
		return err
	}
	n := len(w.args)
	text := fmt.Sprintf(`UPDATE {p}enrollments SET state = 4, reason = ?%d, step = '', due = NULL, revision = revision + 1,
		updated_at = ?%d, ended_at = ?%d WHERE %s`, n+1, n+2, n+2, w.text)
	if _, err := t.exec(ctx, e.text(text), append(w.args[:n:n], ending.reason, e.at(ending.at.Time))...); err != nil {
		return err
	}
	return e.store(ctx, t, &changes{events: ending.events})
}

func (e *sqliteEngine) spend(ctx context.Context, t tx, tenant string, spent []spending) error {
	now := e.clock(noTime)
	for i := range spent {
		q := &spent[i]
		args := []any{tenant, q.key, q.n, e.at(q.until), now}
		if err := t.query(ctx, e.sql.spend, args, func(scan scanFunc) error { return scan(&q.used) }); err != nil {
			return err
		}
	}
	return nil
}
