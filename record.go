package leads

import (
	"context"
	"encoding/json"
	"time"
)

// Record is a small document that a part keeps in the Store: a sequence's definition, a person's preferences, a webhook's endpoint. Within a
// tenant it is known by Kind and ID.
type Record struct {
	Tenant string
	Kind   string // 1 to 40 bytes of lower-case letters, digits, "-" and "."
	ID     string // 1 to 255 bytes of valid UTF-8 without NUL
	// Version counts the writes, from 1; 0 stands for a record that is not there yet.
	Version   int64
	Data      json.RawMessage // at most 256 KiB of JSON text, kept as it is; more is ErrInvalid
	UpdatedAt time.Time       // when it was written, by the Store's clock
}

// Records keeps small documents. A Store that implements it can be given to the parts that need one. Its methods may be called concurrently.
// A Kind or ID that cannot be stored is absent to reads and ErrInvalid to PutRecord.
type Records interface {
	// Record returns one record, or ErrNotFound.
	Record(ctx context.Context, tenant, kind, id string) (Record, error)
	// Records returns up to limit records of a kind in the byte order of their IDs, beginning behind after. A limit of 0 means 100,
	// and above 1,000 means 1,000.
	Records(ctx context.Context, tenant, kind, after string, limit int) ([]Record, error)
	// PutRecord stores r if its Version is that of the stored record (0 for none), and returns it with its new Version and UpdatedAt.
	// Otherwise it returns ErrStale and changes nothing: of two writers that read the same version, one is told to begin anew.
	PutRecord(ctx context.Context, r Record) (Record, error)
	// DeleteRecord removes a record, whatever its version. One that is not there is no error.
	DeleteRecord(ctx context.Context, tenant, kind, id string) error
}

// UpdateRecord reads a record (the zero Record with its names if there is none), lets update change its Data, and stores it; when somebody
// else was quicker it begins anew. It stores nothing when update returns an error, and returns that error.
func UpdateRecord(ctx context.Context, records Records, tenant, kind, id string, update func(r *Record) error) (Record, error) {
	for {
		r, err := records.Record(ctx, tenant, kind, id)
		if IsNotFound(err) {
			r, err = Record{Tenant: tenant, Kind: kind, ID: id}, nil
		}
		if err == nil {
			err = update(&r)
		}
		if err != nil {
			return Record{}, err
		}
		stored, err := records.PutRecord(ctx, r)
		if !IsStale(err) {
			return stored, err
		}
	}
}
