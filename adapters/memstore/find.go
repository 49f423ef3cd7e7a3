package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// FindLeads returns a page of leads. See [desk.Leads].
func (s *Store) FindLeads(ctx context.Context, f desk.Filter) (desk.Page, error) {
	if err := s.begin(ctx, "find leads"); err != nil {
		return desk.Page{}, err
	}
	defer s.mu.Unlock()
	found := s.filtered(f)
	slices.SortFunc(found, func(a, b leads.Lead) int { return desk.PlaceOf(f.Sort, a).Compare(desk.PlaceOf(f.Sort, b)) })
	if f.After != "" {
		after, err := desk.ParsePlace(f.Sort, f.After)
		if err != nil {
			return desk.Page{}, err
		}
		found = slices.DeleteFunc(found, func(l leads.Lead) bool { return desk.PlaceOf(f.Sort, l).Compare(after) <= 0 })
	}
	found = found[min(len(found), max(0, f.Offset)):]
	page := desk.Page{Leads: found[:min(len(found), pageSize(cmp.Or(f.Limit, 20)))]}
	for i := range page.Leads {
		page.Leads[i] = cloneLead(page.Leads[i])
	}
	if n := len(page.Leads); n > 0 && n < len(found) {
		page.Next = desk.PlaceOf(f.Sort, page.Leads[n-1]).String()
	}
	return page, nil
}

// CountLeads counts leads. See [desk.Leads].
func (s *Store) CountLeads(ctx context.Context, f desk.Filter, most int) (int, error) {
	if err := s.begin(ctx, "count leads"); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	return min(len(s.filtered(f)), max(0, most)), nil
}

// ChangedLeads returns leads that have changed. See [desk.Leads].
func (s *Store) ChangedLeads(ctx context.Context, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
	if err := s.begin(ctx, "changed leads"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var found []leads.Lead
	for k, lead := range s.tables.leads {
		if k.tenant == tenant && !lead.UpdatedAt.Before(since) {
			found = append(found, cloneLead(lead))
		}
	}
	slices.SortFunc(found, func(a, b leads.Lead) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), pageSize(limit))], nil
}

// filtered returns the leads that f selects, in no order.
func (s *Store) filtered(f desk.Filter) []leads.Lead {
	words, any := desk.ParseSearch(f.Search)
	var found []leads.Lead
	for k, lead := range s.tables.leads {
		if any && k.tenant == f.Tenant && selects(f, lead) && has(lead, words) {
			found = append(found, lead)
		}
	}
	return found
}

// selects reports whether a lead is one of those that f is for, apart from its search.
func selects(f desk.Filter, lead leads.Lead) bool {
	score := leads.Score{}
	if lead.Score != nil {
		score = *lead.Score
	}
	return among(f.Statuses, lead.Status) && among(f.Stages, cmp.Or(lead.Stage, string(lead.Status))) &&
		among(f.Sources, lead.First.SourceID) && among(f.Qualifications, score.Qualification) &&
		(f.MinScore <= 0 || lead.Score != nil && score.Value >= f.MinScore) &&
		is(lead.Assignee, f.Assignee) && (!f.Unassigned || lead.Assignee == "") &&
		(!f.Unanswered || lead.Response.Contacted.IsZero()) && (f.Tag == "" || slices.Contains(lead.Tags, f.Tag)) &&
		within(lead.CreatedAt, f.From, f.To) &&
		(f.Duplicates == desk.DuplicatesAny || (f.Duplicates == desk.DuplicatesOnly) == (lead.Submissions > 1))
}

// among reports whether a field is one of those that a filter wants.
func among[T comparable](wanted []T, field T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, field)
}

// within reports whether a time lies within a span; a zero end is open.
func within(at, from, to time.Time) bool {
	return (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
}

// has reports whether the lead has every word of a search.
func has(lead leads.Lead, search []desk.Word) bool {
	if len(search) == 0 {
		return true
	}
	words := desk.SearchWords(lead)
	return !slices.ContainsFunc(search, func(w desk.Word) bool { return !w.In(words) })
}
