package bunstore

import (
	"context"
	"time"

	"github.com/openleads/leads"
)

// How leads are listed. A batch is how many are in one transaction, which others may wait for, and a rest how long nothing is listed afterwards, in times
// of what the batch took: whoever captures comes first.
const (
	listEvery = 500 * time.Millisecond
	listBatch = 100
	listRest  = 0.5
	// Where thousands wait to be listed, as after an upgrade, a batch is a longBatch: that writes far fewer pages.
	longBatch  = 500
	manyListed = 1000
	// While more than busyRate leads a second are captured or settled, a batch is a shortBatch, with a longRest.
	busyRate   = 100.0
	shortBatch = 25
	longRest   = 9.0
	// A list reads up to fewUnlisted leads itself. While there are more, it helps to list them, for up to helping; after that, or where much is captured,
	// it reads up to manyUnlisted itself, and helps on while there are more than those.
	fewUnlisted  = 500
	manyUnlisted = 20_000
	helping      = 2 * time.Second
)

// lister lists leads for one Background, and sees how busy the Store is.
type lister struct {
	s    *Store
	seen int64 // Store.written at that time
	at   time.Time
}

// all lists leads, tenant after tenant, until none is left. What fails is left for the next time.
func (l *lister) all(ctx context.Context) {
	if l.s.ready(ctx) != nil {
		return
	}
	at := place{}
	for listed := 0; ctx.Err() == nil; {
		batch, rest := l.pace(listed)
		began := time.Now()
		n, last, err := l.s.listSome(ctx, l.s.engine.statements().unlistedBehind, at.tenant, l.s.engine.id(at.lead), batch)
		if err != nil || n < batch {
			return
		}
		at, listed = last, listed+n
		pause(ctx, time.Duration(rest*float64(time.Since(began))))
	}
}

// pace tells how many leads are listed next, and how long the rest after it is, when so many have been listed in a row.
func (l *lister) pace(listed int) (batch int, rest float64) {
	l.look(time.Now())
	switch {
	case l.s.busy.Load():
		return shortBatch, longRest
	case listed > manyListed:
		return longBatch, listRest
	}
	return listBatch, listRest
}

// look sees, some times a second, how much has been written since it last looked.
func (l *lister) look(now time.Time) {
	since := now.Sub(l.at)
	if since < 100*time.Millisecond {
		return
	}
	n := l.s.written.Load()
	l.s.busy.Store(float64(n-l.seen) > busyRate*since.Seconds())
	l.seen, l.at = n, now
}

// place is where an unlisted lead was found, behind which the next ones are.
type place struct {
	tenant string
	lead   uid
}

// listSome lists up to a batch of the leads found by a query and returns how many there were, and the last one.
func (s *Store) listSome(ctx context.Context, text string, args ...any) (n int, last place, err error) {
	err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
		var rows []*listingRow
		err := t.query(ctx, text, args, func(scan scanFunc) error {
			var r leadRow
			if err := r.scan(scan); err != nil {
				return err
			}
			rows = append(rows, r.listing())
			return nil
		})
		n = len(rows)
		if err != nil || n == 0 {
			return err
		}
		last = place{rows[n-1].tenant, rows[n-1].lead}
		return s.engine.list(ctx, t, rows)
	})
	return n, last, err
}

// unlisted returns the tenant's leads that are not listed as they are, by ID, and helps to list them while there are many.
func (s *Store) unlisted(ctx context.Context, tenant string) (map[uid]leads.Lead, error) {
	for until, most := today().Add(helping), s.few; ; {
		if s.busy.Load() || today().After(until) {
			most = manyUnlisted
		}
		found, err := s.readUnlisted(ctx, tenant, most)
		if err != nil || len(found) <= most {
			return found, err
		}
		for listed := 0; listed < len(found); listed += longBatch {
			if n, _, err := s.listSome(ctx, s.engine.statements().unlistedOf, tenant, longBatch); err != nil || n == 0 {
				break // somebody else lists them
			}
		}
	}
}

// readUnlisted reads up to most and one more.
func (s *Store) readUnlisted(ctx context.Context, tenant string, most int) (map[uid]leads.Lead, error) {
	var found map[uid]leads.Lead
	err := s.read(ctx, "unlisted leads", s.engine.statements().readUnlisted, validTenant(tenant), []any{tenant, most + 1}, func(scan scanFunc) error {
		var r leadRow
		if err := r.scan(scan); err != nil {
			return err
		}
		if found == nil {
			found = make(map[uid]leads.Lead)
		}
		lead, err := r.lead()
		found[r.ID] = lead
		return err
	})
	return found, err
}
