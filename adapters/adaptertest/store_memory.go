package adaptertest

import (
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const saysMemory = "What a Store returns belongs to the caller; what it is given it does not keep or change."

func memoryContracts() []contract {
	return []contract{
		{"memory/a submission is not kept or changed", saysMemory, memorySubmission},
		{"memory/an outcome is not kept or changed", saysMemory, memoryOutcome},
		{"memory/what Change sets is not kept", saysMemory, memoryChange},
		{"memory/a source is not kept or changed", saysMemory, memorySource},
		{"memory/a lead that was returned", saysMemory, memoryLead},
		{"memory/a list that was returned", saysMemory, memoryList},
		{"memory/a history that was returned", saysMemory, memoryHistory},
		{"memory/a task that was returned", saysMemory, memoryTask},
	}
}

func memorySubmission(r *rig) {
	f := &filler{base: r.start}
	subs := []ingest.Submission{f.submission(r), f.submission(r)}
	conflict := f.submission(r)
	conflict.Key = subs[0].Key
	conflict.Flags = append(make([]ingest.Flag, 0, 8), ingest.FlagSanitised)
	subs = append(subs, conflict)
	before := flatten(subs)
	captured := r.capture(subs...)
	for _, d := range differences(flatten(subs), before, nil) {
		r.t.Errorf("Capture changed what it was given: %s", d)
	}
	r.check(conflict.Flags[:2][1] == "", "Capture wrote behind the end of the flags it was given")
	stored := r.state(captured[0].LeadID)
	scribble(subs)
	r.unchanged("after the caller reused the submissions", captured[0].LeadID, stored)
}

func memoryOutcome(r *rig) {
	task := r.begun()
	o := r.outcomeOf(&filler{base: r.start}, task)
	o.Settlement, o.Delay, o.Payload = leads.Retry, 0, []byte(`{"a":1}`)
	given := struct {
		Payload    []byte
		Events     []leads.Event
		Tasks      []leads.Task
		Deliveries []leads.Delivery
	}{o.Payload, o.Events, o.Tasks, o.Deliveries}
	before := flatten(given)
	want := o.Deliveries[0]
	want.Body = []byte(string(want.Body))
	r.settle(task, o)
	for _, d := range differences(flatten(given), before, nil) {
		r.t.Errorf("Settle changed what it was given: %s", d)
	}
	stored := r.state(task.LeadID)
	scribble(given)
	r.unchanged("after the caller reused the outcome", task.LeadID, stored)
	task = r.task()
	r.check(string(task.Payload) == `{"a":1}`, "the payload was changed from outside: %s", task.Payload)
	r.same("delivery", task.Deliveries, []leads.Delivery{want})
}

func memoryChange(r *rig) {
	task := r.begun()
	f := &filler{base: r.start}
	given := f.lead()
	var kept []*leads.Lead
	r.settle(task, leads.Outcome{Change: func(lead *leads.Lead) {
		*lead = given
		kept = append(kept, lead)
	}})
	before := r.state(task.LeadID)
	scribble(given)
	for _, lead := range kept {
		scribble(lead)
	}
	r.unchanged("after the caller reused what Change had set", task.LeadID, before)
}

func memorySource(r *rig) {
	source := filled[ingest.Source](&filler{base: r.start})
	source.Tenant, source.DeletedAt = r.tenant, time.Time{}
	before := flatten(source)
	tokens := []string{"token", "second"}
	r.put(source, tokens...)
	r.check(len(differences(flatten(source), before, nil)) == 0, "PutSource changed what it was given")
	scribble(source)
	scribble(tokens)
	for range 2 { // the second look-up finds what was not reached through the first
		got, err := r.SourceByToken(r.t.Context(), "token")
		r.check(err == nil, "SourceByToken: %v", err)
		for _, d := range differences(flatten(got), before, nil) {
			r.t.Errorf("the source was changed from outside: %s", d)
		}
		scribble(got)
	}
}

// rich makes a lead with every field set.
func (r *rig) rich() leads.Task {
	r.t.Helper()
	f := &filler{base: r.start}
	sub := f.submission(r)
	sub.Fields.Email = "ann@example.com"
	r.one(sub)
	task := r.task()
	r.becomes("lead", task, f.lead())
	return task
}

func memoryLead(r *rig) {
	task := r.rich()
	before := r.state(task.LeadID)
	lead := r.lead(task.LeadID)
	scribble(&lead)
	r.unchanged("after the caller changed a lead it had got", task.LeadID, before)

	r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Change: func(lead *leads.Lead) {
		unsaved := *lead
		scribble(unsaved)
		*lead = leads.Lead{Status: leads.StatusNew, UpdatedAt: r.start}
	}})
	r.check(r.lead(task.LeadID).Metadata == nil, "the change is not stored")
}

func memoryList(r *rig) {
	lister := r.lister()
	task := r.rich()
	before := r.state(task.LeadID)
	list, err := lister.Leads(r.t.Context(), leads.LeadQuery{Tenant: r.tenant})
	r.check(err == nil && len(list) == 1, "Leads: %d leads, %v", len(list), err)
	scribble(list)
	r.unchanged("after the caller changed a list it had got", task.LeadID, before)
}

func memoryHistory(r *rig) {
	r.history()
	task := r.rich()
	r.settle(task, r.outcomeOf(&filler{base: r.start}, task))
	before := r.state(task.LeadID)
	scribble(r.submissions(task.LeadID))
	scribble(r.events(task.LeadID))
	scribble(r.tasks(task.LeadID))
	r.unchanged("after the caller changed a history it had got", task.LeadID, before)
}

func memoryTask(r *rig) {
	task := r.begun()
	delivery := r.delivery(task, "key")
	r.settle(task, leads.Outcome{Settlement: leads.Retry, Payload: []byte(`{"a":1}`), Deliveries: []leads.Delivery{delivery}})
	task = r.task()
	want := flatten(task)
	scribble(&task)
	task = r.taskAt(r.soon().Add(2 * hour))
	for _, d := range differences(flatten(task), want, []string{"Attempts", "Fence", "LeaseUntil"}) {
		r.t.Errorf("after the caller changed a task it had got: %s", d)
	}
}
