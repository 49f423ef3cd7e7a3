package bunstore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/openleads/leads/adapters/desk"
)

// steps are those of a search through the listing, in rows: how many are looked at in the order of the list, and how many an index may find at
// most to be used though they must be sorted then.
type steps struct{ walked, few int }

var usualSteps = steps{walked: 2000, few: 3000}

// commonShare is of how many of the rows that are looked at a word must be in one to be called common.
const commonShare = 20

// listedPlaces returns the places from skip on, at most n, of the rows in the listing.
func (s *Store) listedPlaces(ctx context.Context, q *selection, o order, skip, n int) ([]desk.Place, error) {
	if len(q.criteria) == 0 {
		return s.readPlaces(ctx, q, o, func(c *condition) (from, table string) { return q.all(c, o), "l" }, skip, n)
	}
	found, err := s.readPlaces(ctx, q, o, q.first(o, max(s.steps.walked, 4*(skip+n))), skip, n)
	if err != nil || len(found) == n {
		return found, err
	}
	way, err := s.wayTo(ctx, q, o)
	if err != nil {
		return nil, err
	}
	return s.readPlaces(ctx, q, o, way, skip, n)
}

// first is the way to those that are selected of the first n rows in an order.
func (q *selection) first(o order, n int) way {
	return func(c *condition) (from, table string) {
		return "(SELECT * FROM " + q.all(c, o) + o.by("l") + " LIMIT " + c.arg(n) + ") AS l WHERE l.tenant_id = ?1" + q.rest(c, nil), "l"
	}
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

// wayTo chooses how few rows are looked for.
func (s *Store) wayTo(ctx context.Context, q *selection, o order) (way, error) {
	fewest, n, err := s.fewest(ctx, q)
	if err != nil {
		return nil, err
	}
	if fewest != nil && n < s.steps.few {
		return q.few(o, fewest.from, fewest), nil
	}
	if len(q.words) > 0 {
		words, _, err := s.rarest(ctx, q)
		return q.few(o, func(c *condition) string { return s.engine.wordRows(c, q.filter.Tenant, words) }, nil), err
	}
	for i := range q.criteria {
		if k := &q.criteria[i]; k.from != nil && k.ordered && o.column == "created_at" {
			return func(c *condition) (from, table string) {
				return k.from(c) + q.rest(c, k) + q.span(c, o, k.table), k.table
			}, nil
		}
	}
	return func(c *condition) (from, table string) { return q.all(c, o) + q.rest(c, nil), "l" }, nil
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

// fewest returns the criterion whose index has the fewest rows, counted up to steps.few.
func (s *Store) fewest(ctx context.Context, q *selection) (k *criterion, least int, err error) {
	for i := range q.criteria {
		if q.criteria[i].from == nil {
			continue
		}
		n := 0
		c := &condition{args: []any{q.filter.Tenant}}
		rows := q.criteria[i].from
		if q.criteria[i].alone != nil {
			rows = q.criteria[i].alone
		}
		from := rows(c)
		text := "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " + strconv.Itoa(s.steps.few) + ") AS counted"
		if err := s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error { return scan(&n) }); err != nil {
			return nil, 0, err
		}
		if k == nil || n < least {
			k, least = &q.criteria[i], n
		}
	}
	return k, least, nil
}

// rarest returns the words of the search that are worth being looked up: those that are rare among the newest rows, or the rarest one. What
// everybody has is quicker looked at in the rows that the others find. It reports whether one row of four has all words.
func (s *Store) rarest(ctx context.Context, q *selection) (words []desk.Word, often bool, err error) {
	c := &condition{args: []any{q.filter.Tenant}}
	newest := orderOf(desk.NewestFirst)
	counts := make([]int, len(q.words)+2) // of all rows, of those with each word, and of those with all words
	text, all := "SELECT count(*)", "TRUE"
	for _, w := range q.words {
		has := s.engine.hasWord(c, q.filter.Tenant, w)
		all += " AND " + has
		text += ", coalesce(sum(CASE WHEN " + has + " THEN 1 ELSE 0 END), 0)"
	}
	text += ", coalesce(sum(CASE WHEN " + all + " THEN 1 ELSE 0 END), 0) FROM (SELECT * FROM {p}listing AS l" + q.engine.index(newest.index) + " WHERE l.tenant_id = ?1" + newest.by("l") + " LIMIT " + strconv.Itoa(s.steps.walked) + ") AS l"
	err = s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error {
		to := make([]any, len(counts))
		for i := range counts {
			to[i] = &counts[i]
		}
		return scan(to...)
	})
	rarest := 0
	for i, n := range counts[1 : len(q.words)+1] {
		if n*commonShare < counts[0] {
			words = append(words, q.words[i])
		}
		if n < counts[1+rarest] {
			rarest = i
		}
	}
	if len(words) == 0 {
		words = q.words[rarest : rarest+1]
	}
	return words, 4*counts[len(counts)-1] >= counts[0], err
}

func mark(n int) string { return "?" + strconv.Itoa(n) }
