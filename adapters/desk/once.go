package desk

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openleads/leads"
)

// Kept is what was answered to the first request with an idempotency key.
type Kept struct {
	Digest string `json:"digest"` // of the request
	Status int    `json:"status"` // 0 while it is being worked on
	Body   []byte `json:"body,omitempty"`
	// Object is the ID of what was made, where that is to be read again instead of Body: what is about a person is not kept here.
	Object string    `json:"object,omitempty"`
	At     time.Time `json:"at"`
}

const (
	onceKind = "desk.once"
	// onceFor is how long a key is remembered, and abandoned after which a request that was never ended may be made again.
	onceFor   = 72 * time.Hour
	abandoned = time.Minute
	// sweep is how many of the remembered keys each new one looks at, to remove those that are too old.
	sweep = 10
)

// BeginOnce begins a request under an idempotency key of the user. It reports false, with what was answered, if there has been one in the last
// 72 hours. For readers.
func (d *Desk) BeginOnce(ctx context.Context, u User, key, digest string) (Kept, bool, error) {
	if err := may(u, Reader); err != nil {
		return Kept{}, false, err
	}
	id := onceID(u, key)
	for {
		record, err := d.store.Record(ctx, u.Tenant, onceKind, id)
		var kept Kept
		switch {
		case errors.Is(err, leads.ErrNotFound):
			record = leads.Record{Tenant: u.Tenant, Kind: onceKind, ID: id}
		case err != nil:
			return Kept{}, false, wrap("idempotency key", err)
		default:
			if err := json.Unmarshal(record.Data, &kept); err != nil {
				return Kept{}, false, wrap("idempotency key", err)
			}
			age := d.now().Sub(kept.At)
			if age < onceFor && (kept.Status != 0 || age < abandoned) {
				return kept, false, nil
			}
		}
		record.Data, _ = json.Marshal(Kept{Digest: digest, At: d.now()}) // strings and times always encode
		_, err = d.store.PutRecord(ctx, record)
		if errors.Is(err, leads.ErrStale) {
			continue // somebody else has just begun
		} else if err != nil {
			return Kept{}, false, wrap("idempotency key", err)
		}
		d.sweepOnce(ctx, u, id)
		return Kept{}, true, nil
	}
}

// sweepOnce removes what is too old among the keys behind one. IDs are hashes, so that the keys of a tenant are all looked at again and again.
func (d *Desk) sweepOnce(ctx context.Context, u User, after string) {
	records, err := d.store.Records(ctx, u.Tenant, onceKind, after, sweep)
	for _, r := range records {
		var kept Kept
		if err == nil && json.Unmarshal(r.Data, &kept) == nil && d.now().Sub(kept.At) >= onceFor {
			err = d.store.DeleteRecord(ctx, u.Tenant, onceKind, r.ID)
		}
	}
	if err != nil {
		d.cfg.Logger.WarnContext(ctx, "desk: old idempotency keys could not be removed", "error", err)
	}
}

// EndOnce keeps what was answered: its Status, and Body or Object.
func (d *Desk) EndOnce(ctx context.Context, u User, key string, answered Kept) error {
	ctx = context.WithoutCancel(ctx)
	_, err := leads.UpdateRecord(ctx, d.store, u.Tenant, onceKind, onceID(u, key), func(r *leads.Record) error {
		var kept Kept
		if err := json.Unmarshal(r.Data, &kept); err != nil {
			return err
		}
		answered.Digest, answered.At = kept.Digest, d.now()
		var err error
		r.Data, err = json.Marshal(answered)
		return err
	})
	return wrap("idempotency key", err)
}

// ForgetOnce lets a request that failed be made again at once.
func (d *Desk) ForgetOnce(ctx context.Context, u User, key string) {
	_ = d.store.DeleteRecord(context.WithoutCancel(ctx), u.Tenant, onceKind, onceID(u, key)) // else it is abandoned in a minute
}

func onceID(u User, key string) string { return digest(u.ID + "\x00" + key) }
