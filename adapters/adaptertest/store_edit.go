package adaptertest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/openleads/leads"
)

const (
	saysEdit       = "Edit calls edit with the lead as it is, under lock, and stores what it made of it together with the events and tasks it returns, in one transaction;"
	saysEditNames  = "Version is counted up, and ID, Tenant, Version and CreatedAt stay as they are whatever edit does."
	saysEditFilled = "Empty IDs, tenants and lead IDs of events and tasks are filled from the lead; a task that is there already, by its ID, is left."
	saysEditReturn = "It returns the lead as it was stored."
	saysEditError  = "When edit returns an error nothing is changed and Edit returns that error."
	saysEditAbsent = "ErrNotFound is returned for a lead that the tenant does not have."
	saysEditWhich  = "Whether edit has given the lead another identity is for [Reidentify] to say."
	saysEditFound  = "From then on the lead is found by that one too, beside those that it has."
	saysEditTaken  = "If it is another lead's, nothing is changed and Edit returns a [*TakenError] that names that lead."
)

func editContracts() []contract {
	return []contract{
		{"edit/the lead with events and tasks", saysEdit, editAll},
		{"edit/of the lead as it is", saysEdit, editCurrent},
		{"edit/all or nothing", saysEdit, editAllOrNothing},
		{"edit/under lock", saysEdit, editTogether},
		{"edit/names and version", saysEditNames, editNames},
		{"edit/empty names are filled", saysEditFilled, editFilled},
		{"edit/a task that is there", saysEditFilled, editTaskThere},
		{"edit/the lead that is returned", saysEditReturn, editReturned},
		{"edit/an error", saysEditError, editError},
		{"edit/no such lead", saysEditAbsent, editAbsent},
		{"edit/which identity", saysEditWhich, editWhich},
		{"edit/found by another identity", saysEditFound, editFound},
		{"edit/another lead's identity", saysEditTaken, editTaken},
		{"edit/one identity for two at once", saysEditTaken, editTakenTogether},
		{"edit/malformed IDs", saysBadIDs, editBadIDs},
		{"edit/ended context", saysEnded, editEnded},
		{"edit/memory", saysMemory, editMemory},
	}
}

// editing is what Edit is given.
type editing = func(lead *leads.Lead) ([]leads.Event, []leads.Task, error)

func (r *rig) edit(leadID string, edit editing) leads.Lead {
	r.t.Helper()
	lead, err := ability[leads.Editor](r).Edit(r.t.Context(), r.tenant, leadID, edit)
	if err != nil {
		r.t.Fatalf("Edit: %v", err)
	}
	return lead
}

// person captures somebody and returns the lead.
func (r *rig) person(email string) string {
	r.t.Helper()
	return r.one(r.sub(email)).LeadID
}

// tags is an edit that adds a tag, and nothing else.
func tags(tag string) editing {
	return func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		lead.Tags = append(lead.Tags, tag)
		return nil, nil, nil
	}
}

func editAll(r *rig) {
	id := r.person("ann@example.com")
	event := leads.Event{Tenant: r.tenant, ID: leads.NewID(), LeadID: id, Kind: leads.EventTagged, At: r.tick(), Data: []byte(`{"to":"vip"}`)}
	follow := leads.Task{Tenant: r.tenant, ID: leads.NewID(), Kind: leads.TaskNotify, LeadID: id, Payload: []byte(`{"kind":"custom"}`), CreatedAt: r.tick()}
	want := (&filler{base: r.start}).lead()
	r.edit(id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		want.Tenant, want.ID, want.Version, want.CreatedAt = lead.Tenant, lead.ID, lead.Version+1, lead.CreatedAt
		leads.Reidentify(*lead, &want)
		*lead = want
		return []leads.Event{event}, []leads.Task{follow}, nil
	})
	r.same("lead", r.lead(id), want)
	got := r.task(leads.TaskNotify)
	r.same("task", got, follow, "State", "Due", "Attempts", "Fence", "LeaseUntil")
	r.check(got.Attempts == 1 && got.Fence > 0, "the task is %+v", got)
	if _, ok := r.TestedStore.(leads.History); ok {
		r.same("events", r.events(id)[1:], []leads.Event{event})
	}
}

func editCurrent(r *rig) {
	r.person("ann@example.com")
	task := r.task()
	r.settle(task, leads.Outcome{Change: func(lead *leads.Lead) { lead.Tags, lead.Assignee = []string{"settled"}, "bob" }})
	want := r.lead(task.LeadID)
	r.edit(task.LeadID, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		r.same("the lead given to edit", *lead, want)
		return tags("edited")(lead)
	})
	r.edit(task.LeadID, tags("again"))
	got := r.lead(task.LeadID)
	r.check(slices.Equal(got.Tags, []string{"settled", "edited", "again"}) && got.Assignee == "bob", "the lead is %+v", got)
}

func editAllOrNothing(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	for what, name := range map[string][2]string{"an event's ID": {"not-a-uuid", ""}, "a task's ID": {"", "not-a-uuid"}} {
		_, err := ability[leads.Editor](r).Edit(r.t.Context(), r.tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			lead.Tags = append(lead.Tags, "changed")
			return []leads.Event{{ID: leads.NewID(), Kind: leads.EventTagged, At: r.tick()}, {ID: name[0], Kind: leads.EventTagged, At: r.tick()}},
				[]leads.Task{{ID: leads.NewID(), Kind: leads.TaskNotify, CreatedAt: r.start}, {ID: name[1], Kind: leads.TaskNotify, CreatedAt: r.start}}, nil
		})
		r.check(err != nil, "%s cannot be stored, and Edit says nothing", what)
		r.unchanged(what, id, before)
	}
	r.check(len(r.claim(10, leads.TaskNotify)) == 0, "a task was stored")
}

// editTogether edits a lead at once from many sides, while it is captured again and its task is settled.
func editTogether(r *rig) {
	editor := ability[leads.Editor](r)
	const n = 16
	id := r.person("ann@example.com")
	task := r.task()
	again := r.sub("ann@example.com")
	r.together(n+2, func(i int) error {
		switch i {
		case n:
			_, err := r.captureOne(again)
			return err
		case n + 1:
			return r.Settle(r.t.Context(), task, leads.Outcome{Change: func(lead *leads.Lead) { lead.Tags = append(lead.Tags, "settled") }})
		}
		_, err := editor.Edit(r.t.Context(), r.tenant, id, tags(fmt.Sprintf("tag%d", i)))
		return err
	})
	lead := r.lead(id)
	r.check(len(lead.Tags) == n+1 && lead.Submissions == 2 && lead.Version == n+3,
		"of %d changes at once there are left: tags %v, %d submissions, version %d", n+2, lead.Tags, lead.Submissions, lead.Version)
}

func editNames(r *rig) {
	id := r.person("ann@example.com")
	want := r.lead(id)
	for range 3 {
		want.Version++
		r.edit(id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			lead.ID, lead.Tenant, lead.Version, lead.CreatedAt = leads.NewID(), "other", 77, r.tick()
			return nil, nil, nil
		})
		r.same("lead", r.lead(id), want)
	}
}

func editFilled(r *rig) {
	id := r.person("ann@example.com")
	events, tasks := []leads.Event{{Kind: leads.EventTagged, At: r.tick()}}, []leads.Task{{Kind: leads.TaskNotify, CreatedAt: r.tick()}}
	r.edit(id, func(*leads.Lead) ([]leads.Event, []leads.Task, error) { return events, tasks, nil })
	task := r.task(leads.TaskNotify)
	r.check(task.Tenant == r.tenant && task.LeadID == id && len(task.ID) == 36, "the task is %+v", task)
	r.check(events[0].ID == "" && tasks[0].ID == "", "what edit returned was filled: %+v, %+v", events, tasks)
	event := r.events(id)[1]
	r.check(event.Tenant == r.tenant && event.LeadID == id && len(event.ID) == 36, "the event is %+v", event)
}

func editTaskThere(r *rig) {
	id := r.person("ann@example.com")
	first := leads.Task{Tenant: r.tenant, ID: leads.NewID(), Kind: leads.TaskNotify, LeadID: id, Payload: []byte(`{"n":1}`), Due: r.start, CreatedAt: r.start}
	second := first
	second.Payload, second.Due = []byte(`{"n":2}`), r.soon().Add(hour)
	for i, task := range []leads.Task{first, second} {
		r.edit(id, func(*leads.Lead) ([]leads.Event, []leads.Task, error) { return nil, []leads.Task{task}, nil })
		r.check(r.lead(id).Version == int64(i)+2, "the lead has version %d", r.lead(id).Version)
	}
	r.same("task", r.task(leads.TaskNotify), first, "State", "Attempts", "Fence", "LeaseUntil")
}

func editReturned(r *rig) {
	id := r.person("ann@example.com")
	for _, tag := range []string{"first", "second"} {
		got := r.edit(id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			lead.Version = 77
			return tags(tag)(lead)
		})
		r.same("the lead that Edit returned", got, r.lead(id))
		r.check(slices.Contains(got.Tags, tag), "it has the tags %v", got.Tags)
	}
}

func editError(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	refused := errors.New("refused")
	_, err := ability[leads.Editor](r).Edit(r.t.Context(), r.tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		scribble(lead)
		return []leads.Event{{Kind: leads.EventTagged, At: r.tick()}}, []leads.Task{{Kind: leads.TaskNotify}}, refused
	})
	r.fails("Edit", err, refused)
	r.unchanged("the lead", id, before)
	r.check(len(r.claim(10, leads.TaskNotify)) == 0, "a task was stored")
}

// editMissing checks that a lead cannot be edited.
func (r *rig) editMissing(tenant, id string) {
	r.t.Helper()
	_, err := ability[leads.Editor](r).Edit(r.t.Context(), tenant, id, func(*leads.Lead) ([]leads.Event, []leads.Task, error) {
		r.t.Errorf("edit is called for the lead %s of %q", shown(id), tenant)
		return nil, nil, nil
	})
	r.fails("Edit of "+shown(id), err, leads.ErrNotFound)
}

func editAbsent(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	r.as("other")
	r.editMissing("other", id)
	r.editMissing("", id)
	r.editMissing(r.tenant, leads.NewID())
	r.unchanged("the lead", id, before)
}

func editBadIDs(r *rig) {
	r.person("ann@example.com")
	for _, id := range badIDs() {
		r.editMissing(r.tenant, id)
	}
}

func editEnded(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	_, err := ability[leads.Editor](r).Edit(ended(r.t), r.tenant, id, tags("changed"))
	r.check(err != nil, "Edit with an ended context returned no error")
	r.unchanged("the lead", id, before)
}

func editMemory(r *rig) {
	id := r.person("ann@example.com")
	given := (&filler{base: r.start}).lead()
	events := []leads.Event{{ID: leads.NewID(), Kind: leads.EventTagged, At: r.tick(), Data: []byte(`{"a":1}`)}}
	tasks := []leads.Task{{ID: leads.NewID(), Kind: leads.TaskNotify, Payload: []byte(`{"a":1}`), Due: r.soon().Add(hour), CreatedAt: r.start}}
	leads.Reidentify(leads.Lead{}, &given)
	var kept []*leads.Lead
	got := r.edit(id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		*lead = given
		kept = append(kept, lead)
		return events, tasks, nil
	})
	before := r.state(id)
	for _, shared := range []any{&got, given, events, tasks} {
		scribble(shared)
	}
	for _, lead := range kept {
		scribble(lead)
	}
	r.unchanged("after the caller reused what it had given and got", id, before)
	r.check(string(r.taskAt(r.soon().Add(2*hour), leads.TaskNotify).Payload) == `{"a":1}`, "the payload was changed from outside")
}
