package leads

import (
	"context"
	"errors"
	"time"
)

// DeliveryState is how far an effect has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryBegun     DeliveryState = "begun"     // stored before the attempt; after a crash it may have happened
	DeliverySent      DeliveryState = "sent"      // the other side took it
	DeliveryFailed    DeliveryState = "failed"    // it did not happen; it may be tried again
	DeliveryAmbiguous DeliveryState = "ambiguous" // it may have happened
)

// Delivery is one effect on the outside world: a mail, a message, a call. Its row is written before the effect and settled
// after it.
type Delivery struct {
	Tenant string
	ID     string // a UUIDv7 in text form
	LeadID string
	TaskID string
	// Key is unique within the tenant: it names the effect over all its attempts ("TASK/email/ann@example.com").
	Key       string
	Channel   string // "email", "slack", …
	Recipient string
	// Body is what is sent, rendered once: every attempt sends the same bytes.
	Body      []byte
	State     DeliveryState
	Attempts  int
	Provider  string // the other side's name for it
	Error     string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Receipt is the other side's answer to an effect.
type Receipt struct {
	// ID is the other side's name for what it took.
	ID string
}

// Notification is what the team is told.
type Notification struct {
	Tenant string
	Kind   NotificationKind
	Lead   Lead
	// SubmissionID is the submission that caused it, or "".
	SubmissionID string
	// URL shows the lead, or is "" when Config.BaseURL is.
	URL string
	At  time.Time

	ledger ledger
}

// NotificationKind says why the team is told.
type NotificationKind string

// The kinds of notifications.
const (
	NotifyNew      NotificationKind = "new"      // a new lead
	NotifyReturned NotificationKind = "returned" // a known lead submitted again
)

// ledger records the deliveries of one task.
type ledger interface {
	find(key string) (Delivery, bool)
	record(ctx context.Context, d Delivery) error
}

// Once performs one effect of the notification, at most once where that can be known. d gives its Channel, Recipient and Body. The
// delivery is stored as begun before send is called and settled with what send returned. When an earlier attempt was sent, send
// is not called again and Once returns nil; after one that failed or may have been made, send is called again with the Body of
// the first attempt. Outside an engine (a zero Notification with fields) it calls send and stores nothing.
func (n Notification) Once(ctx context.Context, d Delivery, send func(ctx context.Context, d Delivery) (Receipt, error)) error {
	if n.ledger == nil {
		_, err := send(ctx, d)
		return err
	}
	d.Key = d.Channel + "/" + d.Recipient
	if old, ok := n.ledger.find(d.Key); ok {
		if old.State == DeliverySent {
			return nil
		}
		d = old
	}
	d.State, d.Attempts = DeliveryBegun, d.Attempts+1
	if err := n.ledger.record(ctx, d); err != nil {
		return err
	}
	receipt, err := send(ctx, d)
	switch {
	case err == nil:
		d.State, d.Provider, d.Error = DeliverySent, receipt.ID, ""
	case IsAmbiguous(err):
		d.State, d.Error = DeliveryAmbiguous, failure(err)
	default:
		d.State, d.Error = DeliveryFailed, failure(err)
	}
	// What happened is recorded even when the attempt's time has run out.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, n.ledger.record(settle, d))
}
