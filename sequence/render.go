package sequence

import (
	"net/mail"

	"github.com/openleads/leads"
)

// Frame is what a mail has around its template.
type Frame struct {
	From mail.Address
	// ReplyTo is where answers go; the zero value means From.
	ReplyTo mail.Address
	// Postal is the sender's postal address in one or more lines, and UnsubscribeURL the person's own page for saying stop. A mail that is not
	// transactional needs both.
	Postal         string
	UnsubscribeURL string
	// OneClickURL takes the POST of RFC 8058. "" means UnsubscribeURL.
	OneClickURL string
	MessageID   string // without its angle brackets
	// Headers, Tags and Variables are added to the mail.
	Headers   map[string]string
	Tags      []string
	Variables map[string]string
}

// render makes the mail of a step for a lead.
func (d Definition) render(e EmailStep, v View, f Frame) (leads.Email, error) {
	return leads.Email{From: f.From, To: []mail.Address{{Address: v.Lead.Email}}, Subject: e.Subject, Text: e.Body, MessageID: f.MessageID}, nil
}
