package adaptertest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/openleads/leads"
)

const (
	saysLeads = "Leads returns up to q.Limit leads of the tenant, newest first by ID, beginning behind q.After."
	saysLimit = "0 means 20, and above 100 means 100"
)

func listerContracts() []contract {
	return []contract{
		{"lister/pages", saysLeads, listPages},
		{"lister/whole leads", saysLeads, listWhole},
		{"lister/of the tenant", saysLeads, listTenant},
		{"lister/limits", saysLimit, listLimits},
		{"lister/behind what is not there", saysBadIDs, listBehind},
	}
}

// crowd captures n people and returns their leads, newest first by ID.
func (r *rig) crowd(n int) []string {
	r.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = r.one(r.sub(fmt.Sprintf("person%d@example.com", i))).LeadID
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(b, a) })
	return ids
}

func (r *rig) page(after string, limit int) []string {
	r.t.Helper()
	page, err := r.lister().Leads(r.t.Context(), leads.LeadQuery{Tenant: r.tenant, After: after, Limit: limit})
	if err != nil {
		r.t.Fatalf("Leads: %v", err)
	}
	ids := make([]string, len(page))
	for i, lead := range page {
		ids[i] = lead.ID
	}
	return ids
}

func listPages(r *rig) {
	r.lister()
	want := r.crowd(25)
	var got []string
	for _, n := range []int{10, 10, 5, 0} {
		after := ""
		if len(got) > 0 {
			after = got[len(got)-1]
		}
		page := r.page(after, 10)
		r.check(len(page) == n, "a page of %d leads, want %d", len(page), n)
		got = append(got, page...)
	}
	r.check(slices.Equal(got, want), "the pages hold %v, want %v", got, want)
}

func listWhole(r *rig) {
	r.lister()
	task := r.rich()
	list, err := r.lister().Leads(r.t.Context(), leads.LeadQuery{Tenant: r.tenant})
	r.check(err == nil && len(list) == 1, "Leads: %d leads, %v", len(list), err)
	r.same("listed", list, []leads.Lead{r.lead(task.LeadID)})
}

func listTenant(r *rig) {
	r.lister()
	r.check(len(r.page("", 0)) == 0, "an empty store lists leads")
	mine := r.crowd(3)
	other := r.as("other")
	theirs := other.crowd(2)
	r.check(slices.Equal(r.page("", 0), mine), "the tenant's leads are %v, want %v", r.page("", 0), mine)
	r.check(slices.Equal(other.page("", 0), theirs), "the other's leads are %v, want %v", other.page("", 0), theirs)
	r.check(len(other.page(mine[2], 0)) == 0, "behind another tenant's oldest lead there is %v", other.page(mine[2], 0))
}

func listLimits(r *rig) {
	r.lister()
	r.crowd(101)
	for limit, want := range map[int]int{0: 20, 1: 1, 100: 100, 101: 100, 1 << 30: 100} {
		got := len(r.page("", limit))
		r.check(got == want, "with limit %d there are %d leads, want %d", limit, got, want)
	}
}

func listBehind(r *rig) {
	r.lister()
	ids := r.crowd(3)
	r.check(slices.Equal(r.page(leads.NewID(), 0), ids), "behind a newer ID that is not there: %v", r.page(leads.NewID(), 0))
	for _, id := range badIDs() {
		if id != "" {
			r.page(id, 0)
		}
	}
}
