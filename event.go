package leads

import (
	"encoding/json"
	"time"
)

// EventKind names what happened to a lead.
type EventKind string

// The kinds of events that the engine writes.
const (
	EventCreated   EventKind = "created"   // a submission made the lead
	EventSubmitted EventKind = "submitted" // a further submission was merged into it
	EventRepeated  EventKind = "repeated"  // a double click: stored, without effects
	EventReleased  EventKind = "released"  // a person released a quarantined submission
	EventStage     EventKind = "stage"     // a stage was run; Data is a StageReport
	EventScored    EventKind = "scored"    // the score changed; Data is a ScoreChange
	EventReplayed  EventKind = "replayed"  // a person had a dead task run again
)

// The kinds of events that the working of a lead writes: what people, routing, sequences and mail providers do.
const (
	EventAssigned EventKind = "assigned" // somebody else is responsible; Data is a Change
	EventStatus   EventKind = "status"   // the lead was moved; Data is a Change
	EventTagged   EventKind = "tagged"   // a tag was added or taken away; Data is a Change
	EventEdited   EventKind = "edited"   // known fields or metadata were edited; Data is an Edit
	EventNoted    EventKind = "noted"    // somebody wrote a note; Data is a Note
	EventSequence EventKind = "sequence" // an enrolment began, changed or ended; Data is package sequence's
	EventMail     EventKind = "mail"     // what became of a mail to the lead; Data is a MailEvent's kind and what belongs to it
	EventConsent  EventKind = "consent"  // the person agreed to something or withdrew it; Data is package sequence's
)

// Event is one entry of a lead's timeline, which is only ever added to.
type Event struct {
	Tenant       string
	ID           string // a UUIDv7 in text form
	LeadID       string
	Kind         EventKind
	At           time.Time // UTC, whole microseconds
	SubmissionID string    // the submission it is about, or ""
	TaskID       string    // the task it is about, or ""
	// Data is JSON text whose form the kind decides; nil means nothing.
	Data json.RawMessage
}

// StageReport is the data of an EventStage: one attempt of one stage.
type StageReport struct {
	Stage   TaskKind `json:"stage"`
	Adapter string   `json:"adapter"` // the Go type of the part that ran
	Attempt int      `json:"attempt"`
	// Outcome is "done", "retry", "dead" or "passed" (the lead went on without it, and it is tried again).
	Outcome string `json:"outcome"`
	// Milliseconds is how long the attempt took.
	Milliseconds float64 `json:"ms"`
	// NextTry is when the stage is tried again, if it is.
	NextTry *time.Time `json:"nextTry,omitempty"`
	Error   string     `json:"error,omitempty"` // without personal data, at most 500 bytes
	// Facts counts what an enricher learned.
	Facts int `json:"facts,omitempty"`
}

// ScoreChange is the data of an EventScored.
type ScoreChange struct {
	From          *int          `json:"from,omitempty"` // nil when there was no score before
	To            int           `json:"to"`
	Qualification Qualification `json:"qualification"`
	// Differences are the criteria that were judged otherwise than before, in the order of the new score.
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is how one criterion changed between two scores. Points are 0 where a score did not judge it.
type Difference struct {
	Criterion string `json:"criterion"`
	From      int    `json:"from"`
	To        int    `json:"to"`
	Reason    string `json:"reason,omitempty"` // of the new judgement, or of the old one where there is no new one
}

// differences explains what lies between two scores.
func differences(old, now Score) []Difference {
	var found []Difference
	before := make(map[string]Evidence, len(old.Evidence))
	for _, e := range old.Evidence {
		before[e.Criterion] = e
	}
	for _, e := range now.Evidence {
		if was := before[e.Criterion]; was.Points != e.Points {
			found = append(found, Difference{Criterion: e.Criterion, From: was.Points, To: e.Points, Reason: e.Reason})
		}
		delete(before, e.Criterion)
	}
	for _, e := range old.Evidence {
		if _, gone := before[e.Criterion]; gone && e.Points != 0 {
			found = append(found, Difference{Criterion: e.Criterion, From: e.Points, Reason: e.Reason})
		}
	}
	return found
}
