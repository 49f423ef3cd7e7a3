package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

var _ desk.Store = (*Store)(nil)

// FindLeads is described by [desk.Leads].
//
// A list is made in three steps. Leads that are not listed as they are now are read themselves. Of the listing, the first rows in the order of the
// list are looked at, which is enough when many are selected. Otherwise few are, and they are looked for by the index that has the fewest.
func (s *Store) FindLeads(ctx context.Context, f desk.Filter) (desk.Page, error) {
	q, possible := s.selectionOf(f)
	ord := orderOf(f.Sort)
	if f.After != "" {
		after, err := desk.ParsePlace(f.Sort, f.After)
		if err != nil {
			return desk.Page{}, fmt.Errorf("bunstore: find leads: %w", err)
		}
		ord.after = &after
	}
	over, err := s.unlisted(ctx, f.Tenant)
	if err != nil || !possible {
		return desk.Page{}, err
	}
	limit := pageOf(cmp.Or(f.Limit, 20))
	places, err := s.places(ctx, q, ord, over, max(0, f.Offset), limit+1)
	if err != nil {
		return desk.Page{}, err
	}
	var page desk.Page
	if len(places) > limit {
		places = places[:limit]
		if limit > 0 {
			page.Next = places[limit-1].String()
		}
	}
	page.Leads, err = s.leadsAt(ctx, f.Tenant, places, over)
	return page, err
}

// places returns the places from skip on, at most n: those of the listing merged with those of the leads that are not listed.
func (s *Store) places(ctx context.Context, q *selection, ord order, over map[uid]leads.Lead, skip, n int) ([]desk.Place, error) {
	inSQL, want := skip, n
	if len(over) > 0 { // which of those in the listing are out of date is known here only
		inSQL, want = 0, skip+n+len(over)
	}
	found, err := s.listedPlaces(ctx, q, ord, inSQL, want)
	if err != nil || len(over) == 0 {
		return found, err
	}
	found = slices.DeleteFunc(found, func(p desk.Place) bool {
		id, _ := parseID(p.ID)
		_, stale := over[id]
		return stale
	})
	for _, lead := range over {
		if p := desk.PlaceOf(q.filter.Sort, lead); q.selects(lead) && (ord.after == nil || p.Compare(*ord.after) > 0) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, desk.Place.Compare)
	found = found[min(len(found), skip):]
	return found[:min(len(found), n)], nil
}

// leadsAt reads the leads that stand at the places. One that has just been erased is left out.
func (s *Store) leadsAt(ctx context.Context, tenant string, places []desk.Place, over map[uid]leads.Lead) ([]leads.Lead, error) {
	known := make(map[uid]leads.Lead, len(places))
	var ids []uid
	for _, p := range places {
		id, _ := parseID(p.ID)
		if lead, ok := over[id]; ok {
			known[id] = lead
		} else {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		err := s.engine.leadsByID(ctx, tenant, ids, func(scan scanFunc) (err error) {
			var r leadRow
			if err = r.scan(scan); err == nil {
				known[r.ID], err = r.lead()
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("bunstore: find leads: %w", err)
		}
	}
	var page []leads.Lead
	for _, p := range places {
		id, _ := parseID(p.ID)
		if lead, ok := known[id]; ok {
			page = append(page, lead)
		}
	}
	return page, nil
}

// order is the order of a list.
type order struct {
	sort   desk.Sort
	column string
	index  string
	down   bool
	after  *desk.Place // where it begins
}

func orderOf(sort desk.Sort) order {
	switch sort {
	case desk.HottestFirst:
		return order{sort: sort, column: "score", index: "score", down: true}
	case desk.ChangedFirst:
		return order{sort: sort, column: "updated_at", index: "updated", down: true}
	case desk.OldestFirst:
		return order{sort: sort, column: "created_at", index: "created"}
	}
	return order{sort: sort, column: "created_at", index: "created", down: true}
}

// by is the ORDER BY. The columns of the table say the same as those of l.
func (o order) by(table string) string {
	down := ""
	if o.down {
		down = " DESC"
	}
	return " ORDER BY " + table + "." + o.column + down + ", " + table + ".lead_id" + down
}

// span is the part of the order in which the list can be, behind an AND: behind its place, and within the time of creation.
func (q *selection) span(c *condition, o order, table string) (text string) {
	if o.after != nil {
		sign := ">"
		if o.down {
			sign = "<"
		}
		id, _ := parseID(o.after.ID)
		text = " AND (" + table + "." + o.column + ", " + table + ".lead_id) " + sign + " (" + c.arg(o.after.Key) + ", " + c.arg(q.engine.id(id)) + ")"
	}
	created := table
	if o.column != "created_at" {
		created = "l"
	}
	if !q.filter.From.IsZero() {
		text += " AND " + created + ".created_at >= " + c.arg(ceilMicro(q.filter.From))
	}
	if !q.filter.To.IsZero() {
		text += " AND " + created + ".created_at < " + c.arg(ceilMicro(q.filter.To))
	}
	return text
}

// ceilMicro is the first whole microsecond that is not before t.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// The steps of a search through the listing, in rows: how many are looked at in the order of the list, up to how many an index may have to be
// used though they must be sorted then, and of how many of those looked at a word must be in one to be called common.
const (
	walked      = 2000
	fewRows     = 3000
	commonShare = 20
)

// listedPlaces returns the places from skip on, at most n, of the rows in the listing.
func (s *Store) listedPlaces(ctx context.Context, q *selection, o order, skip, n int) ([]desk.Place, error) {
	if len(q.criteria) == 0 {
		return s.readPlaces(ctx, q, o, func(c *condition) (from, table string) { return q.all(c, o), "l" }, skip, n)
	}
	found, err := s.readPlaces(ctx, q, o, func(c *condition) (from, table string) {
		return "(SELECT * FROM " + q.all(c, o) + o.by("l") + " LIMIT " + c.arg(max(walked, 4*(skip+n))) + ") AS l WHERE l.tenant_id = ?1" + q.rest(c, nil), "l"
	}, skip, n)
	if err != nil || len(found) == n {
		return found, err
	}
	way, err := s.wayTo(ctx, q, o)
	if err != nil {
		return nil, err
	}
	return s.readPlaces(ctx, q, o, way, skip, n)
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
	if fewest != nil && n < fewRows {
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

// fewest returns the criterion whose index has the fewest rows, counted up to fewRows.
func (s *Store) fewest(ctx context.Context, q *selection) (k *criterion, least int, err error) {
	for i := range q.criteria {
		if q.criteria[i].from == nil {
			continue
		}
		n := 0
		c := &condition{args: []any{q.filter.Tenant}}
		from := q.criteria[i].from(c)
		if q.criteria[i].name == "tag" { // counted without their rows
			from = "{p}tags AS t WHERE t.tenant_id = ?1 AND t.tag = " + mark(len(c.args))
		}
		text := "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " + strconv.Itoa(fewRows) + ") AS counted"
		if err := s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error { return scan(&n) }); err != nil {
			return nil, 0, err
		}
		if k == nil || n < least {
			k, least = &q.criteria[i], n
		}
	}
	return k, least, nil
}

// rarest returns the words of the search that are worth being looked up: those that are rare among the newest rows, or the rarest one. It reports
// whether that one is common. What everybody has is quicker looked at in the rows that the others find.
func (s *Store) rarest(ctx context.Context, q *selection) (words []desk.Word, common bool, err error) {
	c := &condition{args: []any{q.filter.Tenant}}
	newest := orderOf(desk.NewestFirst)
	counts := make([]int, len(q.words)+1)
	text := "SELECT count(*)"
	for _, w := range q.words {
		text += ", coalesce(sum(CASE WHEN " + s.engine.hasWord(c, q.filter.Tenant, w) + " THEN 1 ELSE 0 END), 0)"
	}
	text += " FROM (SELECT * FROM {p}listing AS l" + q.engine.index(newest.index) + " WHERE l.tenant_id = ?1" + newest.by("l") + " LIMIT " + strconv.Itoa(walked) + ") AS l"
	err = s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error {
		to := make([]any, len(counts))
		for i := range counts {
			to[i] = &counts[i]
		}
		return scan(to...)
	})
	rarest := 0
	for i, n := range counts[1:] {
		if n*commonShare < counts[0] {
			words = append(words, q.words[i])
		}
		if n < counts[1+rarest] {
			rarest = i
		}
	}
	if len(words) > 0 {
		return words, false, err
	}
	return q.words[rarest : rarest+1], true, err
}

func mark(n int) string { return "?" + strconv.Itoa(n) }

// CountLeads is described by [desk.Leads].
func (s *Store) CountLeads(ctx context.Context, f desk.Filter, most int) (int, error) {
	q, possible := s.selectionOf(f)
	over, err := s.unlisted(ctx, f.Tenant)
	if err != nil || !possible || most <= 0 {
		return 0, err
	}
	way, err := s.wayToCount(ctx, q)
	if err != nil {
		return 0, err
	}
	n, err := s.countListed(ctx, q, way, over, most)
	for _, lead := range over {
		if q.selects(lead) {
			n++
		}
	}
	return min(n, most), err
}

// wayToCount chooses how rows are counted.
func (s *Store) wayToCount(ctx context.Context, q *selection) (way, error) {
	newest := orderOf(desk.NewestFirst)
	all := func(c *condition) (from, table string) { return q.all(c, newest) + q.rest(c, nil), "l" }
	by := func(k *criterion) way {
		return func(c *condition) (from, table string) { return k.from(c) + q.rest(c, k) + q.span(c, newest, "l"), "l" }
	}
	if len(q.criteria) == 0 {
		return all, nil
	}
	if len(q.criteria) == 1 && q.criteria[0].from != nil {
		return by(&q.criteria[0]), nil
	}
	fewest, n, err := s.fewest(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case fewest != nil && n < fewRows:
		return q.few(newest, fewest.from, fewest), nil
	case len(q.words) > 0:
		words, common, err := s.rarest(ctx, q)
		if err != nil || common {
			return all, err
		}
		return q.few(newest, func(c *condition) string { return s.engine.wordRows(c, q.filter.Tenant, words) }, nil), nil
	case fewest != nil:
		return by(fewest), nil
	}
	return all, nil
}

// countListed counts the rows in the listing up to most, but for those that are out of date.
func (s *Store) countListed(ctx context.Context, q *selection, way way, over map[uid]leads.Lead, most int) (n int, err error) {
	c := &condition{args: []any{q.filter.Tenant}}
	from, _ := way(c)
	if len(over) == 0 {
		text := "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " + c.arg(most) + ") AS counted"
		err = s.loosely(ctx, "count leads", text, c, func(scan scanFunc) error { return scan(&n) })
		return n, err
	}
	text := "SELECT l.lead_id FROM " + from + " LIMIT " + c.arg(most+len(over))
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

// ChangedLeads is described by [desk.Leads].
func (s *Store) ChangedLeads(ctx context.Context, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
	over, err := s.unlisted(ctx, tenant)
	if err != nil || !validTenant(tenant) {
		return nil, err
	}
	limit = pageOf(limit)
	q := &selection{engine: s.engine, filter: desk.Filter{Tenant: tenant}}
	// The longest unchanged come first, and the order has no place to begin behind: the time is its first place.
	o := order{sort: desk.OldestFirst, column: "updated_at", index: "updated"}
	found, err := s.readPlaces(ctx, q, o, func(c *condition) (from, table string) {
		return q.all(c, o) + " AND l.updated_at >= " + c.arg(ceilMicro(since)), "l"
	}, 0, limit+len(over))
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(p desk.Place) bool {
		id, _ := parseID(p.ID)
		_, stale := over[id]
		return stale
	})
	for _, lead := range over {
		if !lead.UpdatedAt.Before(since) {
			found = append(found, desk.Place{Sort: desk.OldestFirst, Key: lead.UpdatedAt.UnixMicro(), ID: lead.ID})
		}
	}
	slices.SortFunc(found, desk.Place.Compare)
	return s.leadsAt(ctx, tenant, found[:min(len(found), limit)], over)
}
