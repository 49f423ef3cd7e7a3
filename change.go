package leads

import (
	"encoding/json"
	"slices"
	"time"
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

func (l *Lead) changed(kind EventKind, c Change, at time.Time) Event {
	data, _ := json.Marshal(c) // strings always encode
	return Event{Tenant: l.Tenant, ID: NewID(), LeadID: l.ID, Kind: kind, At: at, Data: data}
}
