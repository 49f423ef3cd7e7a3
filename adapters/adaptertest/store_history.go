package adaptertest

import (
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysSubmissions = "Submissions returns the submissions of a lead, oldest first."
	saysEvents      = "Events returns the timeline of a lead, oldest first."
	saysTasks       = "Tasks returns the waiting, running and dead tasks of a lead, oldest first, with their deliveries."
	saysRequeue     = "Requeue makes a dead task due at once with its attempts counted anew, and adds an EventReplayed."
	saysNotDead     = "A task that is not dead is left as it is."
	saysRelease     = "Release captures a quarantined submission as if it had just been accepted, under its own ID: it finds or makes the lead and stores an EventReleased beside the others."
	saysReleased    = "For one that is not quarantined it answers what it became."
)

func historyContracts() []contract {
	return []contract{
		{"history/submissions", saysSubmissions, historySubmissions},
		{"history/events", saysEvents, historyEvents},
		{"history/tasks", saysTasks, historyTasks},
		{"history/requeue", saysRequeue, requeue},
		{"history/requeue of a task that is not dead", saysNotDead, requeueAlive},
		{"history/release makes a lead", saysRelease, releaseNew},
		{"history/release finds the lead", saysRelease, releaseKnown},
		{"history/release of a double click", saysRelease, releaseClick},
		{"history/release of what is not quarantined", saysReleased, releaseAgain},
		{"races/releases", saysReleased, raceRelease},
	}
}

func historySubmissions(r *rig) {
	r.history()
	var mine []ingest.Submission
	var id string
	for range 5 {
		mine = append(mine, r.sub("ann@example.com"))
		id = r.one(mine[len(mine)-1]).LeadID
		r.one(r.sub("bob@example.com"))
	}
	r.same("submissions", r.submissions(id), mine)
}

func historyEvents(r *rig) {
	task := r.begun()
	want := r.events(task.LeadID)
	for range 5 {
		event := leads.Event{Tenant: r.tenant, ID: leads.NewID(), LeadID: task.LeadID, Kind: leads.EventStage, At: r.tick()}
		want = append(want, event)
		r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Events: []leads.Event{event}})
	}
	r.same("events", r.events(task.LeadID), want)
	r.check(want[0].Kind == leads.EventCreated, "the first event is %q", want[0].Kind)
	other := r.one(r.sub("bob@example.com"))
	r.check(len(r.events(other.LeadID)) == 1, "another lead's timeline has %d events", len(r.events(other.LeadID)))
}

func historyTasks(r *rig) {
	c := r.one(r.sub("ann@example.com"))
	waiting := r.tasks(c.LeadID)
	r.check(len(waiting) == 1 && waiting[0].State == leads.TaskWaiting && waiting[0].Attempts == 0, "before the claim: %+v", waiting)
	task := r.task()
	r.same("claimed", r.tasks(c.LeadID), []leads.Task{task})

	delivery := r.delivery(task, "key")
	second := leads.Task{ID: leads.NewID(), Kind: leads.TaskScore, CreatedAt: r.tick()}
	third := leads.Task{ID: leads.NewID(), Kind: leads.TaskNotify, CreatedAt: r.tick()}
	r.settle(task, leads.Outcome{Settlement: leads.Dead, Deliveries: []leads.Delivery{delivery}, Tasks: []leads.Task{second, third}})
	score := r.task(leads.TaskScore)
	tasks := r.tasks(c.LeadID)
	if len(tasks) != 3 {
		r.t.Fatalf("%d tasks, want 3: %+v", len(tasks), tasks)
	}
	r.check(tasks[0].ID == task.ID && tasks[0].State == leads.TaskDead, "the dead task is %+v", tasks[0])
	r.same("deliveries", tasks[0].Deliveries, []leads.Delivery{delivery})
	r.same("running", tasks[1], score)
	r.check(tasks[2].ID == third.ID && tasks[2].State == leads.TaskWaiting, "the waiting task is %+v", tasks[2])
	r.settle(score, leads.Outcome{})
	r.check(len(r.tasks(c.LeadID)) == 2, "a task that is done is kept")
}

func requeue(r *rig) {
	h := r.history()
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Retry})
	task = r.task()
	r.settle(task, leads.Outcome{Settlement: leads.Dead})
	before := len(r.events(task.LeadID))
	if err := h.Requeue(r.t.Context(), r.tenant, task.ID); err != nil {
		r.t.Fatalf("Requeue: %v", err)
	}
	again := r.task()
	r.check(again.ID == task.ID && again.Attempts == 1 && again.Fence > task.Fence, "the requeued task is %+v, before %+v", again, task)
	events := r.events(task.LeadID)
	if len(events) != before+1 {
		r.t.Fatalf("%d events after Requeue, want %d", len(events), before+1)
	}
	e := events[before]
	r.check(e.Kind == leads.EventReplayed && e.TaskID == task.ID && e.LeadID == task.LeadID && e.Tenant == r.tenant && len(e.ID) == 36, "the event is %+v", e)
	r.stamped("the event", e.At)
	r.check(time.Since(e.At).Abs() < 2*time.Minute, "the event is of %v", e.At)
	r.settle(again, leads.Outcome{})
}

func requeueAlive(r *rig) {
	h := r.history()
	c := r.one(r.sub("ann@example.com"))
	check := func(what string) {
		r.t.Helper()
		before := r.state(c.LeadID)
		err := h.Requeue(r.t.Context(), r.tenant, r.tasks(c.LeadID)[0].ID)
		r.check(err == nil, "Requeue of a %s task: %v", what, err)
		r.unchanged("a "+what+" task", c.LeadID, before)
	}
	check("waiting")
	task := r.task()
	check("running")
	r.settle(task, leads.Outcome{Settlement: leads.Retry, Delay: hour})
	check("retried")
	r.check(len(r.claim(10)) == 0, "a retried task was made due")
	task = r.taskAt(r.soon().Add(2 * hour))
	r.settle(task, leads.Outcome{})
	r.fails("Requeue of a task that is done", h.Requeue(r.t.Context(), r.tenant, task.ID), leads.ErrNotFound)
}

// quarantined captures a submission into quarantine.
func (r *rig) quarantined(sub ingest.Submission) ingest.Submission {
	r.t.Helper()
	sub.Verdict, sub.Reasons = ingest.Quarantined, []string{"honeypot"}
	r.one(sub)
	return sub
}

func (r *rig) release(id string) leads.Captured {
	r.t.Helper()
	c, err := r.history().Release(r.t.Context(), r.tenant, id)
	if err != nil {
		r.t.Fatalf("Release: %v", err)
	}
	return c
}

func (r *rig) releasedEvents(leadID, submissionID string) int {
	r.t.Helper()
	n := 0
	for _, e := range r.events(leadID) {
		if e.Kind == leads.EventReleased && e.SubmissionID == submissionID && e.Tenant == r.tenant {
			n++
		}
	}
	return n
}

func releaseNew(r *rig) {
	sub := r.quarantined(r.sub("ann@example.com"))
	c := r.release(sub.ID)
	r.check(c.SubmissionID == sub.ID && c.LeadID != "" && c.Created && !c.Repeated, "the answer is %+v", c)
	lead := r.lead(c.LeadID)
	r.check(lead.Email == "ann@example.com" && lead.Version == 1 && lead.Submissions == 1, "the lead is %+v", lead)
	task := r.task()
	r.check(task.LeadID == c.LeadID && task.SubmissionID == sub.ID, "the task is %+v", task)
	stored := r.submissions(c.LeadID)
	r.check(len(stored) == 1, "%d submissions", len(stored))
	r.same("submission", stored[0], sub, "Verdict", "Reasons")
	r.check(stored[0].Verdict == ingest.Accepted, "the verdict is still %q", stored[0].Verdict)
	events := r.events(c.LeadID)
	r.check(len(events) == 2 && r.releasedEvents(c.LeadID, sub.ID) == 1, "the events are %+v", events)
	r.check(r.one(r.sub("ann@example.com")).LeadID == c.LeadID, "the lead is not found by its identity")
}

func releaseKnown(r *rig) {
	first := r.one(r.sub("ann@example.com"))
	r.settle(r.task(), leads.Outcome{})
	sub := r.sub("ann@example.com")
	sub.Fields.Company = "Example Ltd"
	sub = r.quarantined(sub)
	r.check(r.lead(first.LeadID).Version == 1, "a quarantined submission changed the lead")
	c := r.release(sub.ID)
	r.same("answer", c, leads.Captured{SubmissionID: sub.ID, LeadID: first.LeadID})
	lead := r.lead(c.LeadID)
	r.check(lead.Company == "Example Ltd" && lead.Version == 2 && lead.Submissions == 2, "the lead is %+v", lead)
	r.check(r.task().SubmissionID == sub.ID, "there is no task for it")
	r.check(r.releasedEvents(c.LeadID, sub.ID) == 1, "there is no event for it")
}

func releaseClick(r *rig) {
	sub := r.sub("ann@example.com")
	first := r.one(sub)
	r.settle(r.task(), leads.Outcome{})
	click := r.quarantined(again(sub, time.Second))
	c := r.release(click.ID)
	r.same("answer", c, leads.Captured{SubmissionID: click.ID, LeadID: first.LeadID, DuplicateOf: sub.ID})
	r.check(len(r.claim(10)) == 0, "a double click has a task")
	stored := r.submissions(first.LeadID)
	r.check(len(stored) == 2 && stored[1].DuplicateOf == sub.ID, "the submissions are %+v", stored)
}

func releaseAgain(r *rig) {
	accepted := r.one(r.sub("bob@example.com"))
	before := r.state(accepted.LeadID)
	r.same("accepted", r.release(accepted.SubmissionID), accepted, "Created")
	r.unchanged("the accepted one", accepted.LeadID, before)

	sub := r.quarantined(r.sub("ann@example.com"))
	first := r.release(sub.ID)
	before = r.state(first.LeadID)
	r.same("released again", r.release(sub.ID), first, "Created")
	r.unchanged("the released one", first.LeadID, before)
}

func raceRelease(r *rig) {
	h := r.history()
	sub := r.quarantined(r.sub("ann@example.com"))
	captured := make([]leads.Captured, 8)
	r.together(len(captured), func(i int) (err error) {
		captured[i], err = h.Release(r.t.Context(), r.tenant, sub.ID)
		return err
	})
	for _, c := range captured {
		r.check(c.LeadID == captured[0].LeadID && c.LeadID != "", "the answers differ: %s", fmt.Sprint(captured))
	}
	lead := r.lead(captured[0].LeadID)
	r.check(lead.Version == 1 && r.releasedEvents(lead.ID, sub.ID) == 1 && len(r.claim(10)) == 1, "the submission was released more than once: %+v", lead)
}
