package adaptertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The sentences of [leads.Sequencer], and of [leads.Outcome] as far as a Sequencer makes one.
const (
	saysStepTasks   = "Enroll returns the tasks to start for a lead that has been scored, of kind TaskStep"
	saysKnows       = "It is called after every scoring that follows a submission …: it must know what it has started before."
	saysFollows     = "Step runs one of them when it is due and says what follows."
	saysRetried     = "An error is retried unless it is [Permanent]."
	saysStepAgain   = "It may be called again for the same task."
	saysManyChanges = "Outcome.Change is applied to the lead as it is then, under lock, and may be called more than once."
)

// SequencerStore is the Store on which a Sequencer is tested: any that can tell its tasks, such as memstore's.
type SequencerStore interface {
	leads.Store
	leads.History
}

// TestSequencer holds a Sequencer to its contract. open returns a new one with the Store that it works on, which is new too; a Sequencer that needs
// none is given any. It should start something for a lead with the address ann@example.com, captured without a source; what it does to the outside
// is for its own tests to see.
func TestSequencer(t *testing.T, open func(t *testing.T) (leads.Sequencer, SequencerStore)) {
	cases := map[string]func(c *sequencerCase){
		"enroll/tasks":   func(c *sequencerCase) { c.enroll() },
		"enroll/again":   func(c *sequencerCase) { c.enrollAgain() },
		"enroll/at once": func(c *sequencerCase) { c.enrollAtOnce() },
		"enroll/hurry":   func(c *sequencerCase) { c.enrollInAHurry() },
		"step/whole run": func(c *sequencerCase) { c.wholeRun(false) },
		"step/twice":     func(c *sequencerCase) { c.wholeRun(true) },
		"step/hurry":     func(c *sequencerCase) { c.stepInAHurry() },
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sequencer, store := open(t)
			run(&sequencerCase{T: t, sequencer: sequencer, store: store, tenant: "seq-" + leads.NewID()})
		})
	}
	for name, lead := range samples() {
		t.Run("lead/"+name, func(t *testing.T) {
			t.Parallel()
			sequencer, store := open(t)
			c := &sequencerCase{T: t, sequencer: sequencer, store: store, tenant: "seq-" + leads.NewID()}
			c.fields, c.metadata = lead.Fields, lead.Metadata
			c.wholeRun(false)
		})
	}
}

// sequencerCase is one case: a sequencer, a store, and the person it is about.
type sequencerCase struct {
	*testing.T
	sequencer leads.Sequencer
	store     SequencerStore
	tenant    string
	fields    ingest.Fields
	metadata  ingest.Metadata
	captured  int
}

func (c *sequencerCase) says(sentence, format string, args ...any) {
	c.Helper()
	c.Errorf("%s\nthe contract says: %s", fmt.Sprintf(format, args...), sentence)
}

// capture captures the person once more and returns the claimed task of a stage, whose outcome stores what Enroll returns.
func (c *sequencerCase) capture() (leads.Task, leads.Lead) {
	c.Helper()
	c.captured++
	sub := ingest.Submission{Tenant: c.tenant, Fields: c.fields, Metadata: ingest.Metadata{}}
	if c.fields == (ingest.Fields{}) {
		sub.Fields.Email = "ann@example.com"
	}
	for name, value := range c.metadata {
		sub.Metadata[name] = value
	}
	sub.Metadata["captured"], _ = json.Marshal(c.captured)
	sub, err := ingest.Prepare(sub, time.Now())
	if err != nil {
		c.Skipf("the door would not have taken it: %v", err)
	}
	captured, err := c.store.Capture(c.Context(), []ingest.Submission{sub})
	if err != nil || captured[0].Err != nil {
		c.Fatal(errors.Join(err, captured[0].Err))
	}
	tasks := c.claim(leads.TaskEnrich, time.Time{})
	if len(tasks) != 1 {
		c.Fatalf("%d tasks of a captured lead are due", len(tasks))
	}
	lead, err := c.store.Lead(c.Context(), c.tenant, captured[0].LeadID)
	if err != nil {
		c.Fatal(err)
	}
	return tasks[0], lead
}

// claim claims what is due at a time, the zero one being now.
func (c *sequencerCase) claim(kind leads.TaskKind, at time.Time) []leads.Task {
	c.Helper()
	tasks, err := c.store.Claim(c.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{kind: 100}, Lease: time.Hour, Now: at})
	if err != nil {
		c.Fatal(err)
	}
	return tasks
}

// start has a lead enrolled as the engine does, and returns how many steps wait then.
func (c *sequencerCase) start(task leads.Task, lead leads.Lead) int {
	c.Helper()
	before := flatten(lead)
	tasks, err := c.sequencer.Enroll(c.Context(), lead)
	if err != nil {
		c.Errorf("Enroll returned the error %v", err)
	}
	for _, d := range differences(flatten(lead), before, nil) {
		c.says(saysUntouched, "%s", d)
	}
	c.settle(task, leads.Outcome{Tasks: c.checked(tasks)})
	return c.waiting(lead.ID)
}

// checked looks at the tasks that Enroll returned.
func (c *sequencerCase) checked(tasks []leads.Task) []leads.Task {
	c.Helper()
	for _, task := range tasks {
		if task.Kind != leads.TaskStep {
			c.says(saysStepTasks, "Enroll returned a task of kind %q", task.Kind)
		}
		if task.Payload != nil && !json.Valid(task.Payload) {
			c.Errorf("Enroll returned a task whose payload is not JSON: %q", task.Payload)
		}
	}
	return tasks
}

func (c *sequencerCase) settle(task leads.Task, o leads.Outcome) {
	c.Helper()
	if err := c.store.Settle(c.Context(), task, o); err != nil {
		c.says(saysFollows, "the outcome cannot be stored: %v", err)
	}
}

// waiting counts the steps of a lead that wait.
func (c *sequencerCase) waiting(leadID string) int {
	c.Helper()
	tasks, err := c.store.Tasks(c.Context(), c.tenant, leadID)
	if err != nil {
		c.Fatal(err)
	}
	n := 0
	for _, task := range tasks {
		if task.Kind == leads.TaskStep {
			n++
		}
	}
	return n
}

func (c *sequencerCase) enroll() {
	task, lead := c.capture()
	if c.start(task, lead) == 0 {
		c.Log("the sequencer starts nothing for a lead with an address: most cases have nothing to show")
	}
}

func (c *sequencerCase) enrollAgain() {
	task, lead := c.capture()
	first := c.start(task, lead)
	for range 3 { // by a late success of a stage, and by further submissions
		task, lead = c.capture()
		if n := c.start(task, lead); n != first {
			c.says(saysKnows, "%d steps wait where %d did before", n, first)
			return
		}
	}
}

func (c *sequencerCase) enrollAtOnce() {
	const callers = 8
	var stages []leads.Task
	var lead leads.Lead
	for range callers {
		var task leads.Task
		task, lead = c.capture()
		stages = append(stages, task)
	}
	var wg sync.WaitGroup
	for _, task := range stages {
		wg.Go(func() {
			tasks, err := c.sequencer.Enroll(c.Context(), lead)
			if err != nil {
				c.Errorf("Enroll returned the error %v", err)
			}
			c.settle(task, leads.Outcome{Tasks: c.checked(tasks)})
		})
	}
	wg.Wait()
	once := c.alone()
	if n := c.waiting(lead.ID); n != once {
		c.says(saysTogether+" … it must know what it has started before", "%d steps wait after %d calls at once, where one call starts %d", n, callers, once)
	}
}

// alone is how many steps one call starts, for another person like the first.
func (c *sequencerCase) alone() int {
	c.Helper()
	other := &sequencerCase{T: c.T, sequencer: c.sequencer, store: c.store, tenant: c.tenant, fields: c.fields, metadata: c.metadata}
	other.fields.Email = "bob@example.com"
	return other.start(other.capture())
}

func (c *sequencerCase) enrollInAHurry() {
	task, lead := c.capture()
	tasks, err := within(c, func() ([]leads.Task, error) { return c.sequencer.Enroll(ended(c.T), lead) })
	if leads.IsPermanent(err) {
		c.says(saysRetried, "Enroll, whose context had ended, gave up for good: %v", err)
	}
	c.settle(task, leads.Outcome{Tasks: c.checked(tasks)})
	task, lead = c.capture()
	n, once := c.start(task, lead), c.alone()
	if n != once {
		c.says(saysKnows, "%d steps wait after a call whose context had ended and another, where one call starts %d", n, once)
	}
}

// within calls something that must return soon.
func within[T any](c *sequencerCase, call func() (T, error)) (T, error) {
	c.Helper()
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		v, err := call()
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-time.After(soonAfter):
		c.Fatalf("it has not returned %v after its context ended", soonAfter)
		panic("unreachable")
	}
}

// wholeRun runs what is due, and what follows at once, and then each step that waits once before its time; twice calls Step again for each task,
// as after a crash before its outcome was stored.
func (c *sequencerCase) wholeRun(twice bool) {
	c.start(c.capture())
	ran := 0
	for ; ran < 1000; ran++ {
		due := c.claim(leads.TaskStep, time.Time{})
		if len(due) == 0 {
			break
		}
		for _, task := range due {
			c.step(task, twice)
		}
	}
	if ran == 1000 {
		c.says(saysFollows, "after 1,000 steps the next is still due at once")
	}
	for _, task := range c.claim(leads.TaskStep, time.Now().AddDate(10, 0, 0)) {
		c.step(task, twice) // clocks differ
	}
}

// step runs a claimed step.
func (c *sequencerCase) step(task leads.Task, twice bool) {
	c.Helper()
	o, err := c.sequencer.Step(c.Context(), task)
	if twice {
		var again error
		if o, again = c.sequencer.Step(c.Context(), task); leads.IsPermanent(again) && !leads.IsPermanent(err) {
			c.says(saysStepAgain, "Step gave up for good when it was called again: %v", again)
		}
		err = again
	}
	switch {
	case leads.IsPermanent(err):
		o = leads.Outcome{Settlement: leads.Dead}
	case err != nil:
		o = leads.Outcome{Settlement: leads.Retry, Delay: time.Hour}
	}
	if o.Settlement == leads.Extend || o.Delay < 0 {
		c.says(saysFollows, "Step returned the settlement %d and a delay of %v: it is done, due again or dead", o.Settlement, o.Delay)
		o = leads.Outcome{}
	}
	c.repeatable(task, o)
	c.settle(task, o)
}

// repeatable applies a change as a Store does that has to begin anew.
func (c *sequencerCase) repeatable(task leads.Task, o leads.Outcome) {
	c.Helper()
	if o.Change == nil {
		return
	}
	changed := make([]map[string]string, 2)
	for i := range changed {
		lead, err := c.store.Lead(c.Context(), c.tenant, task.LeadID)
		if err != nil {
			return
		}
		o.Change(&lead)
		changed[i] = flatten(lead)
	}
	for _, d := range differences(changed[1], changed[0], nil) {
		c.says(saysManyChanges, "a change applied anew does otherwise: %s", d)
	}
}

func (c *sequencerCase) stepInAHurry() {
	c.start(c.capture())
	for _, task := range c.claim(leads.TaskStep, time.Time{}) {
		o, err := within(c, func() (leads.Outcome, error) { return c.sequencer.Step(ended(c.T), task) })
		if leads.IsPermanent(err) || err == nil && o.Settlement == leads.Dead {
			c.says(saysRetried, "Step, whose context had ended, gave up for good: %v", err)
		}
	}
}
