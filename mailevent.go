package leads

import "time"

// MailEvent is what a mail provider tells of a mail after it was handed over. It is a hint: whoever takes it matches it with a [Delivery].
type MailEvent struct {
	Kind MailEventKind
	// ID is the provider's name for the event, under which a repeated one is known.
	ID string
	At time.Time
	// MessageID is the Message-ID of our mail without angle brackets (of a reply: what it answers to), Recipient the address it went to.
	MessageID string
	Recipient string
	// Variables are those of the [Email].
	Variables map[string]string
	// Reason says why a mail failed, in the provider's words, at most 500 bytes.
	Reason string
	// URL is the link that was followed.
	URL string
	// Machine is set when a program rather than a person seems to have opened the mail or followed the link: a scanner, a proxy, a
	// prefetch. Opens and clicks are shown and never scored.
	Machine bool
	// Reply is the mail that came back, for MailReplied.
	Reply *Reply
}

// MailEventKind says what a provider tells.
type MailEventKind string

// The kinds of mail events.
const (
	MailAccepted     MailEventKind = "accepted"     // the provider took it
	MailDelivered    MailEventKind = "delivered"    // the recipient's server took it
	MailDelayed      MailEventKind = "delayed"      // a temporary failure; the provider goes on trying
	MailBounced      MailEventKind = "bounced"      // a permanent failure: the address does not take mail
	MailFailed       MailEventKind = "failed"       // a permanent failure that says nothing of the address: blocked, refused, too late
	MailComplained   MailEventKind = "complained"   // the recipient called it spam
	MailUnsubscribed MailEventKind = "unsubscribed" // by the provider's own means
	MailOpened       MailEventKind = "opened"
	MailClicked      MailEventKind = "clicked"
	MailReplied      MailEventKind = "replied"
)

// Reply is a mail that answers one of ours.
type Reply struct {
	From    string // the sender's address
	Subject string
	Text    string // the new part without what is quoted, at most 4 KiB of valid UTF-8
	// Header holds the fields by which an automatic answer is known: Auto-Submitted, Precedence, X-Autoreply and the like.
	Header map[string]string
}
