package sequence

import (
	"context"
	"errors"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// ErrEnrolled says that the lead is in the sequence already, or has been and may not enter it again.
var ErrEnrolled = errors.New("sequence: the lead is or was enrolled")

// Store is what a [Sequencer] needs of the Store. bunstore and memstore are one; adaptertest.TestSequenceStore is its contract as a test.
// All methods may be called concurrently and from several processes at once; a method whose context has ended returns an error and
// changes nothing. What is asked for by a malformed ID is absent.
type Store interface {
	leads.Settler
	leads.Editor
	leads.Records
	leads.Deliveries
	Enrollments
	Suppressions
	Consents
	Quotas
	// Lead returns one lead, or [leads.ErrNotFound].
	Lead(ctx context.Context, tenant, id string) (leads.Lead, error)
	// Source returns a source of the tenant, a deleted one too, or [leads.ErrNotFound].
	Source(ctx context.Context, tenant, id string) (ingest.Source, error)
}

// Enrollments keeps who is in which sequence. A pending or active enrolment has exactly one task, of kind [leads.TaskStep], which has the
// enrolment's ID, lead, tenant and due time; one in any other state has none. Taking the task away is how a sequence is stopped: a worker that
// has claimed it can no longer store a delivery as begun. A task that is made again has a Fence that no earlier one of the same ID has had, so that
// such a worker cannot settle the new one either.
type Enrollments interface {
	// Enroll stores a new enrolment with its task and the events, in one transaction, and returns it with Revision 1. It returns ErrEnrolled, and
	// stores nothing, if the lead has another enrolment in the sequence that has not ended or that ended at or after since; the zero since
	// means that any other stands in the way. Of concurrent calls for one lead and sequence one succeeds. ErrNotFound is returned for a lead
	// that the tenant does not have, and [leads.ErrInvalid] for a malformed ID of the enrolment or of an event. Empty IDs, tenants and lead IDs of
	// events are filled, here and by PutEnrollment.
	Enroll(ctx context.Context, e Enrollment, since time.Time, events ...leads.Event) (Enrollment, error)
	// Enrollment returns one enrolment, or ErrNotFound.
	Enrollment(ctx context.Context, tenant, id string) (Enrollment, error)
	// Enrollments returns a page of enrolments, the newest first by ID.
	Enrollments(ctx context.Context, q EnrollmentQuery) ([]Enrollment, error)
	// PutEnrollment stores e if its Revision is that of the stored one, with the events, and returns it with its new Revision; otherwise it
	// returns ErrStale, also when there is none, and changes nothing. If e is pending or active, its task is made if it is missing and made due
	// at e.Due if it is waiting; a running task is left to its worker, and a dead one is left. In any other state the task is removed, a running one
	// too.
	PutEnrollment(ctx context.Context, e Enrollment, events ...leads.Event) (Enrollment, error)
	// EndEnrollments ends, in one transaction, every enrolment that which selects and that has not ended: it is stored as exited, its task is
	// removed, and an EventSequence whose data is a [Progress] is added to its lead. UpdatedAt and EndedAt become at, Step and Due become empty. It
	// returns them as they are then.
	EndEnrollments(ctx context.Context, which EnrollmentQuery, reason Reason, at time.Time) ([]Enrollment, error)
}

// Suppressions keeps whom not to write to, by a keyed hash, so that it outlives the person's data.
type Suppressions interface {
	// Suppress stores s. If there is one for its tenant, key and purpose already, that stays as it is.
	Suppress(ctx context.Context, s Suppression) error
	// Suppressed returns those of a key, oldest first, ties in the order of their purposes; none is no error.
	Suppressed(ctx context.Context, tenant, key string) ([]Suppression, error)
	// Unsuppress removes the one for a key and purpose. None is no error.
	Unsuppress(ctx context.Context, tenant, key, purpose string) error
	// Suppressions returns up to limit of the tenant in the byte order of key and purpose, beginning behind the given pair. A limit of 0 means 100, and
	// above 1,000 means 1,000.
	Suppressions(ctx context.Context, tenant, afterKey, afterPurpose string, limit int) ([]Suppression, error)
}

// Consents is a ledger of what people agreed to. It is only ever added to.
type Consents interface {
	// AddConsent adds an entry. One whose ID the tenant has already is left as it is.
	AddConsent(ctx context.Context, c Consent) error
	// Consents returns the entries of an address key, oldest first, ties in the order of their IDs.
	Consents(ctx context.Context, tenant, addressKey string) ([]Consent, error)
}

// Quotas counts what may be done so many times in a period.
type Quotas interface {
	// Spend takes one of each quota of the tenant, or none at all if one of them is used up; then it returns the Key of that one, the first in
	// their order. Of concurrent calls no more succeed than the Limit allows. A count is kept until its period ends. A Key is
	// given once in a call.
	Spend(ctx context.Context, tenant string, quotas ...Quota) (usedUp string, err error)
}

// Quota is how often something may be done until the end of a period.
type Quota struct {
	Key   string // names what is counted and the period ("domain/example.com/2026-11-23"); at most 255 bytes
	Limit int    // Limit itself is not kept: the count is compared with that of the call
	Until time.Time
}

// Enrollment is a lead in a sequence.
type Enrollment struct {
	Tenant string
	ID     string // a UUIDv7 in text form, which is also the ID of its task
	LeadID string
	// SequenceID and Version name the definition on which it began.
	SequenceID string
	Version    int64
	// AddressKey is the keyed hash of the address that it writes to: what a stop finds it by.
	AddressKey string

	State  State
	Reason Reason // why it is paused or has ended
	// Step is the ID of the step that comes next, and Due when; both are empty once it has ended.
	Step string
	Due  time.Time
	// Passed are the steps that were run, oldest first.
	Passed []Passed
	// Zone is the IANA name of the time zone whose hours count.
	Zone string
	By   string // who enrolled it: "match", or a person as the host names people

	Revision             int64 // counts the writes, from 1; 0 before the first
	CreatedAt, UpdatedAt time.Time
	EndedAt              time.Time // zero while it has not ended
}

// State is how far an enrolment has come.
type State string

// The states. The last two are ends.
const (
	Pending  State = "pending"  // the person was asked by mail to confirm
	Active   State = "active"   // its next step is due at Due
	Paused   State = "paused"   // until somebody resumes it
	Finished State = "finished" // every step was run
	Exited   State = "exited"   // it was left early: Reason
)

// Ended reports whether nothing follows any more.
func (s State) Ended() bool { return s == Finished || s == Exited }

// Reason says why an enrolment was left early or stands still.
type Reason string

// The reasons.
const (
	ReasonReply        Reason = "reply"
	ReasonUnsubscribed Reason = "unsubscribed"
	ReasonComplaint    Reason = "complaint"
	ReasonBounce       Reason = "bounce"
	ReasonSuppressed   Reason = "suppressed"  // the address was suppressed otherwise
	ReasonGoal         Reason = "goal"        // what the sequence was for has happened
	ReasonStage        Reason = "stage"       // the lead was won or lost
	ReasonMerged       Reason = "merged"      // the lead became part of another
	ReasonErased       Reason = "erased"      // the lead is gone
	ReasonUnconfirmed  Reason = "unconfirmed" // the person was asked and did not confirm
	ReasonNoAddress    Reason = "no address"  // there is no address to write to
	ReasonDeleted      Reason = "deleted"     // the sequence is gone
	ReasonByHand       Reason = "by hand"     // somebody, or the host, said so
)

// Passed is a step that was run.
type Passed struct {
	Step string    `json:"step"`
	At   time.Time `json:"at"`
	// Outcome is "done", "sent", "held" (it may have been sent and was not repeated) or "skipped", or the name of a branch or arm.
	Outcome string `json:"outcome"`
	// Delivery is the key of the delivery, or "".
	Delivery string `json:"delivery,omitempty"`
}

// EnrollmentQuery selects enrolments of a tenant; the fields that are not empty all count.
type EnrollmentQuery struct {
	Tenant     string
	ID         string
	LeadID     string
	SequenceID string
	AddressKey string
	States     []State // empty means any
	After      string  // the ID of the last one of the page before, or ""; EndEnrollments ignores it
	Limit      int     // 0 means 100, and above 1,000 means 1,000; EndEnrollments ignores it
}

// Suppression says that an address is not to be written to.
type Suppression struct {
	Tenant  string
	Key     string // the keyed hash of the canonical address
	Purpose string // "" means any; else the purpose of the sequences that may not
	Reason  Reason
	Note    string // more about it, without personal data, at most 500 bytes
	At      time.Time
}

// Consent is an entry of the ledger: who agreed to what, how it was put, when and where.
type Consent struct {
	Tenant       string
	ID           string // a UUID in text form
	LeadID       string
	AddressKey   string
	Purpose      string
	Action       ConsentAction
	Wording      string // what the person saw
	Digest       string // the SHA-256 of Wording in hex
	SourceID     string // the source of the form, or ""
	SubmissionID string
	At           time.Time
}

// ConsentAction is what a person did.
type ConsentAction string

// The actions.
const (
	ConsentRequested ConsentAction = "requested" // the box was ticked and a confirmation asked for
	ConsentGranted   ConsentAction = "granted"
	ConsentWithdrawn ConsentAction = "withdrawn"
)
