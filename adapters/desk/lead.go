package desk

import (
	"context"
	"encoding/json"
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

const (
	maxTag  = 60   // bytes
	maxTags = 50   // of a lead
	maxNote = 8192 // bytes
)

// Leads finds leads; f.Tenant is the user's whatever it says. For readers.
func (d *Desk) Leads(ctx context.Context, u User, f Filter) (Page, error) {
	if err := may(u, Reader); err != nil {
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
	captured, err := d.cfg.Engine.Capture(ctx, ingest.Submission{
		Tenant: u.Tenant, SourceID: in.SourceID, Fields: in.Fields, Metadata: in.Metadata, Key: in.Key,
	})
	if errors.Is(err, leads.ErrInvalid) {
		return leads.Lead{}, false, invalid("", "%v", err)
	} else if err != nil {
		return leads.Lead{}, false, err
	}
	lead, err = d.store.Lead(ctx, u.Tenant, captured.LeadID)
	return lead, captured.Created, err
}

// Patch is a change of a lead; what is nil or empty stays as it is.
type Patch struct {
	// Version, when it is not 0, must be the lead's: otherwise somebody else was quicker, and nothing is changed.
	Version int64
	// Fields are known fields by their JSON names.
	Fields map[string]string
	// Metadata are JSON values by name; nil removes one.
	Metadata map[string]json.RawMessage
	Status   *leads.Status
	// Stage is the ID of a stage of any pipeline; it decides the status too.
	Stage *string
	// Assignee is who becomes responsible, "" for nobody.
	Assignee *string
	// Tags replaces all tags; AddTags and RemoveTags change some.
	Tags                *[]string
	AddTags, RemoveTags []string
	// Note is written on the timeline.
	Note string
	// Contacted notes that a person has got in touch.
	Contacted bool
}

// Update changes a lead and writes what was changed on its timeline. It returns [leads.ErrStale] if p.Version is another than the lead's. For
// members.
func (d *Desk) Update(ctx context.Context, u User, id string, p Patch) (leads.Lead, error) {
	if err := may(u, Member); err != nil {
		return leads.Lead{}, err
	}
	stages, err := d.stages(ctx, u)
	if err != nil {
		return leads.Lead{}, err
	}
	if err := p.validate(stages); err != nil {
		return leads.Lead{}, err
	}
	return d.store.Edit(ctx, u.Tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		if p.Version != 0 && p.Version != lead.Version {
			return nil, nil, leads.ErrStale
		}
		return p.apply(lead, stages, u, d.now())
	})
}

// validate reports every field that cannot be taken.
func (p Patch) validate(stages map[string]Stage) error {
	var c check
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		value := p.Fields[name]
		c.that(slices.Contains(ingest.KnownFields(), name), "/"+pointer(name), "this is no known field: use metadata")
		limit := ingest.MaxString
		if name == "email" {
			limit = ingest.MaxEmail
		}
		c.that(len(value) <= limit, "/"+pointer(name), "at most %d bytes", limit)
		c.that(storable(value), "/"+pointer(name), "valid UTF-8 without NUL")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Metadata)) {
		value := p.Metadata[name]
		c.that(name != "" && len(name) <= ingest.MaxName && storable(name), "/metadata/"+pointer(name), "a name of at most %d bytes", ingest.MaxName)
		c.that(value == nil || json.Valid(value) && len(value) <= ingest.MaxString, "/metadata/"+pointer(name), "a JSON value of at most %d bytes", ingest.MaxString)
	}
	if p.Status != nil {
		c.that(slices.Contains(Statuses(), *p.Status), "/status", "one of %v", Statuses())
	}
	if p.Stage != nil {
		_, known := stages[*p.Stage]
		c.that(known, "/stageId", "there is no such stage")
		c.that(p.Status == nil, "/stageId", "give either a status or a stage")
	}
	if p.Assignee != nil {
		c.that(len(*p.Assignee) <= 255 && storable(*p.Assignee), "/assignedTo", "at most 255 bytes")
	}
	tags := slices.Concat(p.AddTags, p.RemoveTags)
	if p.Tags != nil {
		tags = append(tags, *p.Tags...)
		c.that(len(*p.Tags) <= maxTags, "/tags", "at most %d tags", maxTags)
	}
	for _, tag := range tags {
		c.that(strings.TrimSpace(tag) != "" && len(tag) <= maxTag && storable(tag), "/tags", "each tag has 1 to %d bytes", maxTag)
	}
	c.that(len(p.Note) <= maxNote && storable(p.Note), "/note", "at most %d bytes", maxNote)
	return c.err()
}

// apply changes the lead and returns the events of it.
func (p Patch) apply(lead *leads.Lead, stages map[string]Stage, u User, at time.Time) ([]leads.Event, []leads.Task, error) {
	var events []leads.Event
	add := func(e leads.Event, changed bool) {
		if changed {
			events = append(events, e)
		}
	}
	add(lead.Edit(p.Fields, p.Metadata, u.ID, at))
	if p.Status != nil {
		lead.Stage = ""
		add(lead.SetStatus(leads.Change{To: string(*p.Status), By: u.ID}, at))
	}
	if p.Stage != nil {
		add(move(lead, stages[*p.Stage], u.ID, at))
	}
	var tasks []leads.Task
	if p.Assignee != nil {
		e, changed := lead.Assign(leads.Change{To: *p.Assignee, By: u.ID}, at)
		add(e, changed)
		if changed && *p.Assignee != "" && *p.Assignee != u.ID {
			tasks = append(tasks, leads.NoticeTask(lead.Tenant, lead.ID, leads.Notice{Kind: leads.NotifyAssigned, To: *p.Assignee}, time.Time{}))
		}
	}
	for _, c := range p.tagging(lead.Tags) {
		c.By = u.ID
		add(lead.Tag(c, at))
	}
	if len(lead.Tags) > maxTags {
		return nil, nil, invalid("/tags", "a lead has at most %d tags", maxTags)
	}
	if p.Note != "" {
		add(lead.Say(leads.Note{Text: p.Note, By: u.ID}, at), true)
	}
	if p.Contacted && lead.Response.Contacted.IsZero() {
		lead.Response.Contacted, lead.UpdatedAt = at, at
	}
	return events, tasks, nil
}

// tagging lists the changes that make tags of old.
func (p Patch) tagging(old []string) []leads.Change {
	var changes []leads.Change
	remove, add := p.RemoveTags, p.AddTags
	if p.Tags != nil {
		for _, tag := range old {
			if !slices.Contains(*p.Tags, tag) {
				remove = append(remove[:len(remove):len(remove)], tag)
			}
		}
		add = slices.Concat(*p.Tags, add)
	}
	for _, tag := range remove {
		changes = append(changes, leads.Change{From: tag})
	}
	for _, tag := range add {
		changes = append(changes, leads.Change{To: tag})
	}
	return changes
}

// Replay has a dead task run again. For members.
func (d *Desk) Replay(ctx context.Context, u User, taskID string) error {
	if err := may(u, Member); err != nil {
		return err
	}
	return d.cfg.Engine.Replay(ctx, u.Tenant, taskID)
}

// BulkReport is what became of a change of many leads.
type BulkReport struct {
	Changed int
	Failed  map[string]error // by lead ID
}

// MaxBulk is how many leads can be changed at once.
const MaxBulk = 500

// Bulk makes the same change to many leads, each on its own. For members.
func (d *Desk) Bulk(ctx context.Context, u User, ids []string, p Patch) (BulkReport, error) {
	return d.bulk(ctx, u, ids, func(id string) error { _, err := d.Update(ctx, u, id, p); return err })
}

// EraseMany removes many leads. For admins.
func (d *Desk) EraseMany(ctx context.Context, u User, ids []string) (BulkReport, error) {
	return d.bulk(ctx, u, ids, func(id string) error { return d.Erase(ctx, u, id) })
}

func (d *Desk) bulk(ctx context.Context, u User, ids []string, do func(id string) error) (BulkReport, error) {
	if err := may(u, Member); err != nil {
		return BulkReport{}, err
	}
	if len(ids) == 0 || len(ids) > MaxBulk {
		return BulkReport{}, invalid("/ids", "1 to %d leads", MaxBulk)
	}
	report := BulkReport{Failed: make(map[string]error)}
	for _, id := range ids {
		err := do(id)
		switch {
		case errors.Is(err, ErrForbidden), errors.Is(err, leads.ErrInvalid), ctx.Err() != nil: // the same for all of them
			return report, err
		case err != nil:
			report.Failed[id] = err
		default:
			report.Changed++
		}
	}
	return report, nil
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
