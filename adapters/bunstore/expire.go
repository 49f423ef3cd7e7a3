package bunstore

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// walks remember how far a rule has come, so that each call goes on where the last one stopped instead of beginning with the oldest rows, which
// have been dealt with and stay. A process that begins anew looks at them once more.
type walks struct {
	mu sync.Mutex
	at map[walk]walkPlace
}

// walk is a rule on its way through the rows of a tenant.
type walk struct {
	tenant, rule string
	before       time.Time
}

// walkPlace is the last row that has been dealt with.
type walkPlace struct{ lead, id uid }

func (w *walks) from(k walk) walkPlace {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at[k]
}

// to remembers a place; the zero one ends the walk, and so does the same rule with another time.
func (w *walks) to(k walk, p walkPlace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for other := range w.at {
		if other.tenant == k.tenant && other.rule == k.rule {
			delete(w.at, other)
		}
	}
	if p == (walkPlace{}) {
		return
	}
	if w.at == nil {
		w.at = make(map[walk]walkPlace)
	}
	w.at[k] = p
}

// Expire is described by [desk.Retention].
func (s *Store) Expire(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("bunstore: expire: %w", err)
	}
	if !validTenant(tenant) || limit <= 0 {
		return 0, nil
	}
	total := 0
	for _, rule := range []struct {
		name   string
		before time.Time
		apply  func(ctx context.Context, k walk, limit int) (int, error)
	}{
		{"leads", before.Leads, s.expireLeads},
		{"touches", before.Clients, s.expireTouches},
		{"quarantined", before.Quarantined, s.expireQuarantined},
		{"raw", before.Raw, s.expireRaw},
		{"clients", before.Clients, s.expireClients},
		{"events", before.Events, s.expireEvents},
	} {
		if rule.before.IsZero() {
			continue
		}
		n, err := rule.apply(ctx, walk{tenant, rule.name, rule.before.UTC()}, limit)
		total += n
		if err != nil {
			return total, fmt.Errorf("bunstore: expire: %w", err)
		}
	}
	return total, nil
}

// before is the time of a rule as an argument: the first whole microsecond that is not older.
func (s *Store) before(k walk) any {
	return s.engine.at(k.before.Add(time.Microsecond - 1).Truncate(time.Microsecond))
}

// rows reads up to limit rows behind the place of a walk.
func (s *Store) rowsOf(ctx context.Context, k walk, text string, limit int, more []any, row func(scan scanFunc) error) error {
	args := append([]any{k.tenant, s.engine.id(s.walks.from(k).id), s.before(k), limit}, more...)
	return s.engine.read().query(ctx, text, args, row)
}

// on goes on to the last of n rows that were found, or ends the walk if there are no more.
func (s *Store) on(k walk, n, limit int, last walkPlace) {
	if n < limit {
		last = walkPlace{}
	}
	s.walks.to(k, last)
}

func (s *Store) expireLeads(ctx context.Context, k walk, limit int) (int, error) {
	for n := 1; n > 0; { // until the listing knows all of them
		var err error
		if n, _, err = s.listSome(ctx, s.engine.statements().unlistedOf, k.tenant, longBatch); err != nil {
			return 0, err
		}
	}
	var ids []uid
	err := s.engine.read().query(ctx, s.engine.statements().oldest, []any{k.tenant, ceilMicro(k.before), limit}, func(scan scanFunc) error {
		ids = append(ids, uid{})
		return scan(&ids[len(ids)-1])
	})
	erased := 0
	for _, id := range ids {
		if err != nil {
			break
		}
		err = s.eraseIf(ctx, k.tenant, id, func(row *leadRow) bool {
			return (row.Status == string(leads.StatusConverted) || row.Status == string(leads.StatusClosed)) && row.UpdatedAt.Before(k.before)
		})
		if err == nil {
			erased++
		} else if errors.Is(err, errKept) || errors.Is(err, leads.ErrNotFound) {
			err = nil
		}
	}
	return erased, err
}

// clearTouches takes away who the client was, of touches that are older than before, and reports whether that changed anything.
func clearTouches(lead *leads.Lead, before time.Time) (changed bool) {
	for _, touch := range []*leads.Touch{&lead.First, &lead.Last} {
		if touch.At.Before(before) && (touch.Client.IsValid() || touch.UserAgent != "") {
			touch.Client, touch.UserAgent, changed = netip.Addr{}, "", true
		}
	}
	return changed
}

func (s *Store) expireTouches(ctx context.Context, k walk, limit int) (changed int, err error) {
	for found := limit; found == limit && changed == 0; {
		var ids []uid
		var last walkPlace
		found = 0
		err := s.rowsOf(ctx, k, s.engine.statements().oldTouches, limit, []any{[]byte(`"Client":`), []byte(`"UserAgent":`)}, func(scan scanFunc) error {
			var r leadRow
			if err := r.scan(scan); err != nil {
				return err
			}
			lead, err := r.lead()
			found, last = found+1, walkPlace{id: r.ID}
			if clearTouches(&lead, k.before) {
				ids = append(ids, r.ID)
			}
			return err
		})
		if err != nil {
			return changed, err
		}
		for _, id := range ids {
			err := s.expireTouch(ctx, k, id)
			if err != nil && !errors.Is(err, leads.ErrNotFound) {
				return changed, err
			}
			changed++
		}
		s.on(k, found, limit, last)
	}
	return changed, nil
}

func (s *Store) expireTouch(ctx context.Context, k walk, id uid) error {
	return s.engine.write(ctx, func(ctx context.Context, t tx) error {
		row := leadRow{TenantID: k.tenant, ID: id}
		if err := s.lockLead(ctx, t, &row); err != nil {
			return err
		}
		lead, err := row.lead()
		if err != nil || !clearTouches(&lead, k.before) {
			return err
		}
		return s.storeLead(ctx, t, &row, &lead, nil, nil)
	})
}

func (s *Store) expireQuarantined(ctx context.Context, k walk, limit int) (n int, err error) {
	var ids []uid
	args := []any{k.tenant, s.engine.id(uid{}), s.before(k), limit}
	err = s.engine.read().query(ctx, s.engine.statements().oldQuarantined, args, func(scan scanFunc) error {
		ids = append(ids, uid{})
		return scan(&ids[len(ids)-1])
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
		n = 0
		for _, id := range ids {
			err := s.deleteQuarantined(ctx, t, k.tenant, id)
			switch {
			case err == nil:
				n++
			case !errors.Is(err, leads.ErrNotFound):
				return err
			}
		}
		return nil
	})
	return n, err
}

func (s *Store) expireRaw(ctx context.Context, k walk, limit int) (int, error) {
	var ids []uid
	err := s.rowsOf(ctx, k, s.engine.statements().oldRaw, limit, nil, func(scan scanFunc) error {
		ids = append(ids, uid{})
		return scan(&ids[len(ids)-1])
	})
	if err == nil && len(ids) > 0 {
		err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
			for _, id := range ids {
				if _, err := t.exec(ctx, s.engine.statements().dropRaw, k.tenant, s.engine.id(id)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return 0, err
	}
	last := walkPlace{}
	if len(ids) > 0 {
		last.id = ids[len(ids)-1]
	}
	s.on(k, len(ids), limit, last)
	return len(ids), nil
}

func (s *Store) expireClients(ctx context.Context, k walk, limit int) (changed int, err error) {
	for found := limit; found == limit && changed == 0; {
		var rows []submissionRow
		err := s.rowsOf(ctx, k, s.engine.statements().oldClients, limit, []any{[]byte(`"client":`), []byte(`"userAgent":`)}, func(scan scanFunc) error {
			rows = append(rows, submissionRow{})
			return rows[len(rows)-1].read(scan)
		})
		if err != nil {
			return 0, err
		}
		if err := s.engine.write(ctx, func(ctx context.Context, t tx) (err error) {
			changed, err = s.clearClients(ctx, t, rows)
			return err
		}); err != nil {
			return 0, err
		}
		found = len(rows)
		last := walkPlace{}
		if found > 0 {
			last.id = rows[found-1].ID
		}
		s.on(k, found, limit, last)
	}
	return changed, nil
}

// clearClients takes away who the client was. A submission without address and number is known by a digest that the client is a part of; it
// goes too, for it could not be found again.
func (s *Store) clearClients(ctx context.Context, t tx, rows []submissionRow) (changed int, err error) {
	for i := range rows {
		row := rows[i]
		sub, err := row.submission()
		if err != nil {
			return 0, err
		}
		if !sub.Client.IsValid() && sub.UserAgent == "" {
			continue
		}
		if id := leads.Identify(sub); id.Kind == leads.IdentityBody && row.LeadID != (uid{}) {
			if err := s.dropIdentity(ctx, t, row.TenantID, row.LeadID, id); err != nil {
				return 0, err
			}
		}
		sub.Client, sub.UserAgent = netip.Addr{}, ""
		if err := row.fill(&sub, row.LeadID); err != nil {
			return 0, err
		}
		if _, err := t.exec(ctx, s.engine.statements().setSubDoc, row.TenantID, s.engine.id(row.ID), row.Doc); err != nil {
			return 0, err
		}
		changed++
	}
	return changed, nil
}

func (s *Store) expireEvents(ctx context.Context, k walk, limit int) (int, error) {
	var found []walkPlace
	at := s.walks.from(k)
	args := []any{k.tenant, s.engine.id(at.lead), s.before(k), limit, s.engine.id(at.id)}
	err := s.engine.read().query(ctx, s.engine.statements().oldEvents, args, func(scan scanFunc) error {
		found = append(found, walkPlace{})
		p := &found[len(found)-1]
		return scan(&p.lead, &p.id)
	})
	if err == nil && len(found) > 0 {
		err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
			for _, p := range found {
				if _, err := t.exec(ctx, s.engine.statements().dropEvent, k.tenant, s.engine.id(p.lead), s.engine.id(p.id)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return 0, err
	}
	last := walkPlace{}
	if len(found) > 0 {
		last = found[len(found)-1]
	}
	s.on(k, len(found), limit, last)
	return len(found), nil
}
