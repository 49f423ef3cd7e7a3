package leads

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Notification is what the team is told.
type Notification struct {
	Tenant string
	Kind   NotificationKind
	// Lead is whom it is about. For a NotifyDigest or NotifyBacklog it is the zero Lead.
	Lead Lead
	// SubmissionID is the submission that caused it, or "".
	SubmissionID string
	// Note says more, as plain text without markup: the first lines of a reply, the stage that is dead, what a sequence wants said.
	Note string
	// To is the one person whom it is for, as a Notifier names people, or "" for everybody concerned.
	To string
	// URL shows the lead: see Config.LeadURL. For a NotifyDigest it shows the list of leads.
	URL string
	At  time.Time

	ledger *Ledger
}

// NotificationKind says why the team is told.
type NotificationKind string

// The kinds of notifications.
const (
	NotifyNew      NotificationKind = "new"      // a new lead
	NotifyReturned NotificationKind = "returned" // a known lead submitted again
	NotifyHot      NotificationKind = "hot"      // a lead that was announced before has become hot
	NotifyAssigned NotificationKind = "assigned" // somebody was made responsible for a lead
	NotifyReplied  NotificationKind = "replied"  // a lead answered a mail
	NotifyWaiting  NotificationKind = "waiting"  // a lead waits longer for an answer, or for somebody responsible, than it should
	NotifyDead     NotificationKind = "dead"     // a stage of a lead was given up
	NotifyCustom   NotificationKind = "custom"   // a sequence, or the host, has something to say: Note
	NotifyDigest   NotificationKind = "digest"   // it is time for To's collected notifications; it is about no lead
	NotifyBacklog  NotificationKind = "backlog"  // it is time to hand out the leads that nobody is responsible for; it is about no lead
)

// Notice is the payload of a TaskNotify that something else than a submission has caused.
type Notice struct {
	Kind NotificationKind `json:"kind"`
	Note string           `json:"note,omitempty"`
	To   string           `json:"to,omitempty"`
}

// NoticeTask makes the task that tells the team something about a lead, or, with NoLead, about none. It is due at due; the zero
// time means at once.
func NoticeTask(tenant, leadID string, notice Notice, due time.Time) Task {
	payload, _ := json.Marshal(notice) // strings always encode
	return Task{Tenant: tenant, ID: NewID(), Kind: TaskNotify, LeadID: leadID, Payload: payload, State: TaskWaiting, Due: due}
}

// TaskID makes the ID of a task that is to exist once: the same tenant and key give the same ID (a UUIDv5, RFC 9562).
func TaskID(tenant, key string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("leads\x00"+tenant+"\x00"+key)).String()
}

// Once performs one effect of the notification, at most once where that can be known; see [Ledger.Once]. d gives its Channel, Recipient
// and Body. After an attempt whose outcome is not known, send is called again. Outside an engine (a zero Notification with fields) it
// calls send and stores nothing.
func (n Notification) Once(ctx context.Context, d Delivery, send func(ctx context.Context, d Delivery) (Receipt, error)) error {
	return n.Do(ctx, Effect{Delivery: d, Send: send})
}

// Do is [Notification.Once] for an effect of which more is known.
func (n Notification) Do(ctx context.Context, e Effect) error {
	if n.ledger == nil {
		_, err := e.Send(ctx, e.Delivery)
		return err
	}
	return n.ledger.Once(ctx, e)
}

// Schedule has the same Notifier told something at a later time. key names it within the tenant: what is scheduled already is left as it is.
// A NotifyDigest or NotifyBacklog is about no lead; anything else is about the lead of n. Outside an engine it does nothing.
func (n Notification) Schedule(ctx context.Context, key string, notice Notice, due time.Time) error {
	if n.ledger == nil {
		return nil
	}
	task := NoticeTask(n.Tenant, n.Lead.ID, notice, due)
	if notice.Kind == NotifyDigest || notice.Kind == NotifyBacklog {
		task.LeadID = NoLead
	}
	task.ID = TaskID(n.Tenant, key)
	return n.ledger.Schedule(ctx, task)
}
