package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// ErrUnauthorized says that a key is not known, switched off or expired.
var ErrUnauthorized = errors.New("desk: the key is not valid")

// Key is an API key. The key itself is shown once, when it is made; what is kept is its SHA-256.
type Key struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"`
	Scope     Scope     `json:"scope"`
	Active    bool      `json:"active"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // zero means never
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
	Hint      string    `json:"hint"` // its last four characters
	Digest    string    `json:"digest"`
	// Version counts the changes, from 1. It is not stored.
	Version int64 `json:"-"`
}

// Scope is what a key may do.
type Scope string

// The scopes: ScopeRead is that of a [Reader], ScopeFull that of an [Admin].
const (
	ScopeRead Scope = "read"
	ScopeFull Scope = "full"
)

const (
	keyKind    = "desk.key"
	digestKind = "desk.key-digest"
	// directory is the tenant under which the digests of keys lead to their tenants.
	directory = "leads.directory"
	keyPrefix = "lc_sec_"
	maxKeys   = 200
	maxSecret = 200 // bytes
)

// owner is what a digest leads to.
type owner struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"`
}

// digest is what is kept of a key. A key has 130 random bits, so a plain hash is enough.
func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// Keys returns the tenant's keys, the oldest first. For admins.
func (d *Desk) Keys(ctx context.Context, u User) ([]Key, error) {
	if err := may(u, Admin); err != nil {
		return nil, err
	}
	records, err := d.store.Records(ctx, u.Tenant, keyKind, "", maxKeys)
	if err != nil {
		return nil, wrap("keys", err)
	}
	keys := make([]Key, 0, len(records))
	for _, r := range records {
		k, err := readKey(r)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(keys, func(a, b Key) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return keys, nil
}

func readKey(r leads.Record) (Key, error) {
	k := Key{Version: r.Version}
	return k, wrap("key "+r.ID, json.Unmarshal(r.Data, &k))
}

// Key returns one key. For admins.
func (d *Desk) Key(ctx context.Context, u User, id string) (Key, error) {
	if err := may(u, Admin); err != nil {
		return Key{}, err
	}
	record, err := d.store.Record(ctx, u.Tenant, keyKind, id)
	if err != nil {
		return Key{}, wrap("key", err)
	}
	return readKey(record)
}

// CreateKey makes a key and returns it with its secret, which is not kept. Label, Scope and ExpiresAt count. For admins.
func (d *Desk) CreateKey(ctx context.Context, u User, k Key) (Key, string, error) {
	k.ID = leads.NewID()
	secret := keyPrefix + rand.Text()
	k, err := d.createKey(ctx, u, k, secret)
	if err != nil {
		return Key{}, "", err
	}
	return k, secret, nil
}

// EnsureKey is CreateKey with a secret of 24 to 200 bytes that the host has. A key that is there already stays as it is, also when it
// was switched off or has expired. A program that keeps its key itself calls it at start. For admins.
func (d *Desk) EnsureKey(ctx context.Context, u User, k Key, secret string) error {
	if len(secret) < 24 || len(secret) > maxSecret {
		return invalid("/secret", "24 to %d bytes", maxSecret)
	}
	if err := may(u, Admin); err != nil {
		return err
	}
	var known owner
	switch err := d.read(ctx, directory, digestKind, digest(secret), &known); {
	case errors.Is(err, ErrUnauthorized):
		k.ID = leads.NewID()
	case err != nil:
		return err
	case known.Tenant != u.Tenant:
		return invalid("/secret", "this secret is taken: choose another")
	default: // perhaps it was only half made
		_, err := d.Key(ctx, u, known.ID)
		if k.ID = known.ID; !leads.IsNotFound(err) {
			return err
		}
	}
	_, err := d.createKey(ctx, u, k, secret)
	return err
}

func (d *Desk) createKey(ctx context.Context, u User, k Key, secret string) (Key, error) {
	if err := may(u, Admin); err != nil {
		return Key{}, err
	}
	k.Active, k.CreatedAt, k.CreatedBy, k.Version = true, d.now(), u.ID, 0
	k.Hint, k.Digest = secret[len(secret)-4:], digest(secret)
	all, err := d.Keys(ctx, u)
	if err != nil {
		return Key{}, err
	}
	c := k.check(d.now())
	c.that(len(all) < maxKeys, "", "at most %d keys: delete one first", maxKeys)
	if err := c.err(); err != nil {
		return Key{}, err
	}
	at, _ := json.Marshal(owner{u.Tenant, k.ID}) // strings always encode
	_, err = d.store.PutRecord(ctx, leads.Record{Tenant: directory, Kind: digestKind, ID: k.Digest, Data: at})
	if err != nil && !leads.IsStale(err) { // stale: it leads here already
		return Key{}, wrap("create key", err)
	}
	if k, err = d.putKey(ctx, u, k); err != nil {
		return Key{}, err
	}
	d.audit(ctx, u, "key.create", k.ID, nil)
	return k, nil
}

// check notes what is wrong with the key.
func (k Key) check(now time.Time) *check {
	c := new(check)
	c.that(strings.TrimSpace(k.Label) != "" && len(k.Label) <= 255 && storable(k.Label), "/label", "1 to 255 bytes")
	c.that(k.Scope == ScopeRead || k.Scope == ScopeFull, "/scope", `"read" or "full"`)
	c.that(k.ExpiresAt.IsZero() || k.ExpiresAt.After(now), "/expiresAt", "a time to come")
	return c
}

// putKey stores a key if its Version is that of the stored one.
func (d *Desk) putKey(ctx context.Context, u User, k Key) (Key, error) {
	data, err := json.Marshal(k)
	if err != nil {
		return Key{}, wrap("put key", err)
	}
	r, err := d.store.PutRecord(ctx, leads.Record{Tenant: u.Tenant, Kind: keyKind, ID: k.ID, Version: k.Version, Data: data})
	k.Version = r.Version
	return k, wrap("put key", err)
}

// KeyPatch is a change of a key; what is nil stays as it is.
type KeyPatch struct {
	// Version, when it is not 0, must be the key's.
	Version int64
	Label   *string
	Active  *bool
	// ExpiresAt is a time to come, or the zero time for never.
	ExpiresAt *time.Time
}

// UpdateKey renames a key or switches it on or off. For admins.
func (d *Desk) UpdateKey(ctx context.Context, u User, id string, label *string, active *bool) (Key, error) {
	return d.PatchKey(ctx, u, id, KeyPatch{Label: label, Active: active})
}

// PatchKey changes a key. It returns [leads.ErrStale] when somebody else was quicker. For admins.
func (d *Desk) PatchKey(ctx context.Context, u User, id string, p KeyPatch) (Key, error) {
	k, err := d.Key(ctx, u, id)
	if err != nil {
		return Key{}, err
	}
	if p.Version != 0 && p.Version != k.Version {
		return Key{}, leads.ErrStale
	}
	set(&k.Label, p.Label)
	set(&k.Active, p.Active)
	now := d.now()
	if p.ExpiresAt == nil && !k.ExpiresAt.After(now) {
		now = k.ExpiresAt.Add(-1) // one that has expired can still be renamed
	}
	set(&k.ExpiresAt, p.ExpiresAt)
	if err := k.check(now).err(); err != nil {
		return Key{}, err
	}
	if k, err = d.putKey(ctx, u, k); err != nil {
		return Key{}, err
	}
	d.audit(ctx, u, "key.update", id, nil)
	return k, nil
}

// set changes what is given.
func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// DeleteKey removes a key, which is taken no more at once. For admins.
func (d *Desk) DeleteKey(ctx context.Context, u User, id string) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	record, err := d.store.Record(ctx, u.Tenant, keyKind, id)
	if err != nil {
		return wrap("delete key", err)
	}
	if err := d.store.DeleteRecord(ctx, u.Tenant, keyKind, id); err != nil {
		return wrap("delete key", err)
	}
	var k Key
	if json.Unmarshal(record.Data, &k) == nil {
		err = d.store.DeleteRecord(ctx, directory, digestKind, k.Digest)
	}
	d.audit(ctx, u, "key.delete", id, nil)
	return wrap("delete key", err)
}

// Authenticate returns who acts with a key: ErrUnauthorized if it is not known, switched off or expired. The look-up is by the key's
// digest, so its time tells nothing of other keys.
func (d *Desk) Authenticate(ctx context.Context, key string) (User, error) {
	if len(key) > maxSecret || key == "" {
		return User{}, ErrUnauthorized
	}
	hash := digest(key)
	var o owner
	if err := d.read(ctx, directory, digestKind, hash, &o); err != nil {
		return User{}, err
	}
	var k Key
	if err := d.read(ctx, o.Tenant, keyKind, o.ID, &k); err != nil {
		return User{}, err
	}
	if k.Digest != hash || !k.Active || !k.ExpiresAt.IsZero() && !d.now().Before(k.ExpiresAt) {
		return User{}, ErrUnauthorized
	}
	role := Reader
	if k.Scope == ScopeFull {
		role = Admin
	}
	return User{Tenant: o.Tenant, ID: "key:" + k.ID, Name: k.Label, Role: role}, nil
}

// read decodes a record; one that is not there is ErrUnauthorized.
func (d *Desk) read(ctx context.Context, tenant, kind, id string, v any) error {
	record, err := d.store.Record(ctx, tenant, kind, id)
	switch {
	case errors.Is(err, leads.ErrNotFound):
		return ErrUnauthorized
	case err != nil:
		return wrap("authenticate", err)
	}
	return wrap("authenticate", json.Unmarshal(record.Data, v))
}
