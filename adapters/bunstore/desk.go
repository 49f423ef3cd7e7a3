package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

var _ notify.Desk = (*Store)(nil)

// Route is described by [notify.Desk]. Its decisions take turns by a row of the tenant's, which is locked until they are stored.
func (s *Store) Route(
	ctx context.Context, tenant, leadID string, decide func(notify.Book) (notify.Decision, error),
) (leads.Lead, error) {
	return s.onLead(ctx, "route", tenant, leadID, func(ctx context.Context, t tx, row *leadRow) (refused, err error) {
		state, err := s.lockDesk(ctx, t, tenant)
		if err == nil {
			err = s.lockLead(ctx, t, row)
		}
		if err != nil {
			return nil, err
		}
		book, err := s.book(ctx, t, row)
		if err != nil {
			return nil, err
		}
		book.State = state
		decision, refused := decide(book)
		if refused != nil {
			return refused, nil
		}
		return nil, s.decided(ctx, t, row, decision)
	})
}

// lockDesk keeps others from deciding about leads of the tenant, and returns the state that the last decision left.
func (s *Store) lockDesk(ctx context.Context, t tx, tenant string) (state json.RawMessage, err error) {
	found := false
	read := func(scan scanFunc) error {
		found = true
		return scan((*[]byte)(&state))
	}
	err = t.query(ctx, s.engine.statements().desk, []any{tenant}, read)
	if err == nil && !found {
		err = t.query(ctx, s.engine.statements().addDesk, []any{tenant}, read)
	}
	return state, err
}

// book reads what a decision about the lead rests on.
func (s *Store) book(ctx context.Context, t tx, row *leadRow) (b notify.Book, err error) {
	if b.Lead, err = row.lead(); err != nil {
		return b, err
	}
	b.Open = make(map[string]int)
	err = t.query(ctx, s.engine.statements().workload, []any{row.TenantID}, func(scan scanFunc) error {
		var person string
		var n int
		err := scan(&person, &n)
		b.Open[person] = n
		return err
	})
	at := strings.LastIndexByte(row.Email, '@')
	if err != nil || at < 0 || at == len(row.Email)-1 {
		return b, err
	}
	args := []any{row.TenantID, row.Email[at+1:], s.engine.id(row.ID)}
	err = t.query(ctx, s.engine.statements().owner, args, func(scan scanFunc) error { return scan(&b.Owner) })
	return b, err
}

// decided stores a decision. Nobody is made responsible, and nobody taken away, when it names nobody.
func (s *Store) decided(ctx context.Context, t tx, row *leadRow, d notify.Decision) error {
	if d.State != nil {
		if _, err := t.exec(ctx, s.engine.statements().setDesk, row.TenantID, []byte(d.State)); err != nil {
			return err
		}
	}
	lead, err := row.lead()
	if err != nil {
		return err
	}
	if d.Assign.To != "" {
		if event, changed := lead.Assign(d.Assign, today()); changed {
			return s.storeLead(ctx, t, row, &lead, []leads.Event{event}, d.Tasks)
		}
	}
	var c changes
	if err := c.addOf(row.TenantID, row.ID.String(), nil, d.Tasks); err != nil {
		return err
	}
	return s.engine.store(ctx, t, &c)
}

// Unassigned is described by [notify.Desk]. A limit of 0 means 100, and above 1,000 means 1,000.
func (s *Store) Unassigned(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
	var page []leads.Lead
	err := s.read(ctx, "unassigned", s.engine.statements().unassigned, validTenant(tenant), []any{tenant, pageOf(limit)}, func(scan scanFunc) error {
		var row leadRow
		if err := row.scan(scan); err != nil {
			return err
		}
		lead, err := row.lead()
		page = append(page, lead)
		return err
	})
	return slices.Clip(page), err
}

// read runs a statement that reads, unless what is asked for cannot be there.
func (s *Store) read(ctx context.Context, operation, text string, possible bool, args []any, row func(scan scanFunc) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("bunstore: %s: %w", operation, err)
	}
	if !possible {
		return nil
	}
	if err := s.engine.read().query(ctx, text, args, row); err != nil {
		return fmt.Errorf("bunstore: %s: %w", operation, err)
	}
	return nil
}
