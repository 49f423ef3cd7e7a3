// Package bunstore keeps leads in SQLite or PostgreSQL, through uptrace/bun. It is the default [leads.Store].
//
//	store, err := bunstore.OpenSQLite("leads.db")
//
// [OpenPostgres] is for several processes on one database, [New] for a host that has its own *bun.DB; then [Store.CaptureTx] captures
// a lead in the host's own transaction. Opening touches no database: the first use checks that commits are durable, migrates the schema and
// goes on, with its caller's context; when that fails it is tried again by the next use, so that a database which is down at
// the start needs no restart. [Store.Migrate] does the same by hand.
//
// Every table has a prefix, and every key begins with tenant_id. The statements of the capture, of claiming, settling and following up are
// written by hand and run through bun's own *sql.DB, because bun's builder sends literals, which costs three times as much there;
// all else is built by bun. Lead content is never handed to a SQL JSON function or to bun as JSON: documents are encoded here and
// stored as bytes.
//
// All writes of a process that wait for SQLite share one transaction, and so one fsync; on PostgreSQL all settlements do, all spending of quotas, and
// all changes of enrolments.
//
// What package desk lists, searches and counts is found in a listing, which [Store.Background] writes after the leads. Nobody has to wait for it: a
// lead that is not listed as it is now is read itself. SQLite needs FTS5 for it, which modernc.org/sqlite has and other drivers may have to be built with.
package bunstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"github.com/openleads/leads"
)

// Options sets a Store on the host's own database. The zero value of each field is its default.
type Options struct {
	// Prefix begins the name of every table: lower-case letters, digits and "_", at most 30 bytes. "" means "leads_".
	Prefix string
	// AllowUnsafeDurability lets the Store work on a database whose commits may be lost by a crash or a power cut, such as SQLite with
	// synchronous=NORMAL. [Store.Check] still reports it.
	AllowUnsafeDurability bool
	// Reader is used for reading instead of the database given to New. On SQLite it can be a pool with query_only.
	Reader *bun.DB
	// Clock stands in for the clock of this machine in tests. It is used on SQLite only: PostgreSQL has a clock that all
	// processes share. Nil means time.Now.
	Clock func() time.Time
}

// Store is a [leads.Store] that can also do all that [leads.History], [leads.Lister], [leads.Editor], [leads.Records], [leads.Deliveries],
// [leads.Background] and [leads.Checker] ask for, and packages notify, sequence and desk of a Store. It may be used concurrently.
type Store struct {
	db, reader *bun.DB
	engine     engine
	prefix     string
	unsafe     bool
	close      func() error

	isReady atomic.Bool
	opening chan struct{} // holds a token while nobody opens

	turns turns
	walks walks
	few   int // see fewUnlisted

	written atomic.Int64 // counts leads that are captured, and outcomes that are settled
	busy    atomic.Bool  // there are many of them

	outlays atomic.Int64 // counts what is spent
	steps   steps
}

var (
	_ leads.Store      = (*Store)(nil)
	_ leads.History    = (*Store)(nil)
	_ leads.Lister     = (*Store)(nil)
	_ leads.Background = (*Store)(nil)
	_ leads.Checker    = (*Store)(nil)
	_ leads.Editor     = (*Store)(nil)
	_ leads.Records    = (*Store)(nil)
	_ leads.Deliveries = (*Store)(nil)
)

// New returns a Store on the host's own database, whose dialect must be SQLite's or, over pgx/v5/stdlib, PostgreSQL's. The host keeps the
// database: Close does not close it. On SQLite, the transaction lock mode of the host's connections does not matter.
func New(db *bun.DB, opts *Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("bunstore: New: db is required")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	o.Prefix = cmp.Or(o.Prefix, "leads_")
	if !prefixes.MatchString(o.Prefix) {
		return nil, fmt.Errorf("bunstore: Options.Prefix %q is not made of lower-case letters, digits and _, or too long", o.Prefix)
	}
	if o.Reader == nil {
		o.Reader = db
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &Store{db: db, reader: o.Reader, prefix: o.Prefix, unsafe: o.AllowUnsafeDurability, opening: make(chan struct{}, 1), few: fewUnlisted, steps: usualSteps}
	s.opening <- struct{}{}
	switch db.Dialect().Name() {
	case dialect.SQLite:
		s.engine = newSQLite(db.DB, o.Reader.DB, o.Prefix, o.Clock)
	case dialect.PG:
		s.engine = newPostgres(db.DB, o.Reader.DB, o.Prefix)
	default:
		return nil, fmt.Errorf("bunstore: dialect %s is neither SQLite's nor PostgreSQL's", db.Dialect().Name())
	}
	return s, nil
}

var prefixes = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,29}$`)

// Close closes the database that OpenSQLite or OpenPostgres opened. Use it when nothing uses the Store any more.
func (s *Store) Close() error {
	err := s.engine.close()
	if s.close != nil {
		err = errors.Join(err, s.close())
	}
	return err
}

// Migrate brings the tables up to date. It may run in any number of processes at once, be killed anywhere and be called again. It
// is not needed: the first use of the Store does the same.
func (s *Store) Migrate(ctx context.Context) error { return s.ready(ctx) }

// ready makes the store usable: once, but again for as long as it fails.
func (s *Store) ready(ctx context.Context) error {
	if s.isReady.Load() {
		return nil
	}
	select {
	case <-s.opening:
		defer func() { s.opening <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("bunstore: open: %w", ctx.Err())
	}
	if s.isReady.Load() {
		return nil
	}
	if err := s.open(ctx); err != nil {
		return fmt.Errorf("bunstore: open: %w", err)
	}
	s.isReady.Store(true)
	return nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.engine.prepare(ctx); err != nil {
		return err
	}
	findings, err := s.engine.durability(ctx)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Fatal && !s.unsafe {
			return fmt.Errorf("%s: %s (or set Options.AllowUnsafeDurability)", f.Message, f.Fix)
		}
	}
	return s.migrate(ctx)
}

// lazily guards what is made on first use.
type lazily[T any] struct {
	mu    sync.Mutex
	value map[string]T
}

func (l *lazily[T]) get(key string, build func() T) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.value[key]
	if !ok {
		if l.value == nil {
			l.value = make(map[string]T)
		}
		v = build()
		l.value[key] = v
	}
	return v
}
