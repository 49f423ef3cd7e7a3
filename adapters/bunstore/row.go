package bunstore

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

type leadRow struct {
	bun.BaseModel `bun:"table:leads,alias:l"`

	TenantID      string `bun:"tenant_id,pk"`
	ID            uid    `bun:"id,pk"`
	Version       int64
	Email         string
	FirstName     string
	LastName      string
	Phone         string
	Company       string
	Status        string
	Score         *int64
	Qualification string
	Assignee      string
	SourceID      uid
	CreatedAt     stamp
	UpdatedAt     stamp
	Doc           []byte
}

// maxAssignee bounds Lead.Assignee, in bytes: it is a part of an index.
const maxAssignee = 1000

func rowOfLead(lead *leads.Lead) (leadRow, error) {
	id, err := checkID("Lead.ID", lead.ID, false)
	if err != nil {
		return leadRow{}, err
	}
	r := leadRow{
		TenantID: lead.Tenant, ID: id, Version: lead.Version,
		Email: lead.Email, FirstName: lead.FirstName, LastName: lead.LastName, Phone: lead.Phone, Company: lead.Company,
		Status: string(lead.Status), Assignee: lead.Assignee,
		CreatedAt: stamp{lead.CreatedAt}, UpdatedAt: stamp{lead.UpdatedAt},
	}
	for _, text := range []string{r.TenantID, r.Email, r.FirstName, r.LastName, r.Phone, r.Company, r.Status, r.Assignee} {
		if !storable(text) {
			return r, fmt.Errorf("%w: a field of the lead is not UTF-8 or holds NUL", leads.ErrInvalid)
		}
	}
	if len(r.Assignee) > maxAssignee {
		return r, fmt.Errorf("%w: Lead.Assignee has more than %d bytes", leads.ErrInvalid, maxAssignee)
	}
	r.SourceID, _ = parseID(lead.First.SourceID)
	if lead.Score != nil {
		value := int64(lead.Score.Value)
		r.Score, r.Qualification = &value, string(lead.Score.Qualification)
	}
	r.Doc, err = encode(&leadDoc{
		Metadata: lead.Metadata, First: lead.First, Last: lead.Last, Submissions: lead.Submissions, Recent: lead.Recent,
		Enrichment: lead.Enrichment, Score: lead.Score, Tags: lead.Tags, Response: lead.Response, Edited: lead.Edited,
		Stage: lead.Stage, Identities: lead.Identities,
	})
	return r, err
}

func (r *leadRow) scan(scan scanFunc) error {
	return scan(&r.TenantID, &r.ID, &r.Version, &r.Email, &r.FirstName, &r.LastName, &r.Phone, &r.Company, &r.Status, &r.Score,
		&r.Qualification, &r.Assignee, &r.SourceID, &r.CreatedAt, &r.UpdatedAt, &r.Doc)
}

func (r *leadRow) lead() (leads.Lead, error) {
	var d leadDoc
	if err := decode(r.Doc, &d); err != nil {
		return leads.Lead{}, err
	}
	return leads.Lead{
		Tenant: r.TenantID, ID: r.ID.String(), Version: r.Version,
		Fields:   ingest.Fields{Email: r.Email, FirstName: r.FirstName, LastName: r.LastName, Phone: r.Phone, Company: r.Company},
		Metadata: d.Metadata, First: d.First, Last: d.Last, Submissions: d.Submissions, Recent: d.Recent,
		Enrichment: d.Enrichment, Score: d.Score, Status: leads.Status(r.Status), Assignee: r.Assignee, Tags: d.Tags,
		Response: d.Response, Edited: d.Edited, Stage: d.Stage, Identities: d.Identities,
		CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}, nil
}

type submissionRow struct {
	bun.BaseModel `bun:"table:submissions,alias:s"`

	TenantID   string `bun:"tenant_id,pk"`
	LeadID     uid    `bun:"lead_id,pk"`
	ID         uid    `bun:"id,pk"`
	SourceID   uid
	ReceivedAt stamp
	Digest     []byte
	Raw        []byte
	Doc        []byte
}

// fill gives the row what the capture has decided: the submission's lead, flags and verdict.
func (r *submissionRow) fill(sub *ingest.Submission, lead uid) (err error) {
	r.TenantID, r.LeadID = sub.Tenant, lead
	r.ReceivedAt, r.Digest, r.Raw = stamp{sub.Received}, sub.Digest[:], sub.Raw
	r.Doc, err = encode(&submissionDoc{
		ContentType: sub.ContentType, Fields: sub.Fields, Metadata: sub.Metadata, Attribution: sub.Attribution,
		Client: sub.Client, UserAgent: sub.UserAgent, Place: sub.Place, Key: sub.Key, Flags: sub.Flags,
		Verdict: sub.Verdict, Reasons: sub.Reasons, DuplicateOf: sub.DuplicateOf,
	})
	return err
}

func (r *submissionRow) submission() (ingest.Submission, error) {
	var d submissionDoc
	if err := decode(r.Doc, &d); err != nil {
		return ingest.Submission{}, err
	}
	sub := ingest.Submission{
		Tenant: r.TenantID, SourceID: r.SourceID.String(), ID: r.ID.String(), Received: r.ReceivedAt.Time,
		Raw: r.Raw, ContentType: d.ContentType, Fields: d.Fields, Metadata: d.Metadata, Attribution: d.Attribution,
		Client: d.Client, UserAgent: d.UserAgent, Place: d.Place, Key: d.Key, Flags: d.Flags, Verdict: d.Verdict, Reasons: d.Reasons,
		DuplicateOf: d.DuplicateOf,
	}
	copy(sub.Digest[:], r.Digest)
	return sub, nil
}

type eventRow struct {
	bun.BaseModel `bun:"table:events,alias:e"`

	TenantID     string `bun:"tenant_id,pk"`
	LeadID       uid    `bun:"lead_id,pk"`
	ID           uid    `bun:"id,pk"`
	Kind         string
	At           stamp
	SubmissionID uid
	TaskID       uid
	Data         []byte
}

func rowOfEvent(e *leads.Event) (r eventRow, err error) {
	if !storable(string(e.Kind)) || !validTenant(e.Tenant) {
		return r, fmt.Errorf("%w: Event.Kind or Event.Tenant", leads.ErrInvalid)
	}
	r = eventRow{TenantID: e.Tenant, Kind: string(e.Kind), At: stamp{e.At}, Data: e.Data}
	err = checkIDs(
		idField{"Event.ID", e.ID, &r.ID, false}, idField{"Event.LeadID", e.LeadID, &r.LeadID, true},
		idField{"Event.SubmissionID", e.SubmissionID, &r.SubmissionID, true}, idField{"Event.TaskID", e.TaskID, &r.TaskID, true})
	return r, err
}

func (r *eventRow) event() leads.Event {
	return leads.Event{
		Tenant: r.TenantID, ID: r.ID.String(), LeadID: r.LeadID.String(), Kind: leads.EventKind(r.Kind), At: r.At.Time,
		SubmissionID: r.SubmissionID.String(), TaskID: r.TaskID.String(), Data: json.RawMessage(r.Data),
	}
}

// The states of a task as they are stored. A task is ready from the moment that a claim finds it due.
const (
	stateReady = iota
	stateWaiting
	stateRunning
	stateDead
)

type taskRow struct {
	bun.BaseModel `bun:"table:tasks,alias:t"`

	TenantID     string `bun:"tenant_id,pk"`
	LeadID       uid    `bun:"lead_id,pk"`
	ID           uid    `bun:"id,pk"`
	Kind         string
	SubmissionID uid
	Payload      []byte
	State        int
	Due          stamp
	Attempts     int
	Fence        int64
	LeaseUntil   stamp
	LastError    string
	CreatedAt    stamp
}

// rowOfTask makes the row of a new task. One without a Due is ready; any other waits until a claim finds it due. The fences of one that may be
// made again begin at the time, and so above those of the earlier one: no claim takes less than a microsecond.
func rowOfTask(t *leads.Task) (r taskRow, err error) {
	if !storable(string(t.Kind)) || !validTenant(t.Tenant) || !storable(t.LastError) {
		return r, fmt.Errorf("%w: Task.Kind, Task.Tenant or Task.LastError", leads.ErrInvalid)
	}
	r = taskRow{TenantID: t.Tenant, Kind: string(t.Kind), Payload: t.Payload, Due: stamp{micro(t.Due)}, LastError: t.LastError, CreatedAt: stamp{t.CreatedAt}}
	if !t.Due.IsZero() {
		r.State = stateWaiting
	}
	err = checkIDs(idField{"Task.ID", t.ID, &r.ID, false}, idField{"Task.LeadID", t.LeadID, &r.LeadID, true},
		idField{"Task.SubmissionID", t.SubmissionID, &r.SubmissionID, true})
	if r.ID[6]>>4 != 7 { // made from a key, see leads.TaskID
		r.Fence = today().UnixMicro()
	}
	return r, err
}

func (r *taskRow) scan(scan scanFunc) error {
	return scan(&r.TenantID, &r.LeadID, &r.ID, &r.Kind, &r.SubmissionID, &r.Payload, &r.State, &r.Due, &r.Attempts, &r.Fence,
		&r.LeaseUntil, &r.LastError, &r.CreatedAt)
}

// aboutLead is the LeadID of a task or delivery.
func aboutLead(u uid) string { return cmp.Or(u.String(), leads.NoLead) }

func (r *taskRow) task() leads.Task {
	states := [...]leads.TaskState{leads.TaskWaiting, leads.TaskWaiting, leads.TaskRunning, leads.TaskDead}
	task := leads.Task{
		Tenant: r.TenantID, ID: r.ID.String(), Kind: leads.TaskKind(r.Kind), LeadID: aboutLead(r.LeadID), SubmissionID: r.SubmissionID.String(),
		Payload: json.RawMessage(r.Payload), State: states[r.State&3], Due: r.Due.Time, Attempts: r.Attempts, Fence: r.Fence,
		LastError: r.LastError, CreatedAt: r.CreatedAt.Time,
	}
	if r.State == stateRunning {
		task.LeaseUntil = r.LeaseUntil.Time
	}
	return task
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:d"`

	TenantID    string `bun:"tenant_id,pk"`
	LeadID      uid    `bun:"lead_id,pk"`
	TaskID      uid    `bun:"task_id,pk"`
	ID          uid    `bun:"id,pk"`
	DeliveryKey string
	Channel     string
	Recipient   string
	Body        []byte
	State       string
	Attempts    int
	Provider    string
	Error       string
	CreatedAt   stamp
	UpdatedAt   stamp
	MessageID   string
}

func rowOfDelivery(d *leads.Delivery) (r deliveryRow, err error) {
	for _, text := range []string{d.Key, d.Channel, d.Recipient, string(d.State), d.Provider, d.Error, d.MessageID} {
		if !storable(text) {
			return r, fmt.Errorf("%w: a field of the delivery is not UTF-8 or holds NUL", leads.ErrInvalid)
		}
	}
	r = deliveryRow{
		TenantID: d.Tenant, DeliveryKey: d.Key, Channel: d.Channel, Recipient: d.Recipient, Body: d.Body, State: string(d.State),
		Attempts: d.Attempts, Provider: d.Provider, Error: d.Error, CreatedAt: stamp{d.CreatedAt}, UpdatedAt: stamp{d.UpdatedAt},
		MessageID: d.MessageID,
	}
	err = checkIDs(idField{"Delivery.ID", d.ID, &r.ID, false}, idField{"Delivery.LeadID", d.LeadID, &r.LeadID, true},
		idField{"Delivery.TaskID", d.TaskID, &r.TaskID, true})
	if r.LeadID == (uid{}) && d.State == leads.DeliverySent {
		r.Body = nil
	}
	return r, err
}

func (r *deliveryRow) scan(scan scanFunc) error {
	return scan(&r.TenantID, &r.LeadID, &r.TaskID, &r.ID, &r.DeliveryKey, &r.Channel, &r.Recipient, &r.Body, &r.State, &r.Attempts,
		&r.Provider, &r.Error, &r.CreatedAt, &r.UpdatedAt, &r.MessageID)
}

func (r *deliveryRow) delivery() leads.Delivery {
	return leads.Delivery{
		Tenant: r.TenantID, ID: r.ID.String(), LeadID: aboutLead(r.LeadID), TaskID: r.TaskID.String(), Key: r.DeliveryKey,
		Channel: r.Channel, Recipient: r.Recipient, Body: r.Body, State: leads.DeliveryState(r.State), Attempts: r.Attempts,
		Provider: r.Provider, Error: r.Error, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time, MessageID: r.MessageID,
	}
}

type sourceRow struct {
	bun.BaseModel `bun:"table:sources,alias:s"`

	TenantID  string `bun:"tenant_id,pk"`
	ID        uid    `bun:"id,pk"`
	Name      string
	Doc       []byte
	CreatedAt stamp
	DeletedAt stamp
}

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens,alias:t"`

	Token    string `bun:"token,pk"`
	TenantID string
	SourceID uid
}

type idField struct {
	name     string
	text     string
	to       *uid
	optional bool
}

func checkIDs(fields ...idField) (err error) {
	for _, f := range fields {
		if *f.to, err = checkID(f.name, f.text, f.optional); err != nil {
			return err
		}
	}
	return nil
}
