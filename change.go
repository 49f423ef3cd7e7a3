package leads

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/openleads/leads/ingest"
)

// Response is how soon the team took care of a lead. A zero time means that it has not happened.
type Response struct {
	Assigned  time.Time `json:"assigned,omitzero"`  // somebody was made responsible, for the first time
	Viewed    time.Time `json:"viewed,omitzero"`    // a person looked at the lead, for the first time
	Contacted time.Time `json:"contacted,omitzero"` // a person got in touch, or the lead was moved on from new, for the first time
}

// Change is the data of an EventAssigned, EventStatus or EventTagged.
type Change struct {
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	By     string `json:"by,omitempty"`     // who did it: a person, "routing", "sequence"
	Reason string `json:"reason,omitempty"` // why, in a few words for people
}

// Edit is the data of an EventEdited.
type Edit struct {
	Fields []string `json:"fields"` // the names of the known fields and metadata that were changed
	By     string   `json:"by,omitempty"`
}

// Note is the data of an EventNoted.
type Note struct {
	Text string `json:"text"`
	By   string `json:"by,omitempty"`
}

// Assign makes somebody responsible for the lead, or with "" nobody, and returns the event to store with it. It reports false, and changes
// nothing, when that is so already.
func (l *Lead) Assign(c Change, at time.Time) (Event, bool) {
	if l.Assignee == c.To {
		return Event{}, false
	}
	c.From, l.Assignee, l.UpdatedAt = l.Assignee, c.To, at
	if l.Response.Assigned.IsZero() && c.To != "" {
		l.Response.Assigned = at
	}
	return l.changed(EventAssigned, c, at), true
}

// SetStatus moves the lead and returns the event to store with it. It reports false, and changes nothing, when it is there already.
func (l *Lead) SetStatus(c Change, at time.Time) (Event, bool) {
	if l.Status == Status(c.To) {
		return Event{}, false
	}
	c.From, l.Status, l.UpdatedAt = string(l.Status), Status(c.To), at
	if l.Response.Contacted.IsZero() && l.Status != StatusNew && l.Status != StatusClosed {
		l.Response.Contacted = at
	}
	return l.changed(EventStatus, c, at), true
}

// Moved returns the event of a move between stages that leaves the status as it is; c.Reason names the stage.
func (l *Lead) Moved(c Change, at time.Time) Event { return l.changed(EventStatus, c, at) }

// Tag adds the tag c.To, takes c.From away, or both, and returns the event to store with it. It reports false when that changes nothing.
func (l *Lead) Tag(c Change, at time.Time) (Event, bool) {
	tags := slices.Clone(l.Tags)
	if c.From != "" {
		tags = slices.DeleteFunc(tags, func(t string) bool { return t == c.From })
	}
	if c.To != "" && !slices.Contains(tags, c.To) {
		tags = append(tags, c.To)
	}
	if slices.Equal(tags, l.Tags) {
		return Event{}, false
	}
	l.Tags, l.UpdatedAt = tags, at
	return l.changed(EventTagged, c, at), true
}

// Say writes a note on the lead's timeline.
func (l *Lead) Say(note Note, at time.Time) Event { return l.changed(EventNoted, note, at) }

// Edit sets known fields, and metadata to JSON values (nil removes one), as a person or an API client does: public input does not change
// them any more. It returns the event to store with it, and reports false when that changes nothing.
func (l *Lead) Edit(fields map[string]string, metadata map[string]json.RawMessage, by string, at time.Time) (Event, bool) {
	var changed []string
	for _, name := range ingest.KnownFields() {
		value, given := fields[name]
		if field := l.Field(name); given && *field != value {
			*field, changed = value, append(changed, name)
		}
	}
	if len(metadata) > 0 {
		l.Metadata = maps.Clone(l.Metadata)
	}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		value, old := metadata[name], l.Metadata[name]
		if bytes.Equal(value, old) {
			continue
		}
		changed = append(changed, name)
		switch {
		case value == nil:
			delete(l.Metadata, name)
		case l.Metadata == nil:
			l.Metadata = ingest.Metadata{name: value}
		default:
			l.Metadata[name] = value
		}
	}
	if len(changed) == 0 {
		return Event{}, false
	}
	l.Edited = slices.Clone(l.Edited)
	for _, name := range changed {
		if !slices.Contains(l.Edited, name) {
			l.Edited = append(l.Edited, name)
		}
	}
	l.UpdatedAt = at
	return l.changed(EventEdited, Edit{Fields: changed, By: by}, at), true
}

func (l *Lead) changed(kind EventKind, change any, at time.Time) Event {
	data, _ := json.Marshal(change) // strings always encode
	return Event{Tenant: l.Tenant, ID: NewID(), LeadID: l.ID, Kind: kind, At: at, Data: data}
}
