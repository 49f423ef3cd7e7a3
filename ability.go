package leads

import (
	"context"

	"github.com/openleads/leads/ingest"
)

// History is what a [Store] can tell and mend beyond its main work. [Engine.Explain], [Engine.Replay] and [Engine.Release] need it.
// Its methods return ErrNotFound for a lead, task or submission that the tenant does not have.
type History interface {
	// Submissions returns the submissions of a lead, oldest first.
	Submissions(ctx context.Context, tenant, leadID string) ([]ingest.Submission, error)
	// Events returns the timeline of a lead, oldest first.
	Events(ctx context.Context, tenant, leadID string) ([]Event, error)
	// Tasks returns the waiting, running and dead tasks of a lead, oldest first, with their deliveries.
	Tasks(ctx context.Context, tenant, leadID string) ([]Task, error)
	// Requeue makes a dead task due at once with its attempts counted anew, and adds an EventReplayed. A task that is not dead is
	// left as it is.
	Requeue(ctx context.Context, tenant, taskID string) error
	// Release captures a quarantined submission as if it had just been accepted, under its own ID: it finds or makes the lead and
	// stores an EventReleased beside the others. For one that is not quarantined it answers what it became.
	Release(ctx context.Context, tenant, submissionID string) (Captured, error)
}

// Lister lists leads.
type Lister interface {
	// Leads returns up to q.Limit leads of the tenant, newest first by ID, beginning behind q.After.
	Leads(ctx context.Context, q LeadQuery) ([]Lead, error)
}

// LeadQuery selects a page of leads.
type LeadQuery struct {
	Tenant string
	After  string // the ID of the last lead of the page before, or "" for the first page
	Limit  int    // 0 means 20, and above 100 means 100
}

// Editor changes leads outside of their tasks. What people, programs and the following-up do with a lead goes through it.
type Editor interface {
	// Edit calls edit with the lead as it is, under lock, and stores what it made of it together with the events and tasks it returns, in
	// one transaction; Version is counted up, and ID, Tenant, Version and CreatedAt stay as they are whatever edit does. Empty IDs, tenants and lead
	// IDs of events and tasks are filled from the lead; a task that is there already, by its ID, is left. It returns the lead as it was
	// stored. When edit returns an error nothing is changed and Edit returns that error. edit may be called more than once and must not call the Store. ErrNotFound is returned for a
	// lead that the tenant does not have.
	//
	// Whether edit has given the lead another identity is for [Reidentify] to say. From then on the lead is found by that one too, beside those
	// that it has. If it is another lead's, nothing is changed and Edit returns a [*TakenError] that names that lead.
	Edit(ctx context.Context, tenant, leadID string, edit func(lead *Lead) ([]Event, []Task, error)) (Lead, error)
}

// Deliveries tells of effects after the fact. The events of mail providers are matched with it.
type Deliveries interface {
	// Delivery returns the delivery of the mail with that MessageID, whose ever it is, or ErrNotFound. The caller takes the tenant from it.
	Delivery(ctx context.Context, messageID string) (Delivery, error)
	// Deliveries returns those of a lead, oldest first, whether or not their tasks are there still. It is ErrNotFound for a lead that
	// the tenant does not have.
	Deliveries(ctx context.Context, tenant, leadID string) ([]Delivery, error)
	// ConfirmDelivery settles a delivery whose outcome was not known (begun or ambiguous) as sent. It sets Provider to the receipt's ID, if
	// that has one, and clears Error; of what is about no lead, it drops the Body. Any other is left as it is, and one that is not there is no error.
	ConfirmDelivery(ctx context.Context, tenant, key string, receipt Receipt) error
}

// Reconciler is a [Mailer] that can be asked whether it has taken a mail whose sending ended in an ambiguous error.
type Reconciler interface {
	// Sent answers Yes with the receipt when the provider has taken the mail, No when it certainly has not, and Unknown when it cannot
	// tell yet. It finds the mail by its MessageID.
	Sent(ctx context.Context, mail Email) (Receipt, Truth, error)
}

// Background is the work that a [Store] or another part must do while the program runs, such as listening for wake-ups or writing
// checkpoints. [Engine.Run] calls it once; it returns soon after ctx ends. wake may be called whenever tasks may have become due.
type Background interface {
	Background(ctx context.Context, wake func()) error
}

// Checker is a part that can tell before the traffic comes whether it is set up well. [Engine.Check] asks every part that is one.
type Checker interface {
	Check(ctx context.Context) []Finding
}

// Finding is one result of a check.
type Finding struct {
	// Fatal findings keep Run from starting.
	Fatal   bool
	Part    string // "store", "ingest", …
	Message string // what is wrong
	Fix     string // what to do about it
}
