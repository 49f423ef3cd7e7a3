package leads

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// stage is one kind of work: the part that does it and what follows.
type stage struct {
	kind    TaskKind
	adapter string // the part's Go type
	// do runs one attempt. What it learned comes back together with an error too.
	do func(ctx context.Context, task Task, lead Lead) (result, error)
	// next are the kinds that follow a success, and those with which the lead goes on past a failure.
	next []TaskKind
	// later is the kind that tries again once the lead has gone on, or "".
	later TaskKind
}

// result is what one attempt brought, to be stored with its outcome.
type result struct {
	change func(lead *Lead)
	events []Event
	tasks  []Task
	facts  int
	// onward lets the lead go on at once although the attempt failed: there is something to go on with.
	onward bool
	// outcome replaces everything else; a sequence step says itself what follows.
	outcome *Outcome
}

// baton is the payload of the tasks of the line, handed from one stage to the next.
type baton struct {
	// Passed marks a dead task whose lead has gone on without it: replayed, it must not set the whole line going again.
	Passed bool `json:"passed,omitempty"`
	// Quiet keeps the team from being told and sequences from beginning: the lead was imported.
	Quiet bool `json:"quiet,omitempty"`
}

// batonOf reads the payload of a task of the line.
func batonOf(task Task) (b baton) {
	if len(task.Payload) > 0 {
		_ = json.Unmarshal(task.Payload, &b) // a payload of another form is no baton
	}
	return b
}

func (b baton) payload() json.RawMessage {
	if b == (baton{}) {
		return nil
	}
	data, _ := json.Marshal(b) // booleans always encode
	return data
}

// makeStages returns every stage; one whose part is nil has no adapter.
func (e *Engine) makeStages() map[TaskKind]stage {
	enricher, scorer, sequencer := adapter(e.cfg.Enricher), adapter(e.cfg.Scorer), adapter(e.cfg.Sequencer)
	stages := map[TaskKind]stage{
		TaskEnrich:   {do: e.enrich, adapter: enricher, next: []TaskKind{TaskScore}, later: TaskReenrich},
		TaskReenrich: {do: e.enrich, adapter: enricher, next: []TaskKind{TaskRescore}},
		TaskScore:    {do: e.score, adapter: scorer, next: []TaskKind{TaskNotify, TaskEnroll}, later: TaskRescore},
		TaskRescore:  {do: e.score, adapter: scorer, next: []TaskKind{TaskEnroll}},
		TaskNotify:   {do: e.notify, adapter: adapter(e.cfg.Notifier)},
		TaskEnroll:   {do: e.enroll, adapter: sequencer},
		TaskStep:     {do: e.step, adapter: sequencer},
	}
	for kind, s := range stages {
		s.kind = kind
		stages[kind] = s
	}
	return stages
}

// adapter names a part for receipts; a nil part has no name.
func adapter(part any) string {
	if part == nil {
		return ""
	}
	return fmt.Sprintf("%T", part)
}

// follow returns the tasks of the given kinds for the same lead, and in place of a kind that has no part those after it.
func (e *Engine) follow(task Task, kinds []TaskKind) []Task {
	var tasks []Task
	quiet := batonOf(task).Quiet
	for _, kind := range kinds {
		s := e.stages[kind]
		if quiet && (kind == TaskNotify || kind == TaskEnroll) {
			continue
		}
		if s.adapter == "" {
			tasks = append(tasks, e.follow(task, s.next)...)
			continue
		}
		tasks = append(tasks, Task{
			Tenant: task.Tenant, ID: NewID(), Kind: kind, LeadID: task.LeadID, SubmissionID: task.SubmissionID,
			Payload: baton{Quiet: quiet}.payload(), State: TaskWaiting, CreatedAt: task.CreatedAt,
		})
	}
	return tasks
}

func (e *Engine) enrich(ctx context.Context, _ Task, lead Lead) (result, error) {
	facts, err := e.cfg.Enricher.Enrich(ctx, lead)
	facts = slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.Key == "" })
	now := e.now()
	for i := range facts {
		if facts[i].At.IsZero() {
			facts[i].At = now
		}
	}
	if len(facts) == 0 {
		return result{}, err
	}
	return result{facts: len(facts), change: func(l *Lead) { l.Enrichment = l.Enrichment.Merge(facts) }}, err
}

func (e *Engine) score(ctx context.Context, task Task, lead Lead) (result, error) {
	s, err := e.cfg.Scorer.Score(ctx, lead)
	if err != nil && s.By == "" && s.Qualification == "" {
		return result{}, err // no score came with the error
	}
	if s.Value < 0 || s.Value > 100 {
		return result{}, Permanent(fmt.Errorf("a score of %d is not within 0–100", s.Value))
	}
	s.Provisional = s.Provisional || err != nil
	if s.At.IsZero() {
		s.At = e.now()
	}
	if s.By == "" {
		s.By = adapter(e.cfg.Scorer)
	}
	change := ScoreChange{To: s.Value, Qualification: s.Qualification}
	if lead.Score != nil {
		from := lead.Score.Value
		change.From, change.Differences = &from, differences(*lead.Score, s)
	}
	r := result{change: func(l *Lead) { l.Score = &s }, onward: true}
	if change.From == nil || *change.From != s.Value || lead.Score.Qualification != s.Qualification {
		data, _ := json.Marshal(change)
		r.events = []Event{{ID: NewID(), Kind: EventScored, At: s.At, Data: data}}
	}
	if task.Kind == TaskRescore && !batonOf(task).Quiet && s.Qualification == Hot && (lead.Score == nil || lead.Score.Qualification != Hot) {
		r.tasks = e.notice(task, Notice{Kind: NotifyHot})
	}
	return r, err
}

func (e *Engine) notify(ctx context.Context, task Task, lead Lead) (result, error) {
	n := Notification{
		Tenant: task.Tenant, Kind: NotifyReturned, Lead: lead, SubmissionID: task.SubmissionID, At: e.now(),
		ledger: &Ledger{Store: e.cfg.Store, Task: task, Lease: e.cfg.Work.Lease, Now: e.now},
	}
	if lead.First.SubmissionID == task.SubmissionID {
		n.Kind = NotifyNew
	}
	if task.Payload != nil {
		var notice Notice
		if err := json.Unmarshal(task.Payload, &notice); err != nil {
			return result{}, Permanent(fmt.Errorf("the payload is no notice: %w", err))
		}
		n.Kind, n.Note, n.To = notice.Kind, notice.Note, notice.To
	}
	n.URL = e.leadURL(n.Tenant, lead.ID)
	return result{}, e.cfg.Notifier.Notify(ctx, n)
}

func (e *Engine) leadURL(tenant, id string) string {
	switch {
	case e.cfg.LeadURL != nil:
		return e.cfg.LeadURL(tenant, id)
	case e.cfg.BaseURL == "":
		return ""
	}
	return e.cfg.BaseURL + "/leads/" + id
}

func (e *Engine) enroll(ctx context.Context, _ Task, lead Lead) (result, error) {
	tasks, err := e.cfg.Sequencer.Enroll(ctx, lead)
	if err != nil {
		return result{}, err
	}
	for i := range tasks {
		tasks[i].Kind = TaskStep
	}
	return result{tasks: tasks}, nil
}

func (e *Engine) step(ctx context.Context, task Task, _ Lead) (result, error) {
	outcome, err := e.cfg.Sequencer.Step(ctx, task)
	if err != nil {
		return result{}, err
	}
	return result{outcome: &outcome}, nil
}

// notice returns the task that tells the team something about the lead of another task, if there is a Notifier.
func (e *Engine) notice(task Task, n Notice) []Task {
	if e.cfg.Notifier == nil {
		return nil
	}
	t := NoticeTask(task.Tenant, task.LeadID, n, time.Time{})
	t.SubmissionID, t.CreatedAt = task.SubmissionID, e.now()
	return []Task{t}
}

// age is how long ago the submission behind a pipeline task came in.
func (e *Engine) age(task Task) time.Duration { return e.now().Sub(task.CreatedAt) }
