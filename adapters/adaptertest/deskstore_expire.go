package adaptertest

import (
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

const (
	saysExpire        = "Expire applies each rule to up to limit rows of each kind (leads, submissions, events) and returns how many it changed or removed; 0 means that nothing is left to do."
	saysExpireStays   = "A lead's UpdatedAt stays as it is."
	saysExpireZero    = "Expiry says from when on what is older is removed. A zero time keeps it."
	saysExpireRaw     = "Raw is for the raw bodies of submissions; what was understood of them stays."
	saysExpireClients = "Clients is for client addresses and user agents in submissions and in the touches of leads."
	saysExpireSpam    = "Quarantined is for quarantined submissions, which are removed as by DeleteQuarantined."
	saysExpireEvents  = "Events is for entries of timelines, of leads that are kept."
	saysExpireLeads   = "Leads is for leads that have not changed since and are converted or closed, which are erased as by EraseLead."
)

func expireContracts() []contract {
	return []contract{
		{"expire/no rule", saysExpireZero, expireNothing},
		{"expire/raw bodies", saysExpireRaw, expireRaw},
		{"expire/clients", saysExpireClients, expireClients},
		{"expire/what is quarantined", saysExpireSpam, expireQuarantined},
		{"expire/timelines", saysExpireEvents, expireEvents},
		{"expire/leads", saysExpireLeads, expireLeads},
		{"expire/erased whole", saysExpireLeads, expireErased},
		{"expire/times of leads", saysExpireStays, expireStays},
		{"expire/in batches", saysExpire, expireBatches},
	}
}

// aged captures three leads with two submissions each, and three quarantined ones; it returns the time of the second arrivals.
func (r *rig) aged() (ids []string, at time.Time) {
	r.t.Helper()
	f := &filler{base: r.start}
	for range 2 {
		ids = nil
		for i := range 3 {
			sub := f.submission(r)
			sub.Fields.Email, sub.Key = fmt.Sprintf("person%d@example.com", i), ""
			if i == 0 {
				at = sub.Received
			}
			ids = append(ids, r.one(sub).LeadID)
			r.quarantined(f.submission(r))
		}
	}
	return ids, at
}

// expires applies the rules until nothing is left to do and checks how much there was.
func (r *rig) expires(what string, before desk.Expiry, want int) {
	r.t.Helper()
	n := r.expire(before, 1000)
	r.check(n == want, "%s: %d rows expired, want %d", what, n, want)
	n = r.expire(before, 1000)
	r.check(n == 0, "%s: %d rows expired again", what, n)
}

func expireNothing(r *rig) {
	r.office()
	r.aged()
	want := r.reads("")
	r.expires("without a rule", desk.Expiry{}, 0)
	old := r.start.Add(-1000 * hour)
	r.expires("before anything was there", desk.Expiry{Raw: old, Clients: old, Quarantined: old, Events: old, Leads: old}, 0)
	r.readsSame("after that", want)
}

func expireRaw(r *rig) {
	_, at := r.aged()
	want := r.reading("").Payloads
	n := 0
	for i := range want {
		if want[i].Received.Before(at) {
			want[i].Raw = nil
			n++
		}
	}
	r.expires("raw bodies", desk.Expiry{Raw: at}, n)
	r.same("submissions", r.reading("").Payloads, want)
}

func expireClients(r *rig) {
	ids, at := r.aged()
	v := r.reading("")
	empty := ingest.Submission{}
	n := 0
	for i, sub := range v.Payloads {
		if sub.Received.Before(at) {
			v.Payloads[i].Client, v.Payloads[i].UserAgent = empty.Client, empty.UserAgent
			n++
		}
	}
	var want []leads.Lead
	for _, id := range ids {
		lead := r.lead(id)
		lead.First.Client, lead.First.UserAgent = empty.Client, empty.UserAgent
		want = append(want, lead)
		n++
	}
	r.expires("clients", desk.Expiry{Clients: at}, n)
	r.same("submissions", r.reading("").Payloads, v.Payloads)
	for _, lead := range want {
		r.same("lead", r.lead(lead.ID), lead, "Version")
	}
	n = 0
	for _, lead := range want {
		if lead.Last.At.Before(at.Add(time.Microsecond)) {
			n++
		}
	}
	r.expires("clients of the last touch", desk.Expiry{Clients: at.Add(time.Microsecond)}, n+1)
	last := r.lead(ids[0]).Last
	r.check(!last.Client.IsValid() && last.UserAgent == "" && last.At.Equal(at), "the last touch is %+v", last)
	r.check(r.lead(ids[1]).Last.Client.IsValid(), "a later touch has lost its client")
}

func expireQuarantined(r *rig) {
	ids, at := r.aged()
	late := r.keyed("key", "body")
	late.Received = at.Add(-hour)
	late = r.quarantined(late)
	released := r.quarantined(r.sub("person0@example.com"))
	r.release(released.ID)
	r.check(len(r.reading("").Quarantined) == 7, "there are %d quarantined", len(r.reading("").Quarantined))
	before := r.state(ids[0])
	r.expires("quarantined", desk.Expiry{Quarantined: at}, 4)
	for _, sub := range r.reading("").Quarantined {
		r.check(!sub.Received.Before(at), "%v is kept", sub.Received)
	}
	r.check(len(r.reading("").Quarantined) == 3, "%d are kept, want 3", len(r.reading("").Quarantined))
	r.unchanged("a lead", ids[0], before)
	c := r.one(again(late, time.Minute))
	r.check(!c.Repeated, "the key of one that expired is not free: %+v", c)
	r.expires("later", desk.Expiry{Quarantined: r.soon()}, 4)
	r.check(len(r.submissions(ids[0])) == 3, "what was released is gone")
}

func expireEvents(r *rig) {
	ids, at := r.aged()
	n := 0
	want := make(map[string][]leads.Event)
	for _, id := range ids {
		for _, e := range r.events(id) {
			if e.At.Before(at) {
				n++
				continue
			}
			want[id] = append(want[id], e)
		}
	}
	leadsBefore := r.reading("").Page
	r.expires("events", desk.Expiry{Events: at}, n)
	for _, id := range ids {
		r.same("timeline", r.events(id), want[id])
	}
	r.same("leads", r.reading("").Page, leadsBefore)
	r.check(n == 3 && len(want) == 3, "of 6 events %d were to expire", n)
}

// statuses are all there are, with whether leads of it expire.
var statuses = map[leads.Status]bool{
	leads.StatusNew: false, leads.StatusContacted: false, leads.StatusQualified: false, leads.StatusConverted: true, leads.StatusClosed: true,
}

func expireLeads(r *rig) {
	at := r.tick()
	ids := make(map[string]bool)
	n := 0
	for status, done := range statuses {
		for i, changed := range []time.Time{at.Add(-time.Microsecond), at, at.Add(hour)} {
			id := r.person(fmt.Sprintf("%s%d@example.com", status, i))
			r.made(id, func(l *leads.Lead) { l.Status, l.UpdatedAt = status, changed })
			if ids[id] = !done || i > 0; !ids[id] {
				n++
			}
		}
	}
	r.expires("leads", desk.Expiry{Leads: at}, n)
	for id, kept := range ids {
		_, err := r.Lead(r.t.Context(), r.tenant, id)
		r.check(kept == (err == nil), "a lead is kept: %v, want %v", err == nil, kept)
	}
	r.check(n == 2, "%d leads were to expire", n)
}

// expireErased has a lead expire and looks for what it left behind.
func expireErased(r *rig) {
	lead := r.canary()
	task := r.task(leads.TaskScore)
	r.made(lead.ID, func(l *leads.Lead) { l.Status = leads.StatusClosed })
	r.expires("leads", desk.Expiry{Leads: r.soon()}, 1)
	r.check(len(r.traces(mark)) == 0 && len(r.traces(lead.ID)) == 0, "after the lead has expired its data is in %v, %v", r.traces(mark), r.traces(lead.ID))
	r.stale("the running task of a lead that has expired", task)
	c := r.one(r.sub(mark + "@example.com"))
	r.check(c.Created && c.LeadID != lead.ID, "the address is %+v", c)
}

func expireStays(r *rig) {
	ids, _ := r.aged()
	var before []leads.Lead
	for _, id := range ids {
		before = append(before, r.lead(id))
	}
	soon := r.soon()
	r.check(r.expire(desk.Expiry{Raw: soon, Clients: soon, Events: soon}, 1000) > 0, "nothing expired")
	for _, lead := range before {
		got := r.lead(lead.ID)
		r.check(got.UpdatedAt.Equal(lead.UpdatedAt), "the lead changed at %v, and now at %v", lead.UpdatedAt, got.UpdatedAt)
	}
}

// expireBatches applies the rules one row at a time.
func expireBatches(r *rig) {
	soon := r.soon()
	for _, rule := range []struct {
		before desk.Expiry
		kinds  int // how many rows a batch of one may change
		rows   int
	}{
		{desk.Expiry{Quarantined: soon}, 1, 6}, {desk.Expiry{Raw: soon}, 1, 6}, {desk.Expiry{Clients: soon}, 2, 9}, {desk.Expiry{Events: soon}, 1, 6},
		{desk.Expiry{Leads: soon}, 1, 3},
	} {
		r := r.as(fmt.Sprintf("tenant%d%d", rule.kinds, rule.rows) + fmt.Sprint(rule.before.Raw.IsZero(), rule.before.Events.IsZero(), rule.before.Leads.IsZero()))
		ids, _ := r.aged()
		for _, id := range ids {
			r.made(id, func(l *leads.Lead) { l.Status = leads.StatusClosed })
		}
		if rule.before.Quarantined.IsZero() {
			r.expires("quarantined", desk.Expiry{Quarantined: soon}, 6)
		}
		total, n := 0, 1
		for n > 0 && total <= rule.rows {
			n = r.expire(rule.before, 1)
			total += n
			r.check(n <= rule.kinds, "a batch of one changed %d rows", n)
		}
		r.check(total == rule.rows, "%+v changed %d rows, want %d", rule.before, total, rule.rows)
	}
}
