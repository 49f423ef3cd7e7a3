package mailgun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	api "github.com/mailgun/mailgun-go/v4"

	"github.com/openleads/leads"
)

const (
	// searched is how far back the events of a mail are looked for: every account keeps them for a day, most for three and more.
	searched = 72 * time.Hour
	// maxPages is how many pages of events are looked through. One mail to one recipient has a handful of events.
	maxPages = 5
)

// Sent looks the mail up among Mailgun's events by its Message-ID.
//
//   - Yes: there is an event of it. It was accepted, delivered or failed; in each case Mailgun has it, and sending it again would be a second mail.
//   - No: there is none, or only that it was rejected, and Options.EventsDelay has passed since the last attempt of this Mailer, or, where this
//     Mailer knows of none (after a restart), since it was asked first. Asked later than Mailgun keeps events (a day on free accounts), it
//     answers No too.
//   - Unknown with an error: not now. The error's delay (see [leads.RetryAfter]) says when to ask again; asking can be repeated.
//   - Unknown without an error: never. The key may not read events (a sending key).
func (m *Mailer) Sent(ctx context.Context, mail leads.Email) (leads.Receipt, leads.Truth, error) {
	if err := errors.Join(m.faults...); err != nil {
		return leads.Receipt{}, leads.Unknown, err
	}
	if mail.MessageID == "" {
		return leads.Receipt{}, leads.Unknown, nil
	}
	now := m.opts.Clock()
	since, known, _ := m.attempts.PeekOrAdd(mail.MessageID, now)
	if !known {
		since = now
	}
	ctx, call, cancel := m.begin(ctx)
	defer cancel()
	found, err := m.find(ctx, mail.MessageID, now)
	switch wait := since.Add(m.opts.EventsDelay).Sub(now); {
	case found:
		return leads.Receipt{ID: mail.MessageID}, leads.Yes, nil
	case call.status == http.StatusUnauthorized || call.status == http.StatusForbidden:
		return leads.Receipt{}, leads.Unknown, nil
	case err != nil:
		return leads.Receipt{}, leads.Unknown, leads.After(fmt.Errorf("mailgun: events: %w", m.unasked(ctx, call, err)), call.retryAfter)
	case wait > 0:
		return leads.Receipt{}, leads.Unknown, leads.After(errors.New("mailgun: events: too early to tell"), wait)
	}
	return leads.Receipt{}, leads.No, nil
}

// find reports whether there is an event that says that Mailgun has the mail.
func (m *Mailer) find(ctx context.Context, id string, now time.Time) (bool, error) {
	pages := m.api().ListEvents(&api.ListEventOptions{
		Begin: now.Add(-searched), ForceAscending: true, Limit: 100, Filter: map[string]string{"message-id": id},
	})
	for range maxPages {
		var page []api.Event
		more := pages.Next(ctx, &page)
		for _, item := range pages.Items { // also where the library does not know one of them
			if tells(item, id) {
				return true, nil
			}
		}
		if len(pages.Items) == 0 {
			return false, pages.Err()
		}
		if !more {
			return false, errors.New("a page cannot be read")
		}
	}
	return false, errors.New("there are more events than one mail has")
}

// tells reports whether an event says that Mailgun has the mail. A filter that a server does not know must not make another's event ours.
func tells(item []byte, id string) bool {
	var e struct {
		Event   string
		Message struct {
			Headers struct {
				MessageID string `json:"message-id"`
			}
		}
	}
	if json.Unmarshal(item, &e) != nil {
		return false
	}
	return e.Event != "" && e.Event != "rejected" && strings.Trim(e.Message.Headers.MessageID, "<>") == id
}

// unasked is why the events could not be read.
func (m *Mailer) unasked(ctx context.Context, c *call, err error) error {
	switch {
	case c.status == 0:
		return unreachable(ctx, err)
	case c.status < 300:
		return errors.New("the answer could not be read")
	}
	return m.refusal(c.status, err)
}
