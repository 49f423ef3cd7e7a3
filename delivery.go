package leads

import "time"

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
	// MessageID is the Message-ID of a mail without its angle brackets, by which the provider's events find it; "" for anything else.
	MessageID string
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
