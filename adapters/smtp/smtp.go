// Package smtp sends mails over SMTP: to a provider's submission server, a relay of the house, or a catcher on the developer's machine.
//
//	mailer := smtp.New("smtp.example.com:587", &smtp.Options{Username: "leads", Password: os.Getenv("SMTP_PASSWORD")})
//	notifier := notify.Email(mailer, "sales@example.com")
//
// The connection is encrypted or nothing is sent, unless [Options].Security says otherwise. SMTP has no way to ask a server whether it took a
// mail: when the connection breaks after the last byte, the error is ambiguous (see [leads.IsAmbiguous]) and stays so.
package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/internal/mime"
)

// Mailer sends mails through one server. Use New to make one. It may be used concurrently: each mail under way has a connection of its own.
type Mailer struct {
	opts   settings
	faults []error
	idle   *pool
}

// New returns a Mailer for the server at addr, "HOST" or "HOST:PORT"; without a port it is 587, with [Implicit] 465. A nil opts means the
// defaults. Mistakes are told by [Mailer.Check], and by every Send.
func New(addr string, opts *Options) *Mailer {
	if opts == nil {
		opts = &Options{}
	}
	s, err := opts.settle(addr)
	m := &Mailer{opts: s, idle: new(pool)}
	if err != nil {
		m.faults = append(m.faults, err)
	}
	return m
}

// Send hands the mail to the server and returns the server's answer as the receipt's ID. The mail goes to all of its recipients or to none. It
// takes at most Options.Timeout. Errors are told apart like this:
//
//   - permanent: a field that cannot be sent, or a 5xx to the recipient or to the message;
//   - ambiguous: the connection broke, or time ran out, after the message was complete and before the server answered;
//   - retried: everything else. A server that cannot be reached, a connection that broke earlier, a 4xx (421, 450, 451 and 452 after a minute),
//     and every refusal that is the set-up's fault and not the mail's: TLS, the password, the sender, relaying.
func (m *Mailer) Send(ctx context.Context, mail leads.Email) (leads.Receipt, error) {
	if err := errors.Join(m.faults...); err != nil {
		return leads.Receipt{}, err
	}
	mail, err := mime.Prepare(mail)
	if err != nil {
		return leads.Receipt{}, fmt.Errorf("smtp: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, m.opts.Timeout)
	defer cancel()
	answer, err := m.send(ctx, mail)
	if err != nil {
		return leads.Receipt{}, fmt.Errorf("smtp: %w", outcome(ctx, err))
	}
	return leads.Receipt{ID: answer}, nil
}

// send sends the mail over a connection that is left from earlier, or a new one if the server has given that up meanwhile.
func (m *Mailer) send(ctx context.Context, mail leads.Email) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if s := m.idle.take(); s != nil {
		answer, err := m.deliver(ctx, s, mail)
		if !gone(err) || ctx.Err() != nil {
			return answer, err
		}
	}
	s, err := m.opts.dial(ctx)
	if err != nil {
		return "", err
	}
	return m.deliver(ctx, s, mail)
}

// gone reports whether a connection was of no use any more before the message went over it.
func gone(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.phase < phaseEnd && (f.code == 0 || f.code == 421)
}

// deliver runs one transaction and keeps the connection if it can be used again.
func (m *Mailer) deliver(ctx context.Context, s *session, mail leads.Email) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() }) // wakes whatever waits for the server
	answer, err := s.transact(m.opts.sender(mail), mail)
	if stop() && err == nil {
		m.idle.put(s, m.opts.Idle)
	} else {
		_ = s.conn.Close()
	}
	return answer, err
}

// transact hands over one mail.
func (s *session) transact(from string, mail leads.Email) (string, error) {
	if ok, _ := s.client.Extension("SMTPUTF8"); !ok {
		for _, address := range append([]string{from}, addresses(mail)...) {
			if !isASCII(address) {
				return "", &fault{phase: phaseRecipient, code: 553, err: errors.New("the server takes no address beyond ASCII")}
			}
		}
	}
	if err := s.client.Mail("<" + from + ">"); err != nil {
		return "", reply(phaseSender, err)
	}
	for _, address := range addresses(mail) {
		if err := s.client.Rcpt("<" + address + ">"); err != nil {
			return "", reply(phaseRecipient, err)
		}
	}
	w, err := s.client.Data()
	if err != nil {
		return "", reply(phaseData, err)
	}
	return s.write(w, mime.Message(mail, time.Now().UTC()))
}

// write writes the message and waits for the answer. The dot that ends the message is written by Close alone: a message that breaks off before
// is one that the server throws away.
func (s *session) write(w io.WriteCloser, msg *gomail.Msg) (string, error) {
	if _, err := msg.WriteTo(w); err != nil {
		return "", &fault{phase: phaseData, err: fmt.Errorf("writing the message: %w", bare(err))}
	}
	if err := w.Close(); err != nil {
		return "", reply(phaseEnd, err)
	}
	answer := ""
	if a, ok := w.(interface{ ServerResponse() string }); ok {
		answer = short(a.ServerResponse(), 255)
	}
	return answer, nil
}

// Check reports mistakes in what New was given as fatal. It also connects to the server, greets it, begins TLS and signs in, and says what went
// wrong with that; no mail is sent.
func (m *Mailer) Check(ctx context.Context) []leads.Finding {
	var findings []leads.Finding
	for _, err := range m.faults {
		findings = append(findings, leads.Finding{Fatal: true, Part: "mailer", Message: err.Error(), Fix: "see smtp.New and smtp.Options"})
	}
	if len(findings) > 0 {
		return findings
	}
	ctx, cancel := context.WithTimeout(ctx, min(m.opts.Timeout, checkTime))
	defer cancel()
	s, err := m.opts.dial(ctx)
	if err != nil {
		return []leads.Finding{{Part: "mailer", Message: "smtp: " + outcome(ctx, err).Error(), Fix: "see that the server runs and that address, security and password are right"}}
	}
	_ = s.conn.Close()
	return nil
}

// checkTime is how long Check waits for the server.
const checkTime = 5 * time.Second

// Close closes the connections that are kept open for the next mail. The Mailer can be used afterwards.
func (m *Mailer) Close() error {
	m.idle.clear()
	return nil
}

func addresses(mail leads.Email) []string {
	list := make([]string, len(mail.To))
	for i, a := range mail.To {
		list[i] = a.Address
	}
	return list
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
