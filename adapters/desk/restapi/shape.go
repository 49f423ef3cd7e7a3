package restapi

import (
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

// moment is a time as the API writes it: ISO 8601, UTC, with milliseconds.
type moment time.Time

// MarshalJSON writes it.
func (m moment) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(m).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// sometime is a moment that need not have come: a zero one is null.
type sometime time.Time

// MarshalJSON writes it.
func (m sometime) MarshalJSON() ([]byte, error) {
	if time.Time(m).IsZero() {
		return []byte("null"), nil
	}
	return moment(m).MarshalJSON()
}

// orNull makes "" null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
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
	Version    int64           `json:"version"`
	Metadata   ingest.Metadata `json:"metadata"`
	First      touchShape      `json:"firstTouch"`
	Last       touchShape      `json:"lastTouch"`
	Enrichment []factShape     `json:"enrichment"`
	Judgement  *scoreShape     `json:"judgement"`
	Response   responded       `json:"response"`
	Edited     []string        `json:"editedFields"`
	// Former are the addresses and numbers that edits have replaced; the lead is found by them still.
	Former []identityShape `json:"formerIdentities"`
}

type identityShape struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

func shapeIdentity(i leads.Identity) identityShape { return identityShape{string(i.Kind), i.Value} }

type touchShape struct {
	At           moment             `json:"at"`
	SubmissionID string             `json:"submissionId"`
	Source       *sourceShort       `json:"source"`
	Attribution  ingest.Attribution `json:"attribution"`
}

type factShape struct {
	Key     string   `json:"key"`
	Truth   string   `json:"truth"`
	Value   string   `json:"value"`
	Reason  string   `json:"reason"`
	Source  string   `json:"source"`
	At      moment   `json:"at"`
	Expires sometime `json:"expires"`
}

// responded says when the team first took care of a lead.
type responded struct {
	Assigned  sometime `json:"assigned"`
	Viewed    sometime `json:"viewed"`
	Contacted sometime `json:"contacted"`
}

// sources names the sources of a tenant by ID.
type sources map[string]desk.SourceName

func (c *call) sources() (sources, error) {
	all, err := c.api.desk.SourceNames(c.ctx(), c.user)
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
	return &sourceShort{ID: id, Name: s[id].Name, Deleted: s[id].Deleted}
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
		leadShape: shapeLead(l, named), Version: l.Version, Metadata: l.Metadata, Judgement: shapeScore(l.Score), Edited: orEmpty(l.Edited),
		First: shapeTouch(l.First, named), Last: shapeTouch(l.Last, named), Enrichment: []factShape{},
		Response: responded{sometime(l.Response.Assigned), sometime(l.Response.Viewed), sometime(l.Response.Contacted)},
		Former:   each(l.Identities, shapeIdentity),
	}
	if full.Metadata == nil {
		full.Metadata = ingest.Metadata{}
	}
	for _, f := range l.Enrichment.Facts() {
		full.Enrichment = append(full.Enrichment, factShape{
			Key: f.Key, Truth: f.Truth.String(), Value: f.Value, Reason: f.Reason, Source: f.Source, At: moment(f.At), Expires: sometime(f.Expires),
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

// scoreShape is a score with what it rests on.
type scoreShape struct {
	Value         int              `json:"value"`
	Qualification string           `json:"qualification"`
	Summary       string           `json:"summary"`
	NextStep      string           `json:"nextStep"`
	Evidence      []leads.Evidence `json:"evidence"`
	By            string           `json:"by"`
	Rubric        string           `json:"rubric"`
	Provisional   bool             `json:"provisional"`
	Reason        string           `json:"reason"`
	Model         *leads.ModelUse  `json:"model"`
	At            moment           `json:"at"`
}

func shapeScore(s *leads.Score) *scoreShape {
	if s == nil {
		return nil
	}
	shape := &scoreShape{
		Value: s.Value, Qualification: string(s.Qualification), Summary: s.Summary, NextStep: s.NextStep, Evidence: orEmpty(s.Evidence), By: s.By,
		Rubric: s.Rubric, Provisional: s.Provisional, Reason: s.Reason, At: moment(s.At),
	}
	if s.Model != (leads.ModelUse{}) {
		shape.Model = &s.Model
	}
	return shape
}
