package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// Leads finds leads; f.Tenant is the user's whatever it says. For readers.
func (d *Desk) Leads(ctx context.Context, u User, f Filter) (Page, error) {
	if err := may(u, Reader); err != nil {
		return Page{}, err
	}
	if err := f.validate(); err != nil {
		return Page{}, err
	}
	f.Tenant = u.Tenant
	return d.store.FindLeads(ctx, f)
}

// Count counts the leads that f selects, at most up to most. For readers.
func (d *Desk) Count(ctx context.Context, u User, f Filter, most int) (int, error) {
	if err := may(u, Reader); err != nil {
		return 0, err
	}
	if err := f.validate(); err != nil {
		return 0, err
	}
	f.Tenant = u.Tenant
	return d.store.CountLeads(ctx, f, most)
}

// Changed returns leads that were created or changed at or after since, the longest unchanged first. For readers.
func (d *Desk) Changed(ctx context.Context, u User, since time.Time, limit int) ([]leads.Lead, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.store.ChangedLeads(ctx, u.Tenant, since, limit)
}

// Lead returns one lead. For readers.
func (d *Desk) Lead(ctx context.Context, u User, id string) (leads.Lead, error) {
	if err := may(u, Reader); err != nil {
		return leads.Lead{}, err
	}
	return d.store.Lead(ctx, u.Tenant, id)
}

// View returns one lead and notes that a person has looked at it, for the first time only. For readers; a reader's look is not noted.
func (d *Desk) View(ctx context.Context, u User, id string) (leads.Lead, error) {
	lead, err := d.Lead(ctx, u, id)
	if err != nil || !lead.Response.Viewed.IsZero() || !u.Role.May(Member) {
		return lead, err
	}
	return d.store.Edit(ctx, u.Tenant, id, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
		if l.Response.Viewed.IsZero() {
			l.Response.Viewed = d.now()
		}
		return nil, nil, nil
	})
}

// Explain returns the receipt of a lead with its submissions and tasks. For readers.
func (d *Desk) Explain(ctx context.Context, u User, id string) (leads.Explanation, error) {
	if err := may(u, Reader); err != nil {
		return leads.Explanation{}, err
	}
	return d.cfg.Engine.Explain(ctx, u.Tenant, id)
}

// Events returns the timeline of a lead, oldest first. For readers.
func (d *Desk) Events(ctx context.Context, u User, id string) ([]leads.Event, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.store.Events(ctx, u.Tenant, id)
}

// Deliveries returns what was sent about and to a lead, oldest first. For readers.
func (d *Desk) Deliveries(ctx context.Context, u User, id string) ([]leads.Delivery, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.store.Deliveries(ctx, u.Tenant, id)
}

// NewLead is a lead as a person or an API client enters it.
type NewLead struct {
	Fields   ingest.Fields
	Metadata ingest.Metadata
	SourceID string // "" for none
	// Key is an idempotency key: the same one within 72 hours makes no second submission.
	Key string
}

// Create takes a lead in through the same line as any door: one who is known already is merged. It returns the lead as it is then, and
// whether it is a new one. For members.
func (d *Desk) Create(ctx context.Context, u User, in NewLead) (lead leads.Lead, created bool, err error) {
	if err := may(u, Member); err != nil {
		return leads.Lead{}, false, err
	}
	if in.SourceID != "" {
		if _, err := d.source(ctx, u, in.SourceID); err != nil {
			return leads.Lead{}, false, invalid("/sourceId", "there is no such source")
		}
	}
	sub := ingest.Submission{Tenant: u.Tenant, SourceID: in.SourceID, Fields: in.Fields, Metadata: in.Metadata, Key: in.Key}
	captured, err := d.cfg.Engine.Capture(ctx, sub)
	if errors.Is(err, leads.ErrInvalid) {
		return leads.Lead{}, false, refused(sub, d.now(), err)
	} else if err != nil {
		return leads.Lead{}, false, err
	}
	lead, err = d.store.Lead(ctx, u.Tenant, captured.LeadID)
	return lead, captured.Created, err
}

// refused says which part of a submission cannot be taken.
func refused(sub ingest.Submission, now time.Time, otherwise error) error {
	sub.Key = ""
	var c check
	for _, name := range ingest.KnownFields() {
		one := ingest.Submission{Tenant: sub.Tenant}
		if value := *sub.Fields.Field(name); value != "" {
			*one.Fields.Field(name) = value
			_, err := ingest.Prepare(one, now)
			c.that(err == nil, "/"+name, "it is too long")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sub.Metadata)) {
		_, err := ingest.Prepare(ingest.Submission{Tenant: sub.Tenant, Metadata: ingest.Metadata{name: sub.Metadata[name]}}, now)
		if err != nil {
			c.said("/metadata/"+pointer(name), plainly(err))
		}
	}
	if len(c.fields) == 0 {
		c.said("", plainly(otherwise))
	}
	return c.err()
}

// Replay has a dead task run again. For members.
func (d *Desk) Replay(ctx context.Context, u User, taskID string) error {
	if err := may(u, Member); err != nil {
		return err
	}
	if err := d.cfg.Engine.Replay(ctx, u.Tenant, taskID); err != nil {
		return err
	}
	d.audit(ctx, u, "task.replay", taskID, nil)
	return nil
}

// pointer escapes a name for a JSON pointer.
func pointer(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// wrap says in which operation an error came up.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("desk: %s: %w", operation, err)
}
