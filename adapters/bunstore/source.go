package bunstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The limits of a source.
const (
	maxName  = 255 // bytes
	maxToken = 255 // bytes
)

// SourceByToken is described by [ingest.Sources]. It remembers nothing: a change made by any process is seen at once.
func (s *Store) SourceByToken(ctx context.Context, token string) (ingest.Source, error) {
	if token == "" || len(token) > maxToken || !storable(token) {
		return ingest.Source{}, ingest.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return ingest.Source{}, err
	}
	var r sourceRow
	err := s.engine.read().query(ctx, s.engine.statements().sourceByToken, []any{token}, func(scan scanFunc) error {
		return scan(&r.TenantID, &r.ID, &r.Name, &r.Doc, &r.CreatedAt)
	})
	if err != nil {
		return ingest.Source{}, fmt.Errorf("bunstore: source: %w", err)
	}
	if r.Doc == nil {
		return ingest.Source{}, ingest.ErrNotFound
	}
	return r.source()
}

// Source is described by [sequence.Store].
func (s *Store) Source(ctx context.Context, tenant, id string) (ingest.Source, error) {
	u, ok := parseID(id)
	var r sourceRow
	err := s.read(ctx, "source", s.engine.statements().source, ok && validTenant(tenant), []any{tenant, s.engine.id(u)}, func(scan scanFunc) error {
		return scan(&r.TenantID, &r.ID, &r.Name, &r.Doc, &r.CreatedAt, &r.DeletedAt)
	})
	if err == nil && r.Doc == nil {
		err = leads.ErrNotFound
	}
	if err != nil {
		return ingest.Source{}, err
	}
	return r.source()
}

func (r *sourceRow) source() (ingest.Source, error) {
	var d sourceDoc
	if err := decode(r.Doc, &d); err != nil {
		return ingest.Source{}, fmt.Errorf("bunstore: source: %w", err)
	}
	return ingest.Source{
		Tenant: r.TenantID, ID: r.ID.String(), Name: r.Name, Mappings: d.Mappings, Origins: d.Origins, Redirects: d.Redirects,
		PerMinute: d.PerMinute, Spam: ingest.Spam{Honeypot: d.Honeypot, MinFill: time.Duration(d.MinFill), Blocked: d.Blocked},
		Trusted: d.Trusted, Consent: d.Consent, Preset: d.Preset, Captcha: d.Captcha,
		Signature: ingest.Signature{Scheme: d.Scheme, Secret: ingest.NewSecret(d.Secret), Previous: ingest.NewSecret(d.Previous)},
		CreatedAt: r.CreatedAt.Time, DeletedAt: r.DeletedAt.Time,
	}, nil
}

// PutSource creates the source, or replaces the one with its tenant and ID. The tokens given, of 1 to 255 bytes each, are all of its active
// ones from then on. It returns ErrInvalid, and changes nothing, if a field cannot be stored or a token belongs to another source.
// A zero CreatedAt means that of the source there is, or now.
func (s *Store) PutSource(ctx context.Context, source ingest.Source, tokens ...string) error {
	row, err := rowOfSource(&source, tokens)
	if err != nil {
		return fmt.Errorf("bunstore: put source: %w", err)
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
		return s.putSource(ctx, t, row, !source.CreatedAt.IsZero(), tokens)
	})
	if err != nil {
		return fmt.Errorf("bunstore: put source: %w", err)
	}
	return nil
}

func rowOfSource(source *ingest.Source, tokens []string) (*sourceRow, error) {
	var bad []error
	invalid := func(wrong bool, field string) {
		if wrong {
			bad = append(bad, fmt.Errorf("%w: %s", leads.ErrInvalid, field))
		}
	}
	id, err := checkID("Source.ID", source.ID, false)
	bad = append(bad, err)
	invalid(!validTenant(source.Tenant), "Source.Tenant")
	invalid(len(source.Name) > maxName || !storable(source.Name), "Source.Name")
	invalid(source.PerMinute < 0, "Source.PerMinute")
	for _, token := range tokens {
		invalid(token == "" || len(token) > maxToken || !storable(token), "token")
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	created := source.CreatedAt
	if created.IsZero() {
		created = today()
	}
	doc, err := encode(&sourceDoc{
		Mappings: source.Mappings, Origins: source.Origins, Redirects: source.Redirects, PerMinute: source.PerMinute,
		Honeypot: source.Spam.Honeypot, MinFill: int64(source.Spam.MinFill), Blocked: source.Spam.Blocked, Trusted: source.Trusted, Consent: source.Consent,
		Preset: source.Preset, Scheme: source.Signature.Scheme, Secret: source.Signature.Secret.Reveal(),
		Previous: source.Signature.Previous.Reveal(), Captcha: source.Captcha, Tokens: tokens,
	})
	return &sourceRow{
		TenantID: source.Tenant, ID: id, Name: source.Name, Doc: doc, CreatedAt: stamp{micro(created)}, DeletedAt: stamp{micro(source.DeletedAt)},
	}, err
}

func (s *Store) putSource(ctx context.Context, t tx, row *sourceRow, dated bool, tokens []string) error {
	put := s.db.NewInsert().Model(row).ModelTableExpr("?", bun.Ident(s.prefix+"sources")).
		On("CONFLICT (tenant_id, id) DO UPDATE").Set("name = EXCLUDED.name").Set("doc = EXCLUDED.doc").Set("deleted_at = EXCLUDED.deleted_at").Returning("NULL")
	if dated {
		put = put.Set("created_at = EXCLUDED.created_at")
	}
	drop := s.db.NewDelete().Model((*tokenRow)(nil)).ModelTableExpr("?", bun.Ident(s.prefix+"tokens")).
		Where("tenant_id = ?", row.TenantID).Where("source_id = ?", row.ID)
	if err := s.built(ctx, t, put, drop); err != nil || len(tokens) == 0 {
		return err
	}
	rows := make([]tokenRow, 0, len(tokens))
	for i, token := range tokens {
		if !slices.Contains(tokens[:i], token) {
			rows = append(rows, tokenRow{Token: token, TenantID: row.TenantID, SourceID: row.ID})
		}
	}
	add := s.db.NewInsert().Model(&rows).ModelTableExpr("?", bun.Ident(s.prefix+"tokens")).Returning("NULL")
	err := s.built(ctx, t, add)
	if isDataError(err) {
		return fmt.Errorf("%w: a token belongs to another source", leads.ErrInvalid)
	}
	return err
}

// built runs statements that bun has built in a transaction.
func (s *Store) built(ctx context.Context, t tx, queries ...interface {
	AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error)
}) error {
	for _, q := range queries {
		text, err := q.AppendQuery(s.db.QueryGen(), nil)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, string(text)); err != nil {
			return err
		}
	}
	return nil
}
