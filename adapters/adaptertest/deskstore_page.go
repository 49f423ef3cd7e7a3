package adaptertest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

const (
	saysFind      = "FindLeads returns a page of the leads that f selects, in the order of f.Sort, ties broken by ID in the same direction."
	saysPlace     = "The page begins behind the place of f.After, whatever has become of the lead that stood there: a lead that does not change meanwhile is on exactly one of the pages that follow each other."
	saysNoPlace   = "An After that is no Next, or is of another Sort, is [leads.ErrInvalid]."
	saysNext      = "Next is what After must be for the page that follows, or \"\" if none does."
	saysOtherPage = "It is opaque and belongs to the order it came from: with another selection, the page begins behind the same place."
	saysOffset    = "how many to skip behind After; page numbers are made of it"
	saysPageLimit = "0 means 20, and above 1,000 means 1,000"
)

// orders are the sorts, with the places of leads in them.
var orders = map[desk.Sort]func(a, b leads.Lead) int{
	desk.NewestFirst:  func(a, b leads.Lead) int { return b.CreatedAt.Compare(a.CreatedAt) },
	desk.OldestFirst:  func(a, b leads.Lead) int { return a.CreatedAt.Compare(b.CreatedAt) },
	desk.HottestFirst: func(a, b leads.Lead) int { return cmp.Compare(points(b), points(a)) },
	desk.ChangedFirst: func(a, b leads.Lead) int { return b.UpdatedAt.Compare(a.UpdatedAt) },
}

func points(lead leads.Lead) int {
	if lead.Score == nil {
		return -1
	}
	return lead.Score.Value
}

func pageContracts() []contract {
	all := []contract{
		{"page/no place", saysNoPlace, pageNoPlace},
		{"page/of another selection", saysOtherPage, pageOther},
		{"page/the last one", saysNext, pageLast},
		{"page/offset", saysOffset, pageOffset},
		{"page/limit", saysPageLimit, pageLimit},
	}
	for _, sort := range []desk.Sort{desk.NewestFirst, desk.OldestFirst, desk.HottestFirst, desk.ChangedFirst} {
		name := cmp.Or(string(sort), "newest")
		all = append(all,
			contract{"page/in order/" + name, saysFind, func(r *rig) { r.inOrder(sort) }},
			contract{"page/in motion/" + name, saysPlace, func(r *rig) { r.inMotion(sort) }},
		)
	}
	return all
}

// throng captures leads of which several came, were changed and are rated alike.
func (r *rig) throng() []leads.Lead {
	r.t.Helper()
	var all []leads.Lead
	var at time.Time
	for i := range 17 {
		sub := r.sub(fmt.Sprintf("person%d@example.com", i))
		if i%4 != 0 {
			sub.Received = at
		}
		at = sub.Received
		all = append(all, r.made(r.one(sub).LeadID, func(l *leads.Lead) { r.placed(l, i) }))
	}
	return all
}

// placed gives a lead one of a few scores and times.
func (r *rig) placed(l *leads.Lead, i int) {
	l.UpdatedAt = r.start.Add(time.Duration(i%5) * time.Hour)
	if i%3 > 0 {
		l.Score = &leads.Score{Value: i % 3 * (i % 2) * 50, Qualification: leads.Warm}
	}
}

// pages reads page after page; between is called after each but the last.
func (r *rig) pages(f desk.Filter, between func(page desk.Page)) []leads.Lead {
	r.t.Helper()
	var all []leads.Lead
	for range 100 {
		page := r.find(f)
		all = append(all, page.Leads...)
		r.check(len(page.Leads) == f.Limit || page.Next == "", "a page of %d leads, of which %d were wanted, has a next one", len(page.Leads), f.Limit)
		if page.Next == "" {
			return all
		}
		f.After = page.Next
		between(page)
	}
	r.t.Fatalf("the pages of %+v do not end", f)
	return nil
}

func (r *rig) inOrder(sort desk.Sort) {
	want := r.throng()
	r.as("other").throng()
	slices.SortFunc(want, func(a, b leads.Lead) int {
		ids := cmp.Compare(b.ID, a.ID)
		if sort == desk.OldestFirst {
			ids = -ids
		}
		return cmp.Or(orders[sort](a, b), ids)
	})
	for _, limit := range []int{1, 2, 5, 16, 17, 18} {
		got := r.pages(desk.Filter{Sort: sort, Limit: limit}, func(desk.Page) {})
		r.same(fmt.Sprintf("%d at a time", limit), got, want)
	}
}

// inMotion reads pages while leads come, go and move.
func (r *rig) inMotion(sort desk.Sort) {
	all := r.throng()
	moved, past, n := make(map[string]bool), make(map[string]bool), 0
	got := r.pages(desk.Filter{Sort: sort, Limit: 3}, func(page desk.Page) {
		n++
		for _, lead := range page.Leads {
			past[lead.ID] = true
		}
		last := page.Leads[len(page.Leads)-1].ID
		middle := page.Leads[len(page.Leads)/2].ID
		newer := r.made(r.person(leads.NewID()+"@example.com"), func(l *leads.Lead) { r.placed(l, n) })
		moved[middle], moved[newer.ID] = true, true
		r.made(middle, func(l *leads.Lead) { r.placed(l, n+2) })
		if n%2 == 0 {
			moved[last] = true
			r.eraseLead(last)
		}
		if i := slices.IndexFunc(all, func(l leads.Lead) bool { return !past[l.ID] && !moved[l.ID] }); n == 1 { // one that is still to come
			moved[all[i].ID] = true
			r.made(all[i].ID, func(l *leads.Lead) { r.placed(l, 4) })
		}
	})
	seen := make(map[string]int)
	for _, lead := range got {
		seen[lead.ID]++
	}
	for i, lead := range all {
		r.check(moved[lead.ID] || seen[lead.ID] == 1, "lead %d, which did not change, is on %d pages", i, seen[lead.ID])
	}
}

func pageNoPlace(r *rig) {
	r.throng()
	nexts := make(map[desk.Sort]string)
	for sort := range orders {
		nexts[sort] = r.find(desk.Filter{Sort: sort, Limit: 5}).Next
	}
	refused := func(sort desk.Sort, after string) {
		r.t.Helper()
		page, err := r.store().FindLeads(r.t.Context(), desk.Filter{Tenant: r.tenant, Sort: sort, After: after})
		r.fails("FindLeads behind "+shown(after), err, leads.ErrInvalid)
		r.check(len(page.Leads) == 0, "%d leads stand behind %s", len(page.Leads), shown(after))
	}
	for sort := range orders {
		for of, next := range nexts {
			if of != sort {
				refused(sort, next)
			}
		}
		for _, bad := range badIDs() {
			if bad != "" {
				refused(sort, bad)
			}
		}
		next := nexts[sort]
		refused(sort, next+"x")
		refused(sort, next[:len(next)/2])
		for i := range next { // whatever it stands for, it is a place or none
			_, err := r.store().FindLeads(r.t.Context(), desk.Filter{Tenant: r.tenant, Sort: sort, After: next[:i] + "0" + next[i+1:]})
			r.check(err == nil || errors.Is(err, leads.ErrInvalid), "a changed Next: %v", err)
		}
	}
}

func pageOther(r *rig) {
	all := r.throng()
	for sort := range orders {
		page := r.find(desk.Filter{Sort: sort, Search: "person", Limit: 5})
		rest := r.find(desk.Filter{Sort: sort, After: page.Next})
		r.check(len(rest.Leads) == len(all)-5, "behind 5 of %d stand %d", len(all), len(rest.Leads))
		other := r.as("other" + string(sort))
		other.throng()
		for _, lead := range other.find(desk.Filter{Sort: sort, After: page.Next}).Leads {
			r.check(lead.Tenant == other.tenant, "behind another tenant's place stands a lead of %q", lead.Tenant)
		}
	}
}

func pageLast(r *rig) {
	r.check(r.find(desk.Filter{}).Next == "", "an empty store has a next page")
	r.throng()
	for limit, next := range map[int]bool{16: true, 17: false, 18: false} {
		page := r.find(desk.Filter{Limit: limit})
		r.check((page.Next != "") == next && len(page.Leads) == min(limit, 17), "of 17 leads a page of %d has %d, and a next one %q", limit, len(page.Leads), page.Next)
	}
}

func pageOffset(r *rig) {
	all := r.throng()
	for sort := range orders {
		want := r.find(desk.Filter{Sort: sort}).Leads
		after := r.find(desk.Filter{Sort: sort, Limit: 4}).Next
		for _, offset := range []int{0, 1, 5, 16, 17, 1000} {
			page := r.find(desk.Filter{Sort: sort, Offset: offset, Limit: 3})
			from := min(offset, len(all))
			r.same(fmt.Sprintf("behind %d", offset), page.Leads, want[from:min(from+3, len(all))])
			r.check((page.Next != "") == (offset+3 < len(all)), "behind %d the next page is %q", offset, page.Next)
			from = min(offset+4, len(all))
			r.same(fmt.Sprintf("behind %d and a place", offset), r.find(desk.Filter{Sort: sort, After: after, Offset: offset, Limit: 3}).Leads, want[from:min(from+3, len(all))])
		}
	}
}

// throngOf captures n people.
func (r *rig) throngOf(n int) {
	r.t.Helper()
	var subs []ingest.Submission
	for i := range n {
		if subs = append(subs, r.sub(fmt.Sprintf("person%d@example.com", i))); len(subs) == 200 || i == n-1 {
			r.capture(subs...)
			subs = nil
		}
	}
}

func pageLimit(r *rig) {
	r.throngOf(1001)
	for limit, want := range map[int]int{0: 20, 1: 1, 999: 999, 1000: 1000, 1001: 1000, 1 << 30: 1000} {
		page := r.find(desk.Filter{Limit: limit})
		r.check(len(page.Leads) == want && page.Next != "", "a page of %d has %d leads", limit, len(page.Leads))
	}
}
