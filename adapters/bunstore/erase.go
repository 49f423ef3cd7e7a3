package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// EraseLead is described by [desk.Leads]. What was deleted can be read in the files of the database until they are cleaned: on SQLite by VACUUM and
// a checkpoint, on PostgreSQL by VACUUM FULL and the end of the log that is kept.
func (s *Store) EraseLead(ctx context.Context, tenant, leadID string) error {
	id, ok := parseID(leadID)
	if !ok || !validTenant(tenant) {
		return leads.ErrNotFound
	}
	err := s.eraseIf(ctx, tenant, id, func(*leadRow) bool { return true })
	if errors.Is(err, leads.ErrNotFound) {
		return leads.ErrNotFound
	}
	return err
}

// errKept says that a lead is not to be erased as it is now.
var errKept = errors.New("the lead has changed")

// eraseIf erases a lead if it is then as it must be, and else returns errKept.
func (s *Store) eraseIf(ctx context.Context, tenant string, id uid, erasable func(row *leadRow) bool) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	err := s.engine.write(ctx, func(ctx context.Context, t tx) error {
		row := leadRow{TenantID: tenant, ID: id}
		if err := s.hold(ctx, t, &row); err != nil {
			return err
		}
		if !erasable(&row) {
			return errKept
		}
		return s.erase(ctx, t, &row)
	})
	if err != nil {
		return fmt.Errorf("bunstore: erase lead: %w", err)
	}
	return nil
}

// hold locks a lead with what belongs to it, in the order in which captures, enrolments and settlements lock: keys, identities, enrolments, tasks,
// lead. The keys and identities are gone then.
func (s *Store) hold(ctx context.Context, t tx, row *leadRow) error {
	e, args := s.engine, []any{row.TenantID, s.engine.id(row.ID)}
	if there, err := finds(ctx, t, e.statements().peek, args); err != nil || !there {
		return orElse(err, leads.ErrNotFound)
	}
	if err := s.dropNames(ctx, t, row); err != nil {
		return err
	}
	for _, text := range []string{e.statements().holdEnrollments, e.statements().holdTasksOf} {
		if err := t.query(ctx, text, args, func(scanFunc) error { return nil }); err != nil {
			return err
		}
	}
	return s.lockLead(ctx, t, row)
}

// nameOf is a key or an identity of a lead, in the order in which they are locked.
type nameOf struct {
	source, submission uid
	key                string
	identity           leads.Identity
}

func (n nameOf) compare(other nameOf) int {
	return cmp.Or(bytes.Compare(n.source[:], other.source[:]), strings.Compare(n.key, other.key),
		strings.Compare(string(n.identity.Kind), string(other.identity.Kind)), strings.Compare(n.identity.Value, other.identity.Value))
}

// dropNames removes what a lead's submissions are known by: first the keys, then the identities.
func (s *Store) dropNames(ctx context.Context, t tx, row *leadRow) error {
	e := s.engine
	var keys, identities []nameOf
	err := t.query(ctx, e.statements().submissionsOf, []any{row.TenantID, e.id(row.ID)}, func(scan scanFunc) error {
		r := submissionRow{TenantID: row.TenantID}
		if err := scan(&r.SourceID, &r.ID, &r.Digest, &r.Doc); err != nil {
			return err
		}
		sub, err := r.submission()
		if sub.Key != "" {
			keys = append(keys, nameOf{source: r.SourceID, submission: r.ID, key: sub.Key})
		}
		identities = append(identities, nameOf{identity: leads.Identify(sub)})
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(keys, nameOf.compare)
	for _, n := range keys {
		if _, err := t.exec(ctx, e.statements().dropKey, row.TenantID, e.id(n.source), []byte(n.key), e.id(n.submission)); err != nil {
			return err
		}
	}
	slices.SortFunc(identities, nameOf.compare)
	for _, n := range slices.Compact(identities) {
		if err := s.dropIdentity(ctx, t, row.TenantID, row.ID, n.identity); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) dropIdentity(ctx context.Context, t tx, tenant string, lead uid, i leads.Identity) error {
	_, err := t.exec(ctx, s.engine.statements().dropIdentity, tenant, string(i.Kind), i.Value, s.engine.id(lead))
	return err
}

// erase removes a lead that is held, with everything that is about it.
func (s *Store) erase(ctx context.Context, t tx, row *leadRow) error {
	e := s.engine
	// A submission may have come while the lead was not locked yet.
	if err := s.dropNames(ctx, t, row); err != nil {
		return err
	}
	if lead, err := row.lead(); err == nil {
		for _, i := range append(lead.Identities, leads.Identify(ingest.Submission{Fields: lead.Fields})) {
			if err := s.dropIdentity(ctx, t, row.TenantID, row.ID, i); err != nil {
				return err
			}
		}
	}
	if err := e.unlist(ctx, t, row.TenantID, row.ID); err != nil {
		return err
	}
	for _, text := range e.statements().erased {
		if _, err := t.exec(ctx, text, row.TenantID, e.id(row.ID)); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, e.statements().dropBodies, row.TenantID, e.id(uid{})) // what is about no lead may name this one
	return err
}
