package sequence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// The names of what a mail carries for the provider's events.
const (
	variableEnrollment = "enrollment"
	variableStep       = "step"
)

const (
	// settling is how long a provider that cannot tell yet whether it has taken a mail is asked again: its events lag behind. Mailgun's
	// documentation says that most can be found within a few minutes and all within half an hour.
	settling = 40 * time.Minute
	askAgain = 2 * time.Minute
	// mendable is after how long it is looked whether what the host has to set is set.
	mendable = time.Hour
)

var errNoMailer = errors.New("sequence: New: the mailer is required")

// mail sends the mail of a step, once. See docs/sequences.md for the order of what it looks at, which matters.
func (s *Sequencer) mail(ctx context.Context, r *run, step Step, view View) (Passed, error) {
	key := r.e.ID + "/" + step.ID
	d, err := s.draft(ctx, r, step, view, key)
	if err != nil {
		return Passed{}, err
	}
	outcome, err := s.send(ctx, r, d, !step.Email.Resend)
	return Passed{Outcome: outcome, Delivery: key}, err
}

// draft returns the delivery of a step's mail: the one that an earlier attempt has left, or a new one, for which there is a time and a quota.
func (s *Sequencer) draft(ctx context.Context, r *run, step Step, view View, key string) (leads.Delivery, error) {
	d, again := begun(r.task, key)
	if !again || d.State == leads.DeliveryFailed {
		if at := r.def.dueAfter(step.ID, s.now(), r.zone); at.After(s.now()) {
			return d, putOff{until: at} // out of hours: the task has waited, or stood still
		}
	}
	if again {
		return d, nil
	}
	if err := s.readdress(ctx, r); err != nil {
		return d, err
	}
	email, err := s.render(ctx, r, step, view)
	if err != nil {
		return d, err
	}
	p := r.parties()
	usedUp, err := s.spend(ctx, r.e.Tenant, s.opts.Caps.quotas(p, s.now()))
	if err != nil {
		return d, err
	}
	if usedUp != nil {
		return d, putOff{until: r.def.dueAfter(step.ID, usedUp.again, r.zone), why: "a cap is used up: " + capName(usedUp.Key)}
	}
	return delivery(key, email)
}

// capName is a quota's key without what it is of, which can be an address's hash.
func capName(key string) string {
	parts := strings.Split(key, "/")
	if parts[0] == "mail" && len(parts) > 2 {
		return parts[1] + " " + parts[len(parts)-2]
	}
	return parts[0]
}

// begun returns the delivery that an earlier attempt of the task has left.
func begun(task leads.Task, key string) (leads.Delivery, bool) {
	i := slices.IndexFunc(task.Deliveries, func(d leads.Delivery) bool { return d.Key == key })
	if i < 0 {
		return leads.Delivery{}, false
	}
	return task.Deliveries[i], true
}

// delivery is a mail that is to be sent.
func delivery(key string, m leads.Email) (leads.Delivery, error) {
	body, err := json.Marshal(m)
	return leads.Delivery{Key: key, Channel: "email", Recipient: m.To[0].Address, MessageID: m.MessageID, Body: body}, err
}

// readdress notes it when the lead has another address than before: a stop finds the enrolment by its key, so that is stored before the
// suppressions of the new address are looked at. While a mail to the old one is under way, that one stays.
func (s *Sequencer) readdress(ctx context.Context, r *run) error {
	key, err := s.AddressKey(ctx, r.e.Tenant, r.lead.Email)
	if err != nil || key == r.e.AddressKey {
		return err
	}
	e := r.e
	e.AddressKey, e.UpdatedAt = key, s.now()
	stored, err := s.store.PutEnrollment(ctx, e)
	if err == nil {
		r.e = stored
	}
	return err
}

func (r *run) parties() parties {
	a, _ := emailaddr.Parse(r.lead.Email) // exits has seen that it is one
	return parties{addressKey: r.e.AddressKey, domain: a.Domain, sender: r.from.From.Address}
}

// render makes the mail of a step.
func (s *Sequencer) render(ctx context.Context, r *run, step Step, view View) (leads.Email, error) {
	if why := s.unlawful(r.def, r.from); why != "" {
		return leads.Email{}, putOff{until: s.now().Add(mendable), why: why}
	}
	f, err := s.frame(ctx, r, step.ID, r.def.marketing())
	if err != nil {
		return leads.Email{}, err
	}
	m, err := r.def.renderWith(func() (*emailTemplate, error) { return s.templates.of(*step.Email) }, view, f)
	return m, leads.Permanent(err)
}

// unlawful says why the mails of a sequence cannot go out as things are set, or "".
func (s *Sequencer) unlawful(d Definition, from Sender) string {
	switch {
	case from.From.Address == "":
		return "the sender's address is missing: Sender.From"
	case d.marketing() && strings.TrimSpace(from.Postal) == "":
		return "the sender's postal address is missing: Sender.Postal"
	case d.marketing() && s.opts.BaseURL == "":
		return "the links to unsubscribe lead nowhere: Options.BaseURL is empty"
	}
	return ""
}

// frame is what a mail of an enrolment has around its text. Auto-Submitted (RFC 3834) and X-Auto-Response-Suppress, which Exchange reads, keep machines from
// answering; the latter leaves delivery reports alone, which are wanted. Precedence is not set: RFC 3834 advises against it, and some
// providers sort by it.
func (s *Sequencer) frame(ctx context.Context, r *run, stepID string, stoppable bool) (Frame, error) {
	ring, err := s.keys(ctx)
	if err != nil {
		return Frame{}, err
	}
	f := Frame{
		From: r.from.From, ReplyTo: r.from.ReplyTo, Postal: r.from.Postal,
		MessageID: leads.TaskID(r.e.Tenant, "message/"+r.e.ID+"/"+stepID) + "@" + domainName(r.from.From),
		Headers:   map[string]string{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"},
		Tags:      []string{r.e.SequenceID},
		Variables: map[string]string{variableEnrollment: r.e.ID, variableStep: stepID},
	}
	if stoppable {
		l := link{kind: linkStop, tenant: r.e.Tenant, addressKey: r.e.AddressKey, purpose: r.def.purpose(), enrollment: r.e.ID}
		f.UnsubscribeURL, err = s.url(ring, l)
	}
	return f, err
}

func domainName(a mail.Address) string {
	return cmp.Or(domainOf(a.Address), "leads.invalid")
}

// send hands a mail over through the ledger and says what came of it.
func (s *Sequencer) send(ctx context.Context, r *run, d leads.Delivery, hold bool) (string, error) {
	if s.mailer == nil {
		return "", putOff{until: s.now().Add(mendable), why: errNoMailer.Error()}
	}
	if err := s.mayWrite(ctx, r, d); err != nil {
		return "", err
	}
	err := s.ledger(r).Once(ctx, leads.Effect{Delivery: d, Send: s.handOver, Ask: s.asker(), Hold: hold})
	switch {
	case err == nil:
		return outcomeSent, nil
	case errors.Is(err, errUnsettled):
		return "", putOff{until: s.now().Add(askAgain), why: "the provider cannot tell yet whether it has taken the mail"}
	case errors.Is(err, leads.ErrHeld):
		return outcomeHeld, nil
	case leads.IsPermanent(err) && !leads.IsAmbiguous(err) && !leads.IsStale(err):
		return s.refused(r)
	}
	return "", err
}

// mayWrite looks at the suppressions last, when everything is ready: nothing but the ledger's entry comes between this and the mail. See suppress
// for why that is enough.
func (s *Sequencer) mayWrite(ctx context.Context, r *run, d leads.Delivery) error {
	if err := s.suppressed(ctx, r, r.e.AddressKey); err != nil {
		return err
	}
	key, err := s.AddressKey(ctx, r.e.Tenant, d.Recipient)
	if err != nil || key == r.e.AddressKey {
		return err
	}
	return s.suppressed(ctx, r, key)
}

// handOver sends a mail as it was rendered first.
func (s *Sequencer) handOver(ctx context.Context, d leads.Delivery) (leads.Receipt, error) {
	var m leads.Email
	if err := json.Unmarshal(d.Body, &m); err != nil {
		return leads.Receipt{}, leads.Permanent(fmt.Errorf("sequence: the stored mail: %w", err))
	}
	return s.mailer.Send(ctx, m)
}

// errUnsettled says that it is too early to take "unknown" for an answer.
var errUnsettled = errors.New("sequence: it is not known yet whether an earlier attempt got through")

// asker asks the mailer what became of an attempt, if it can be asked.
func (s *Sequencer) asker() func(context.Context, leads.Delivery) (leads.Receipt, leads.Truth, error) {
	reconciler, ok := s.mailer.(leads.Reconciler)
	if !ok {
		return nil
	}
	return func(ctx context.Context, d leads.Delivery) (leads.Receipt, leads.Truth, error) {
		var m leads.Email
		if err := json.Unmarshal(d.Body, &m); err != nil {
			return leads.Receipt{}, leads.Unknown, leads.Permanent(err)
		}
		receipt, sent, err := reconciler.Sent(ctx, m)
		if leads.IsPermanent(err) { // it will never tell
			sent, err = leads.Unknown, nil
		}
		if err == nil && sent == leads.Unknown && s.now().Sub(d.UpdatedAt) < settling {
			err = errUnsettled
		}
		return receipt, sent, err
	}
}

// refused counts a mail that the mailer refuses for good. The next step comes all the same, but a second refusal ends the enrolment: the
// address does not take mail.
func (s *Sequencer) refused(r *run) (string, error) {
	if slices.ContainsFunc(r.e.Passed, func(p Passed) bool { return p.Outcome == outcomeRefused }) {
		return "", leaves{ReasonBounce}
	}
	return outcomeRefused, nil
}
