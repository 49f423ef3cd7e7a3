// Package memstore keeps leads in memory. It is the reference [leads.Store]: the shortest one that keeps the whole contract, to be read
// before writing another, and the store of tests and simulations. What it holds ends with the process.
//
//	engine, err := leads.New(leads.Config{Store: memstore.New(nil)})
//
// A Store is a set of tables under one lock. A method that changes them checks first everything that can fail and writes then, so that
// what it does is done whole or not at all. The rules of matching, merging and searching are not here: [leads.Identify], [leads.Fold]
// and [desk.SearchWords] say what to write. capture.go takes submissions in, queue.go holds the tasks, history.go and sources.go what can be
// told of them, find.go finds leads and erase.go removes them, reports.go counts. The other files hold what people, notifications and sequences
// need, one interface each.
package memstore

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// Store keeps leads in memory. It implements [leads.Store] and everything that the parts of this module need of one besides.
type Store struct {
	clock func() time.Time

	mu     sync.Mutex
	tables tables
	// fence is the newest fencing token; one counter for all tasks grows for each of them.
	fence int64
	// turns names the tenant whose task of a kind was claimed last.
	turns map[leads.TaskKind]string
}

var (
	_ leads.Store    = (*Store)(nil)
	_ leads.History  = (*Store)(nil)
	_ leads.Lister   = (*Store)(nil)
	_ sequence.Store = (*Store)(nil)
	_ notify.Desk    = (*Store)(nil)
	_ desk.Store     = (*Store)(nil)
)

// Options sets a Store. The zero value of each field is its default.
type Options struct {
	// Clock is the Store's clock: due times and leases go by it. Nil means time.Now.
	Clock func() time.Time
}

// New returns an empty Store. opts may be nil.
func New(opts *Options) *Store {
	s := &Store{clock: time.Now, tables: newTables(), turns: make(map[leads.TaskKind]string)}
	if opts != nil && opts.Clock != nil {
		s.clock = opts.Clock
	}
	return s
}

// key is a primary key. Every one begins with the tenant, so that no look-up can reach another tenant's row.
type key struct{ tenant, id string }

// tables is what a Store holds.
type tables struct {
	sources      map[key]ingest.Source
	tokens       map[string]key   // the source that a token belongs to
	active       map[key][]string // by source, its tokens in their order
	submissions  map[key]submission
	keys         map[idempotency]string // the submission that used an idempotency key last
	leads        map[key]leads.Lead
	identities   map[identity]string              // the lead that an identity belongs to
	timelines    map[key][]leads.Event            // by lead, oldest first
	arrivals     map[key][]string                 // by lead, its submissions, oldest first
	tasks        map[key]leads.Task               // without their deliveries
	deliveries   map[key]leads.Delivery           // by tenant and Delivery.Key
	effects      map[key][]string                 // by task, the keys of its deliveries, oldest first
	records      map[kind]map[string]leads.Record // by ID
	enrollments  map[key]sequence.Enrollment
	suppressions map[string]map[pair]sequence.Suppression // by tenant
	consents     map[key][]sequence.Consent               // by tenant and address key, in the order in which they came
	agreed       map[key]bool                             // the consents that there are, by tenant and ID
	spent        map[key]count                            // by tenant and Quota.Key
	routing      map[string]json.RawMessage               // by tenant, what its last routing decision left
	trail        map[key]desk.Entry
}

// submission is a stored submission and the lead it belongs to: "" while it is quarantined.
type submission struct {
	ingest.Submission
	leadID string
}

type idempotency struct{ tenant, source, key string }

type identity struct {
	tenant string
	leads.Identity
}

func newTables() tables {
	return tables{
		sources:      make(map[key]ingest.Source),
		tokens:       make(map[string]key),
		active:       make(map[key][]string),
		submissions:  make(map[key]submission),
		keys:         make(map[idempotency]string),
		leads:        make(map[key]leads.Lead),
		identities:   make(map[identity]string),
		timelines:    make(map[key][]leads.Event),
		arrivals:     make(map[key][]string),
		tasks:        make(map[key]leads.Task),
		deliveries:   make(map[key]leads.Delivery),
		effects:      make(map[key][]string),
		records:      make(map[kind]map[string]leads.Record),
		enrollments:  make(map[key]sequence.Enrollment),
		suppressions: make(map[string]map[pair]sequence.Suppression),
		consents:     make(map[key][]sequence.Consent),
		agreed:       make(map[key]bool),
		spent:        make(map[key]count),
		routing:      make(map[string]json.RawMessage),
		trail:        make(map[key]desk.Entry),
	}
}

// begin takes the lock for one operation, unless its caller has given up. The caller releases it.
func (s *Store) begin(ctx context.Context, operation string) error {
	s.mu.Lock()
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return fmt.Errorf("memstore: %s: %w", operation, err)
	}
	return nil
}

// now is the Store's clock in the resolution of everything stored.
func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// pageSize is how many entries a page has when limit are asked for.
func pageSize(limit int) int {
	if limit == 0 {
		return 100
	}
	return min(max(0, limit), 1000)
}

// checkID refuses what a database with UUID columns would refuse.
func checkID(what, id string) error {
	if uuid.Validate(id) != nil {
		return fmt.Errorf("memstore: %w: the ID of %s is not a UUID", leads.ErrInvalid, what)
	}
	return nil
}
