package bunstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openleads/leads/adapters/desk"
)

// steps are those of a search through the listing, in rows: how many are looked at in the order of the list, and how many an index may find at
// most to be used though they must be sorted then.
type steps struct{ walked, few int }

var usualSteps = steps{walked: 2000, few: 3000}

// listedPlaces returns the places from skip on, at most n, of the rows in the listing.
func (s *Store) listedPlaces(ctx context.Context, q *selection, o order, skip, n int) ([]desk.Place, error) {
	if len(q.criteria) == 0 {
		return s.readPlaces(ctx, q, o, func(c *condition) (from, table string) { return q.all(c, o), "l" }, skip, n)
	}
	found, err := s.readPlaces(ctx, q, o, q.first(o, max(s.steps.walked, 4*(skip+n))), skip, n)
	if err != nil || len(found) == n {
		return found, err
	}
	p, err := s.plan(ctx, q, o.column, skip+n)
	if err == nil && p.walk > 0 {
		found, err = s.readPlaces(ctx, q, o, q.first(o, p.walk), skip, n)
	}
	if err != nil || len(found) == n {
		return found, err
	}
	return s.readPlaces(ctx, q, o, s.wayTo(q, o, p), skip, n)
}

// first is the way to those that are selected of the first n rows in an order.
func (q *selection) first(o order, n int) way {
	return func(c *condition) (from, table string) {
		return "(SELECT " + q.uses(o.column) + " FROM " + q.all(c, o) + o.by("l") + " LIMIT " + c.arg(n) + ") AS l WHERE l.tenant_id = ?1" + q.rest(c, nil), "l"
	}
}

// uses are the columns that the criteria look at, and those of an order: what else the rows have need not be read.
func (q *selection) uses(more string) string {
	columns := []string{"l.tenant_id", "l.lead_id"}
	add := func(column string) {
		if column = "l." + column; !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
	}
	add(more)
	for i := range q.criteria {
		for _, column := range q.criteria[i].uses {
			add(column)
		}
	}
	return strings.Join(columns, ", ")
}

// all are all rows within the span of the order.
func (q *selection) all(c *condition, o order) string {
	return "{p}listing AS l" + q.engine.index(o.index) + " WHERE l.tenant_id = ?1" + q.span(c, o, "l")
}

// readPlaces reads places of the rows to which a way leads, by the order of a table that has them.
func (s *Store) readPlaces(ctx context.Context, q *selection, o order, way way, skip, n int) (found []desk.Place, err error) {
	c := &condition{args: []any{q.filter.Tenant}}
	from, table := way(c)
	text := "SELECT " + table + "." + o.column + ", " + table + ".lead_id FROM " + from + o.by(table) + " LIMIT " + c.arg(n) + " OFFSET " + c.arg(skip)
	err = s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error {
		var id uid
		p := desk.Place{Sort: o.sort}
		err := scan(&p.Key, &id)
		p.ID = id.String()
		found = append(found, p)
		return err
	})
	return found, err
}

// loosely runs a statement that was put together.
func (s *Store) loosely(ctx context.Context, operation, text string, c *condition, row func(scan scanFunc) error) error {
	if err := s.engine.loose().query(ctx, s.engine.text(text), c.args, row); err != nil {
		return fmt.Errorf("bunstore: %s: %w", operation, err)
	}
	return nil
}

// way leads to the rows of a selection: a FROM and a WHERE, to which more can be added, and the table that has the order.
type way func(c *condition) (from, table string)

// wayTo is the way of a plan.
func (s *Store) wayTo(q *selection, o order, p plan) way {
	switch k := p.by; {
	case p.words != nil:
		return q.few(o, func(c *condition) string { return s.engine.wordRows(c, q.filter.Tenant, p.words) }, nil)
	case k == nil:
		return func(c *condition) (from, table string) { return q.all(c, o) + q.rest(c, nil), "l" }
	case p.few:
		return q.few(o, k.from, k)
	case k.changed != "" && o.column == "updated_at":
		o.index = k.changed
		return func(c *condition) (from, table string) {
			return q.all(c, o) + " AND " + k.text(c) + q.rest(c, k), "l"
		}
	}
	table := "l"
	if o.column == "created_at" {
		table = p.by.table
	}
	return func(c *condition) (from, _ string) {
		return p.by.from(c) + q.rest(c, p.by) + q.span(c, o, table), table
	}
}

// clues are what a word is looked up by in the index: a number, or else the longest of the word's parts. Each row that is found is still asked for the
// word itself.
func clues(w desk.Word) []string {
	longest := w.Parts[0]
	for _, part := range w.Parts {
		if len(part) > len(longest) {
			longest = part
		}
	}
	if w.Number != "" {
		return []string{shortened(w.Number), shortened(longest)}
	}
	return []string{shortened(longest)}
}

// few is the way to few rows, which are found as from says and sorted then.
func (q *selection) few(o order, from func(c *condition) string, but *criterion) way {
	return func(c *condition) (text, table string) {
		text = from(c)
		if q.engine.fence() == "" {
			return text + q.rest(c, but) + q.span(c, o, "l"), "l"
		}
		return "(WITH l AS " + q.engine.fence() + " (SELECT l.* FROM " + text + ") SELECT * FROM l) AS l WHERE l.tenant_id = ?1" + q.rest(c, but) + q.span(c, o, "l"), "l"
	}
}

func mark(n int) string { return "?" + strconv.Itoa(n) }
