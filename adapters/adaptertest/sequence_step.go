package adaptertest

import (
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

const (
	saysOneTask  = "A pending or active enrolment has exactly one task, of kind [leads.TaskStep], which has the enrolment's ID, lead, tenant and due time;"
	saysNoTask   = "one in any other state has none."
	saysStopped  = "a worker that has claimed it can no longer store a delivery as begun."
	saysNewFence = "A task that is made again has a Fence that no earlier one of the same ID has had, so that such a worker cannot settle the new one either."
	saysTaskMade = "If e is pending or active, its task is made if it is missing and made due at e.Due if it is waiting; a running task is left to its worker, and a dead one is left."
	saysTaskGone = "In any other state the task is removed, a running one too."
)

func stepContracts() []contract {
	return []contract{
		{"step/of every state", saysOneTask, stepStates},
		{"step/of none that stands still", saysNoTask, stepNone},
		{"step/made again", saysTaskMade, stepMade},
		{"step/due anew", saysTaskMade, stepDue},
		{"step/running", saysTaskMade, stepRunning},
		{"step/removed", saysTaskGone, stepRemoved},
		{"step/removed while it runs", saysTaskGone, stepTaken},
		{"step/no delivery is begun", saysStopped, stepStopped},
		{"step/resumed with its deliveries", saysBegun, stepResumed},
		{"step/resumed with a new fence", saysNewFence, stepFence},
	}
}

func stepRaceContracts() []contract {
	return []contract{
		{"step/stopped at once with a delivery", saysStopped, stepRaceBegin},
		{"step/stopped at once with a retry", saysTaskGone, stepRaceRetry},
		{"step/stopped at once with a claim", saysNoTask, stepRaceClaim},
		{"step/resumed many times at once", saysOneTask, stepRaceResume},
	}
}

// still are the states in which nothing is due.
func still() []sequence.State {
	return []sequence.State{sequence.Paused, sequence.Finished, sequence.Exited}
}

// moving are those in which something is.
func moving() []sequence.State { return []sequence.State{sequence.Pending, sequence.Active} }

func stepStates(r *rig) {
	for i, state := range moving() {
		e := r.enrollment(r.person(fmt.Sprintf("person%d@example.com", i)))
		e.State, e.Due = state, r.soon().Add(hour)
		e = r.enroll(e)
		r.check(len(r.claim(10, leads.TaskStep)) == 0, "a step is due early")
		task := r.stepAt(e.Due.Add(time.Second), e)
		r.check(task.Due.Equal(e.Due), "a step is due %v, want %v", task.Due, e.Due)
		r.alone(e)
		r.settle(task, leads.Outcome{Settlement: leads.Retry})
		for _, next := range []sequence.State{sequence.Active, sequence.Pending, sequence.Active} {
			e.Due = e.Due.Add(hour)
			e = r.inState(e, next)
		}
		r.stepAt(e.Due.Add(time.Second), e)
		r.alone(e)
	}
}

func stepNone(r *rig) {
	for i, state := range still() {
		id := r.person(fmt.Sprintf("person%d@example.com", i))
		e := r.enrollment(id)
		e.State = state
		if state.Ended() {
			e.EndedAt = r.tick()
		}
		e = r.enroll(e)
		r.noStep("of one that is " + string(state))
		r.putEnrollment(e)
		r.noStep("of one that stays " + string(state))
	}
}

// stepMade puts an enrolment whose task its worker has finished, and one that was paused.
func stepMade(r *rig) {
	e := r.enrolled("ann@example.com")
	r.settle(r.step(e), leads.Outcome{})
	r.noStep("of a task that is done")
	for _, state := range []sequence.State{sequence.Active, sequence.Pending} {
		e.Due = r.soon().Add(hour)
		e = r.inState(e, state)
		r.check(len(r.claim(10, leads.TaskStep)) == 0, "the task made again is due too early")
		task := r.stepAt(e.Due.Add(time.Second), e)
		r.check(task.Due.Equal(e.Due), "the task made again is due %v, want %v", task.Due, e.Due)
		r.alone(e)
		e = r.inState(e, sequence.Paused)
	}
}

func stepDue(r *rig) {
	e := r.enrolled("ann@example.com")
	for _, due := range []time.Time{r.soon().Add(5 * hour), r.soon().Add(2 * hour).Add(time.Microsecond), r.start} {
		e.Due = due
		e = r.inState(e, sequence.Active)
		r.check(len(r.claimAt(due.Add(-time.Second), 10, leads.TaskStep)) == 0, "the step is due before %v", due)
	}
	task := r.step(e)
	r.check(task.Due.Equal(e.Due) && task.Attempts == 1, "the task is %+v", task)
}

func stepRunning(r *rig) {
	e := r.enrolled("ann@example.com")
	task := r.step(e)
	e.Due, e.Step = r.soon().Add(1000*hour), "second"
	e = r.inState(e, sequence.Active)
	r.check(len(r.claim(10, leads.TaskStep)) == 0, "a running task is given to another")
	r.record(task, r.delivery(task, "key"))
	r.settle(task, leads.Outcome{Settlement: leads.Retry, Payload: []byte(`{"a":1}`)})
	again := r.step(e)
	r.check(again.Attempts == 2 && string(again.Payload) == `{"a":1}` && len(again.Deliveries) == 1, "the task is %+v", again)
	r.alone(e)
	r.settle(again, leads.Outcome{Settlement: leads.Dead})
	e.Due = r.start
	r.inState(e, sequence.Active)
	r.noStep("once the task was given up")
	r.alone(e)
}

func stepRemoved(r *rig) {
	for i, state := range still() {
		e := r.enrolled(fmt.Sprintf("person%d@example.com", i))
		e = r.inState(e, state)
		r.noStep("once it is " + string(state))
		if _, ok := r.TestedStore.(leads.History); ok {
			for _, task := range r.tasks(e.LeadID) {
				r.check(task.Kind != leads.TaskStep, "the task of one that is %s is kept: %+v", state, task)
			}
		}
	}
	dead := r.enrolled("dead@example.com")
	r.settle(r.step(dead), leads.Outcome{Settlement: leads.Dead})
	r.inState(r.inState(dead, sequence.Paused), sequence.Active)
	r.step(dead)
}

// stopped checks that a worker whose task was taken away can store nothing.
func (r *rig) stopped(what string, task leads.Task) {
	r.t.Helper()
	before := r.lead(task.LeadID)
	o := r.everything(leads.Extend)
	for _, settlement := range []leads.Settlement{leads.Extend, leads.Retry, leads.Done, leads.Dead} {
		o.Settlement = settlement
		r.fails(what, r.Settle(r.t.Context(), task, o), leads.ErrStale)
	}
	r.same(what+": the lead", r.lead(task.LeadID), before)
}

func stepTaken(r *rig) {
	for i, state := range still() {
		e := r.enrolled(fmt.Sprintf("person%d@example.com", i))
		task := r.step(e)
		r.inState(e, state)
		r.stopped("Settle once it is "+string(state), task)
		r.noStep("once it is " + string(state))
	}
}

func stepStopped(r *rig) {
	stops := map[string]func(e sequence.Enrollment){
		"paused": func(e sequence.Enrollment) { r.inState(e, sequence.Paused) },
		"ended": func(e sequence.Enrollment) {
			r.endEnrollments(sequence.EnrollmentQuery{Tenant: r.tenant, LeadID: e.LeadID})
		},
	}
	for what, stop := range stops {
		e := r.enrolled(what + "@example.com")
		task := r.step(e)
		r.record(task, r.delivery(task, what+" before"))
		stop(e)
		err := r.Settle(r.t.Context(), task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Deliveries: []leads.Delivery{r.delivery(task, what)}})
		r.fails("storing a delivery once it is "+what, err, leads.ErrStale)
		effects := r.effects(e.LeadID)
		r.check(len(effects) == 1 && effects[0].Key == what+" before", "the deliveries of one that is %s are %+v", what, effects)
	}
}

func stepResumed(r *rig) {
	e := r.enrolled("ann@example.com")
	task := r.step(e)
	want := []leads.Delivery{r.delivery(task, "first"), r.delivery(task, "second")}
	r.record(task, want...)
	for range 2 {
		e = r.inState(r.inState(e, sequence.Paused), sequence.Active)
		task = r.step(e)
		r.same("the deliveries of the task made again", task.Deliveries, want)
	}
	r.record(task, r.delivery(task, "third"))
	r.check(len(r.effects(e.LeadID)) == 3, "the deliveries are %+v", r.effects(e.LeadID))
}

func stepFence(r *rig) {
	e := r.enrolled("ann@example.com")
	var earlier []leads.Task
	for range 4 {
		task := r.step(e)
		for _, old := range earlier {
			r.check(old.Fence != task.Fence, "the fence %d is given again", task.Fence)
			r.stopped("Settle of a task that was made again", old)
		}
		r.record(task)
		earlier = append(earlier, task)
		e = r.inState(r.inState(e, sequence.Paused), sequence.Active)
		r.stopped("Settle while the task made again waits", task)
	}
}

// rounds is how often a race is run.
const rounds = 24

// stepRaceBegin stops an enrolment while its worker begins a delivery: whoever was first, nothing begins afterwards.
func stepRaceBegin(r *rig) {
	for i := range rounds {
		e := r.enrolled(fmt.Sprintf("person%d@example.com", i))
		task := r.step(e)
		o := leads.Outcome{Settlement: leads.Extend, Delay: hour, Deliveries: []leads.Delivery{r.delivery(task, fmt.Sprintf("key%d", i))}}
		begun := false
		r.together(2, func(side int) error {
			if side == 0 {
				_, err := r.sequences().EndEnrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: r.tenant, ID: e.ID}, sequence.ReasonUnsubscribed, r.start)
				return err
			}
			err := r.Settle(r.t.Context(), task, o)
			begun = err == nil
			return unlessIs(err, leads.ErrStale)
		})
		effects := r.effects(e.LeadID)
		r.check(begun == (len(effects) == 1), "Settle succeeded: %v, and there are the deliveries %+v", begun, effects)
		r.stopped("Settle after the end", task)
	}
	r.noStep("after the end")
}

// unlessIs returns an error that is not the one that may be.
func unlessIs(err, may error) error {
	if errors.Is(err, may) {
		return nil
	}
	return err
}

// stepRaceRetry stops an enrolment while its worker puts its task back: it must not come back.
func stepRaceRetry(r *rig) {
	for i := range rounds {
		e := r.enrolled(fmt.Sprintf("person%d@example.com", i))
		task := r.step(e)
		paused := e
		paused.State = sequence.Paused
		r.together(2, func(side int) error {
			if side == 0 {
				_, err := r.sequences().PutEnrollment(r.t.Context(), paused)
				return err
			}
			return unlessIs(r.Settle(r.t.Context(), task, leads.Outcome{Settlement: leads.Retry}), leads.ErrStale)
		})
		r.noStep("of a paused enrolment")
	}
}

// stepRaceClaim stops enrolments while workers claim their tasks.
func stepRaceClaim(r *rig) {
	const n = 16
	all := make([]sequence.Enrollment, n)
	for i := range all {
		all[i] = r.enrolled(fmt.Sprintf("person%d@example.com", i))
	}
	claimed := make([][]leads.Task, 4)
	soon := r.soon()
	r.together(n+len(claimed), func(i int) (err error) {
		if i < n {
			paused := all[i]
			paused.State = sequence.Paused
			_, err = r.sequences().PutEnrollment(r.t.Context(), paused)
			return err
		}
		claimed[i-n], err = r.Claim(r.t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: 4}, Lease: hour, Now: soon})
		return err
	})
	for _, tasks := range claimed {
		for _, task := range tasks {
			r.fails("Settle after the pause", r.Settle(r.t.Context(), task, leads.Outcome{Settlement: leads.Retry}), leads.ErrStale)
		}
	}
	r.noStep("of paused enrolments")
}

// stepRaceResume has many resume and pause one enrolment; it is resumed at last.
func stepRaceResume(r *rig) {
	e := r.enrolled("ann@example.com")
	r.together(12, func(i int) error {
		for range 4 {
			now, err := r.sequences().Enrollment(r.t.Context(), r.tenant, e.ID)
			if err != nil {
				return err
			}
			if now.State = sequence.Active; i%3 == 0 {
				now.State = sequence.Paused
			}
			if _, err = r.sequences().PutEnrollment(r.t.Context(), now); unlessIs(err, leads.ErrStale) != nil {
				return err
			}
		}
		return nil
	})
	now := r.inState(r.read(e.ID), sequence.Active)
	r.step(now)
	r.alone(now)
}
