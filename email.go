package leads

import "net/mail"

// Email is one mail to be sent. Its addresses are structures, so that text from a lead cannot become a header.
type Email struct {
	From    mail.Address
	To      []mail.Address
	ReplyTo []mail.Address
	Subject string // one line; a Mailer refuses CR, LF and NUL with a permanent error
	Text    string // the plain-text body
	HTML    string // the HTML body, or "" for plain text only
	// MessageID is the Message-ID without its angle brackets, made by the sender so that a retry carries the same one.
	MessageID string
	// Headers are further header fields by name. Names and values are checked like Subject.
	Headers map[string]string
	// Tags group mails for the provider's statistics; Variables come back with its events.
	Tags      []string
	Variables map[string]string
}
