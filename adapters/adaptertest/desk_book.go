package adaptertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

const (
	saysUnassigned = "Unassigned returns up to limit leads of the tenant that nobody is responsible for and that are neither converted nor closed, the oldest first."
	saysOwner      = "Owner is who is responsible for the newest other lead that somebody is responsible for, by ID, with the same email domain (the part after the last @, lower case), or \"\"."
	saysOpen       = "Open counts the leads by who is responsible for them, those converted or closed left out. Nobody is left out of it."
	saysLast       = "State is what the last decision of the tenant left, or nil."
	saysState      = "State is kept for the next decision of the tenant; nil leaves it as it is."
)

func bookContracts() []contract {
	return []contract{
		{"book/lead", saysRoute, bookLead},
		{"book/owner", saysOwner, bookOwner},
		{"book/open", saysOpen, bookOpen},
		{"book/state", saysLast, bookState},
		{"book/state stays", saysState, bookStateStays},
		{"unassigned/who waits", saysUnassigned, unassignedLeads},
		{"unassigned/limit", saysUnassigned, unassignedLimit},
		{"unassigned/limits", saysHundreds, unassignedLimits},
		{"unassigned/ended context", saysEnded, unassignedEnded},
	}
}

func bookLead(r *rig) {
	task := r.rich()
	want := r.lead(task.LeadID)
	r.same("the lead in the book", r.book(task.LeadID).Lead, want)
}

// bookOwner adds to the leads of a company one after the other, and asks who owns it.
func bookOwner(r *rig) {
	other := r.as("other")
	other.owned("eve@example.com", "theirs", leads.StatusNew)
	asked := r.owned("ann@example.com", "ann's own", leads.StatusNew)
	asks := func(want string) {
		r.t.Helper()
		got := r.book(asked).Owner
		r.check(got == want, "the owner is %q, want %q", got, want)
	}
	asks("")
	r.owned("bob@example.org", "another's", leads.StatusNew)
	r.owned("eve@sub.example.com", "a part's", leads.StatusNew)
	r.owned("not an address", "nobody's", leads.StatusNew)
	asks("")
	r.owned("eve@example.com", "first", leads.StatusNew)
	asks("first")
	r.owned("Eve.2@EXAMPLE.com", "second", leads.StatusConverted)
	asks("second")
	r.owned("eve3@example.com", "third", leads.StatusContacted)
	asks("third")
	r.owned("eve4@example.com", "", leads.StatusNew)
	asks("third")
	r.owned("odd@example.com@example.org", "odd's", leads.StatusNew)
	asks("third")
	r.owned("odd@example.org@example.com", "fourth", leads.StatusNew)
	asks("fourth")
	without := r.owned("", "", leads.StatusNew)
	r.owned("", "somebody", leads.StatusNew)
	r.check(r.book(without).Owner == "", "a lead without an address has the owner %q", r.book(without).Owner)
}

func bookOpen(r *rig) {
	r.as("other").owned("eve@example.com", "bob", leads.StatusNew)
	id := r.owned("ann@example.com", "", leads.StatusNew)
	r.check(r.book(id).Open["bob"] == 0, "the book of a tenant without assignments says %v", r.book(id).Open)
	for i, status := range []leads.Status{leads.StatusNew, leads.StatusContacted, leads.StatusQualified, leads.StatusConverted, leads.StatusClosed} {
		r.owned(fmt.Sprintf("bob%d@example.com", i), "bob", status)
		r.owned(fmt.Sprintf("eve%d@example.com", i), "eve", leads.StatusNew)
	}
	open := r.book(id).Open
	r.check(len(open) == 2 && open["bob"] == 3 && open["eve"] == 5, "there are open %v", open)
}

func bookState(r *rig) {
	other := r.as("other")
	mine, theirs := r.person("ann@example.com"), other.person("ann@example.com")
	r.check(r.book(mine).State == nil, "a tenant without decisions has the state %s", r.book(mine).State)
	for _, text := range append(exact(), ` { "a" : 1 } `) {
		r.route(mine, func(notify.Book) (notify.Decision, error) {
			return notify.Decision{State: json.RawMessage(strings.Clone(text))}, nil
		})
		got := string(r.book(mine).State)
		r.check(got == text, "the state %s became %s", shown(text), shown(got))
	}
	r.check(other.book(theirs).State == nil, "another tenant has the state %s", other.book(theirs).State)
}

func bookStateStays(r *rig) {
	ann, bob := r.person("ann@example.com"), r.person("bob@example.com")
	r.route(ann, func(notify.Book) (notify.Decision, error) { return notify.Decision{State: []byte(`1`)}, nil })
	r.route(bob, to("somebody"))
	r.route(bob, to("somebody else"))
	r.check(string(r.book(ann).State) == `1`, "the state is %s", r.book(ann).State)
}

func (r *rig) unassigned(limit int) []leads.Lead {
	r.t.Helper()
	found, err := r.desk().Unassigned(r.t.Context(), r.tenant, limit)
	if err != nil {
		r.t.Fatalf("Unassigned: %v", err)
	}
	return found
}

func unassignedLeads(r *rig) {
	r.check(len(r.unassigned(10)) == 0, "in an empty store there wait %+v", r.unassigned(10))
	r.as("other").owned("ann@example.com", "", leads.StatusNew)
	var want []leads.Lead
	for i, status := range []leads.Status{leads.StatusNew, leads.StatusConverted, leads.StatusContacted, leads.StatusClosed, leads.StatusQualified} {
		id := r.becomesOf(fmt.Sprintf("person%d@example.com", i), func(lead *leads.Lead) { lead.Status, lead.Tags = status, []string{"waits"} })
		if status != leads.StatusConverted && status != leads.StatusClosed {
			want = append(want, r.lead(id))
		}
		r.owned(fmt.Sprintf("owned%d@example.com", i), "bob", status)
	}
	r.same("who waits", r.unassigned(10), want)
	r.route(want[0].ID, to("bob"))
	r.same("who waits after one was given away", r.unassigned(10), want[1:])
	scribble(r.unassigned(10))
	r.same("who waits after the caller changed what it had got", r.unassigned(10), want[1:])
}

func unassignedLimit(r *rig) {
	ids := r.crowd(5)
	slices.Reverse(ids)
	for _, limit := range []int{1, 3, 5, 6} {
		var got []string
		for _, lead := range r.unassigned(limit) {
			got = append(got, lead.ID)
		}
		r.check(slices.Equal(got, ids[:min(limit, 5)]), "with limit %d there wait %v of %v", limit, got, ids)
	}
}

func unassignedLimits(r *rig) {
	r.throngOf(1001)
	for limit, want := range map[int]int{0: 100, 999: 999, 1000: 1000, 1001: 1000, 1 << 30: 1000} {
		got := len(r.unassigned(limit))
		r.check(got == want, "with limit %d there wait %d of 1,001", limit, got)
	}
}

func unassignedEnded(r *rig) {
	r.person("ann@example.com")
	_, err := r.desk().Unassigned(ended(r.t), r.tenant, 10)
	r.check(err != nil, "Unassigned with an ended context returned no error")
}
