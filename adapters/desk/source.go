package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// Source is a source as people see it. Its token is public by nature: it stands in the page of the form.
type Source struct {
	ingest.Source
	Tokens   []string // the newest first; several while one is being replaced
	URL      string   // where to post to with the newest token
	LastSeen time.Time
	// CreatedBy is who made it, "" for the host itself.
	CreatedBy string
	// Version grows with each change that is made here.
	Version int64
}

// sourceNote is what the desk keeps about a source itself. Its record is also what two who change a source at the same time are told apart by.
type sourceNote struct {
	CreatedBy string `json:"createdBy"`
}

const sourceKind = "desk.source"

// Deleted reports whether the source takes nothing any more. Its leads stay.
func (s Source) Deleted() bool { return !s.DeletedAt.IsZero() }

// Sources returns the tenant's sources, the oldest first, without the deleted ones. For readers.
func (d *Desk) Sources(ctx context.Context, u User) ([]Source, error) {
	all, err := d.AllSources(ctx, u)
	return slices.DeleteFunc(all, Source.Deleted), err
}

// AllSources returns the tenant's sources, deleted ones too: leads that came through one still name it. For readers.
func (d *Desk) AllSources(ctx context.Context, u User) ([]Source, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	notes, err := d.sourceNotes(ctx, u)
	if err != nil {
		return nil, err
	}
	entries, err := d.store.ListSources(ctx, u.Tenant)
	if err != nil {
		return nil, wrap("sources", err)
	}
	found := make([]Source, 0, len(entries))
	for _, e := range entries {
		s := d.shown(e)
		note := notes[s.ID]
		if s.Version = note.Version + 1; note.Version > 0 {
			var n sourceNote
			if err := json.Unmarshal(note.Data, &n); err != nil {
				return nil, wrap("source "+s.ID, err)
			}
			s.CreatedBy = n.CreatedBy
		}
		found = append(found, s)
	}
	return found, nil
}

// SourceNames returns what the tenant's sources are called, the oldest first, deleted ones too. It costs much less than AllSources. For readers.
func (d *Desk) SourceNames(ctx context.Context, u User) ([]SourceName, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	names, err := d.store.SourceNames(ctx, u.Tenant)
	return names, wrap("sources", err)
}

// sourceNotes returns the records about sources by the sources' IDs.
func (d *Desk) sourceNotes(ctx context.Context, u User) (map[string]leads.Record, error) {
	notes := make(map[string]leads.Record)
	const page = 1000
	for after := ""; ; {
		records, err := d.store.Records(ctx, u.Tenant, sourceKind, after, page)
		if err != nil {
			return nil, wrap("sources", err)
		}
		for _, r := range records {
			notes[r.ID], after = r, r.ID
		}
		if len(records) < page {
			return notes, nil
		}
	}
}

func (d *Desk) shown(e SourceEntry) Source {
	s := Source{Source: e.Source, Tokens: e.Tokens, LastSeen: e.LastSeen}
	if len(e.Tokens) > 0 && !s.Deleted() {
		s.URL = strings.TrimSuffix(d.cfg.BaseURL, "/") + "/api/webhooks/" + e.Tokens[0]
	}
	return s
}

// Source returns one source that is not deleted. For readers.
func (d *Desk) Source(ctx context.Context, u User, id string) (Source, error) {
	s, err := d.source(ctx, u, id)
	if err == nil && s.Deleted() {
		return Source{}, leads.ErrNotFound
	}
	return s, err
}

func (d *Desk) source(ctx context.Context, u User, id string) (Source, error) {
	all, err := d.AllSources(ctx, u)
	if err != nil {
		return Source{}, err
	}
	if i := slices.IndexFunc(all, func(s Source) bool { return s.ID == id }); i >= 0 {
		return all[i], nil
	}
	return Source{}, leads.ErrNotFound
}

// CreateSource makes a source with a new token. For admins.
func (d *Desk) CreateSource(ctx context.Context, u User, s ingest.Source) (Source, error) {
	if err := may(u, Admin); err != nil {
		return Source{}, err
	}
	s.ID, s.Tenant, s.CreatedAt, s.DeletedAt = leads.NewID(), u.Tenant, d.now(), time.Time{}
	return d.putSource(ctx, u, "source.create", Source{Source: s, Tokens: []string{ingest.NewToken()}, CreatedBy: u.ID, Version: 1})
}

// UpdateSource replaces the settings of a source; its tokens stay. For admins.
func (d *Desk) UpdateSource(ctx context.Context, u User, s ingest.Source) (Source, error) {
	return d.ChangeSource(ctx, u, s.ID, 0, func(old *ingest.Source) { *old = s })
}

// ChangeSource changes the settings of a source; its tokens stay. Unless version is 0 it must be the source's: [leads.ErrStale] otherwise.
// Of two changes at the same time the second is made to what the first has left. change may be called more than once. For admins.
func (d *Desk) ChangeSource(ctx context.Context, u User, id string, version int64, change func(*ingest.Source)) (Source, error) {
	return d.changeSource(ctx, u, "source.update", sourceRef{id, version}, func(s *Source) {
		old := s.Source
		change(&s.Source)
		s.ID, s.Tenant, s.CreatedAt, s.DeletedAt = old.ID, old.Tenant, old.CreatedAt, old.DeletedAt
	})
}

// DeleteSource has a source take nothing any more. Its leads stay, and name it. For admins.
func (d *Desk) DeleteSource(ctx context.Context, u User, id string) error {
	return d.DeleteSourceVersion(ctx, u, id, 0)
}

// DeleteSourceVersion is DeleteSource for a source that must have that version, unless it is 0; [leads.ErrStale] otherwise. For admins.
func (d *Desk) DeleteSourceVersion(ctx context.Context, u User, id string, version int64) error {
	_, err := d.changeSource(ctx, u, "source.delete", sourceRef{id, version}, func(s *Source) { s.DeletedAt, s.Tokens = d.now(), nil })
	return err
}

// RotateToken gives a source a new token. The former one goes on to be taken if keep is set, so that forms can be changed one after
// the other; without it all former ones end at once. For admins.
func (d *Desk) RotateToken(ctx context.Context, u User, id string, keep bool) (Source, error) {
	return d.changeSource(ctx, u, "source.rotate", sourceRef{id, 0}, func(s *Source) {
		former := s.Tokens
		s.Tokens = []string{ingest.NewToken()}
		if keep && len(former) > 0 {
			s.Tokens = append(s.Tokens, former[0])
		}
	})
}

// sourceRef names a source, and with a version other than 0 what it must be.
type sourceRef struct {
	id      string
	version int64
}

func (d *Desk) changeSource(ctx context.Context, u User, action string, ref sourceRef, change func(*Source)) (Source, error) {
	if err := may(u, Admin); err != nil {
		return Source{}, err
	}
	for {
		s, err := d.Source(ctx, u, ref.id)
		if err != nil {
			return Source{}, err
		}
		if ref.version != 0 && ref.version != s.Version {
			return Source{}, leads.ErrStale
		}
		change(&s)
		if s, err = d.putSource(ctx, u, action, s); ref.version != 0 || !leads.IsStale(err) {
			return s, err
		}
	}
}

// putSource stores a source if nobody has changed it since it was read, and enters that into the trail.
func (d *Desk) putSource(ctx context.Context, u User, action string, s Source) (Source, error) {
	kept, err := d.keepSource(ctx, u, s)
	if err == nil {
		d.audit(ctx, u, action, s.ID, nil)
	}
	return kept, err
}

func (d *Desk) keepSource(ctx context.Context, u User, s Source) (Source, error) {
	if strings.TrimSpace(s.Name) == "" || len(s.Name) > 255 || !storable(s.Name) {
		return Source{}, invalid("/name", "1 to 255 bytes")
	}
	if err := s.Validate(); err != nil {
		var c check
		c.each(err, sourceFault)
		return Source{}, c.err()
	}
	note, _ := json.Marshal(sourceNote{CreatedBy: s.CreatedBy}) // a string always encodes
	r, err := d.store.PutRecord(ctx, leads.Record{Tenant: u.Tenant, Kind: sourceKind, ID: s.ID, Version: s.Version - 1, Data: note})
	if err != nil {
		return Source{}, wrap("put source", err)
	}
	if err := d.store.PutSource(ctx, s.Source, s.Tokens...); err != nil {
		return Source{}, wrap("put source", err)
	}
	entry := d.shown(SourceEntry{Source: s.Source, Tokens: s.Tokens, LastSeen: s.LastSeen})
	entry.CreatedBy, entry.Version = s.CreatedBy, r.Version+1
	return entry, nil
}
