package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openleads/leads"
)

// phase is how far a mail had come.
type phase int

const (
	phaseSession   phase = iota // connecting, greeting, TLS, signing in
	phaseSender                 // MAIL
	phaseRecipient              // RCPT
	phaseData                   // DATA and the message up to its last line
	phaseEnd                    // the dot that ends the message has been sent
)

// fault is what went wrong with a mail, and when.
type fault struct {
	phase phase
	code  int // the server's reply, or 0 if there was none
	err   error
}

// Error is what the server said, or what broke.
func (f *fault) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *fault) Unwrap() error { return f.err }

// reply makes a fault of what a command returned.
func reply(p phase, err error) error {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		said := fmt.Errorf("the server answered %d: %s", answer.Code, short(addressLike.ReplaceAllString(answer.Msg, "<…>"), 300))
		return &fault{phase: p, code: answer.Code, err: said}
	}
	return &fault{phase: p, err: bare(err)}
}

// addressLike is what a server's reply may repeat of the recipient.
var addressLike = regexp.MustCompile(`[^\s<>:;,()"]+@[^\s<>:;,()"]+`)

// bare takes the addresses of both ends out of a network error.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}

// shortly is how long to wait where the server says "not now": long enough for most greylisting.
const shortly = time.Minute

// outcome tells errors apart as [leads.Mailer] wants it.
func outcome(ctx context.Context, err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.code == 0 && ctx.Err() != nil: // the connection was closed because time ran out
		err = fmt.Errorf("no answer in time: %w", ctx.Err())
		if f.phase == phaseEnd {
			return leads.Ambiguous(err)
		}
		return err
	case f.code == 0 && f.phase == phaseEnd:
		return leads.Ambiguous(fmt.Errorf("the connection broke before the server answered: %w", err))
	case f.code == 421, 450 <= f.code && f.code <= 452:
		return leads.After(err, shortly)
	case f.code >= 500 && aboutTheMail(f):
		return leads.Permanent(err)
	}
	return err
}

// aboutTheMail reports whether a 5xx speaks of this mail or its recipient. What it says of the session, the sender or the right to relay is
// the set-up's fault: every mail would get it, and none should be given up for it.
func aboutTheMail(f *fault) bool {
	switch f.code {
	case 500, 502, 503, 504, 530, 534, 535, 538: // syntax and order of commands, signing in
		return false
	case 552: // too big, whenever it is noticed
		return true
	}
	return f.phase >= phaseRecipient && !strings.Contains(strings.ToLower(f.Error()), "relay")
}

// short is a text as one line of valid UTF-8 and at most n bytes.
func short(s string, n int) string {
	s = strings.ToValidUTF8(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }), " "), "\uFFFD")
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
