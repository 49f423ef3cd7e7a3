package restapi

import (
	"encoding/json"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// moment is a time as the API writes it: ISO 8601, UTC, with milliseconds; a zero one is null.
type moment time.Time

func (m moment) MarshalJSON() ([]byte, error) {
	t := time.Time(m)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// leadShape is a lead in lists.
type leadShape struct {
	ID            string       `json:"id"`
	FirstName     string       `json:"firstName"`
	LastName      string       `json:"lastName"`
	Email         string       `json:"email"`
	Phone         string       `json:"phone"`
	Company       string       `json:"company"`
	Status        string       `json:"status"`
	StageID       string       `json:"stageId"`
	Score         *int         `json:"score"`
	Qualification *string      `json:"qualification"`
	Source        *sourceShort `json:"source"`
	AssignedTo    *string      `json:"assignedTo"`
	Tags          []string     `json:"tags"`
	Submissions   int          `json:"submissions"`
	CreatedAt     moment       `json:"createdAt"`
	UpdatedAt     moment       `json:"updatedAt"`
}

type sourceShort struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Deleted bool   `json:"deleted,omitempty"`
}

// leadFull is a lead on its own.
type leadFull struct {
	leadShape
	Version    int64             `json:"version"`
	Metadata   ingest.Metadata   `json:"metadata"`
	First      touchShape        `json:"firstTouch"`
	Last       touchShape        `json:"lastTouch"`
	Enrichment []factShape       `json:"enrichment"`
	Judgement  *leads.Score      `json:"judgement"`
	Response   map[string]moment `json:"response"`
	Edited     []string          `json:"editedFields"`
}

type touchShape struct {
	At           moment             `json:"at"`
	SubmissionID string             `json:"submissionId"`
	Source       *sourceShort       `json:"source"`
	Attribution  ingest.Attribution `json:"attribution"`
}

type factShape struct {
	Key     string `json:"key"`
	Truth   string `json:"truth"`
	Value   string `json:"value"`
	Reason  string `json:"reason"`
	Source  string `json:"source"`
	At      moment `json:"at"`
	Expires moment `json:"expires"`
}

// sources names the sources of a tenant by ID.
type sources map[string]desk.Source

func (c *call) sources() (sources, error) {
	all, err := c.api.desk.AllSources(c.ctx(), c.user)
	named := make(sources, len(all))
	for _, s := range all {
		named[s.ID] = s
	}
	return named, err
}

func (s sources) short(id string) *sourceShort {
	if id == "" {
		return nil
	}
	return &sourceShort{ID: id, Name: s[id].Name, Deleted: s[id].Deleted()}
}

func shapeLead(l leads.Lead, named sources) leadShape {
	shape := leadShape{
		ID: l.ID, FirstName: l.FirstName, LastName: l.LastName, Email: l.Email, Phone: l.Phone, Company: l.Company,
		Status: string(l.Status), StageID: l.Stage, Source: named.short(l.First.SourceID), Tags: orEmpty(l.Tags), Submissions: l.Submissions,
		CreatedAt: moment(l.CreatedAt), UpdatedAt: moment(l.UpdatedAt),
	}
	if shape.StageID == "" {
		shape.StageID = shape.Status // the default pipeline's stages are the statuses
	}
	if l.Score != nil {
		q := string(l.Score.Qualification)
		shape.Score, shape.Qualification = &l.Score.Value, &q
	}
	if l.Assignee != "" {
		shape.AssignedTo = &l.Assignee
	}
	return shape
}

func shapeFull(l leads.Lead, named sources) leadFull {
	full := leadFull{
		leadShape: shapeLead(l, named), Version: l.Version, Metadata: l.Metadata, Judgement: l.Score, Edited: orEmpty(l.Edited),
		First: shapeTouch(l.First, named), Last: shapeTouch(l.Last, named), Enrichment: []factShape{},
		Response: map[string]moment{
			"assigned": moment(l.Response.Assigned), "viewed": moment(l.Response.Viewed), "contacted": moment(l.Response.Contacted),
		},
	}
	if full.Metadata == nil {
		full.Metadata = ingest.Metadata{}
	}
	for _, f := range l.Enrichment.Facts() {
		full.Enrichment = append(full.Enrichment, factShape{
			Key: f.Key, Truth: f.Truth.String(), Value: f.Value, Reason: f.Reason, Source: f.Source, At: moment(f.At), Expires: moment(f.Expires),
		})
	}
	return full
}

func shapeTouch(t leads.Touch, named sources) touchShape {
	return touchShape{At: moment(t.At), SubmissionID: t.SubmissionID, Source: named.short(t.SourceID), Attribution: t.Attribution}
}

// orEmpty makes a list that is written as [] and not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// each shapes every element.
func each[T, S any](list []T, shape func(T) S) []S {
	out := make([]S, 0, len(list))
	for _, e := range list {
		out = append(out, shape(e))
	}
	return out
}

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
	Due          moment          `json:"due"`
	Attempts     int             `json:"attempts"`
	LastError    string          `json:"lastError,omitempty"`
	CreatedAt    moment          `json:"createdAt"`
	Deliveries   []deliveryShape `json:"deliveries"`
}

func shapeTask(t leads.Task) taskShape {
	return taskShape{
		ID: t.ID, Kind: string(t.Kind), LeadID: t.LeadID, SubmissionID: t.SubmissionID, State: string(t.State), Due: moment(t.Due), Attempts: t.Attempts,
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

type sourceShape struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	WebhookToken  string            `json:"webhookToken"`
	WebhookURL    string            `json:"webhookUrl"`
	FieldMappings map[string]string `json:"fieldMappings"`
	Preset        string            `json:"preset,omitempty"`
	Origins       []string          `json:"allowedOrigins"`
	Redirects     []string          `json:"redirects"`
	PerMinute     int               `json:"requestsPerMinute"`
	Trusted       bool              `json:"trusted"`
	LastSeenAt    moment            `json:"lastSeenAt"`
	CreatedAt     moment            `json:"createdAt"`
	CreatedBy     *string           `json:"createdBy"`
}

type keyShape struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	Scope     string `json:"scope"`
	Active    bool   `json:"active"`
	Hint      string `json:"hint"`
	ExpiresAt moment `json:"expiresAt"`
	CreatedAt moment `json:"createdAt"`
	CreatedBy string `json:"createdBy"`
	Key       string `json:"key,omitempty"` // only when it is made
}

func shapeKey(k desk.Key, secret string) keyShape {
	return keyShape{
		ID: k.ID, Label: k.Label, Scope: string(k.Scope), Active: k.Active, Hint: k.Hint, ExpiresAt: moment(k.ExpiresAt), CreatedAt: moment(k.CreatedAt),
		CreatedBy: k.CreatedBy, Key: secret,
	}
}

type pipelineShape struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	IsDefault bool         `json:"isDefault"`
	CreatedAt moment       `json:"createdAt"`
	Stages    []desk.Stage `json:"stages"`
}

func shapePipeline(p desk.Pipeline) pipelineShape {
	return pipelineShape{ID: p.ID, Name: p.Name, IsDefault: p.IsDefault, CreatedAt: moment(p.CreatedAt), Stages: orEmpty(p.Stages)}
}

type enrollmentShape struct {
	ID         string            `json:"id"`
	LeadID     string            `json:"leadId"`
	SequenceID string            `json:"sequenceId"`
	Version    int64             `json:"version"`
	State      string            `json:"state"`
	Reason     string            `json:"reason,omitempty"`
	Step       string            `json:"step,omitempty"`
	Due        moment            `json:"due"`
	Passed     []sequence.Passed `json:"passed"`
	By         string            `json:"enrolledBy"`
	CreatedAt  moment            `json:"createdAt"`
	EndedAt    moment            `json:"endedAt"`
}

func shapeEnrollment(e sequence.Enrollment) enrollmentShape {
	return enrollmentShape{
		ID: e.ID, LeadID: e.LeadID, SequenceID: e.SequenceID, Version: e.Version, State: string(e.State), Reason: string(e.Reason), Step: e.Step,
		Due: moment(e.Due), Passed: orEmpty(e.Passed), By: e.By, CreatedAt: moment(e.CreatedAt), EndedAt: moment(e.EndedAt),
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
