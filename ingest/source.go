package ingest

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound is returned by Sources for a token that belongs to no active source.
var ErrNotFound = errors.New("ingest: not found")

// ErrBusy is returned by a Sink that sheds load. The sender is answered 503 with Retry-After.
var ErrBusy = errors.New("ingest: too much waiting")

// Source is a place that submissions come from: a form, a webhook sender, an import.
type Source struct {
	Tenant string
	ID     string // a UUIDv7 in text form
	Name   string // at most 255 bytes

	// Mappings renames incoming fields before anything else: the incoming name → a known field, "fullName" (which is
	// split into first and last name), or the name under which it is kept in the metadata.
	//
	// An incoming name with dots or brackets may also be a path into a nested payload: "data.contact.email", "answers[0].text",
	// "answers[*].label" (all of them), "fields[?label=Email].value" (those whose label is that). A field that bears the very name wins
	// over the path. What a path leads to is taken out of the value that it lies in; the rest of that stays in the metadata. A path to
	// several values gives a known field the first and the metadata the list. At most 64 names are followed as paths, in their
	// alphabetical order, and only through the first 4 MiB that they read over; see [FlagMappingCut].
	Mappings map[string]string
	// Preset names the sender, so that its payloads are understood without mappings; see [Presets]. The source's own mappings win over it.
	// "" recognises those senders whose payloads cannot be mistaken, unless Mappings has paths; [NoPreset] none.
	Preset string
	// Signature has every request checked: one that is not signed as it says is refused with 401.
	Signature Signature
	// Captcha has every submission that is not signed checked for the answer to a captcha.
	Captcha CaptchaSettings
	// Origins lists the origins ("https://example.com") whose pages may submit. Empty means any.
	Origins []string
	// Redirects lists the pages and hosts to which a plain HTML form may be sent on: "/thanks" for any path below it on the
	// form's own host, "https://example.com/thanks" for one page, "https://example.com/" for a whole site. The first absolute one is where a
	// form without its own wish goes; with an empty list it sees a small thank-you page.
	Redirects []string
	// PerMinute is how many requests one client may send to this source in any 60 s. 0 means the handler's limit.
	PerMinute int
	// Spam sets the spam gate of the source.
	Spam Spam
	// Trusted says that whoever sends to this source vouches for the addresses: the host's own server, a CRM. A signature alone does not: it
	// shows who has sent a submission, not whose address is in it. The token of a public form stands in its page, so anybody can submit
	// anybody's address through it; such a person is asked first before a sequence writes to them.
	Trusted bool
	// Consent is what people agree to with this source's form.
	Consent Consent
	// CreatedAt is when the source was made, DeletedAt when it was deleted. A deleted source is found by no token.
	CreatedAt time.Time
	DeletedAt time.Time
}

// Consent is what people agree to when they submit a form. The zero value means that the form asks for nothing.
type Consent struct {
	Purpose string // what is agreed to, in a word: "marketing", "newsletter"; at most 40 bytes
	Wording string // the sentence that people see, at most 2,000 bytes
	// Field is the name in the metadata of the box to be ticked; "" means that submitting the form is agreeing.
	Field string
	// DoubleOptIn has the person confirm by mail before the consent counts.
	DoubleOptIn bool
}

// Spam configures the signals of the spam gate. A failed one quarantines the submission; it never drops it.
type Spam struct {
	// Honeypot is the name of a field that people do not see. "" means "_hp"; "-" turns the check off.
	Honeypot string
	// MinFill is the shortest time in which a person can fill the form. 0 means 1 s; a negative value turns the check off. It is
	// checked only when the form sends its fill time, "_t", in milliseconds.
	MinFill time.Duration
	// Blocked is the source's own block list: who stands on it is quarantined, whoever else vouches for them, with the reason "blocked".
	// An entry is an email address ("jo@example.com", in every spelling that is the same mailbox), a domain ("example.com": all addresses of
	// it and of its subdomains), or a client ("203.0.113.7") or network of clients ("2001:db8::/32"). At most 1,000 entries of 254 bytes each;
	// see [ParseBlocked].
	Blocked []string
}

// Sources finds sources by their tokens. It is called on every request and may be called concurrently.
type Sources interface {
	// SourceByToken returns the active source that the token belongs to. It returns ErrNotFound, and nothing else, when there
	// is authoritatively none: a failed look-up must return another error, so that the sender is told to come back.
	SourceByToken(ctx context.Context, token string) (Source, error)
}

// Sink takes submissions in.
type Sink interface {
	// Capture makes the submission durable. Nil means that it has been committed and will survive a crash of the process;
	// any error means that the sender must be told to come back. The context does not end when the client goes away.
	// It may be called concurrently. It owns the submission's memory from the call on.
	Capture(ctx context.Context, sub Submission) error
}

// SinkFunc is a function that is a Sink.
type SinkFunc func(ctx context.Context, sub Submission) error

// Capture calls f.
func (f SinkFunc) Capture(ctx context.Context, sub Submission) error { return f(ctx, sub) }
