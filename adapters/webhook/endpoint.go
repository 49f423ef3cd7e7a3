package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// RecordKind is the kind of the [leads.Record] that an endpoint is kept in. It holds the endpoint's secrets.
const RecordKind = "webhook"

// Endpoint is where events go.
type Endpoint struct {
	Tenant string `json:"-"`
	ID     string `json:"-"` // names it within the tenant: 1 to 40 lower-case letters, digits and "-"
	// URL begins with https:// and has at most 2,048 bytes.
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
	// Events are the types that it wants, "lead.new"; empty means all.
	Events []string `json:"events,omitempty"`
	// Secrets sign the calls, the newest first. There are two while one is being replaced.
	Secrets []Secret `json:"secrets"`

	// Disabled endpoints get nothing. DisabledFor says why it was switched off for its failures, and is "" when somebody did it.
	Disabled    bool      `json:"disabled,omitempty"`
	DisabledFor string    `json:"disabledFor,omitempty"`
	DisabledAt  time.Time `json:"disabledAt,omitzero"`
	// Announced is set when the team was told.
	Announced bool `json:"announced,omitempty"`
	// Failures counts the calls that have failed since the last success, and FailingSince is when the first of them did. LastError is the newest one's.
	Failures     int       `json:"failures,omitempty"`
	FailingSince time.Time `json:"failingSince,omitzero"`
	LastError    string    `json:"lastError,omitempty"`
}

// Secret signs calls.
type Secret struct {
	Key string `json:"key"` // "whsec_" and 24 to 64 bytes in base64
	// Until is when it is not used any more; zero means never.
	Until time.Time `json:"until,omitzero"`
}

// wants reports whether the endpoint has subscribed to an event.
func (e Endpoint) wants(event string) bool {
	return len(e.Events) == 0 || slices.Contains(e.Events, event)
}

// Endpoints returns those of a tenant by their IDs, at most 1,000.
func (s *Sender) Endpoints(ctx context.Context, tenant string) ([]Endpoint, error) {
	records, err := s.records.Records(ctx, tenant, RecordKind, "", 1000)
	if err != nil {
		return nil, fmt.Errorf("webhook: endpoints: %w", err)
	}
	found := make([]Endpoint, 0, len(records))
	for _, r := range records {
		e, err := read(r)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, nil
}

// Endpoint returns one, or [leads.ErrNotFound].
func (s *Sender) Endpoint(ctx context.Context, tenant, id string) (Endpoint, error) {
	r, err := s.records.Record(ctx, tenant, RecordKind, id)
	if err != nil {
		return Endpoint{}, fmt.Errorf("webhook: endpoint: %w", err)
	}
	return read(r)
}

func read(r leads.Record) (Endpoint, error) {
	e := Endpoint{Tenant: r.Tenant, ID: r.ID}
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return Endpoint{}, fmt.Errorf("webhook: the record of endpoint %q: %w", r.ID, err)
	}
	return e, nil
}

// Put creates an endpoint, or gives the one with its tenant and ID its URL, Description, Events and Disabled; an empty ID is made. Switched on, an endpoint begins
// without failures. The first secret is made by Put if e has none; later ones by [Sender.Rotate]. It returns the endpoint as it was stored, or
// [leads.ErrInvalid].
func (s *Sender) Put(ctx context.Context, e Endpoint) (Endpoint, error) {
	if e.ID == "" {
		e.ID = leads.NewID()
	}
	if err := s.valid(e); err != nil {
		return Endpoint{}, fmt.Errorf("webhook: put: %w: %w", leads.ErrInvalid, err)
	}
	return s.update(ctx, e.Tenant, e.ID, func(stored *Endpoint) error {
		was := stored.Disabled
		stored.URL, stored.Description, stored.Events, stored.Disabled = e.URL, e.Description, slices.Clone(e.Events), e.Disabled
		if !e.Disabled {
			stored.recover()
		} else if !was {
			stored.DisabledAt = s.now()
		}
		if len(stored.Secrets) == 0 {
			stored.Secrets = slices.Clone(e.Secrets)
		}
		if len(stored.Secrets) == 0 {
			stored.Secrets = []Secret{{Key: NewSecret()}}
		}
		return nil
	})
}

// Rotate makes a new secret. Until overlap has passed the calls carry the signatures of both, so that receivers can change over; 0 means 24h, and less than
// zero that the old one, which has leaked, is not used any more.
func (s *Sender) Rotate(ctx context.Context, tenant, id string, overlap time.Duration) (Endpoint, error) {
	if overlap == 0 {
		overlap = 24 * time.Hour
	}
	return s.change(ctx, tenant, id, func(e *Endpoint) error {
		now := s.now()
		kept := e.current(now)
		for i := range kept {
			if until := now.Add(overlap); kept[i].Until.IsZero() || kept[i].Until.After(until) {
				kept[i].Until = until
			}
		}
		kept = slices.DeleteFunc(kept, func(old Secret) bool { return !old.Until.After(now) })
		e.Secrets = append([]Secret{{Key: NewSecret()}}, kept...)
		return nil
	})
}

// Delete removes an endpoint. One that is not there is no error.
func (s *Sender) Delete(ctx context.Context, tenant, id string) error {
	return s.records.DeleteRecord(ctx, tenant, RecordKind, id)
}

// NewSecret makes a secret of 32 random bytes.
func NewSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// current are the secrets that sign at now.
func (e Endpoint) current(now time.Time) []Secret {
	return slices.DeleteFunc(slices.Clone(e.Secrets), func(s Secret) bool { return !s.Until.IsZero() && !s.Until.After(now) })
}

// recover forgets the failures.
func (e *Endpoint) recover() {
	e.Disabled, e.DisabledFor, e.DisabledAt, e.Announced = false, "", time.Time{}, false
	e.Failures, e.FailingSince, e.LastError = 0, time.Time{}, ""
}

// change changes an endpoint that is there.
func (s *Sender) change(ctx context.Context, tenant, id string, change func(e *Endpoint) error) (Endpoint, error) {
	return s.update(ctx, tenant, id, func(e *Endpoint) error {
		if len(e.Secrets) == 0 {
			return leads.ErrNotFound
		}
		return change(e)
	})
}

func (s *Sender) update(ctx context.Context, tenant, id string, change func(e *Endpoint) error) (Endpoint, error) {
	var e Endpoint
	_, err := leads.UpdateRecord(ctx, s.records, tenant, RecordKind, id, func(r *leads.Record) error {
		e = Endpoint{Tenant: tenant, ID: id}
		if len(r.Data) > 0 {
			var err error
			if e, err = read(*r); err != nil {
				return err
			}
		}
		if err := change(&e); err != nil {
			return err
		}
		var err error
		r.Data, err = json.Marshal(e)
		return err
	})
	if err != nil {
		return Endpoint{}, fmt.Errorf("webhook: endpoint %q: %w", id, err)
	}
	return e, nil
}

// fault is what is wrong with a field of an endpoint as somebody has typed it.
type fault struct{ field, message string }

func (f *fault) Error() string { return f.message }

// valid reports what is wrong with an endpoint.
func (s *Sender) valid(e Endpoint) error {
	u, err := url.Parse(e.URL)
	switch {
	case len(e.ID) > 40 || strings.Trim(e.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return &fault{"id", "ID must have 1 to 40 lower-case letters, digits and -"}
	case err != nil || u.Host == "" || len(e.URL) > 2048:
		return &fault{"url", "URL is none"}
	case u.Scheme != "https" && !(s.opts.Plain && u.Scheme == "http"):
		return &fault{"url", "the URL must begin with https://"}
	case u.User != nil || u.Fragment != "":
		return &fault{"url", "the URL must hold no credentials and no fragment"}
	case len(e.Description) > 500:
		return &fault{"description", "the description may have 500 bytes"}
	case len(e.Events) > 50:
		return &fault{"events", "there may be 50 events"}
	}
	for i, event := range e.Events {
		if event == "" || len(event) > 100 || strings.Trim(event, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != "" {
			return &fault{fmt.Sprintf("events/%d", i), fmt.Sprintf("the event %q is no type", event)}
		}
	}
	for i, secret := range e.Secrets {
		if _, err := newSigner(secret.Key); err != nil {
			return &fault{fmt.Sprintf("secrets/%d", i), fmt.Sprintf("a secret: %v", err)}
		}
	}
	return nil
}
