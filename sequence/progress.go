package sequence

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
)

// Progress is the data of an EventSequence: what became of an enrolment.
type Progress struct {
	Enrollment string `json:"enrollment"`
	Sequence   string `json:"sequence"`
	State      State  `json:"state"`
	Reason     Reason `json:"reason,omitempty"`
	// Step is the step that was run, and Outcome what it came to; see [Passed]. Both are "" when something else has happened.
	Step    string `json:"step,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	By      string `json:"by,omitempty"` // who did it, where it was a person
}

// progress makes the event that tells how an enrolment stands.
func progress(e Enrollment, at time.Time, p Progress) leads.Event {
	p.Enrollment, p.Sequence, p.State, p.Reason = e.ID, e.SequenceID, e.State, e.Reason
	return event(e.Tenant, e.LeadID, leads.EventSequence, at, p)
}

func event(tenant, leadID string, kind leads.EventKind, at time.Time, data any) leads.Event {
	raw, _ := json.Marshal(data) // strings and numbers always encode
	return leads.Event{Tenant: tenant, ID: leads.NewID(), LeadID: leadID, Kind: kind, At: at, Data: raw}
}

// onceID makes the ID of an event that is to exist once: the same for the same names, and in the order of time like any other.
func onceID(at time.Time, names ...string) string {
	id := uuid.Must(uuid.NewV7())
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	h := sha256.New()
	for _, name := range names {
		_, _ = h.Write([]byte(name + "\x00"))
	}
	copy(id[6:], h.Sum(nil))
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80 // version 7, the variant of RFC 9562
	return id.String()
}

// told reports whether the lead's timeline has an event with that ID, as far as the store can tell.
func (s *Sequencer) told(ctx context.Context, tenant, leadID, id string) (bool, error) {
	if s.history == nil {
		return false, nil
	}
	events, err := s.history.Events(ctx, tenant, leadID)
	return slices.ContainsFunc(events, func(e leads.Event) bool { return e.ID == id }), err
}
