package bunstore

import (
	"context"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// CountLeads is described by [desk.Leads].
func (s *Store) CountLeads(ctx context.Context, f desk.Filter, most int) (int, error) {
	q, possible := s.selectionOf(f)
	over, err := s.unlisted(ctx, f.Tenant)
	if err != nil || !possible || most <= 0 {
		return 0, err
	}
	if len(q.criteria) == 0 && most > soonCounted {
		n, err := s.countAll(ctx, f, over)
		return min(n, most), err
	}
	ways, err := s.waysToCount(ctx, q, most+len(over))
	n := 0
	for _, way := range ways { // the last one counts all
		if n < most && err == nil {
			n, err = s.countListed(ctx, q, way, over, most)
		}
	}
	for _, lead := range over {
		if q.selects(lead) {
			n++
		}
	}
	return min(n, most), err
}

// soonCounted is how many leads are counted at once. More are known from what their hours were counted ahead.
const soonCounted = 10_000

// countAll counts all leads of a span.
func (s *Store) countAll(ctx context.Context, f desk.Filter, over map[uid]leads.Lead) (n int, err error) {
	q := desk.ReportQuery{Tenant: f.Tenant, From: f.From, To: f.To}
	counts, err := s.tally(ctx, q, over, func(from, to int64) (days []string, spans daySpans) {
		spans.add(0, from, to)
		return []string{""}, spans
	})
	for _, k := range counts {
		n += k
	}
	return n, err
}

// waysToCount chooses how rows are counted: one way, or before that another one that is quicker if it finds enough.
func (s *Store) waysToCount(ctx context.Context, q *selection, most int) (ways []way, err error) {
	newest := orderOf(desk.NewestFirst)
	all := func(c *condition) (from, table string) { return q.all(c, newest) + q.rest(c, nil), "l" }
	by := func(k *criterion) way {
		return func(c *condition) (from, table string) { return k.from(c) + q.rest(c, k) + q.span(c, newest, "l"), "l" }
	}
	if len(q.criteria) == 0 {
		return []way{all}, nil
	}
	if len(q.criteria) == 1 && q.criteria[0].alone != nil {
		k := &q.criteria[0]
		return []way{func(c *condition) (from, table string) { return k.alone(c) + q.span(c, newest, k.table), k.table }}, nil
	}
	if len(q.criteria) == 1 && q.criteria[0].from != nil {
		return []way{by(&q.criteria[0])}, nil
	}
	p, err := s.plan(ctx, q, "", most)
	switch {
	case err != nil:
		return nil, err
	case p.few:
		return []way{q.few(newest, p.by.from, p.by)}, nil
	case p.words != nil:
		ways = []way{q.few(newest, func(c *condition) string { return s.engine.wordRows(c, q.filter.Tenant, p.words) }, nil)}
	case p.by != nil:
		ways = []way{by(p.by)}
	default:
		ways = []way{all}
	}
	if p.walk > 0 {
		ways = []way{q.first(newest, p.walk), ways[0]}
	}
	return ways, nil
}

// countListed counts the rows in the listing up to most, but for those that are out of date.
func (s *Store) countListed(ctx context.Context, q *selection, way way, over map[uid]leads.Lead, most int) (n int, err error) {
	c := &condition{args: []any{q.filter.Tenant}}
	from, table := way(c)
	if len(over) == 0 {
		text := "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " + c.arg(most) + ") AS counted"
		err = s.loosely(ctx, "count leads", text, c, func(scan scanFunc) error { return scan(&n) })
		return n, err
	}
	text := "SELECT " + table + ".lead_id FROM " + from + " LIMIT " + c.arg(most+len(over))
	err = s.loosely(ctx, "count leads", text, c, func(scan scanFunc) error {
		var id uid
		err := scan(&id)
		if _, stale := over[id]; !stale {
			n++
		}
		return err
	})
	return n, err
}
