package adaptertest

import (
	"time"

	"github.com/openleads/leads"
)

const (
	saysSettle = "Settle records the outcome of a claimed task, all of it or nothing."
	saysStale  = "It returns ErrStale, and stores nothing, if the task's Fence is no longer the newest or the task is not running."
	saysFilled = "Empty IDs, tenants and lead IDs are filled from the task; NoLead stays."
	saysThere  = "A task that the lead (or NoLead) has already, by its ID, is left as it is."
)

func settleContracts() []contract {
	return []contract{
		{"settle/done", "finished: the task is removed", settleDone},
		{"settle/retry", "Delay is how long a retried task waits and how long an extended lease lasts, by the Store's clock.", settleRetry},
		{"settle/dead", "given up; a person can replay it", settleDead},
		{"settle/extend", "still running: the lease begins anew and lasts Outcome.Delay", settleExtend},
		{"settle/lease has ended but nobody took it", saysStale, settleLate},
		{"settle/taken by another", saysStale, settleStaleFence},
		{"settle/twice", saysStale, settleTwice},
		{"settle/not running", saysStale, settleWaiting},
		{"settle/gone", saysStale, settleGone},
		{"settle/the attempt is taken back", "KeepAttempt takes the attempt back: the task was given up by the worker, not tried.", settleKeepAttempt},
		{"settle/error", `Error becomes the task's LastError when it is not "".`, settleError},
		{"settle/payload", "Payload replaces the task's payload when it is not nil.", settlePayload},
		{"settle/events and tasks", "Events are added to the lead's timeline, Tasks to the queue.", settleFollows},
		{"settle/empty names are filled", saysFilled, settleFilled},
		{"settle/a task that is there", saysThere, settleThere},
		{"settle/work that is about no lead", saysFilled, settleNoLead},
		{"settle/work about no lead that is there", saysThere, settleNoLeadThere},
		{"settle/all of it", saysSettle, settleAll},
		{"settle/all or nothing", saysSettle, settleAllOrNothing},
	}
}

// everything is an outcome that changes all that an outcome can.
func (r *rig) everything(settlement leads.Settlement) leads.Outcome {
	at := r.tick()
	return leads.Outcome{
		Settlement: settlement, Error: "an error", Payload: []byte(`{"n":1}`),
		Change:     func(lead *leads.Lead) { lead.Tags = append(lead.Tags, "changed") },
		Events:     []leads.Event{{ID: leads.NewID(), Kind: leads.EventStage, At: at}},
		Tasks:      []leads.Task{{ID: leads.NewID(), Kind: leads.TaskScore, CreatedAt: at}},
		Deliveries: []leads.Delivery{{ID: leads.NewID(), Key: "key", State: leads.DeliveryBegun, CreatedAt: at, UpdatedAt: at}},
	}
}

// stale checks that an outcome is refused, whatever it asks for.
func (r *rig) stale(what string, task leads.Task) {
	r.t.Helper()
	for _, settlement := range []leads.Settlement{leads.Done, leads.Retry, leads.Dead, leads.Extend} {
		r.fails(what, r.Settle(r.t.Context(), task, r.everything(settlement)), leads.ErrStale)
	}
	r.check(len(r.claim(10, leads.TaskScore)) == 0, "%s: a follow-up task was stored", what)
}

func settleDone(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{})
	r.check(len(r.claimAt(r.soon().Add(1000*hour), 10)) == 0, "a task that is done was given again")
	r.check(len(r.tasks(task.LeadID)) == 0, "a task that is done is kept")
}

func settleRetry(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Retry, Delay: 2 * hour})
	end := time.Now().Add(2 * hour)
	r.check(len(r.claimAt(end.Add(-5*time.Minute), 10)) == 0, "a retried task was given before its delay had passed")
	again := r.taskAt(end.Add(5 * time.Minute))
	r.check(again.ID == task.ID && again.Attempts == 2, "the retried task is %+v", again)
	r.stamped("the due time", again.Due)
	r.check(again.Due.Sub(end).Abs() < 2*time.Minute, "it was due %v, want %v", again.Due, end)
}

func settleDead(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Dead, Error: "no such host"})
	r.check(len(r.claimAt(r.soon().Add(1000*hour), 10)) == 0, "a dead task was given")
	tasks := r.tasks(task.LeadID)
	r.check(len(tasks) == 1 && tasks[0].State == leads.TaskDead && tasks[0].LastError == "no such host", "the dead task is kept as %+v", tasks)
}

func settleExtend(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: 5 * hour})
	end := time.Now().Add(5 * hour)
	r.check(len(r.claimAt(task.LeaseUntil.Add(time.Second), 10)) == 0, "the task was given when its first lease had ended")
	r.check(len(r.claimAt(end.Add(-5*time.Minute), 10)) == 0, "the task was given before its extended lease ended")
	r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: 5 * hour})
	next := r.taskAt(end.Add(10 * time.Minute))
	r.check(next.ID == task.ID && next.Attempts == 2, "after the extended lease: %+v", next)
	r.settle(next, leads.Outcome{Settlement: leads.Extend, Delay: hour})
	r.settle(next, leads.Outcome{})
}

func settleLate(r *rig) {
	r.one(r.sub("ann@example.com"))
	tasks, err := r.Claim(r.t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: time.Microsecond})
	if err != nil || len(tasks) != 1 {
		r.t.Fatalf("Claim: %d tasks, %v", len(tasks), err)
	}
	r.settle(tasks[0], leads.Outcome{})
}

func settleStaleFence(r *rig) {
	old := r.begun()
	held := r.taskAt(old.LeaseUntil.Add(time.Second))
	before := r.state(old.LeadID)
	r.stale("a task that was given to another", old)
	r.unchanged("the lead", old.LeadID, before)
	forged := held
	forged.Fence++
	r.stale("a fence that was never given", forged)
	r.settle(held, leads.Outcome{})
}

func settleTwice(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{})
	before := r.state(task.LeadID)
	r.stale("a task that is done", task)
	r.unchanged("the lead", task.LeadID, before)
}

func settleWaiting(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Retry, Delay: hour})
	before := r.state(task.LeadID)
	r.stale("a task that waits", task)
	r.unchanged("the lead of a waiting task", task.LeadID, before)

	task = r.taskAt(r.soon().Add(2 * hour))
	r.settle(task, leads.Outcome{Settlement: leads.Dead})
	before = r.state(task.LeadID)
	r.stale("a task that is dead", task)
	r.unchanged("the lead of a dead task", task.LeadID, before)
	never := r.one(r.sub("bob@example.com"))
	r.stale("a task that was never claimed", r.tasks(never.LeadID)[0])
}

func settleGone(r *rig) {
	task := r.begun()
	task.ID = leads.NewID()
	r.stale("a task that is not there", task)
}

func settleKeepAttempt(r *rig) {
	task := r.begun()
	for range 3 {
		r.settle(task, leads.Outcome{Settlement: leads.Retry, KeepAttempt: true})
		task = r.task()
		r.check(task.Attempts == 1, "attempts are %d although the attempt was taken back", task.Attempts)
	}
	r.settle(task, leads.Outcome{Settlement: leads.Retry})
	r.check(r.task().Attempts == 2, "an attempt that was not taken back is not counted")
}

func settleError(r *rig) {
	task := r.begun()
	for _, c := range []struct{ given, kept string }{{"", ""}, {"first", "first"}, {"", "first"}, {"second", "second"}} {
		r.settle(task, leads.Outcome{Settlement: leads.Retry, Error: c.given})
		task = r.task()
		r.check(task.LastError == c.kept, "after the error %q the task has %q, want %q", c.given, task.LastError, c.kept)
	}
}

func settlePayload(r *rig) {
	task := r.begun()
	r.check(task.Payload == nil, "a task without a payload has %q", task.Payload)
	for _, c := range []struct{ given, kept string }{{`{"a": 1.50}`, `{"a": 1.50}`}, {"", `{"a": 1.50}`}, {"[]", "[]"}} {
		o := leads.Outcome{Settlement: leads.Retry}
		if c.given != "" {
			o.Payload = []byte(c.given)
		}
		r.settle(task, o)
		task = r.task()
		r.check(string(task.Payload) == c.kept, "after the payload %q the task has %q", c.given, task.Payload)
	}
}

func settleFollows(r *rig) {
	task := r.begun()
	events := []leads.Event{
		{Tenant: r.tenant, ID: leads.NewID(), LeadID: task.LeadID, Kind: leads.EventStage, At: r.tick()},
		{Tenant: r.tenant, ID: leads.NewID(), LeadID: task.LeadID, Kind: leads.EventScored, At: r.tick(), Data: []byte(`{"to":7}`)},
	}
	follow := leads.Task{Tenant: r.tenant, ID: leads.NewID(), LeadID: task.LeadID, Kind: leads.TaskScore, CreatedAt: r.tick()}
	r.settle(task, leads.Outcome{Events: events, Tasks: []leads.Task{follow}})
	got := r.task(leads.TaskScore)
	r.check(got.ID == follow.ID && got.Attempts == 1 && got.Fence > 0, "the follow-up task is %+v", got)
	timeline := r.events(task.LeadID)
	r.check(len(timeline) == 3, "%d events, want 3", len(timeline))
	r.same("events", timeline[1:], events)
}

func settleFilled(r *rig) {
	task := r.begun()
	outcome := leads.Outcome{
		Settlement: leads.Retry,
		Events:     []leads.Event{{Kind: leads.EventStage, At: r.tick()}},
		Tasks:      []leads.Task{{Kind: leads.TaskScore, CreatedAt: r.tick()}},
		Deliveries: []leads.Delivery{{Key: "key", State: leads.DeliveryBegun, CreatedAt: r.start, UpdatedAt: r.start}},
	}
	r.settle(task, outcome)
	follow := r.task(leads.TaskScore)
	r.check(follow.Tenant == r.tenant && follow.LeadID == task.LeadID && len(follow.ID) == 36, "the task is %+v", follow)
	delivery := r.task().Deliveries[0]
	r.check(delivery.Tenant == r.tenant && delivery.LeadID == task.LeadID && delivery.TaskID == task.ID && len(delivery.ID) == 36, "the delivery is %+v", delivery)
	event := r.events(task.LeadID)[1]
	r.check(event.Tenant == r.tenant && event.LeadID == task.LeadID && len(event.ID) == 36, "the event is %+v", event)
	given := leads.Outcome{Events: outcome.Events, Tasks: outcome.Tasks, Deliveries: outcome.Deliveries}
	r.check(given.Events[0].ID == "" && given.Tasks[0].ID == "" && given.Deliveries[0].ID == "", "what was given was filled: %+v", given)
}

// settleThere adds a task again while it waits, runs and is dead, and twice at once.
func settleThere(r *rig) {
	task := r.begun()
	add := func(what string, tasks ...leads.Task) {
		r.t.Helper()
		before := r.lead(task.LeadID).Version
		r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: 100 * hour, Tasks: tasks, Change: func(*leads.Lead) {}})
		r.check(r.lead(task.LeadID).Version == before+1, "%s: the rest of the outcome is not stored", what)
	}
	due := r.soon().Add(2 * hour)
	first := leads.Task{ID: leads.NewID(), Kind: leads.TaskScore, Payload: []byte(`1`), Due: due, CreatedAt: r.start}
	other := leads.Task{ID: first.ID, Kind: leads.TaskNotify, Payload: []byte(`2`), CreatedAt: r.tick()}
	add("twice at once", first, other)
	add("while it waits", other)
	r.check(len(r.claim(10, leads.TaskScore, leads.TaskNotify)) == 0, "the task is due before it was, or there is a second one")
	held := r.taskAt(due.Add(time.Minute), leads.TaskScore, leads.TaskNotify)
	r.check(held.Kind == leads.TaskScore && string(held.Payload) == `1` && held.Due.Equal(due) && held.CreatedAt.Equal(r.start), "the task is %+v", held)

	add("while it runs", other)
	r.settle(held, leads.Outcome{Settlement: leads.Dead})
	add("while it is dead", other)
	r.check(len(r.claimAt(due.Add(1000*hour), 10, leads.TaskScore, leads.TaskNotify)) == 0, "a dead task was added anew")
	add("the task itself", leads.Task{ID: task.ID, Kind: leads.TaskScore})
	r.settle(task, leads.Outcome{})
}

func settleNoLead(r *rig) {
	task := r.begun()
	want := leads.Task{Tenant: r.tenant, ID: leads.NewID(), Kind: leads.TaskNotify, LeadID: leads.NoLead, Payload: []byte(`{"kind":"digest"}`), CreatedAt: r.tick()}
	r.settle(task, leads.Outcome{Tasks: []leads.Task{want}})
	got := r.task(leads.TaskNotify)
	r.same("task", got, want, "State", "Due", "Attempts", "Fence", "LeaseUntil")
	delivery := r.delivery(got, "key")
	r.record(got, delivery)
	r.settle(got, leads.Outcome{Settlement: leads.Retry, Change: func(*leads.Lead) { r.t.Error("Change is called for no lead") }})
	got = r.task(leads.TaskNotify)
	r.same("deliveries", got.Deliveries, []leads.Delivery{delivery})
	r.settle(got, leads.Outcome{})
	r.check(len(r.claimAt(r.soon().Add(1000*hour), 10, leads.TaskNotify)) == 0, "a task that is done was given again")
}

// settleNoLeadThere adds the same task about no lead from the tasks of two leads, and of two tenants.
func settleNoLeadThere(r *rig) {
	digest := leads.Task{ID: leads.NewID(), Kind: leads.TaskNotify, LeadID: leads.NoLead, Payload: []byte(`1`), CreatedAt: r.start}
	r.settle(r.begun(), leads.Outcome{Tasks: []leads.Task{digest}})
	digest.Payload, digest.Due = []byte(`2`), r.soon().Add(hour)
	r.one(r.sub("bob@example.com"))
	r.settle(r.task(), leads.Outcome{Tasks: []leads.Task{digest}})
	got := r.task(leads.TaskNotify)
	r.check(string(got.Payload) == `1` && got.LeadID == leads.NoLead, "the task is %+v", got)
	r.settle(got, leads.Outcome{})
	r.check(len(r.claimAt(r.soon().Add(1000*hour), 10, leads.TaskNotify)) == 0, "there is a second one")
	other := r.as("other")
	digest.Due = r.start
	other.settle(other.begun(), leads.Outcome{Tasks: []leads.Task{digest}})
	r.check(r.task(leads.TaskNotify).Tenant == "other", "the other tenant's task is not there")
}

// stored checks that all of everything is there.
func (r *rig) stored(task leads.Task, o leads.Outcome) {
	r.t.Helper()
	lead := r.lead(task.LeadID)
	r.check(len(lead.Tags) == 1 && lead.Version == 2, "the change is not stored: tags %v, version %d", lead.Tags, lead.Version)
	follow := r.task(leads.TaskScore)
	r.check(follow.ID == o.Tasks[0].ID, "the follow-up task is %+v", follow)
	retried := r.task()
	r.check(retried.LastError == o.Error && string(retried.Payload) == string(o.Payload), "the task is %+v", retried)
	r.check(len(retried.Deliveries) == 1 && retried.Deliveries[0].ID == o.Deliveries[0].ID, "the deliveries are %+v", retried.Deliveries)
	if _, ok := r.TestedStore.(leads.History); ok {
		events := r.events(task.LeadID)
		r.check(len(events) == 2 && events[1].ID == o.Events[0].ID, "the events are %+v", events)
	}
}

func settleAll(r *rig) {
	task := r.begun()
	o := r.everything(leads.Retry)
	r.settle(task, o)
	r.stored(task, o)
}

// settleAllOrNothing asks for what a store may be unable to store, beside much that it can.
func settleAllOrNothing(r *rig) {
	task := r.begun()
	before := r.state(task.LeadID)
	spoils := map[string]func(*leads.Outcome){
		"an event's ID":   func(o *leads.Outcome) { o.Events[0].ID = "not-a-uuid" },
		"a task's ID":     func(o *leads.Outcome) { o.Tasks[0].ID = "not-a-uuid" },
		"a delivery's ID": func(o *leads.Outcome) { o.Deliveries[0].ID = "not-a-uuid" },
	}
	for what, spoil := range spoils {
		o := r.everything(leads.Retry)
		spoil(&o)
		if err := r.Settle(r.t.Context(), task, o); err == nil {
			r.t.Errorf("%s cannot be stored, and Settle says nothing", what)
			return
		}
		r.unchanged(what, task.LeadID, before)
	}
	err := r.Settle(ended(r.t), task, r.everything(leads.Retry))
	r.check(err != nil, "Settle with an ended context returned no error")
	r.unchanged("an ended context", task.LeadID, before)
	o := r.everything(leads.Retry)
	r.settle(task, o)
	r.stored(task, o)
}
