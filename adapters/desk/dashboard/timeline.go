package dashboard

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// happening is an event in words.
type happening struct {
	At    time.Time
	Kind  leads.EventKind
	Text  string
	More  string // in small below
	Said  string // what a person wrote
	By    string // the ID of who did it, or ""
	Quiet bool   // it is of the machine room
}

// teller puts the events of one lead in words.
type teller struct {
	p       *page
	texts   Texts
	sources map[string]string // what each submission came through
	names   map[string]string // of sequences
}

// timeline puts the events in words, the newest first.
func (p *page) timeline(events []leads.Event, x *leadData) []happening {
	t := teller{p, p.board.texts, make(map[string]string), x.Names}
	for _, sub := range x.Submissions {
		t.sources[sub.ID] = x.Sources[sub.SourceID]
	}
	told := make([]happening, 0, len(events))
	for _, e := range events {
		h := t.tell(e)
		h.At, h.Kind = e.At, e.Kind
		told = append(told, h)
	}
	slices.Reverse(told)
	return told
}

func (t teller) tell(e leads.Event) happening {
	switch e.Kind {
	case leads.EventCreated, leads.EventSubmitted, leads.EventRepeated, leads.EventReleased:
		return t.came(e)
	case leads.EventStage:
		return tellAs(e, t.stage)
	case leads.EventScored:
		return tellAs(e, t.scored)
	case leads.EventAssigned, leads.EventStatus, leads.EventTagged:
		return tellAs(e, func(c leads.Change) happening { return t.changed(e.Kind, c) })
	case leads.EventEdited:
		return tellAs(e, func(c leads.Edit) happening {
			return happening{Text: t.texts.text("event.edited", visible(strings.Join(c.Fields, ", "))), By: c.By}
		})
	case leads.EventNoted:
		return tellAs(e, func(n leads.Note) happening {
			return happening{Text: t.texts.text("event.noted"), Said: n.Text, By: n.By}
		})
	case leads.EventSequence:
		return tellAs(e, t.sequence)
	case leads.EventMail:
		return tellAs(e, t.mail)
	case leads.EventConsent:
		return tellAs(e, func(c sequence.ConsentChange) happening {
			return happening{Text: t.texts.text("event.consent", t.texts.word("consent", c.Action), t.purpose(c.Purpose))}
		})
	}
	return happening{Text: t.texts.word("event", e.Kind)} // replayed, and kinds of the host's own
}

// tellAs reads the data of an event; what is of another form is told by its kind alone.
func tellAs[T any](e leads.Event, tell func(T) happening) happening {
	var data T
	if json.Unmarshal(e.Data, &data) != nil {
		return happening{Text: string(e.Kind)}
	}
	return tell(data)
}

func (t teller) came(e leads.Event) happening {
	if source := t.sources[e.SubmissionID]; source != "" {
		return happening{Text: t.texts.text("event."+string(e.Kind)+".through", visible(source))}
	}
	return happening{Text: t.texts.text("event." + string(e.Kind))}
}

func (t teller) stage(r leads.StageReport) happening {
	h := happening{Text: t.texts.text("event.stage."+r.Outcome, t.texts.word("task", r.Stage)), Quiet: true}
	if r.Error != "" {
		h.More = visible(r.Error)
	}
	return h
}

func (t teller) scored(c leads.ScoreChange) happening {
	q := t.texts.word("qualification", c.Qualification)
	h := happening{Text: t.texts.text("event.scored", q, c.To)}
	if c.From != nil {
		h.Text = t.texts.text("event.rescored", q, *c.From, c.To)
	}
	var parts []string
	for _, d := range c.Differences {
		parts = append(parts, visible(d.Criterion)+" "+signed(d.From)+" → "+signed(d.To))
	}
	h.More = strings.Join(parts, " · ")
	return h
}

func signed(n int) string {
	if n > 0 {
		return "+" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func (t teller) changed(kind leads.EventKind, c leads.Change) happening {
	h := happening{By: c.By, More: visible(c.Reason)}
	switch {
	case kind == leads.EventAssigned && c.To == "":
		h.Text = t.texts.text("event.unassigned", visible(t.p.name(c.From)))
	case kind == leads.EventAssigned:
		h.Text = t.texts.text("event.assigned", visible(t.p.name(c.To)))
	case kind == leads.EventTagged && c.To == "":
		h.Text = t.texts.text("event.untagged", visible(c.From))
	case kind == leads.EventTagged:
		h.Text = t.texts.text("event.tagged", visible(c.To))
	case c.From == c.To && c.Reason != "":
		h.Text, h.More = t.texts.text("event.stagemove", visible(c.Reason)), ""
	default:
		h.Text = t.texts.text("event.status", t.texts.word("status", c.From), t.texts.word("status", c.To))
	}
	return h
}

func (t teller) sequence(s sequence.Progress) happening {
	name := s.Sequence
	if n := t.names[s.Sequence]; n != "" {
		name = n
	}
	name = visible(name)
	h := happening{By: s.By}
	switch {
	case s.Step != "":
		h.Text = t.texts.text("event.step", name, visible(s.Step), t.texts.word("outcome", s.Outcome))
	case s.Reason != "":
		h.Text = t.texts.text("event.sequence."+string(s.State), name)
		h.More = t.texts.word("reason", s.Reason)
	default:
		h.Text = t.texts.text("event.sequence."+string(s.State), name)
	}
	return h
}

func (t teller) mail(m sequence.MailChange) happening {
	h := happening{Text: t.texts.text("event.mail", t.texts.word("mail", m.Kind)), More: visible(m.URL)}
	if m.Kind == leads.MailReplied {
		h.Said = m.Note
	} else if m.Note != "" {
		h.More = visible(m.Note)
	}
	switch {
	case m.Machine:
		h.Text += " " + t.texts.text("event.mail.machine")
	case m.Automatic:
		h.Text += " " + t.texts.text("event.mail.automatic")
	}
	return h
}

func (t teller) purpose(p string) string {
	if p == "" {
		return t.texts.text("consent.all")
	}
	return visible(p)
}
