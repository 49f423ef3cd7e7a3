package mailgun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	api "github.com/mailgun/mailgun-go/v4"

	"github.com/openleads/leads"
)

// failed tells the errors of a send apart as [leads.Mailer] wants it.
func (m *Mailer) failed(ctx context.Context, c *call, err error) error {
	switch status := c.status; {
	case status == 0:
		err = unreachable(ctx, err)
		if c.handed.Load() {
			return leads.Ambiguous(err)
		}
		return err
	case status < 300:
		return leads.Ambiguous(errors.New("the mail may have been taken, but the answer could not be read"))
	case status >= 500:
		return leads.After(leads.Ambiguous(m.refusal(status, err)), c.retryAfter)
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity:
		return leads.Permanent(m.refusal(status, err))
	case status == http.StatusTooManyRequests:
		return leads.After(m.refusal(status, err), c.retryAfter)
	default:
		err = m.refusal(status, err)
		text := err.Error()
		m.refused.Store(&text)
		return leads.After(err, c.retryAfter)
	}
}

// hints say what an answer mostly means.
var hints = map[int]string{
	http.StatusUnauthorized:    "the key is not accepted",
	http.StatusPaymentRequired: "the account cannot send",
	http.StatusForbidden:       "the key or the account may not send from this domain",
	http.StatusNotFound:        "there is no such domain in this region",
}

// refusal is an error with the status and what Mailgun says about it.
func (m *Mailer) refusal(status int, err error) error {
	text := fmt.Sprintf("the answer was %d", status)
	if hint := hints[status]; hint != "" {
		text += ", " + hint
	}
	if said := m.said(err); said != "" {
		text += ": " + said
	}
	return errors.New(text)
}

// addressLike is what an answer may repeat of the recipient.
var addressLike = regexp.MustCompile(`[^\s<>:;,()"']+@[^\s<>:;,()"']+`)

// said returns the message of an answer without addresses and without the key.
func (m *Mailer) said(err error) string {
	var answer *api.UnexpectedResponseError
	if !errors.As(err, &answer) {
		return ""
	}
	var reply struct{ Message string }
	if json.Unmarshal(answer.Data, &reply) != nil || reply.Message == "" {
		return ""
	}
	text := addressLike.ReplaceAllString(strings.ReplaceAll(reply.Message, m.key.Reveal(), "[redacted]"), "<…>")
	return clean(text, 200)
}

// unreachable hides the URL, which the errors of net/http repeat, and tells a time-out from the rest.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("no answer in time: %w", ctx.Err())
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return fmt.Errorf("the connection failed: %s: %w", op.Op, op.Err)
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("the connection failed: %w", err)
}

// clean is a text as one line of valid UTF-8 without control characters, at most n bytes.
func clean(s string, n int) string {
	s = strings.ToValidUTF8(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || 0x7f <= r && r <= 0x9f }), " "), "\uFFFD")
	return cut(s, n)
}

// cut shortens a text to n bytes, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
