package leads

import (
	"encoding/json"
	"time"
)

// TaskKind names what a task does.
type TaskKind string

// The kinds of tasks that the engine works on.
const (
	TaskEnrich TaskKind = "enrich"
	TaskScore  TaskKind = "score"
	TaskNotify TaskKind = "notify"
	TaskEnroll TaskKind = "enroll"
	TaskStep   TaskKind = "step" // a step of a sequence
	// TaskReenrich and TaskRescore are enriching and scoring for a lead that has gone on without: they have slots of their own, so
	// that what fails for ever does not stand in the way of what is new.
	TaskReenrich TaskKind = "reenrich"
	TaskRescore  TaskKind = "rescore"
)

// Task is a piece of durable work. One queue holds everything deferred.
type Task struct {
	Tenant       string
	ID           string // a UUIDv7 in text form
	Kind         TaskKind
	LeadID       string          // NoLead or "" for work that is about no lead
	SubmissionID string          // the submission that caused it, or ""
	Payload      json.RawMessage // what the kind needs, JSON text; nil means nothing

	State TaskState
	// Due is when the task may run. The zero value means at once, by the Store's clock.
	Due time.Time
	// Attempts counts the claims, the present one included.
	Attempts int
	// Fence is the token of the present claim: it grows with each one, and only its holder may settle the task.
	Fence int64
	// LeaseUntil is when a running task may be given to somebody else.
	LeaseUntil time.Time
	LastError  string // at most 500 bytes, without personal data
	CreatedAt  time.Time

	// Deliveries are the effects that earlier attempts of this task have begun, oldest first. Claim fills it.
	Deliveries []Delivery
}

// NoLead is the LeadID of a task that is about no lead, where an empty one would be filled in.
const NoLead = "00000000-0000-0000-0000-000000000000"

// about reports whether the task is about a lead.
func (t Task) about() bool { return t.LeadID != "" && t.LeadID != NoLead }

// TaskState is what has become of a task. Tasks that are done are not kept; the lead's events tell of them.
type TaskState string

// The states of a task.
const (
	TaskWaiting TaskState = "waiting" // due later, or due and unclaimed
	TaskRunning TaskState = "running" // claimed
	TaskDead    TaskState = "dead"    // given up; a person can replay it
)

// ClaimQuery says what a worker can take.
type ClaimQuery struct {
	// Slots is how many tasks of each kind are wanted at most.
	Slots map[TaskKind]int
	// Lease is how long the tasks are leased for.
	Lease time.Duration
	// Now stands in for the Store's own clock when it is not zero. Tests use it.
	Now time.Time
}

// Settlement is what becomes of a claimed task.
type Settlement int

// The settlements.
const (
	Done   Settlement = iota // finished: the task is removed
	Retry                    // due again after Outcome.Delay
	Dead                     // given up
	Extend                   // still running: the lease begins anew and lasts Outcome.Delay
)

// Outcome is the result of a task, stored atomically by [Store.Settle].
type Outcome struct {
	Settlement Settlement
	// Delay is how long a retried task waits and how long an extended lease lasts, by the Store's clock.
	Delay time.Duration
	// KeepAttempt takes the attempt back: the task was given up by the worker, not tried.
	KeepAttempt bool
	// Error becomes the task's LastError when it is not "".
	Error string
	// Payload replaces the task's payload when it is not nil.
	Payload json.RawMessage

	// Change changes the task's lead. The Store applies it to the lead as it is when the outcome is stored, counts Version up
	// and stores the result; ID, Tenant, Version and CreatedAt stay as they are whatever it does. UpdatedAt is what Change sets. Nil
	// means no change. When the lead is gone it is not called.
	Change func(lead *Lead)
	// Events are added to the lead's timeline, Tasks to the queue. Empty IDs, tenants and lead IDs are filled from the task; NoLead
	// stays. A task that the lead (or NoLead) has already, by its ID, is left as it is.
	Events []Event
	Tasks  []Task
	// Deliveries are inserted, or updated where the task's tenant has one with the same Key. An update keeps ID and CreatedAt, and one that
	// was sent stays sent, whatever the update says: the provider may have told so before the worker could. A delivery's empty ID is made;
	// its empty tenant, lead ID and task ID are filled from the task. What is about no lead, and may name several, is kept without its Body
	// once it is sent. An update does not bring back a Body that is gone.
	Deliveries []Delivery
}

// Captured says what became of a submission.
type Captured struct {
	SubmissionID string
	LeadID       string // "" while quarantined
	Created      bool   // the submission made a new lead
	// Repeated is set for a retry with a known idempotency key: nothing was stored. SubmissionID and LeadID are then those of the earlier
	// submission, Created is false, and DuplicateOf is the earlier submission's or empty. A retry does not renew the 72 hours.
	Repeated    bool
	DuplicateOf string // the submission that this one repeats, or ""
	Err         error  // why this submission alone was not stored
}
