package sequence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/openleads/leads"
)

// Calendar is what a simulation takes for granted.
type Calendar struct {
	// Start is when the lead is enrolled. It has to be given: a simulation reads no clock.
	Start time.Time
	// Zone is the time zone for a lead of which none is known. Nil means UTC.
	Zone *time.Location
	// Opened and Clicked are the IDs of the steps whose mails the person will have opened, or clicked in, by the time of the next step.
	Opened, Clicked []string
	// Consents are the purposes to which the person has agreed.
	Consents []string
	// Seed decides splits, as an enrolment's ID does. "" means the lead's ID.
	Seed string
}

// Timetable is what a sequence would do with a lead, and when.
type Timetable struct {
	Sequence string
	Zone     *time.Location
	Start    time.Time
	// Matches reports whether the lead would be enrolled without being asked for.
	Matches bool
	Rows    []Row
	// End is when nothing follows any more, and Reason why: "" after the last step, or [ReasonGoal].
	End    time.Time
	Reason Reason
}

// Row is one step of a timetable.
type Row struct {
	Step string
	Kind string // "email", "wait" …, as in JSON
	At   time.Time
	// Asked is when the step came next: before At by what it waited, for its hours or as a wait.
	Asked time.Time
	// About says what it does: a mail's subject, how long a wait is, the way a branch takes.
	About string
}

// Simulate goes through a definition as a lead would, and sends nothing. Conditions are evaluated on the lead as it is given and as the steps change
// it (status, tags, assignee); the person does not answer and takes no longer than a moment, the server is never down, and no cap is reached. Zones are
// those of the lead and the calendar, with their changes of the clocks. The definition has to be valid.
func Simulate(d Definition, lead leads.Lead, c Calendar) Timetable {
	zone := zoneOf(lead, c.Zone)
	table := Timetable{Sequence: cmp.Or(d.Name, d.ID), Zone: zone, Start: c.Start}
	v := View{Lead: lead, Consents: c.Consents, Now: c.Start}
	v.Lead.Tags = slices.Clone(lead.Tags)
	table.Matches = d.Match != nil && d.Match.Match(v) && (!d.NeedsConsent || slices.Contains(c.Consents, d.purpose()))
	asked := d.Delay.after(c.Start, zone)
	for id := d.first(); id != "" && len(table.Rows) < len(d.Steps); {
		s, _ := d.step(id)
		v.Now = d.dueAfter(id, asked, zone)
		if d.Goal != nil && d.Goal.Match(v) {
			table.Reason = ReasonGoal
			break
		}
		next, outcome := d.follow(s, v, cmp.Or(c.Seed, lead.ID))
		table.Rows = append(table.Rows, Row{Step: id, Kind: s.kind(), At: v.Now, Asked: asked, About: s.about(v, outcome)})
		s.pretend(&v, c)
		id, asked = next, v.Now
	}
	table.End = v.Now
	return table
}

// pretend does to a view what the step would do to the lead.
func (s Step) pretend(v *View, c Calendar) {
	switch {
	case s.Email != nil:
		v.Sent = append(v.Sent, s.ID)
		if slices.Contains(c.Opened, s.ID) {
			v.Opened = append(v.Opened, s.ID)
		}
		if slices.Contains(c.Clicked, s.ID) {
			v.Clicked = append(v.Clicked, s.ID)
		}
	case s.Assign != nil:
		v.Lead.Assignee = s.Assign.To
	case s.Status != nil:
		v.Lead.Status = s.Status.To
	case s.Tag != nil:
		v.Lead.Tags = slices.DeleteFunc(v.Lead.Tags, func(t string) bool { return t == s.Tag.Remove || t == s.Tag.Add })
		if s.Tag.Add != "" {
			v.Lead.Tags = append(v.Lead.Tags, s.Tag.Add)
		}
	}
}

// kind is the name of what a step does, as in JSON.
func (s Step) kind() string {
	for _, k := range []struct {
		name string
		is   bool
	}{
		{"email", s.Email != nil}, {"wait", s.Wait != nil}, {"branch", s.Branch != nil}, {"split", s.Split != nil}, {"notify", s.Notify != nil},
		{"assign", s.Assign != nil}, {"status", s.Status != nil}, {"tag", s.Tag != nil}, {"webhook", s.Webhook != nil},
	} {
		if k.is {
			return k.name
		}
	}
	return ""
}

// about says in a few words what a step does to a lead.
func (s Step) about(v View, outcome string) string {
	switch {
	case s.Email != nil:
		if t, err := s.Email.compiled(); err == nil {
			if subject, err := t.subject.Render(t.values(v, Frame{})); err == nil {
				return headerText(subject)
			}
		}
		return s.Email.Subject
	case s.Wait != nil:
		return s.Wait.String()
	case s.Notify != nil:
		note, _ := s.Notify.fill(v)
		return headerText(note)
	case s.Assign != nil:
		return "to " + s.Assign.To
	case s.Status != nil:
		return "to " + string(s.Status.To)
	case s.Tag != nil:
		return strings.TrimSpace(sign("+", s.Tag.Add) + " " + sign("-", s.Tag.Remove))
	case s.Webhook != nil:
		return cmp.Or(s.Webhook.Event, "sequence.step")
	}
	return outcome
}

func sign(sign, tag string) string {
	if tag == "" {
		return ""
	}
	return sign + tag
}

// String says how long the wait is: "2d", "until mon tue 09:00", "1d until 09:00".
func (w WaitStep) String() string {
	var parts []string
	if !w.For.IsZero() {
		parts = append(parts, w.For.String())
	}
	if w.Until != nil {
		parts = append(parts, "until")
		for _, d := range w.Until.Days {
			if d >= 0 && d <= 6 {
				parts = append(parts, dayNames[d])
			}
		}
		parts = append(parts, w.Until.At)
	}
	return strings.Join(parts, " ")
}

// String writes the timetable for people, a line each step, in the lead's time.
func (t Timetable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", t.Sequence, t.Zone)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(at time.Time, fields ...string) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", at.In(t.Zone).Format("Mon 2006-01-02 15:04 MST"), strings.Join(fields, "\t"))
	}
	line(t.Start, "enrolled", "", "")
	for _, r := range t.Rows {
		about := r.About
		if r.Kind == "email" && r.At.After(r.Asked) {
			about += " (held to the hours since " + r.Asked.In(t.Zone).Format("Mon 15:04") + ")"
		}
		line(r.At, r.Step, r.Kind, about)
	}
	line(t.End, "end", string(t.Reason), "")
	_ = w.Flush() // a strings.Builder takes everything
	rows := strings.Split(b.String(), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n")
}
