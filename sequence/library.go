package sequence

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openleads/leads"
)

// Library keeps the definitions of sequences that people edit while the program runs. Every version stays, so that an enrolment can finish on the
// one it began with. It keeps nothing in memory; its methods may be called concurrently and from several processes.
type Library struct{ Records leads.Records }

// The kinds of records: the current versions, and those that were current before.
const (
	kindCurrent  = "sequence"
	kindReplaced = "sequence.version"
)

// entry is the data of a current record. A deleted sequence leaves one behind, so that its version numbers are not given again.
type entry struct {
	Definition Definition `json:"definition"`
	Deleted    bool       `json:"deleted,omitempty"`
}

// Save validates a definition and makes it the current version, and returns it with its new Version. Its own Version must be the current one (0 for
// a new sequence): of two people who edit the same version, the second is told [leads.ErrStale]. Paused is taken for a new sequence only; see
// Pause. Enrolments go on with the version they have.
func (l Library) Save(ctx context.Context, tenant string, d Definition) (Definition, error) {
	if err := d.Validate(); err != nil {
		return Definition{}, err
	}
	return l.change(ctx, tenant, d.ID, func(e *entry) error {
		base := d.Version
		if e.Deleted && base == 0 {
			base = e.Definition.Version
		} else if e.Deleted || e.Definition.Version != base {
			return fmt.Errorf("sequence: %q was edited since: %w", d.ID, leads.ErrStale)
		}
		paused := d.Paused
		if base > 0 && !e.Deleted {
			paused = e.Definition.Paused
		}
		*e = entry{Definition: d}
		e.Definition.Version, e.Definition.Paused = base+1, paused
		return nil
	})
}

// Pause stops a sequence from enrolling and writing, or lets it go on. All its versions stand still. It is no new version.
func (l Library) Pause(ctx context.Context, tenant, id string, paused bool) (Definition, error) {
	return l.change(ctx, tenant, id, func(e *entry) error {
		if e.gone() {
			return absent(id)
		}
		e.Definition.Paused = paused
		return nil
	})
}

// Delete removes a sequence from Load and List. Its versions can still be read, for the enrolments that were. One that is not there is no error.
func (l Library) Delete(ctx context.Context, tenant, id string) error {
	_, err := l.change(ctx, tenant, id, func(e *entry) error {
		if e.gone() {
			return absent(id)
		}
		e.Deleted = true
		return nil
	})
	if leads.IsNotFound(err) {
		return nil
	}
	return err
}

// Load returns the current version of a sequence, or [leads.ErrNotFound].
func (l Library) Load(ctx context.Context, tenant, id string) (Definition, error) {
	e, _, err := l.current(ctx, tenant, id)
	if err == nil && e.gone() {
		err = absent(id)
	}
	if err != nil {
		return Definition{}, err
	}
	return e.Definition, nil
}

// Version returns version n of a sequence, also of a deleted one, or [leads.ErrNotFound]. Paused is as it is now.
func (l Library) Version(ctx context.Context, tenant, id string, n int64) (Definition, error) {
	e, _, err := l.current(ctx, tenant, id)
	if err != nil || n > 0 && e.Definition.Version == n {
		return e.Definition, err
	}
	r, err := l.Records.Record(ctx, tenant, kindReplaced, versionID(id, n))
	if leads.IsNotFound(err) {
		return Definition{}, absent(id)
	}
	if err != nil {
		return Definition{}, fmt.Errorf("sequence: version: %w", err)
	}
	var d Definition
	if err := json.Unmarshal(r.Data, &d); err != nil {
		return Definition{}, fmt.Errorf("sequence: version: %w", err)
	}
	d.Paused = e.Definition.Paused
	return d, nil
}

// List returns the current versions of all sequences of a tenant, by their IDs.
func (l Library) List(ctx context.Context, tenant string) ([]Definition, error) {
	const page = 100
	var all []Definition
	for after := ""; ; {
		records, err := l.Records.Records(ctx, tenant, kindCurrent, after, page)
		if err != nil {
			return nil, fmt.Errorf("sequence: list: %w", err)
		}
		for _, r := range records {
			e, err := decodeEntry(r)
			if err != nil {
				return nil, err
			}
			if !e.gone() {
				all = append(all, e.Definition)
			}
			after = r.ID
		}
		if len(records) < page {
			return all, nil
		}
	}
}

// change stores what edit makes of the current entry. A version that is replaced is kept first: whoever crashes in between, or is too late, has
// written what was true anyway.
func (l Library) change(ctx context.Context, tenant, id string, edit func(e *entry) error) (Definition, error) {
	for {
		old, r, err := l.current(ctx, tenant, id)
		if err != nil {
			return Definition{}, err
		}
		e := old
		if err := edit(&e); err != nil {
			return Definition{}, err
		}
		if old.Definition.Version > 0 && e.Definition.Version != old.Definition.Version {
			if err := l.keep(ctx, tenant, old.Definition); err != nil {
				return Definition{}, err
			}
		}
		if r.Data, err = json.Marshal(e); err != nil {
			return Definition{}, fmt.Errorf("sequence: save: %w", err)
		}
		_, err = l.Records.PutRecord(ctx, r)
		if leads.IsStale(err) {
			continue // edit decides whether it is too late
		}
		if err != nil {
			return Definition{}, fmt.Errorf("sequence: save: %w", err)
		}
		return e.Definition, nil
	}
}

// keep stores a version under its own name, once.
func (l Library) keep(ctx context.Context, tenant string, d Definition) error {
	data, err := json.Marshal(d)
	if err == nil {
		_, err = l.Records.PutRecord(ctx, leads.Record{Tenant: tenant, Kind: kindReplaced, ID: versionID(d.ID, d.Version), Data: data})
	}
	if err != nil && !leads.IsStale(err) {
		return fmt.Errorf("sequence: keep version: %w", err)
	}
	return nil
}

// current returns the entry of a sequence with its record; the empty entry if there was never one.
func (l Library) current(ctx context.Context, tenant, id string) (entry, leads.Record, error) {
	r, err := l.Records.Record(ctx, tenant, kindCurrent, id)
	if leads.IsNotFound(err) {
		return entry{}, leads.Record{Tenant: tenant, Kind: kindCurrent, ID: id}, nil
	}
	if err != nil {
		return entry{}, r, fmt.Errorf("sequence: load: %w", err)
	}
	e, err := decodeEntry(r)
	return e, r, err
}

func decodeEntry(r leads.Record) (entry, error) {
	var e entry
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return entry{}, fmt.Errorf("sequence: record %q: %w", r.ID, err)
	}
	return e, nil
}

// gone reports whether there is no such sequence any more, or never was.
func (e entry) gone() bool { return e.Deleted || e.Definition.Version == 0 }

func absent(id string) error { return fmt.Errorf("sequence: %q: %w", id, leads.ErrNotFound) }

// versionID names a version so that the order of the names is that of the versions.
func versionID(id string, n int64) string { return fmt.Sprintf("%s/%010d", id, n) }
