package adaptertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

const (
	saysDeskTogether = "All methods may be called concurrently and stay within the tenant."
	saysDeskBadIDs   = "What is asked for by a malformed ID is absent."
	saysDeskLimits   = "Where Leads, Sources, Work and Trail are given a limit, 0 means 100 and above 1,000 means 1,000."
)

// TestedDeskStore is what a Store must offer to be tested as one for a desk.
type TestedDeskStore interface {
	TestedStore
	desk.Store
}

// TestDeskStore holds a store to the contract of [desk.Store], as [TestStore] does to that of [leads.Store]: open returns a new, empty
// store for each case, and the cases run in parallel. What desk.Store takes over from other packages is tested by their suites.
func TestDeskStore(t *testing.T, open func(t *testing.T) TestedDeskStore) {
	for _, c := range deskStoreContracts() {
		c.run(t, func(t *testing.T) TestedStore { return open(t) })
	}
}

// deskStoreContracts returns every case of TestDeskStore.
func deskStoreContracts() []contract {
	return slices.Concat(
		filterContracts(), searchContracts(), pageContracts(), eraseContracts(), expireContracts(), lookAfterContracts(),
		workContracts(), trailContracts(), reportContracts(), []contract{
			{"all/tenants apart", saysDeskTogether, deskTenants},
			{"all/at once", saysDeskTogether, deskTogether},
			{"all/malformed IDs", saysDeskBadIDs, deskBadIDs},
			{"all/limits", saysDeskLimits, deskLimits},
			{"all/ended context", saysEnded, deskEnded},
			{"all/memory", saysMemory, deskMemory},
		},
	)
}

// store is the store under test.
func (r *rig) store() desk.Store {
	r.t.Helper()
	return ability[desk.Store](r)
}

func (r *rig) find(f desk.Filter) desk.Page {
	r.t.Helper()
	f.Tenant = r.tenant
	page, err := r.store().FindLeads(r.t.Context(), f)
	if err != nil {
		r.t.Fatalf("FindLeads(%+v): %v", f, err)
	}
	return page
}

func (r *rig) count(f desk.Filter, most int) int {
	r.t.Helper()
	f.Tenant = r.tenant
	n, err := r.store().CountLeads(r.t.Context(), f, most)
	if err != nil {
		r.t.Fatalf("CountLeads(%+v): %v", f, err)
	}
	return n
}

func (r *rig) eraseLead(id string) {
	r.t.Helper()
	if err := r.store().EraseLead(r.t.Context(), r.tenant, id); err != nil {
		r.t.Fatalf("EraseLead: %v", err)
	}
}

func (r *rig) expire(before desk.Expiry, limit int) int {
	r.t.Helper()
	n, err := r.store().Expire(r.t.Context(), r.tenant, before, limit)
	if err != nil {
		r.t.Fatalf("Expire: %v", err)
	}
	return n
}

// made changes a lead, and nothing that change does not.
func (r *rig) made(id string, change func(lead *leads.Lead)) leads.Lead {
	r.t.Helper()
	return r.edit(id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		change(lead)
		return nil, nil, nil
	})
}

// entry makes an entry of the trail.
func (r *rig) entry(object string) desk.Entry {
	return desk.Entry{Tenant: r.tenant, ID: leads.NewID(), At: r.tick(), Who: "ann", Action: "lead.export", Object: object, Data: json.RawMessage(`{"n":1}`)}
}

func (r *rig) addEntry(e desk.Entry) {
	r.t.Helper()
	if err := r.store().AddEntry(r.t.Context(), e); err != nil {
		r.t.Fatalf("AddEntry: %v", err)
	}
}

// office fills every part of a tenant's desk, under names that tell the tenant, and returns a lead.
func (r *rig) office() leads.Lead {
	r.t.Helper()
	id := r.person("ann@" + r.tenant + ".example.com")
	task := r.task()
	event := leads.Event{ID: leads.NewID(), Kind: leads.EventStatus, At: r.tick(), Data: json.RawMessage(`{"to":"` + r.tenant + `"}`)}
	r.settle(task, leads.Outcome{Settlement: leads.Dead, Error: "of " + r.tenant, Deliveries: []leads.Delivery{r.delivery(task, "key")}, Events: []leads.Event{event}})
	r.made(id, func(lead *leads.Lead) { lead.Assignee, lead.Status = "of "+r.tenant, leads.StatusClosed })
	r.quarantined(r.sub("eve@" + r.tenant + ".example.com"))
	r.addEntry(r.entry("of " + r.tenant))
	return r.lead(id)
}

// everythingOld has everything expire.
func (r *rig) everythingOld() desk.Expiry {
	at := r.soon()
	return desk.Expiry{Raw: at, Clients: at, Quarantined: at, Events: at, Leads: at}
}

func deskTenants(r *rig) {
	other := r.as("rival")
	nothing := other.reads("")
	mine := r.office()
	other.readsSame("what another tenant has captured", nothing)
	theirs := other.office()
	want := r.reads("")
	r.fails("EraseLead by another tenant", r.store().EraseLead(r.t.Context(), "rival", mine.ID), leads.ErrNotFound)
	quarantined := r.quarantined(r.sub("spam@example.com"))
	r.fails("DeleteQuarantined by another tenant", r.store().DeleteQuarantined(r.t.Context(), "rival", quarantined.ID), leads.ErrNotFound)
	if err := r.store().DeleteQuarantined(r.t.Context(), r.tenant, quarantined.ID); err != nil {
		r.t.Fatalf("DeleteQuarantined: %v", err)
	}
	for range 10 {
		other.expire(other.everythingOld(), 1000)
	}
	_, err := r.Lead(r.t.Context(), "rival", theirs.ID)
	r.fails("Lead after everything has expired", err, leads.ErrNotFound)
	got := r.reads("")
	for path := range got {
		if strings.HasSuffix(path, "LastSeen") {
			want[path] = got[path] // of what was deleted
		}
	}
	for _, difference := range differences(got, want, nil) {
		r.t.Errorf("after another tenant removed everything: %s", difference)
	}
}

// deskTogether erases, counts, lists and expires at once.
func deskTogether(r *rig) {
	ids := r.crowd(8)
	errs := make([]error, 4*len(ids))
	r.together(len(errs), func(i int) error {
		ctx := r.t.Context()
		switch i % 4 {
		case 0, 1: // two for each lead
			errs[i] = r.store().EraseLead(ctx, r.tenant, ids[i/4])
			return nil
		case 2:
			_, err := r.store().FindLeads(ctx, desk.Filter{Tenant: r.tenant, Search: "example"})
			return err
		}
		_, err := r.store().Expire(ctx, r.tenant, desk.Expiry{Raw: r.soon(), Events: r.soon()}, 3)
		return err
	})
	for i := 0; i < len(errs); i += 4 {
		one, another := errs[i], errs[i+1]
		r.check((one == nil) != (another == nil), "of two who erase a lead at once one succeeds: %v, %v", one, another)
		r.check(errors.Is(errors.Join(one, another), leads.ErrNotFound), "the other is told %v, %v", one, another)
	}
	r.check(r.count(desk.Filter{}, 100) == 0, "%d leads are left", r.count(desk.Filter{}, 100))
}

func deskBadIDs(r *rig) {
	lead := r.office()
	want := r.reads("")
	ctx, s := r.t.Context(), r.store()
	for _, id := range badIDs() {
		r.fails("EraseLead("+shown(id)+")", s.EraseLead(ctx, r.tenant, id), leads.ErrNotFound)
		r.fails("DeleteQuarantined("+shown(id)+")", s.DeleteQuarantined(ctx, r.tenant, id), leads.ErrNotFound)
		subs, err := s.Payloads(ctx, r.tenant, id, 10)
		r.check(err == nil && len(subs) == 0, "Payloads of the source %s: %d, %v", shown(id), len(subs), err)
		page, err := s.FindLeads(ctx, desk.Filter{Tenant: r.tenant, Sources: []string{id, leads.NewID()}})
		r.check(err == nil && len(page.Leads) == 0, "FindLeads of the source %s: %d, %v", shown(id), len(page.Leads), err)
	}
	page := r.find(desk.Filter{Sources: []string{"not-a-uuid", r.source}})
	r.check(len(page.Leads) == 1 && page.Leads[0].ID == lead.ID, "a malformed ID beside a good one hides the lead: %+v", page)
	r.readsSame("after what was malformed", want)
}

func deskEnded(r *rig) {
	lead := r.office()
	want := r.reads("")
	quarantined := r.reading("").Quarantined[0].ID
	ctx, s := ended(r.t), r.store()
	for what, err := range r.readings(ctx, new(reading), "") {
		r.check(err != nil, "%s with an ended context returned no error", what)
	}
	_, err := s.Expire(ctx, r.tenant, r.everythingOld(), 100)
	for what, err := range map[string]error{
		"Expire": err, "EraseLead": s.EraseLead(ctx, r.tenant, lead.ID), "AddEntry": s.AddEntry(ctx, r.entry("late")),
		"DeleteQuarantined": s.DeleteQuarantined(ctx, r.tenant, quarantined),
		"PutSource":         s.PutSource(ctx, ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "late", CreatedAt: r.start}, "late"),
	} {
		r.check(err != nil && !errors.Is(err, leads.ErrNotFound), "%s with an ended context returned the error %v", what, err)
	}
	r.readsSame("after what came too late", want)
}

func deskMemory(r *rig) {
	r.office()
	task := r.rich()
	id := task.LeadID
	r.made(id, func(lead *leads.Lead) { lead.Status = leads.StatusContacted })
	given := r.entry("given")
	r.addEntry(given)
	want := r.reads("")
	scribble(&given)
	v := r.reading("")
	scribble(&v)
	r.readsSame("after the caller reused what it had given and got", want)
}

// deskLimits asks for pages of a thousand and one.
func deskLimits(r *rig) {
	const all = 1001
	for n := 0; n < all; n += 143 {
		var subs []ingest.Submission
		for range 143 {
			sub := r.sub(fmt.Sprintf("person%d@example.com", r.ticks))
			if r.ticks%2 == 0 {
				sub.Verdict = ingest.Quarantined
			}
			subs = append(subs, sub)
		}
		r.capture(subs...)
	}
	ctx, s := r.t.Context(), r.store()
	for limit, most := range map[int]int{0: 100, 1: 1, 99: 99, 1000: 1000, 5000: 1000} {
		changed, err := s.ChangedLeads(ctx, r.tenant, time.Time{}, limit)
		r.check(err == nil && len(changed) == min(most, 501), "ChangedLeads with limit %d gave %d, %v", limit, len(changed), err)
		subs, err := s.Payloads(ctx, r.tenant, r.source, limit)
		r.check(err == nil && len(subs) == most, "Payloads with limit %d gave %d, %v", limit, len(subs), err)
		subs, err = s.Quarantined(ctx, r.tenant, "", limit)
		r.check(err == nil && len(subs) == min(most, 500), "Quarantined with limit %d gave %d, %v", limit, len(subs), err)
	}
	for range 101 {
		r.addEntry(r.entry(""))
	}
	for limit, most := range map[int]int{0: 100, 1: 1, 101: 101, 5000: 101} {
		entries, err := s.Entries(ctx, r.tenant, "", limit)
		r.check(err == nil && len(entries) == most, "Entries with limit %d gave %d, %v", limit, len(entries), err)
	}
	for _, task := range r.claim(102) {
		r.settle(task, leads.Outcome{Settlement: leads.Dead})
	}
	for limit, most := range map[int]int{0: 100, 1: 1, 102: 102, 5000: 102} {
		dead, err := s.DeadTasks(ctx, r.tenant, "", limit)
		r.check(err == nil && len(dead) == most, "DeadTasks with limit %d gave %d, %v", limit, len(dead), err)
	}
}
