package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// EmailNotifier tells the team by mail, one mail a recipient. It is made by [Email] or [EmailTo] and never changes.
type EmailNotifier struct {
	mailer     leads.Mailer
	from       mail.Address
	recipients []mail.Address
	prefix     string
	location   *time.Location
	err        error // what is wrong with the configuration, if anything
}

// EmailOptions sets the team mail. Only To is required.
type EmailOptions struct {
	// From is the sender. A zero Address means "leads@" at the domain of the first recipient, and an empty Name "Leads".
	From mail.Address
	// To are the recipients: "sales@example.com" or "Sales <sales@example.com>". Each gets a mail of its own.
	To []string
	// Prefix is put before every subject ("[Acme] "), at most 40 characters. "" means none.
	Prefix string
	// Location is the time zone in which times are written. Nil means UTC.
	Location *time.Location
}

// Email returns a notifier that mails each of the recipients. It never fails: a recipient that is no address, or no mailer, is
// reported by Check as fatal and by Notify as a permanent error.
func Email(mailer leads.Mailer, to string, more ...string) *EmailNotifier {
	return EmailTo(mailer, &EmailOptions{To: append([]string{to}, more...)})
}

// EmailTo is [Email] with options; it keeps nothing of opts. Nil options have no recipient, which Check and Notify report.
func EmailTo(mailer leads.Mailer, opts *EmailOptions) *EmailNotifier {
	o := EmailOptions{}
	if opts != nil {
		o = *opts
	}
	e := &EmailNotifier{mailer: mailer, from: o.From, prefix: o.Prefix, location: cmp.Or(o.Location, time.UTC)}
	e.err = errors.Join(e.setMailer(), e.setRecipients(o.To), e.setFrom())
	return e
}

func (e *EmailNotifier) setMailer() error {
	if e.mailer == nil {
		return errors.New("notify: Email: the mailer is required")
	}
	return nil
}

func (e *EmailNotifier) setRecipients(to []string) error {
	if len(to) == 0 {
		return errors.New("notify: EmailOptions.To is required")
	}
	var errs []error
	for i, s := range to {
		a, err := address(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("notify: recipient %d: %q: %w", i+1, s, err))
			continue
		}
		same := func(b mail.Address) bool { return b.Address == a.Address }
		if !slices.ContainsFunc(e.recipients, same) {
			e.recipients = append(e.recipients, a)
		}
	}
	return errors.Join(errs...)
}

// setFrom runs after setRecipients, which finds the domain.
func (e *EmailNotifier) setFrom() error {
	if e.from.Address == "" && len(e.recipients) > 0 {
		_, domain, _ := strings.Cut(e.recipients[0].Address, "@")
		e.from.Address = "leads@" + domain
	}
	if e.from.Address == "" {
		return nil // the missing recipients have been reported
	}
	a, err := emailaddr.Parse(e.from.Address)
	if err != nil {
		return fmt.Errorf("notify: EmailOptions.From: %q: %w", e.from.Address, err)
	}
	e.from = mail.Address{Name: cmp.Or(header(e.from.Name, 60), "Leads"), Address: a.String()}
	return nil
}

// address parses a recipient, with or without a display name.
func address(s string) (mail.Address, error) {
	bare, name := s, ""
	if parsed, err := mail.ParseAddress(s); err == nil && strings.ContainsAny(s, "<") {
		bare, name = parsed.Address, header(parsed.Name, 60)
	}
	a, err := emailaddr.Parse(bare)
	if err != nil {
		return mail.Address{}, err
	}
	return mail.Address{Name: name, Address: a.String()}, nil
}

// Check reports what is wrong with the configuration, and asks the mailer if it is a [leads.Checker].
func (e *EmailNotifier) Check(ctx context.Context) []leads.Finding {
	var findings []leads.Finding
	if e.err != nil {
		findings = append(findings, leads.Finding{Fatal: true, Part: "notify", Message: e.err.Error(), Fix: `give addresses such as "sales@example.com"`})
	}
	if c, ok := e.mailer.(leads.Checker); ok {
		findings = append(findings, c.Check(ctx)...)
	}
	return findings
}

// Notify mails every recipient that has not got this notification yet. A failure of one does not keep the others from theirs. Its
// error is permanent only when no recipient is worth another attempt. A digest or a backlog is not its own and says nothing.
func (e *EmailNotifier) Notify(ctx context.Context, n leads.Notification) error {
	if e.err != nil {
		return leads.Permanent(e.err)
	}
	if silent(n.Kind) {
		return nil
	}
	letter, err := render(n, reader{}, e.location)
	if err != nil {
		return leads.Permanent(fmt.Errorf("notify: render: %w", err))
	}
	letter.From, letter.Subject = e.from, subject(e.prefix, n, reader{})
	var errs []error
	for _, to := range e.recipients {
		if err := post(ctx, n, e.mailer, letter, to); err != nil {
			errs = append(errs, err)
		}
	}
	return combine(errs)
}

// combine joins errors so that a permanent one does not keep the others from being tried again. Each keeps its own marks.
func combine(errs []error) error {
	again := slices.DeleteFunc(slices.Clone(errs), leads.IsPermanent)
	if len(again) == 0 || len(again) == len(errs) {
		return errors.Join(errs...)
	}
	for _, err := range errs {
		if leads.IsPermanent(err) {
			again = append(again, errors.New(err.Error())) // its text without its mark
		}
	}
	return errors.Join(again...)
}
