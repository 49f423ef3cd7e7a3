package adaptertest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

const (
	saysErase         = "EraseLead removes a lead with everything that is about it: submissions with their raw bodies, identities, keys, events, tasks, deliveries, enrolments, and the lead ID and address key in consents (the entries stay, without the person, under the empty address key)."
	saysEraseBodies   = "It also drops the Body of all deliveries of the tenant that are about no lead, for they may name the person; what is to be sent again is rendered anew."
	saysEraseRunning  = "A task of it that is running settles as [leads.ErrStale]."
	saysEraseIdentity = "The next submission with its identity makes a new lead."
	saysEraseAbsent   = "ErrNotFound if there is none."
)

func eraseContracts() []contract {
	return []contract{
		{"erase/nothing is left", saysErase, eraseAll},
		{"erase/others stay", saysErase, eraseOthers},
		{"erase/consents", saysErase, eraseConsents},
		{"erase/keys", saysErase, eraseKeys},
		{"erase/what is about several", saysEraseBodies, eraseBodies},
		{"erase/running tasks", saysEraseRunning, eraseRunning},
		{"erase/identities", saysEraseIdentity, eraseIdentity},
		{"erase/no such lead", saysEraseAbsent, eraseAbsent},
	}
}

// mark is what nobody else's data has.
const mark = "canaryb4d9e1"

// canary captures somebody whose data bears the mark wherever it can.
func (r *rig) canary() leads.Lead {
	r.t.Helper()
	f := &filler{base: r.start, text: hostileText(mark)}
	var id string
	for _, key := range []string{"", mark} {
		sub := f.submission(r)
		sub.Fields.Email, sub.Key = mark+"@example.com", key
		id = r.one(sub).LeadID
	}
	task := r.claim(1)[0]
	d := r.delivery(task, mark)
	d.Recipient, d.MessageID, d.Body = mark+"@example.com", mark+"@example.com", []byte(mark)
	data := json.RawMessage(`{"to":"` + mark + `"}`)
	r.settle(task, leads.Outcome{
		Settlement: leads.Dead, Error: mark, Payload: data, Deliveries: []leads.Delivery{d},
		Events: []leads.Event{{Kind: leads.EventStatus, At: r.tick(), Data: data}},
		Tasks:  []leads.Task{{Kind: leads.TaskScore, CreatedAt: r.tick(), Payload: data}},
	})
	e := r.enrollment(id)
	e.AddressKey = mark
	r.enroll(e)
	c := r.consent(sequence.ConsentGranted)
	c.LeadID, c.AddressKey = id, mark
	r.addConsent(c)
	return r.lead(id)
}

// traces lists where a text can be read.
func (r *rig) traces(text string) []string {
	r.t.Helper()
	var found []string
	for path, leaf := range r.reads(mark) {
		if strings.Contains(leaf, text) || strings.Contains(path, text) {
			found = append(found, path)
		}
	}
	if d, err := r.store().Delivery(r.t.Context(), mark+"@example.com"); err == nil {
		found = append(found, "Delivery "+d.ID)
	}
	return found
}

func eraseAll(r *rig) {
	lead := r.canary()
	before := r.traces(mark)
	for _, part := range []string{"Page.Leads", "Changed", "Payloads", "Dead", "Moves", "Enrollments", "Delivery"} {
		r.check(strings.Contains(strings.Join(before, " "), part), "the mark cannot be seen in %s before: %v", part, before)
	}
	r.eraseLead(lead.ID)
	r.check(len(r.traces(mark)) == 0, "after the lead was erased its data is in %v", r.traces(mark))
	r.check(len(r.traces(lead.ID)) == 0, "after the lead was erased its ID is in %v", r.traces(lead.ID))
	_, err := r.Lead(r.t.Context(), r.tenant, lead.ID)
	r.fails("Lead", err, leads.ErrNotFound)
	r.absentHistory(r.tenant, lead.ID)
	r.noEffects(r.tenant, lead.ID)
	r.editMissing(r.tenant, lead.ID)
	tasks := r.claimAt(r.soon().Add(10000*hour), 100, leads.TaskEnrich, leads.TaskScore, leads.TaskStep)
	r.check(len(tasks) == 0, "after the lead was erased there is work on it: %+v", tasks)
	v := r.reading(mark)
	r.check(v.Count == 0 && len(v.Queue) == 0 && len(v.Days) == 0 && len(v.Responses) == 0 && v.Sources[0].LastSeen.IsZero(), "after the only lead was erased: %+v", v)
	r.absentMend(r.tenant, lead.First.SubmissionID)
	_, err = r.captureOne(r.sub(mark + "@example.com"))
	r.check(err == nil, "the address cannot be captured again: %v", err)
}

func eraseOthers(r *rig) {
	other := r.as("other")
	theirs, mine := other.canary(), r.canary()
	bob := r.one(r.sub("bob@example.com")).LeadID
	quarantined := r.quarantined(r.sub(mark + "@example.com"))
	consent := r.consent(sequence.ConsentGranted)
	consent.LeadID, consent.AddressKey = bob, mark
	r.addConsent(consent)
	consent.Tenant, consent.LeadID = other.tenant, mine.ID // a tenant's lead may have any ID
	other.addConsent(consent)
	consent.Tenant, consent.LeadID = r.tenant, bob
	want, before := other.reads(mark), r.state(bob)
	r.eraseLead(mine.ID)
	for _, difference := range differences(other.reads(mark), want, nil) {
		r.t.Errorf("another tenant's: %s", difference)
	}
	r.unchanged("another lead", bob, before)
	r.check(other.lead(theirs.ID).Email != "", "another tenant's lead is gone")
	v := r.reading(mark)
	r.check(len(v.Quarantined) == 1 && v.Quarantined[0].ID == quarantined.ID, "what is quarantined: %+v", v.Quarantined)
	r.same("another's consent under the same key", v.Consents[0], []sequence.Consent{consent})
	r.check(r.one(r.sub("bob@example.com")).LeadID == bob, "another lead is not found by its address")
}

func eraseConsents(r *rig) {
	id := r.person("ann@example.com")
	var want []sequence.Consent
	for i, key := range []string{"key", "key", "former key"} {
		c := r.consent([]sequence.ConsentAction{sequence.ConsentRequested, sequence.ConsentGranted, sequence.ConsentWithdrawn}[i])
		c.LeadID, c.AddressKey = id, key
		r.addConsent(c)
		want = append(want, c)
	}
	r.eraseLead(id)
	r.check(len(r.consents("key")) == 0 && len(r.consents("former key")) == 0, "the person's keys still lead to entries")
	got := r.consents("")
	without := slices.Clone(want)
	for i := range without {
		without[i].LeadID, without[i].AddressKey = "", ""
	}
	r.same("the entries without the person", got, without)
	r.addConsent(want...)
	r.check(len(r.consents("key")) == 0, "an entry that is there was added again")
}

// eraseKeys sends the same request again after the lead it made is gone.
func eraseKeys(r *rig) {
	sub := r.keyed("key", "body")
	first := r.one(sub)
	r.eraseLead(first.LeadID)
	for _, body := range []string{"body", "other body"} {
		late := withBody(again(sub, time.Minute), body)
		if body == "other body" {
			late.Key = "other key"
		}
		c := r.one(late)
		r.check(!c.Repeated && c.SubmissionID == late.ID && c.DuplicateOf == "", "the request again is %+v", c)
	}
	same := again(sub, 0)
	same.ID, same.Key = sub.ID, ""
	c, err := r.captureOne(same)
	r.check(err == nil && !c.Repeated, "the submission's ID is not free: %+v, %v", c, err)
}

// eraseBodies erases somebody whom a digest names that could not be sent yet, while its next attempt runs.
func eraseBodies(r *rig) {
	other := r.as("other")
	theirs := other.mailed(other.leadless(), "key", leads.DeliveryFailed)
	bob := r.person("bob@example.com")
	about := r.mailed(r.task(), "about bob", leads.DeliveryFailed)
	task := r.leadless()
	named := r.mailed(task, "digest", leads.DeliveryFailed)
	r.eraseLead(r.person("ann@example.com"))
	for _, state := range []leads.DeliveryState{leads.DeliveryFailed, leads.DeliveryBegun, leads.DeliveryAmbiguous} {
		r.check(len(r.byMessage(named.MessageID).Body) == 0, "the body is %q", r.byMessage(named.MessageID).Body)
		named.State = state
		r.record(task, named)
	}
	named.Body = nil
	r.same("what is about no lead", r.byMessage(named.MessageID), named)
	r.same("another tenant's", r.byMessage(theirs.MessageID), theirs)
	r.same("what is about another lead", r.effects(bob), []leads.Delivery{about})
}

func eraseRunning(r *rig) {
	task := r.begun()
	r.eraseLead(task.LeadID)
	for _, settlement := range []leads.Settlement{leads.Done, leads.Retry, leads.Dead, leads.Extend} {
		o := r.everything(settlement)
		o.Change = func(*leads.Lead) { r.t.Error("Change is called for a lead that was erased") }
		r.fails("Settle of a task whose lead was erased", r.Settle(r.t.Context(), task, o), leads.ErrStale)
	}
	r.check(len(r.claimAt(r.soon().Add(100*hour), 10, leads.TaskEnrich, leads.TaskScore)) == 0, "there is work on a lead that was erased")
	r.noEffects(r.tenant, task.LeadID)
	r.check(r.count(desk.Filter{}, 10) == 0, "the lead is back")
}

func eraseIdentity(r *rig) {
	for _, fields := range []ingest.Fields{{Email: "Ann@Example.com"}, {Phone: "+49 30 1234567"}, {FirstName: "Ann"}} {
		sub := r.sub(fields.Email)
		sub.Fields, sub.Metadata = fields, nil
		first := r.one(sub)
		r.eraseLead(first.LeadID)
		c := r.one(again(sub, time.Second))
		r.check(c.Created && c.LeadID != first.LeadID && c.DuplicateOf == "", "%+v again is %+v", fields, c)
		lead := r.lead(c.LeadID)
		r.check(lead.Submissions == 1 && lead.Version == 1, "the new lead is %+v", lead)
		r.check(len(r.submissions(c.LeadID)) == 1 && len(r.events(c.LeadID)) == 1, "the new lead has the old one's history")
	}
	id := r.person("bob@example.com")
	for _, email := range []string{"bob@example.net", "bob@example.org", "bob@example.com"} {
		r.edit(id, addressed(email, ""))
	}
	r.eraseLead(id)
	for _, email := range []string{"bob@example.net", "bob@example.org", "bob@example.com"} {
		r.belongs(ingest.Fields{Email: email}, "")
	}
}

func eraseAbsent(r *rig) {
	id := r.person("ann@example.com")
	other := r.as("other")
	before := r.state(id)
	ctx, s := r.t.Context(), r.store()
	r.fails("EraseLead by another tenant", s.EraseLead(ctx, other.tenant, id), leads.ErrNotFound)
	r.fails("EraseLead of nobody", s.EraseLead(ctx, r.tenant, leads.NewID()), leads.ErrNotFound)
	r.fails("EraseLead of no lead", s.EraseLead(ctx, r.tenant, leads.NoLead), leads.ErrNotFound)
	r.unchanged("the lead", id, before)
	r.eraseLead(id)
	r.fails("EraseLead again", s.EraseLead(ctx, r.tenant, id), leads.ErrNotFound)
}
