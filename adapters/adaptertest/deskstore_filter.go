package adaptertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

const (
	saysFilter     = "Filter selects leads of a tenant; the fields that are not empty all count, and of a list any one."
	saysStages     = "stage IDs, see Pipeline; a lead without one stands in that of its status"
	saysOfSources  = "source IDs, of the first touch"
	saysMinScore   = "0 means any, also leads without a score"
	saysAssignee   = "who is responsible"
	saysNobodys    = "Unassigned selects leads that nobody is responsible for."
	saysUnanswered = "Unanswered selects leads that nobody has got in touch with (Response.Contacted)."
	saysCreated    = "of creation; From is included and To is not"
	saysDuplicates = "Duplicates selects by whether a lead has more than one submission (Submissions)."
	saysCountLeads = "CountLeads counts the leads that f selects, at most up to most; a count that reaches most may be less than there are."
	saysCountAll   = "After, Offset, Limit and Sort are ignored."
	saysChanged    = "ChangedLeads returns up to limit leads of the tenant that were created or changed (UpdatedAt) at or after since, the longest unchanged first, ties in the order of their IDs."
)

func filterContracts() []contract {
	return []contract{
		{"filter/statuses", saysFilter, filters([]filterCase{
			{desk.Filter{Statuses: []leads.Status{leads.StatusQualified}}, []int{2, 4}},
			{desk.Filter{Statuses: []leads.Status{leads.StatusNew, leads.StatusClosed}}, []int{0, 5}},
		})},
		{"filter/stages", saysStages, filters([]filterCase{
			{desk.Filter{Stages: []string{"qualified"}}, []int{2}},
			{desk.Filter{Stages: []string{"lab", "new", "converted"}}, []int{0, 4}},
			{desk.Filter{Stages: []string{"won'"}}, []int{3}},
		})},
		{"filter/sources", saysOfSources, filterSources},
		{"filter/qualifications", saysFilter, filters([]filterCase{
			{desk.Filter{Qualifications: []leads.Qualification{leads.Hot}}, []int{1, 5}},
			{desk.Filter{Qualifications: []leads.Qualification{leads.Warm, leads.Cold}}, []int{2, 3}},
		})},
		{"filter/scores", saysMinScore, filters([]filterCase{
			{desk.Filter{MinScore: 0}, []int{0, 1, 2, 3, 4, 5}}, {desk.Filter{MinScore: 1}, []int{1, 2, 5}},
			{desk.Filter{MinScore: 40}, []int{1, 2, 5}}, {desk.Filter{MinScore: 41}, []int{1, 5}}, {desk.Filter{MinScore: 101}, nil},
		})},
		{"filter/somebody's", saysAssignee, filters([]filterCase{
			{desk.Filter{Assignee: "bob"}, []int{1}}, {desk.Filter{Assignee: "Bob"}, []int{5}}, {desk.Filter{Assignee: "bo%"}, nil},
		})},
		{"filter/nobody's", saysNobodys, filters([]filterCase{
			{desk.Filter{Unassigned: true}, []int{0, 3, 4}}, {desk.Filter{Unassigned: true, Assignee: "bob"}, nil},
		})},
		{"filter/unanswered", saysUnanswered, filters([]filterCase{{desk.Filter{Unanswered: true}, []int{0, 2, 4, 5}}})},
		{"filter/tags", saysFilter, filters([]filterCase{
			{desk.Filter{Tag: "vip"}, []int{1, 2}}, {desk.Filter{Tag: "VIP"}, []int{5}}, {desk.Filter{Tag: "vi"}, nil}, {desk.Filter{Tag: "%"}, nil},
		})},
		{"filter/when", saysCreated, filterWhen},
		{"filter/duplicates", saysDuplicates, filters([]filterCase{
			{desk.Filter{Duplicates: desk.DuplicatesOnly}, []int{4}}, {desk.Filter{Duplicates: desk.DuplicatesExclude}, []int{0, 1, 2, 3, 5}},
		})},
		{"filter/all together", saysFilter, filters([]filterCase{
			{desk.Filter{}, []int{0, 1, 2, 3, 4, 5}},
			{desk.Filter{Statuses: []leads.Status{leads.StatusQualified}, Tag: "vip"}, []int{2}},
			{desk.Filter{Qualifications: []leads.Qualification{leads.Hot}, Unanswered: true}, []int{5}},
			{desk.Filter{MinScore: 1, Unanswered: true, Search: "person2", Sort: desk.HottestFirst}, []int{2}},
			{desk.Filter{Search: "person", Stages: []string{"lab"}, Duplicates: desk.DuplicatesExclude}, nil},
		})},
		{"filter/hostile text", saysFilter, filterHostile},
		{"count/most", saysCountLeads, countMost},
		{"count/the place does not matter", saysCountAll, countPlace},
		{"changed/since", saysChanged, changedSince},
		{"changed/order and limit", saysChanged, changedOrder},
	}
}

// gallery captures six leads of all kinds, and in another tenant the same.
func (r *rig) gallery() []leads.Lead {
	r.t.Helper()
	r.as("other").persons()
	return r.persons()
}

func (r *rig) persons() []leads.Lead {
	r.t.Helper()
	contacted := leads.Response{Contacted: r.tick()}
	hot, warm, cold := leads.Score{Value: 100, Qualification: leads.Hot}, leads.Score{Value: 40, Qualification: leads.Warm}, leads.Score{Qualification: leads.Cold}
	var all []leads.Lead
	for i, change := range []func(*leads.Lead){
		func(*leads.Lead) {},
		func(l *leads.Lead) {
			l.Status, l.Response, l.Assignee, l.Tags, l.Score = leads.StatusContacted, contacted, "bob", []string{"vip"}, &hot
		},
		func(l *leads.Lead) {
			l.Status, l.Assignee, l.Tags, l.Score = leads.StatusQualified, "eve", []string{"eu", "vip"}, &warm
		},
		func(l *leads.Lead) {
			l.Status, l.Stage, l.Response, l.Score = leads.StatusConverted, "won'", contacted, &cold
		},
		func(l *leads.Lead) { l.Status, l.Stage, l.Tags = leads.StatusQualified, "lab", []string{"vip2"} },
		func(l *leads.Lead) {
			l.Status, l.Assignee, l.Tags, l.Score = leads.StatusClosed, "Bob", []string{"VIP"}, &hot
		},
	} {
		id := r.person(fmt.Sprintf("person%d@example.com", i))
		if i == 4 {
			id = r.person("person4@example.com")
		}
		all = append(all, r.made(id, change))
	}
	return all
}

// filterCase is a filter and the people of the gallery that it selects.
type filterCase struct {
	f    desk.Filter
	want []int
}

// filters checks what filters select of the gallery, and how many CountLeads counts.
func filters(cases []filterCase) func(r *rig) {
	return func(r *rig) {
		all := r.gallery()
		for _, c := range cases {
			r.selects(c.f, all, c.want...)
		}
	}
}

func (r *rig) selects(f desk.Filter, all []leads.Lead, want ...int) {
	r.t.Helper()
	wanted := make(map[string]leads.Lead)
	for _, i := range want {
		wanted[all[i].ID] = all[i]
	}
	page := r.find(f)
	for _, lead := range page.Leads {
		if known, ok := wanted[lead.ID]; ok {
			r.same("the lead that was found", lead, known)
			delete(wanted, lead.ID)
			continue
		}
		r.check(false, "%+v selects %s of %q", f, lead.Email, lead.Tenant)
	}
	for _, lead := range wanted {
		r.check(false, "%+v does not select %s", f, lead.Email)
	}
	n := r.count(f, 100)
	r.check(n == len(want), "%+v counts %d, want %d", f, n, len(want))
	r.check(page.Next == "", "%+v has a next page", f)
}

func filterSources(r *rig) {
	first := r.source
	second := r.newSource(r.tenant)
	r.person("ann@example.com")
	r.source = second
	r.person("bob@example.com")
	all := []leads.Lead{r.lead(r.person("ann@example.com"))}
	r.source = first
	all = append(all, r.lead(r.person("bob@example.com")))
	r.selects(desk.Filter{Sources: []string{first}}, all, 0)
	r.selects(desk.Filter{Sources: []string{second}}, all, 1)
	r.selects(desk.Filter{Sources: []string{second, first}}, all, 0, 1)
	r.selects(desk.Filter{Sources: []string{leads.NewID()}}, all)
}

func filterWhen(r *rig) {
	all := r.gallery()
	from, to := all[1].CreatedAt, all[3].CreatedAt
	r.selects(desk.Filter{From: from}, all, 1, 2, 3, 4, 5)
	r.selects(desk.Filter{To: to}, all, 0, 1, 2)
	r.selects(desk.Filter{From: from, To: to}, all, 1, 2)
	r.selects(desk.Filter{From: from.Add(1000), To: to.Add(1000)}, all, 2, 3)
	r.selects(desk.Filter{From: to, To: to}, all)
}

// filterHostile finds text by nothing but itself.
func filterHostile(r *rig) {
	var all []leads.Lead
	texts := make(map[string]int)
	for _, text := range append(hostile(), "plain", "PLAIN", "plain%", "plain_") {
		if text = strings.TrimSpace(limited(text, 40)); text == "" {
			continue
		}
		if _, twice := texts[text]; twice {
			continue
		}
		texts[text] = len(all)
		id := r.person(fmt.Sprintf("person%d@example.com", len(all)))
		all = append(all, r.made(id, func(l *leads.Lead) { l.Stage, l.Assignee, l.Tags = text, text, []string{text, "all"} }))
	}
	for text, i := range texts {
		r.selects(desk.Filter{Tag: text}, all, i)
		r.selects(desk.Filter{Stages: []string{text}}, all, i)
		r.selects(desk.Filter{Assignee: text}, all, i)
		r.selects(desk.Filter{Statuses: []leads.Status{leads.Status(text)}, Qualifications: []leads.Qualification{leads.Qualification(text)}}, all)
	}
}

func countMost(r *rig) {
	r.check(r.count(desk.Filter{}, 10) == 0, "an empty store has %d leads", r.count(desk.Filter{}, 10))
	r.crowd(5)
	for most, want := range map[int]int{0: 0, 1: 1, 4: 4, 5: 5, 6: 5, 1_000_000: 5} {
		got := r.count(desk.Filter{}, most)
		r.check(got == want, "of 5 leads %d are counted up to %d", got, most)
	}
}

func countPlace(r *rig) {
	r.crowd(5)
	next := r.find(desk.Filter{Limit: 2}).Next
	for _, f := range []desk.Filter{{Limit: 1}, {Offset: 3}, {After: next}, {Sort: desk.HottestFirst}, {After: next, Sort: desk.OldestFirst}, {After: "?"}} {
		r.check(r.count(f, 10) == 5, "%+v counts %d of 5", f, r.count(f, 10))
	}
}

func (r *rig) changed(since time.Time, limit int) []leads.Lead {
	r.t.Helper()
	found, err := r.store().ChangedLeads(r.t.Context(), r.tenant, since, limit)
	if err != nil {
		r.t.Fatalf("ChangedLeads: %v", err)
	}
	return found
}

func changedSince(r *rig) {
	all := r.gallery()
	at := r.tick()
	for i := range all {
		all[i] = r.made(all[i].ID, func(l *leads.Lead) { l.UpdatedAt = at.Add(-time.Duration(i) * time.Millisecond) })
	}
	slices.Reverse(all)
	for i := range all {
		r.same("since a lead was changed", r.changed(all[i].UpdatedAt, 10), all[i:])
		r.same("since just after", r.changed(all[i].UpdatedAt.Add(time.Microsecond), 10), all[i+1:])
	}
	r.same("since ever", r.changed(time.Time{}, 10), all)
}

func changedOrder(r *rig) {
	ids := r.crowd(5)
	slices.Reverse(ids)
	at := r.tick()
	for _, id := range ids {
		r.made(id, func(l *leads.Lead) { l.UpdatedAt = at })
	}
	for limit := 1; limit <= 6; limit++ {
		var got []string
		for _, lead := range r.changed(at, limit) {
			got = append(got, lead.ID)
		}
		r.check(slices.Equal(got, ids[:min(limit, 5)]), "with limit %d: %v of %v", limit, got, ids)
	}
}
