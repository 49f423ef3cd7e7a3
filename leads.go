// Package leads captures leads inside your own program: forms and webhooks become stored, enriched, scored, announced and
// followed-up leads, and none is lost.
//
//	store, err := bunstore.OpenSQLite("leads.db")
//	engine, err := leads.New(leads.Config{
//		Store:    store,
//		Enricher: enrich.Chain{enrich.Email{}, enrich.Company{}},
//		Scorer:   score.DefaultRubric(),
//		Notifier: notify.Email(mailer, "sales@example.com"),
//	})
//	mux.Handle("/api/webhooks/", engine.Handler())
//	go engine.Run(ctx)
//
// A submission is durable before its sender is answered. Everything after that is work on durable tasks: enrich, score,
// notify, enrol. Each stage's result is committed before the next begins, and every stage is an interface of one or two methods.
//
// Read on: [Store], [Enricher], [Scorer], [Notifier], [Sequencer] and [Mailer] are what a host can swap; package ingest is the
// door, adapters/bunstore the default Store, adapters/adaptertest the contract of all of them as tests.
package leads

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/openleads/leads/ingest"
)

// DefaultTenant is the tenant of a program that has only one.
const DefaultTenant = "default"

// The errors that callers branch on.
var (
	// ErrNotFound says that the tenant has no such lead, task, submission or record.
	ErrNotFound = errors.New("leads: not found")
	// ErrStale says that somebody else was quicker: a task's lease has passed to another caller, the task is gone, or a record has been
	// written since it was read. Nothing was stored.
	ErrStale = errors.New("leads: stale lease")
	// ErrInvalid says that what the caller gave cannot be stored; the message names the field.
	ErrInvalid = errors.New("leads: invalid")
)

// Lead is a person (or a company) who showed interest, merged from all their submissions.
type Lead struct {
	Tenant  string
	ID      string // a UUIDv7 in text form
	Version int64  // counts the stored changes, from 1

	ingest.Fields
	Metadata ingest.Metadata
	// First is where the lead came from and never changes; Last is the newest submission.
	First, Last Touch
	// Submissions counts the accepted submissions, repeated ones left out.
	Submissions int
	// Recent holds the accepted submissions of the ten seconds before the newest one, by which a double click is known.
	Recent []Recent

	Enrichment Enrichment
	Score      *Score // nil until scored

	Status Status
	// Stage is the ID of the lead's stage in a pipeline of the host's own, or "" for the stage of the default pipeline that Status is.
	Stage    string
	Assignee string // who is responsible, as the host names people; "" for nobody
	Tags     []string
	Response Response
	// Edited names the known fields and the metadata that a person or an API client has set. Public input never changes those.
	Edited []string
	// Identities are what the lead was known by before edits replaced it, the oldest first; it is found by them still. See [Reidentify].
	Identities []Identity

	CreatedAt, UpdatedAt time.Time // UTC, whole microseconds
}

// Touch is one contact: when, through which source, and how the person came there.
type Touch struct {
	At           time.Time
	SubmissionID string
	SourceID     string
	Attribution  ingest.Attribution `json:",omitzero"`
	Client       netip.Addr         `json:",omitzero"`
	UserAgent    string             `json:",omitempty"`
	Place        ingest.Place       `json:",omitzero"`
}

// Recent is a submission remembered for the recognition of double clicks.
type Recent struct {
	SubmissionID string
	Digest       [32]byte // of the body, the source and the client together
	At           time.Time
}

// Status is where the team is with a lead.
type Status string

// The statuses, which are also the stages of the default pipeline.
const (
	StatusNew       Status = "new"
	StatusContacted Status = "contacted"
	StatusQualified Status = "qualified"
	StatusConverted Status = "converted"
	StatusClosed    Status = "closed"
)

// Store keeps leads. It is the only required part. All methods may be called concurrently and from several processes at once
// where the Store's medium allows it. It stores what it is given: the rules of matching, merging and retrying are functions of
// this package ([Identify], [Fold]), so that every Store behaves alike. IDs that do not parse as a UUID are absent, not errors of
// their own. What a Store returns belongs to the caller; what it is given it does not keep or change. A method whose context has
// ended returns an error and changes nothing.
type Store interface {
	// SourceByToken finds the source of a submission; see [ingest.Sources].
	ingest.Sources

	// Capture makes the submissions durable in one transaction, in their order, each with the lead it belongs to. It answers
	// one Captured a submission, in the same order.
	//
	// A key that the tenant and source have used within 72 hours with the same digest is a retry: nothing is stored and the
	// earlier submission is answered with Repeated set. With another digest the submission is stored without its key and with
	// FlagKeyConflict. A quarantined submission is stored without a lead, event or task.
	//
	// For any other the lead is found by [Identify] under lock, so that concurrent first submissions of one identity make one
	// lead; [Fold] says what becomes of it, and submission, lead, identity, event and tasks are stored all or none.
	// An error of one submission stands in its Captured and leaves the others alone; the returned error means that none was stored.
	// A submission whose ID is malformed or taken is refused in its Captured.
	Capture(ctx context.Context, subs []ingest.Submission) ([]Captured, error)

	// Claim leases due tasks to this caller: nobody else is given them until the lease ends, unless they are settled before. It
	// counts the attempt in the same transaction and gives each task a new Fence. A running task whose lease has ended is due
	// again. Tenants take turns: within a kind, one tenant's backlog does not keep another's tasks from being claimed. Within a kind
	// they take turns from claim to claim too. It returns no task, and no error, when none is due.
	Claim(ctx context.Context, q ClaimQuery) ([]Task, error)

	// Settle records the outcome of a claimed task, all of it or nothing. It returns ErrStale, and stores nothing, if the
	// task's Fence is no longer the newest or the task is not running. Outcome.Change is applied to the lead as it is then,
	// under lock, and may be called more than once.
	Settle(ctx context.Context, task Task, outcome Outcome) error

	// Lead returns one lead, or ErrNotFound.
	Lead(ctx context.Context, tenant, id string) (Lead, error)
}

// Enricher learns facts about a lead.
type Enricher interface {
	// Enrich returns what it learned. Facts returned together with an error are kept, and the call is tried again later unless
	// the error is [Permanent]. A fact that could not be established is returned as Unknown or left out; it is never guessed. It
	// must not change the lead. It may be called concurrently, again for the same lead, and must return soon after ctx ends.
	Enrich(ctx context.Context, lead Lead) ([]Fact, error)
}

// Scorer judges a lead.
type Scorer interface {
	// Score returns a Score whose Value is 0–100. A score returned together with an error is used as provisional and the call is
	// tried again later unless the error is [Permanent]. It must not change the lead. It may be called concurrently and again
	// for the same lead, and must return soon after ctx ends.
	Score(ctx context.Context, lead Lead) (Score, error)
}

// Notifier tells the team.
type Notifier interface {
	// Notify sends n. It is called again after an error, unless that is [Permanent], and after a crash; what must not happen
	// twice is done through [Notification.Once]. It may be called concurrently and must return soon after ctx ends.
	Notify(ctx context.Context, n Notification) error
}

// Sequencer follows up with a lead over days and weeks.
type Sequencer interface {
	// Enroll returns the tasks to start for a lead that has been scored, of kind TaskStep; the engine stores them with the result
	// of the stage. It is called after every scoring that follows a submission, and so several times after one submission when a late
	// success scores the lead again: it must know what it has started before. It may be called concurrently.
	Enroll(ctx context.Context, lead Lead) ([]Task, error)
	// Step runs one of them when it is due and says what follows. An error is retried unless it is [Permanent]. It may be
	// called again for the same task.
	Step(ctx context.Context, task Task) (Outcome, error)
}

// Mailer sends a mail.
type Mailer interface {
	// Send hands the mail to the next hop and returns its receipt. Its errors are told apart by [IsPermanent] (never try
	// again), [IsAmbiguous] (it may have been sent) and [RetryAfter]; any other may be retried as it is. It does not keep or change
	// the mail. It may be called concurrently and must return soon after ctx ends.
	Send(ctx context.Context, mail Email) (Receipt, error)
}

// Config says what an Engine is made of. Only Store is required; a stage that is nil is skipped, and nothing is fetched, scored or
// sent that is not named here.
type Config struct {
	Store     Store
	Enricher  Enricher
	Scorer    Scorer
	Notifier  Notifier
	Sequencer Sequencer

	// BaseURL is where people reach this program ("https://crm.example.com"); links in mails are made from it and from nothing else.
	BaseURL string
	// LeadURL makes the link to a lead, or with an empty leadID that to the list, for pages that are elsewhere: under a prefix, or on a host name
	// for each tenant. Nil means BaseURL + "/leads/" + leadID.
	LeadURL func(tenant, leadID string) string
	// Ingest sets the door: trusted proxies, limits, the rate limiter. Nil means its defaults.
	Ingest *ingest.Options
	// Work sets the background work.
	Work Work
	// Observer is told what happens, for metrics and traces. Nil means nobody.
	Observer Observer
	// Logger is used for what an operator should know; it never gets personal data. Nil means none.
	Logger *slog.Logger
	// Clock is used for everything but leases, which go by the Store's clock. Nil means time.Now.
	Clock func() time.Time
}

// Work sets how the background work of [Engine.Run] is done.
type Work struct {
	// Concurrency is how many tasks of each kind run at once in this process. A kind left out, or 0, means 8.
	Concurrency map[TaskKind]int
	// Timeout bounds one attempt of each kind. A kind left out, or 0, means 10s (TaskScore and TaskRescore: 15s).
	Timeout map[TaskKind]time.Duration
	// MaxAttempts is after how many attempts a task is dead. 0 means 20, which spreads over about nine hours.
	MaxAttempts int
	// Backoff is the delay after the first failure; it doubles up to an hour, each with up to a fifth of jitter. 0 means 1s.
	Backoff time.Duration
	// Patience is how long after its submission a lead waits for a failing stage before it goes on without it. 0 means 20s.
	Patience time.Duration
	// Lease is how long a claimed task is safe from other workers without a sign of life. 0 means 60s, the least is 1s.
	Lease time.Duration
	// Poll is how often the Store is asked for due tasks when nothing wakes the engine. 0 means 1s.
	Poll time.Duration
	// Drain is how long Run waits for running tasks once its context has ended. 0 means 10s.
	Drain time.Duration
}
