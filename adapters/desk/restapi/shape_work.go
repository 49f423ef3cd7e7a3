package restapi

import (
	"encoding/json"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

type eventShape struct {
	ID           string          `json:"id"`
	Kind         string          `json:"kind"`
	At           moment          `json:"at"`
	SubmissionID string          `json:"submissionId,omitempty"`
	Data         json.RawMessage `json:"data,omitempty"`
}

func shapeEvent(e leads.Event) eventShape {
	return eventShape{ID: e.ID, Kind: string(e.Kind), At: moment(e.At), SubmissionID: e.SubmissionID, Data: e.Data}
}

type submissionShape struct {
	ID          string             `json:"id"`
	ReceivedAt  moment             `json:"receivedAt"`
	SourceID    string             `json:"sourceId"`
	ContentType string             `json:"contentType"`
	Raw         string             `json:"raw"` // as text; bytes that are not UTF-8 are U+FFFD
	Fields      ingest.Fields      `json:"fields"`
	Metadata    ingest.Metadata    `json:"metadata"`
	Attribution ingest.Attribution `json:"attribution"`
	Flags       []ingest.Flag      `json:"flags"`
	Verdict     string             `json:"verdict"`
	Reasons     []string           `json:"reasons"`
	DuplicateOf string             `json:"duplicateOf,omitempty"`
}

func shapeSubmission(s ingest.Submission) submissionShape {
	verdict := "accepted"
	if s.Verdict == ingest.Quarantined {
		verdict = "quarantined"
	}
	return submissionShape{
		ID: s.ID, ReceivedAt: moment(s.Received), SourceID: s.SourceID, ContentType: s.ContentType, Raw: string(s.Raw), Fields: s.Fields, Metadata: s.Metadata,
		Attribution: s.Attribution, Flags: orEmpty(s.Flags), Verdict: verdict, Reasons: orEmpty(s.Reasons), DuplicateOf: s.DuplicateOf,
	}
}

type taskShape struct {
	ID           string          `json:"id"`
	Kind         string          `json:"kind"`
	LeadID       string          `json:"leadId"`
	SubmissionID string          `json:"submissionId,omitempty"`
	State        string          `json:"state"`
	Due          sometime        `json:"due"`
	Attempts     int             `json:"attempts"`
	LastError    string          `json:"lastError,omitempty"`
	CreatedAt    moment          `json:"createdAt"`
	Deliveries   []deliveryShape `json:"deliveries"`
}

func shapeTask(t leads.Task) taskShape {
	return taskShape{
		ID: t.ID, Kind: string(t.Kind), LeadID: t.LeadID, SubmissionID: t.SubmissionID, State: string(t.State), Due: sometime(t.Due), Attempts: t.Attempts,
		LastError: t.LastError, CreatedAt: moment(t.CreatedAt), Deliveries: each(t.Deliveries, shapeDelivery),
	}
}

type deliveryShape struct {
	ID        string `json:"id"`
	Channel   string `json:"channel"`
	Recipient string `json:"recipient"`
	State     string `json:"state"`
	Attempts  int    `json:"attempts"`
	Error     string `json:"error,omitempty"`
	CreatedAt moment `json:"createdAt"`
	UpdatedAt moment `json:"updatedAt"`
}

func shapeDelivery(d leads.Delivery) deliveryShape {
	return deliveryShape{
		ID: d.ID, Channel: d.Channel, Recipient: d.Recipient, State: string(d.State), Attempts: d.Attempts, Error: d.Error,
		CreatedAt: moment(d.CreatedAt), UpdatedAt: moment(d.UpdatedAt),
	}
}

// attemptShape is one attempt of one stage.
type attemptShape struct {
	Stage        string   `json:"stage"`
	Adapter      string   `json:"adapter"`
	Attempt      int      `json:"attempt"`
	Outcome      string   `json:"outcome"`
	Milliseconds float64  `json:"ms"`
	At           moment   `json:"at"`
	NextTry      sometime `json:"nextTry"`
	Error        string   `json:"error,omitempty"`
	Facts        int      `json:"facts"`
	TaskID       string   `json:"taskId"`
}

func shapeAttempt(s leads.StageEntry) attemptShape {
	shape := attemptShape{
		Stage: string(s.Stage), Adapter: s.Adapter, Attempt: s.Attempt, Outcome: s.Outcome, Milliseconds: s.Milliseconds, At: moment(s.At),
		Error: s.Error, Facts: s.Facts, TaskID: s.TaskID,
	}
	if s.NextTry != nil {
		shape.NextTry = sometime(*s.NextTry)
	}
	return shape
}

type enrollmentShape struct {
	ID         string        `json:"id"`
	LeadID     string        `json:"leadId"`
	SequenceID string        `json:"sequenceId"`
	Version    int64         `json:"version"`
	State      string        `json:"state"`
	Reason     string        `json:"reason,omitempty"`
	Step       string        `json:"step,omitempty"`
	Due        sometime      `json:"due"`
	Passed     []passedShape `json:"passed"`
	By         string        `json:"enrolledBy"`
	CreatedAt  moment        `json:"createdAt"`
	EndedAt    sometime      `json:"endedAt"`
}

func shapeEnrollment(e sequence.Enrollment) enrollmentShape {
	return enrollmentShape{
		ID: e.ID, LeadID: e.LeadID, SequenceID: e.SequenceID, Version: e.Version, State: string(e.State), Reason: string(e.Reason), Step: e.Step,
		Due: sometime(e.Due), Passed: each(e.Passed, shapePassed), By: e.By, CreatedAt: moment(e.CreatedAt), EndedAt: sometime(e.EndedAt),
	}
}

type suppressionShape struct {
	Key     string `json:"key"`
	Purpose string `json:"purpose"`
	Reason  string `json:"reason"`
	At      moment `json:"at"`
}

func shapeSuppression(s sequence.Suppression) suppressionShape {
	return suppressionShape{Key: s.Key, Purpose: s.Purpose, Reason: string(s.Reason), At: moment(s.At)}
}

type passedShape struct {
	Step     string `json:"step"`
	At       moment `json:"at"`
	Outcome  string `json:"outcome"`
	Delivery string `json:"delivery,omitempty"`
}

func shapePassed(p sequence.Passed) passedShape {
	return passedShape{Step: p.Step, At: moment(p.At), Outcome: p.Outcome, Delivery: p.Delivery}
}

type consentShape struct {
	ID           string `json:"id"`
	Purpose      string `json:"purpose"`
	Action       string `json:"action"`
	Wording      string `json:"wording"`
	SourceID     string `json:"sourceId,omitempty"`
	SubmissionID string `json:"submissionId,omitempty"`
	At           moment `json:"at"`
}

func shapeConsent(c sequence.Consent) consentShape {
	return consentShape{ID: c.ID, Purpose: c.Purpose, Action: string(c.Action), Wording: c.Wording, SourceID: c.SourceID, SubmissionID: c.SubmissionID, At: moment(c.At)}
}
