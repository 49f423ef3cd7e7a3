package sequence

import (
	"context"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// MailChange is the data of an EventMail: what became of a mail of a sequence.
type MailChange struct {
	Kind       leads.MailEventKind `json:"kind"`
	Enrollment string              `json:"enrollment"`
	Sequence   string              `json:"sequence"`
	Step       string              `json:"step"`
	URL        string              `json:"url,omitempty"`
	Machine    bool                `json:"machine,omitempty"`   // a program opened it or followed the link, as far as can be told
	Automatic  bool                `json:"automatic,omitempty"` // the reply is an automatic one, such as an out-of-office notice
	Note       string              `json:"note,omitempty"`      // why a mail failed, or the first lines of a reply
}

// maxLines is how much of a reply the team is told, in characters.
const maxLines = 400

// MailEvent takes what the mail provider tells of a mail. It is matched with the delivery by the mail's Message-ID; what does not match a mail of an
// enrolment is ignored, and the address is that of the delivery, whatever the event says. It goes on the lead's timeline, once. It may be called
// again for the same event, and must be after an error.
//
// A permanent bounce suppresses the address and ends its enrolments, and so does a complaint; an unsubscription does for the purpose of the
// sequence. A reply ends all enrolments of the lead and tells the team, unless a program has written it. Opens and clicks are only noted.
// Any event tells that the provider has taken the mail, and settles a sending whose outcome was not known.
func (s *Sequencer) MailEvent(ctx context.Context, ev leads.MailEvent) error {
	if s.store == nil {
		return errNoStore
	}
	if ev.MessageID == "" {
		return nil
	}
	d, err := s.store.Delivery(ctx, ev.MessageID)
	if err != nil {
		return ignoreGone(err)
	}
	e, err := s.store.Enrollment(ctx, d.Tenant, d.TaskID)
	if err != nil {
		return ignoreGone(err) // a mail to the team
	}
	automatic := ev.Kind == leads.MailReplied && ev.Reply != nil && Automatic(*ev.Reply)
	if err := s.heed(ctx, ev, d, e, automatic); err != nil {
		return err
	}
	return s.tell(ctx, ev, d, e, automatic)
}

// heed does what an event asks for. All of it can be done again.
func (s *Sequencer) heed(ctx context.Context, ev leads.MailEvent, d leads.Delivery, e Enrollment, automatic bool) error {
	if err := s.store.ConfirmDelivery(ctx, d.Tenant, d.Key, leads.Receipt{}); err != nil {
		return err
	}
	switch ev.Kind {
	case leads.MailBounced:
		return s.Suppress(ctx, d.Tenant, d.Recipient, "", ReasonBounce)
	case leads.MailComplained:
		return s.Suppress(ctx, d.Tenant, d.Recipient, "", ReasonComplaint)
	case leads.MailUnsubscribed:
		purpose, err := s.purposeOf(ctx, e)
		if err != nil {
			return err
		}
		key, err := s.AddressKey(ctx, d.Tenant, d.Recipient)
		if err != nil {
			return err
		}
		return s.unsubscribe(ctx, link{tenant: d.Tenant, addressKey: key, purpose: purpose, enrollment: e.ID})
	case leads.MailReplied:
		if !automatic {
			return s.ExitLead(ctx, e.Tenant, e.LeadID, ReasonReply)
		}
	}
	return nil
}

// tell notes an event on the timeline, and a person's reply for the team, in one transaction.
func (s *Sequencer) tell(ctx context.Context, ev leads.MailEvent, d leads.Delivery, e Enrollment, automatic bool) error {
	at := ev.At.UTC().Truncate(time.Microsecond)
	if ev.At.IsZero() {
		at = s.now()
	}
	name := ev.ID
	if name == "" {
		name = string(ev.Kind) + "/" + d.Key + "/" + at.Format(time.RFC3339)
	}
	id := onceID(at, "mail", d.Tenant, d.Key, name)
	if there, err := s.told(ctx, e.Tenant, e.LeadID, id); err != nil || there {
		return ignoreGone(err)
	}
	change := MailChange{
		Kind: ev.Kind, Enrollment: e.ID, Sequence: e.SequenceID, Step: strings.TrimPrefix(d.Key, e.ID+"/"),
		URL: ev.URL, Machine: ev.Machine, Automatic: automatic, Note: brief(ev.Reason),
	}
	var tasks []leads.Task
	if ev.Kind == leads.MailReplied {
		change.Note = firstLines(ev.Reply)
		if !automatic {
			notice := leads.NoticeTask(e.Tenant, e.LeadID, leads.Notice{Kind: leads.NotifyReplied, Note: change.Note}, time.Time{})
			notice.ID, notice.CreatedAt = leads.TaskID(e.Tenant, "sequence/replied/"+id), s.now()
			tasks = append(tasks, notice)
		}
	}
	note := event(e.Tenant, e.LeadID, leads.EventMail, at, change)
	note.ID = id
	_, err := s.store.Edit(ctx, e.Tenant, e.LeadID, func(*leads.Lead) ([]leads.Event, []leads.Task, error) {
		return []leads.Event{note}, tasks, nil
	})
	return ignoreGone(err)
}

// firstLines is the beginning of a reply.
func firstLines(r *leads.Reply) string {
	if r == nil {
		return ""
	}
	if text := brief(r.Text); text != "" {
		return text
	}
	return brief(r.Subject)
}

// brief is a text's beginning, without control characters but line ends.
func brief(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(shorten(strings.TrimSpace(text), maxLines))
}
