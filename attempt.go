package leads

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"
)

// The outcomes of a StageReport.
const (
	outcomeDone    = "done"
	outcomeRetry   = "retry"
	outcomeDead    = "dead"
	outcomePassed  = "passed"
	outcomeDropped = "dropped"
)

// attempt runs a claimed task once and settles it. ctx ends when the engine stops or the lease is lost. When every slot of its kind is
// taken (crowded), a lead that has waited too long goes on without the stage, so that hanging parts do not hold up the line.
func (e *Engine) attempt(ctx context.Context, task Task, crowded bool) {
	began := e.now()
	outcome, report := e.try(ctx, task, crowded)
	settleCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	err := e.cfg.Store.Settle(settleCtx, task, outcome)
	switch {
	case errors.Is(err, ErrStale) && task.Kind == TaskStep && outcome.Settlement == Done:
		err = nil // its enrolment has ended, which took the task away: that is how a sequence ends
	case errors.Is(err, ErrStale) && task.Kind == TaskStep: // its enrolment was changed in the last instant
	case errors.Is(err, ErrStale):
		e.cfg.Logger.WarnContext(ctx, "leads: the lease of a task was lost; its outcome was dropped", "task", task.ID, "kind", string(task.Kind))
	case err != nil: // the lease will end and the task be run again
		e.cfg.Logger.ErrorContext(ctx, "leads: a task could not be settled", "task", task.ID, "kind", string(task.Kind), "error", err)
	}
	var failed error
	if report.Error != "" {
		failed = errors.New(report.Error)
	}
	e.observe(ctx, Observation{
		Kind: ObserveTask, Tenant: task.Tenant, LeadID: task.LeadID, TaskID: task.ID,
		Task: task.Kind, Adapter: report.Adapter, Attempt: task.Attempts, Outcome: report.Outcome,
		Duration: e.now().Sub(began), Err: errors.Join(failed, err),
	})
	// Last, so that what follows is observed after what it follows.
	if err == nil && (len(outcome.Tasks) > 0 || outcome.Settlement == Retry && outcome.Delay < e.cfg.Work.Poll) {
		e.wake()
	}
}

// try decides what becomes of a claimed task, running its stage if that is due.
func (e *Engine) try(ctx context.Context, task Task, crowded bool) (Outcome, StageReport) {
	s := e.stages[task.Kind]
	report := StageReport{Stage: task.Kind, Adapter: s.adapter, Attempt: task.Attempts}
	if s.later != "" && batonOf(task).Passed { // a dead task, replayed: what follows is what follows the later kind
		s.next, s.later = e.stages[s.later].next, ""
	}
	if o, settled := e.untried(task, s, &report, crowded); settled {
		return o, report
	}
	var lead Lead
	var err error
	if task.about() && task.Kind != TaskStep { // a Sequencer looks at the enrolment first, and at the lead if that goes on
		lead, err = e.cfg.Store.Lead(ctx, task.Tenant, task.LeadID)
	}
	if errors.Is(err, ErrNotFound) {
		report.Outcome = outcomeDropped
		return Outcome{Error: "the lead is gone"}, report
	}
	began := e.now()
	var r result
	if err == nil {
		r, err = e.run(ctx, s, task, lead)
	}
	report.Milliseconds = float64(e.now().Sub(began).Microseconds()) / 1000
	report.Facts = r.facts
	switch {
	case err == nil:
		return e.done(task, s, &report, r)
	case ctx.Err() != nil: // the engine stops: somebody else will try
		report.Outcome = outcomeDropped
		return Outcome{Settlement: Retry, KeepAttempt: true}, report
	}
	return e.failed(task, s, &report, r, err)
}

// untried settles a task whose stage is not to be run, and reports whether that is so.
func (e *Engine) untried(task Task, s stage, report *StageReport, crowded bool) (o Outcome, settled bool) {
	switch {
	case s.kind == "":
		o, *report = e.dead(task, s, report, result{}, fmt.Errorf("no stage works on tasks of kind %q", task.Kind))
	case s.adapter == "" && task.Kind == TaskStep:
		o, *report = e.dead(task, s, report, result{}, errors.New("Config.Sequencer is nil"))
	case s.adapter == "":
		report.Outcome = outcomeDone
		o = Outcome{Tasks: e.follow(task, s.next)}
	case task.Attempts > e.cfg.Work.MaxAttempts: // attempts that ended with the process count too
		o, *report = e.dead(task, s, report, result{}, errors.New("the process ended during the last attempts"))
	case crowded && s.later != "" && e.age(task) > e.cfg.Work.Patience:
		o, *report = e.pass(task, s, report, result{}, backoff(e.cfg.Work.Backoff, 1, 0))
	default:
		return Outcome{}, false
	}
	return o, true
}

// failed settles a failure.
func (e *Engine) failed(task Task, s stage, report *StageReport, r result, err error) (Outcome, StageReport) {
	report.Error = failure(err)
	if IsPermanent(err) || task.Attempts >= e.cfg.Work.MaxAttempts {
		return e.dead(task, s, report, r, err)
	}
	delay := backoff(e.cfg.Work.Backoff, task.Attempts, RetryAfter(err))
	if s.later != "" && (r.onward || e.age(task)+delay > e.cfg.Work.Patience) {
		return e.pass(task, s, report, r, delay)
	}
	return e.retry(task, report, r, delay)
}

// run does one attempt within its time. A panic in the part becomes an error, and a part that ignores the end of its context is left
// behind after two more seconds, so that it costs a goroutine but never the queue.
func (e *Engine) run(ctx context.Context, s stage, task Task, lead Lead) (result, error) {
	limit := e.cfg.Work.timeout(s.kind)
	// While the team waits, stages get less and less time; a lead that has waited for long anyway (the workers were away) gets all of it.
	if s.later != "" && e.age(task) < 3*e.cfg.Work.Patience {
		limit = min(limit, max(time.Second, 2*e.cfg.Work.Patience-e.age(task)))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		result
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				// The panic's value may hold personal data; the stack does not.
				e.cfg.Logger.ErrorContext(ctx, "leads: a part panicked", "stage", string(s.kind), "adapter", s.adapter, "task", task.ID, "stack", string(debug.Stack()))
				a = answer{err: fmt.Errorf("panic in %s", s.adapter)}
			}
			answers <- a
		}()
		a.result, a.err = s.do(ctx, task, lead)
	}()
	select {
	case a := <-answers:
		return a.result, a.err
	case <-ctx.Done():
	}
	grace := time.NewTimer(2 * time.Second)
	defer grace.Stop()
	select {
	case a := <-answers:
		return a.result, a.err
	case <-grace.C:
		return result{}, fmt.Errorf("%s did not return when its time (%s) was over", s.adapter, limit)
	}
}

// done settles a success.
func (e *Engine) done(task Task, s stage, report *StageReport, r result) (Outcome, StageReport) {
	report.Outcome = outcomeDone
	if r.outcome != nil {
		return e.stepped(task, report, *r.outcome)
	}
	r.tasks = append(r.tasks, e.follow(task, s.next)...)
	return e.outcome(task, r, report, Outcome{}), *report
}

// stepped settles what a sequence says of its step.
func (e *Engine) stepped(task Task, report *StageReport, o Outcome) (Outcome, StageReport) {
	switch o.Settlement {
	case Retry:
		report.Outcome = outcomeRetry
	case Dead:
		report.Outcome = outcomeDead
	}
	report.Error = o.Error
	if o.Settlement != Retry || !o.KeepAttempt || o.Error != "" { // that a step is not due yet is no news
		o.Events = append(slices.Clone(o.Events), e.stageEvent(task, *report))
	}
	return o, *report
}

// retry settles a failure that another attempt may mend.
func (e *Engine) retry(task Task, report *StageReport, r result, delay time.Duration) (Outcome, StageReport) {
	next := e.now().Add(delay)
	report.Outcome, report.NextTry = outcomeRetry, &next
	return e.outcome(task, r, report, Outcome{Settlement: Retry, Delay: delay, Error: report.Error}), *report
}

// pass lets a lead that has waited long enough go on without the stage, which is tried again later, out of the way.
func (e *Engine) pass(task Task, s stage, report *StageReport, r result, delay time.Duration) (Outcome, StageReport) {
	next := e.now().Add(delay)
	report.Outcome, report.NextTry = outcomePassed, &next
	later := e.follow(task, []TaskKind{s.later})
	for i := range later {
		later[i].Due = next
	}
	r.tasks = append(append(r.tasks, e.follow(task, s.next)...), later...)
	return e.outcome(task, r, report, Outcome{}), *report
}

// dead settles a task for good. A lead that has waited for it goes on.
func (e *Engine) dead(task Task, s stage, report *StageReport, r result, err error) (Outcome, StageReport) {
	report.Outcome, report.Error = outcomeDead, failure(err)
	o := Outcome{Settlement: Dead, Error: report.Error}
	if s.later != "" {
		r.tasks = append(r.tasks, e.follow(task, s.next)...)
		o.Payload = baton{Passed: true, Quiet: batonOf(task).Quiet}.payload()
	}
	if task.Kind != TaskNotify { // who cannot be told about a lead cannot be told about that either
		r.tasks = append(r.tasks, e.notice(task, Notice{Kind: NotifyDead, Note: string(task.Kind) + ": " + report.Error})...)
	}
	e.cfg.Logger.Error("leads: a task is dead", "task", task.ID, "kind", string(task.Kind), "attempts", task.Attempts)
	return e.outcome(task, r, report, o), *report
}

// outcome puts what an attempt brought into o.
func (e *Engine) outcome(task Task, r result, report *StageReport, o Outcome) Outcome {
	if r.change != nil {
		now := e.now()
		o.Change = func(lead *Lead) {
			r.change(lead)
			lead.UpdatedAt = now
		}
	}
	if task.about() { // there is no timeline otherwise
		o.Events = append(slices.Clone(r.events), e.stageEvent(task, *report))
	}
	o.Tasks = r.tasks
	return o
}

func (e *Engine) stageEvent(task Task, report StageReport) Event {
	data, _ := json.Marshal(report) // strings, numbers and a time always encode
	return Event{
		Tenant: task.Tenant, ID: NewID(), LeadID: task.LeadID, Kind: EventStage, At: e.now(),
		SubmissionID: task.SubmissionID, TaskID: task.ID, Data: data,
	}
}
