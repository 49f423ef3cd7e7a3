package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// maxKey bounds an idempotency key, in bytes.
const maxKey = 255

// keyLife is how long an idempotency key is known.
const keyLife = 72 * time.Hour

// member is a submission on its way through a capture.
type member struct {
	given   *ingest.Submission
	id      uid
	source  uid
	release bool // it is a quarantined one that a person has released

	// What follows is made anew by each attempt.
	sub    ingest.Submission
	person *person
	use    *keyUse
	row    submissionRow
	got    leads.Captured
}

// person is an identity in a capture: all members with that identity belong to it, one after the other.
type person struct {
	tenant   string
	identity leads.Identity
	proposed uid // the ID that its lead gets if it has none
	leadID   uid
	lead     leads.Lead // as it is, with what the members so far have made of it
	changed  bool
}

// keyUse is an idempotency key in a capture.
type keyUse struct {
	tenant string
	source uid
	key    string
	// own is the submission that uses the key in this batch, with the lead it gets if that is a new one.
	own, ownLead uid
	digest       [32]byte
	received     time.Time
	// What the store knows under the key once it has been claimed: own, or an earlier submission.
	submission, lead uid
	known            []byte
	first            *member // the member that claims the key
}

// changes is what a capture or a settlement writes.
type changes struct {
	submissions []*submissionRow
	leads       []leadRow
	events      []eventRow
	tasks       []taskRow
	deliveries  []deliveryRow
	enrollments []*enrollmentRow
	repoints    []*person
	keys        []*keyUse // whose lead is another than the proposed one
	announce    bool      // tell other processes that there is work
}

// Capture is described by [leads.Store].
func (s *Store) Capture(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	answers := make([]leads.Captured, len(subs))
	members, at := make([]*member, 0, len(subs)), make([]int, 0, len(subs))
	for i := range subs {
		m, err := newMember(&subs[i])
		if err != nil {
			answers[i] = leads.Captured{SubmissionID: subs[i].ID, Err: err}
			continue
		}
		members, at = append(members, m), append(at, i)
	}
	if err := s.captureAll(ctx, members); err != nil {
		return nil, fmt.Errorf("bunstore: capture: %w", err)
	}
	s.written.Add(int64(len(members)))
	for i, m := range members {
		answers[at[i]] = m.got
	}
	return answers, nil
}

// CaptureTx captures a submission in the host's own transaction, so that the host's rows and the lead are committed together or not at
// all. A host with a *sql.Tx gives bun.Tx{Tx: tx}. After an error the transaction can go on: what the capture wrote
// is undone.
//
// CaptureTx needs a Store made by New on the database of the transaction, and [Store.Migrate] to have been called: within
// the host's transaction, no other one can make the tables. On SQLite, begin the transaction with _txlock=immediate, so that it does not fail
// when it turns from reading to writing while somebody else writes.
func (s *Store) CaptureTx(ctx context.Context, tx bun.Tx, sub ingest.Submission) (leads.Captured, error) {
	if !s.isReady.Load() {
		return leads.Captured{}, errNotReady
	}
	m, err := newMember(&sub)
	if err != nil {
		return leads.Captured{}, err
	}
	t := s.engine.host(tx)
	err = withSavepoint(ctx, t, "leads_capture", func() error { return s.captureSome(ctx, t, []*member{m}) })
	if err != nil {
		return leads.Captured{}, fmt.Errorf("bunstore: capture: %w", err)
	}
	return m.got, nil
}

var errNotReady = errors.New("bunstore: CaptureTx: call Migrate before the transaction begins")

func withSavepoint(ctx context.Context, t tx, name string, work func() error) error {
	if _, err := t.exec(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	if err := work(); err != nil {
		if _, undo := t.exec(ctx, "ROLLBACK TO SAVEPOINT "+name); undo != nil {
			return fmt.Errorf("%w: %w (%w)", errUndo, err, undo)
		}
		return err
	}
	_, err := t.exec(ctx, "RELEASE SAVEPOINT "+name)
	return err
}

func newMember(sub *ingest.Submission) (*member, error) {
	m := &member{given: sub}
	if !validTenant(sub.Tenant) {
		return nil, fmt.Errorf("%w: Submission.Tenant %.40q", leads.ErrInvalid, sub.Tenant)
	}
	if len(sub.Key) > maxKey {
		return nil, fmt.Errorf("%w: Submission.Key has more than %d bytes", leads.ErrInvalid, maxKey)
	}
	for _, name := range ingest.KnownFields() {
		if !storable(*sub.Fields.Field(name)) {
			return nil, fmt.Errorf("%w: Submission.Fields.%s is not UTF-8 or holds NUL", leads.ErrInvalid, name)
		}
	}
	return m, checkIDs(idField{"Submission.ID", sub.ID, &m.id, false}, idField{"Submission.SourceID", sub.SourceID, &m.source, true})
}

// captureAll captures the members in one transaction. If the database refuses some of their data, the transaction is done again with
// savepoints that close in on the members at fault.
func (s *Store) captureAll(ctx context.Context, members []*member) error {
	if len(members) == 0 {
		return nil
	}
	err := s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.captureSome(ctx, t, members) })
	if err == nil || !isDataError(err) {
		return err
	}
	return s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.captureHalves(ctx, t, members) })
}

func (s *Store) captureHalves(ctx context.Context, t tx, members []*member) error {
	err := withSavepoint(ctx, t, "leads_half", func() error { return s.captureSome(ctx, t, members) })
	switch {
	case err == nil || !isDataError(err):
		return err
	case len(members) == 1:
		members[0].got = leads.Captured{SubmissionID: members[0].given.ID, Err: fmt.Errorf("bunstore: capture: %w", err)}
		return nil
	}
	half := len(members) / 2
	if err := s.captureHalves(ctx, t, members[:half]); err != nil {
		return err
	}
	return s.captureHalves(ctx, t, members[half:])
}

// captureSome captures the members in order. It begins from nothing, however often it is called.
func (s *Store) captureSome(ctx context.Context, t tx, members []*member) error {
	for _, m := range members {
		m.sub, m.person, m.use = *m.given, nil, nil
		m.got = leads.Captured{SubmissionID: m.given.ID}
	}
	people := identify(members)
	if keys := keysOf(members); len(keys) > 0 {
		if err := s.engine.claimKeys(ctx, t, keys); err != nil {
			return err
		}
	}
	people = applyKeys(members, people)
	if len(people) > 0 {
		if err := s.engine.findPeople(ctx, t, people); err != nil {
			return err
		}
	}
	unify(members)
	c, err := fold(members)
	if err != nil {
		return err
	}
	return s.engine.store(ctx, t, c)
}

// unify lets members with different identities of one lead share it.
func unify(members []*member) {
	owners := make(map[uid]*person, len(members))
	for _, m := range members {
		if m.person == nil {
			continue
		}
		if p, ok := owners[m.person.leadID]; ok {
			m.person = p
		} else {
			owners[m.person.leadID] = m.person
		}
	}
}

// identify finds out who the accepted members are.
func identify(members []*member) []*person {
	type name struct {
		tenant   string
		identity leads.Identity
	}
	known := make(map[name]*person, len(members))
	people := make([]*person, 0, len(members))
	for _, m := range members {
		if m.sub.Verdict == ingest.Quarantined {
			continue
		}
		n := name{m.sub.Tenant, leads.Identify(m.sub)}
		p := known[n]
		if p == nil {
			proposed, _ := parseID(leads.NewID())
			p = &person{tenant: n.tenant, identity: n.identity, proposed: proposed}
			known[n] = p
			people = append(people, p)
		}
		m.person = p
	}
	return people
}

// keysOf returns the keys that the members use, each with the first member that uses it. They are sorted, so that two captures lock
// them in the same order.
func keysOf(members []*member) []*keyUse {
	type name struct {
		tenant string
		source uid
		key    string
	}
	var known map[name]*keyUse
	var keys []*keyUse
	for _, m := range members {
		if m.sub.Key == "" || m.release {
			continue
		}
		n := name{m.sub.Tenant, m.source, m.sub.Key}
		use := known[n]
		if use == nil {
			use = &keyUse{tenant: n.tenant, source: n.source, key: n.key, own: m.id, digest: m.sub.Digest, received: m.sub.Received, first: m}
			if m.person != nil {
				use.ownLead = m.person.proposed
			}
			if known == nil {
				known = make(map[name]*keyUse, len(members))
			}
			known[n] = use
			keys = append(keys, use)
		}
		m.use = use
	}
	slices.SortFunc(keys, func(a, b *keyUse) int {
		return cmp.Or(strings.Compare(a.tenant, b.tenant), bytes.Compare(a.source[:], b.source[:]), strings.Compare(a.key, b.key))
	})
	return keys
}

// applyKeys takes out the members that repeat an earlier submission, and returns the people that are left, sorted likewise.
func applyKeys(members []*member, people []*person) []*person {
	repeats := false
	for _, m := range members {
		switch {
		case m.use == nil || m.use.first == m && m.use.submission == m.id:
		case bytes.Equal(m.use.known, m.sub.Digest[:]):
			m.got.Repeated, repeats = true, true
			m.person = nil
		default:
			m.sub.Key, m.use = "", nil
			m.sub.Flags = withFlag(m.sub.Flags, ingest.FlagKeyConflict)
		}
	}
	if repeats {
		left := make(map[*person]bool, len(people))
		for _, m := range members {
			left[m.person] = true
		}
		people = slices.DeleteFunc(people, func(p *person) bool { return !left[p] })
	}
	slices.SortFunc(people, func(a, b *person) int {
		return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(string(a.identity.Kind), string(b.identity.Kind)),
			strings.Compare(a.identity.Value, b.identity.Value))
	})
	return people
}

// withFlag adds a flag in its place: FlagKeyInvalid alone comes after FlagKeyConflict.
func withFlag(flags []ingest.Flag, f ingest.Flag) []ingest.Flag {
	if slices.Contains(flags, f) {
		return flags
	}
	if i := slices.Index(flags, ingest.FlagKeyInvalid); i >= 0 {
		return slices.Insert(slices.Clone(flags), i, f)
	}
	return append(slices.Clip(flags), f)
}
