package desk

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	maxTag  = 60   // bytes
	maxTags = 50   // of a lead
	maxNote = 8192 // bytes
)

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
	p, stages, err := d.prepare(ctx, u, p)
	if err != nil {
		return leads.Lead{}, err
	}
	lead, err := d.update(ctx, u, id, p, stages)
	if err == nil {
		d.rememberTags(ctx, u, p.given())
	}
	return lead, err
}

// prepare checks a change, and brings what it sets into the form in which it is kept.
func (d *Desk) prepare(ctx context.Context, u User, p Patch) (Patch, map[string]Stage, error) {
	if err := may(u, Member); err != nil {
		return p, nil, err
	}
	stages, err := d.stages(ctx, u)
	if err != nil {
		return p, nil, err
	}
	p = p.trimmed()
	err = p.validate(stages)
	if err == nil {
		p.Metadata, err = canonical(p.Metadata, d.now())
	}
	return p, stages, err
}

// canonical writes metadata as the door would have, within its limits. What is to be removed stays nil.
func canonical(values map[string]json.RawMessage, now time.Time) (map[string]json.RawMessage, error) {
	kept := make(map[string]json.RawMessage, len(values))
	var c check
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if kept[name] = nil; values[name] == nil {
			continue
		}
		sub, err := ingest.Prepare(ingest.Submission{Tenant: "-", Metadata: ingest.Metadata{name: values[name]}}, now)
		if err != nil {
			c.said("/metadata/"+pointer(name), plainly(err))
		}
		kept[name] = sub.Metadata[name]
	}
	return kept, c.err()
}

func (d *Desk) update(ctx context.Context, u User, id string, p Patch, stages map[string]Stage) (leads.Lead, error) {
	return d.store.Edit(ctx, u.Tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		if p.Version != 0 && p.Version != lead.Version {
			return nil, nil, leads.ErrStale
		}
		return p.apply(lead, stages, u, d.now())
	})
}

// trimmed takes the blanks around tags away.
func (p Patch) trimmed() Patch {
	trim := func(tags []string) []string {
		out := make([]string, 0, len(tags))
		for _, tag := range tags {
			out = append(out, strings.TrimSpace(tag))
		}
		return out
	}
	p.AddTags, p.RemoveTags = trim(p.AddTags), trim(p.RemoveTags)
	if p.Tags != nil {
		tags := trim(*p.Tags)
		p.Tags = &tags
	}
	return p
}

// given are the tags that the change gives.
func (p Patch) given() []string {
	if p.Tags != nil {
		return slices.Concat(*p.Tags, p.AddTags)
	}
	return p.AddTags
}

// validate reports every field that cannot be taken.
func (p Patch) validate(stages map[string]Stage) error {
	var c check
	p.checkValues(&c)
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
	p.checkTags(&c)
	c.that(len(p.Note) <= maxNote && storable(p.Note), "/note", "at most %d bytes", maxNote)
	return c.err()
}

// checkValues notes known fields and metadata that cannot be taken.
func (p Patch) checkValues(c *check) {
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
}

// checkTags notes tags that cannot be taken.
func (p Patch) checkTags(c *check) {
	tags := slices.Concat(p.AddTags, p.RemoveTags)
	if p.Tags != nil {
		tags = append(tags, *p.Tags...)
		c.that(len(*p.Tags) <= maxTags, "/tags", "at most %d tags", maxTags)
	}
	for _, tag := range tags {
		c.that(strings.TrimSpace(tag) != "" && len(tag) <= maxTag && storable(tag), "/tags", "each tag has 1 to %d bytes", maxTag)
	}
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
	if len(p.Metadata) > 0 && len(lead.Metadata) > ingest.MaxMembers {
		return nil, nil, invalid("/metadata", "a lead has at most %d names", ingest.MaxMembers)
	}
	if p.Status != nil {
		add(move(lead, stages[string(*p.Status)], u.ID, at))
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
