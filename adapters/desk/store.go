package desk

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// Store is what a [Desk] needs of the Store. bunstore and memstore are one; adaptertest.TestDeskStore is its contract as a test. All methods
// may be called concurrently and stay within the tenant. A method whose context has ended returns an error and changes nothing. What is asked for
// by a malformed ID is absent. Where Leads, Sources, Work and Trail are given a limit, 0 means 100 and above 1,000 means 1,000.
type Store interface {
	leads.Store
	leads.History
	leads.Editor
	leads.Records
	leads.Deliveries
	sequence.Enrollments
	sequence.Suppressions
	Leads
	Sources
	Work
	Trail
	Reports
	Retention
	// Consents are those of package sequence.
	sequence.Consents
}

// Retention removes what need not be kept any longer.
type Retention interface {
	// Expire applies each rule to up to limit rows of each kind (leads, submissions, events) and returns how many it changed or removed; 0 means
	// that nothing is left to do. A lead's UpdatedAt stays as it is.
	Expire(ctx context.Context, tenant string, before Expiry, limit int) (int, error)
}

// Expiry says from when on what is older is removed. A zero time keeps it.
type Expiry struct {
	// Raw is for the raw bodies of submissions; what was understood of them stays.
	Raw time.Time
	// Clients is for client addresses and user agents in submissions and in the touches of leads.
	Clients time.Time
	// Quarantined is for quarantined submissions, which are removed as by DeleteQuarantined.
	Quarantined time.Time
	// Events is for entries of timelines, of leads that are kept.
	Events time.Time
	// Leads is for leads that have not changed since and are converted or closed, which are erased as by EraseLead.
	Leads time.Time
}

// Leads finds leads.
type Leads interface {
	// FindLeads returns a page of the leads that f selects, in the order of f.Sort, ties broken by ID in the same direction. The page begins
	// behind the place of f.After, whatever has become of the lead that stood there: a lead that does not change meanwhile is on exactly one of
	// the pages that follow each other. An After that is no Next, or is of another Sort, is [leads.ErrInvalid].
	FindLeads(ctx context.Context, f Filter) (Page, error)
	// CountLeads counts the leads that f selects, at most up to most; a count that reaches most may be less than there are. After, Offset, Limit
	// and Sort are ignored.
	CountLeads(ctx context.Context, f Filter, most int) (int, error)
	// ChangedLeads returns up to limit leads of the tenant that were created or changed (UpdatedAt) at or after since, the longest unchanged
	// first, ties in the order of their IDs.
	ChangedLeads(ctx context.Context, tenant string, since time.Time, limit int) ([]leads.Lead, error)
	// EraseLead removes a lead with everything that is about it: submissions with their raw bodies, identities, keys, events, tasks, deliveries,
	// enrolments, and the lead ID and address key in consents (the entries stay, without the person, under the empty address key). It also drops the
	// Body of all deliveries of the tenant that are about no lead, for they may name the person; what is to be sent again is rendered anew. A task of it
	// that is running settles as [leads.ErrStale]. The next submission with its identity makes a new lead. ErrNotFound if there is none.
	EraseLead(ctx context.Context, tenant, leadID string) error
}

// Sources looks after sources.
type Sources interface {
	// PutSource creates the source or replaces the one with its tenant and ID, with all of its tokens. It returns [leads.ErrInvalid], and changes
	// nothing, if a token belongs to another source.
	PutSource(ctx context.Context, source ingest.Source, tokens ...string) error
	// ListSources returns the tenant's sources with their active tokens in the order in which they were put, the oldest source first by
	// CreatedAt, deleted ones too.
	ListSources(ctx context.Context, tenant string) ([]SourceEntry, error)
	// SourceNames returns what each source that ListSources returns is called, in that order.
	SourceNames(ctx context.Context, tenant string) ([]SourceName, error)
	// Payloads returns up to limit of the newest submissions of a source, quarantined ones too, the newest first by ID.
	Payloads(ctx context.Context, tenant, sourceID string, limit int) ([]ingest.Submission, error)
	// Quarantined returns up to limit quarantined submissions of the tenant, the newest first by ID, beginning behind after ("" for the first
	// page).
	Quarantined(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error)
	// DeleteQuarantined removes a quarantined submission with its idempotency key. ErrNotFound if there is none, or it is not quarantined any
	// more.
	DeleteQuarantined(ctx context.Context, tenant, submissionID string) error
}

// SourceEntry is a source with what is known of its use.
type SourceEntry struct {
	Source ingest.Source
	Tokens []string
	// LastSeen is when its newest submission came, accepted or not; zero if none has.
	LastSeen time.Time
}

// SourceName is what a lead shows of the source that it came through.
type SourceName struct {
	ID      string
	Name    string
	Deleted bool
}

// Work tells of the queue.
type Work interface {
	// Queue counts the tenant's tasks, in one entry for each kind, state and Due that there is.
	Queue(ctx context.Context, tenant string) ([]QueueCount, error)
	// DeadTasks returns up to limit dead tasks of the tenant with their deliveries, the newest first by ID, beginning behind after.
	DeadTasks(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error)
}

// QueueCount is how many tasks of a kind are in a state.
type QueueCount struct {
	Kind  leads.TaskKind
	State leads.TaskState
	Due   bool // they could be claimed now, by the Store's clock
	Count int
	// Oldest is when the longest waiting of them was due.
	Oldest time.Time
}

// Trail is the audit trail of a tenant. It is only ever added to.
type Trail interface {
	// AddEntry adds an entry. One whose ID the tenant has already is left as it is; a malformed ID is [leads.ErrInvalid].
	AddEntry(ctx context.Context, e Entry) error
	// Entries returns up to limit entries of the tenant, the newest first by ID, beginning behind after.
	Entries(ctx context.Context, tenant, after string, limit int) ([]Entry, error)
}

// Entry is one action that was taken.
type Entry struct {
	Tenant string
	ID     string // a UUIDv7 in text form
	At     time.Time
	Who    string // User.ID
	Action string // "source.delete", "lead.export", …
	Object string // the ID of what it was done to, or ""
	// Data says more, as JSON text without personal data; nil for nothing.
	Data json.RawMessage
}

// Reports counts what charts show. From is included and To is not, and a zero one leaves its end open; days begin at midnight in Zone.
type Reports interface {
	// LeadsByDay counts the leads created on each day of the span, by day and what By names, in the order of day and group. Days without leads are
	// left out. Leads that have not what By names count under "".
	LeadsByDay(ctx context.Context, q ReportQuery) ([]DayCount, error)
	// Moves returns the changes of status (events of kind EventStatus) within the span, oldest first, ties in the order of their IDs, at most
	// limit.
	Moves(ctx context.Context, q ReportQuery, limit int) ([]leads.Event, error)
	// Responses returns when leads created within the span were created, assigned, viewed and contacted, at most limit, the newest first, ties by
	// ID in the same direction.
	Responses(ctx context.Context, q ReportQuery, limit int) ([]ResponseRow, error)
}

// ReportQuery is the span of a report.
type ReportQuery struct {
	Tenant   string
	From, To time.Time
	Zone     *time.Location // nil means UTC
	By       ReportBy
}

// ReportBy is what leads are counted by.
type ReportBy string

// What leads can be counted by.
const (
	ByNothing       ReportBy = ""
	BySource        ReportBy = "source"  // the ID of the source of the first touch
	ByChannel       ReportBy = "channel" // the value of the fact "attribution.first.channel"
	ByQualification ReportBy = "qualification"
	ByStatus        ReportBy = "status"
)

// DayCount is how many leads of one group came on one day.
type DayCount struct {
	Day   string // "2026-11-23"
	Group string
	Count int
}

// ResponseRow is how soon one lead was taken care of.
type ResponseRow struct {
	LeadID   string
	Assignee string
	Created  time.Time
	Response leads.Response
}

// Filter selects leads of a tenant; the fields that are not empty all count, and of a list any one.
type Filter struct {
	Tenant         string
	Statuses       []leads.Status
	Stages         []string // stage IDs, see Pipeline; a lead without one stands in that of its status
	Sources        []string // source IDs, of the first touch
	Qualifications []leads.Qualification
	MinScore       int    // 0 means any, also leads without a score
	Assignee       string // who is responsible
	// Unassigned selects leads that nobody is responsible for.
	Unassigned bool
	// Unanswered selects leads that nobody has got in touch with (Response.Contacted).
	Unanswered bool
	Tag        string
	// Search selects leads in whose name, email address, phone number or company every word of it begins a word, without regard to case and
	// the marks of Latin letters. Words are letters and digits; anything else only stands between them. The digits of a phone number are found
	// from the first one on, however they are grouped. At most 200 bytes and eight words count. A search of nothing but signs selects no
	// lead. See [SearchWords] and [ParseSearch].
	Search   string
	From, To time.Time // of creation; From is included and To is not
	// Duplicates selects by whether a lead has more than one submission (Submissions).
	Duplicates Duplicates

	Sort   Sort
	After  string // Page.Next of the page before, or ""
	Offset int    // how many to skip behind After; page numbers are made of it
	Limit  int    // 0 means 20, and above 1,000 means 1,000
}

// Duplicates selects leads by their submissions.
type Duplicates string

// The selections.
const (
	DuplicatesAny     Duplicates = ""
	DuplicatesOnly    Duplicates = "only"
	DuplicatesExclude Duplicates = "exclude"
)

// Sort is an order of leads.
type Sort string

// The orders.
const (
	NewestFirst  Sort = ""        // by creation
	OldestFirst  Sort = "oldest"  // by creation
	HottestFirst Sort = "score"   // by score, those without one last
	ChangedFirst Sort = "updated" // by the last change
)

// Page is a page of leads.
type Page struct {
	Leads []leads.Lead
	// Next is what After must be for the page that follows, or "" if none does. It is opaque and belongs to the order it came from: with another
	// selection, the page begins behind the same place.
	Next string
}
