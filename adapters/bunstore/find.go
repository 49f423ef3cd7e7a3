package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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
