package sequence

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/calendar"
)

// Definition is a sequence: whom it is for, when it may write, and its steps. It is a Go value, and JSON for a dashboard to edit.
type Definition struct {
	ID   string `json:"id"` // names it within the tenant: 1 to 40 lower-case letters, digits and "-"
	Name string `json:"name"`
	// Version is counted up by each Save; an enrolment finishes on the version it began with unless it is moved.
	Version int64 `json:"version,omitempty"`
	// Paused keeps leads from being enrolled and its mails from being sent. What is due waits.
	Paused bool `json:"paused,omitempty"`

	// Match says who is enrolled without being asked for; nil means nobody, so that people enrol by hand.
	Match *Condition `json:"match,omitempty"`
	// ReEnter is how long after its last enrolment has ended a lead may enter again. 0 means never.
	ReEnter Duration `json:"reEnter,omitempty"`
	// Delay is how long after the enrolment the first step is due.
	Delay Duration `json:"delay,omitempty"`
	// Purpose is what its mails are for, as in consents and suppressions. "" means "marketing". "transactional" mails need no consent, postal
	// address or way to unsubscribe, and are for what the person has asked for.
	Purpose string `json:"purpose,omitempty"`
	// NeedsConsent enrols by match only people who have agreed to Purpose.
	NeedsConsent bool `json:"needsConsent,omitempty"`
	// Goal ends an enrolment when a lead comes to match it; nil means none.
	Goal *Condition `json:"goal,omitempty"`
	// Hours are when its mails may go out, in the lead's time zone. Nil means always.
	Hours *Hours `json:"hours,omitempty"`
	Steps []Step `json:"steps"`
}

// Step is one step of a sequence. Exactly one of the pointers is set.
type Step struct {
	// ID names the step within its sequence: 1 to 40 lower-case letters, digits and "-". It stays what it is when others are put before.
	ID string `json:"id"`
	// Next is the ID of the step that follows, which must stand further down, or "end". "" means the one below.
	Next string `json:"next,omitempty"`

	Email   *EmailStep   `json:"email,omitempty"`
	Wait    *WaitStep    `json:"wait,omitempty"`
	Branch  *BranchStep  `json:"branch,omitempty"`
	Split   *SplitStep   `json:"split,omitempty"`
	Notify  *NotifyStep  `json:"notify,omitempty"`
	Assign  *AssignStep  `json:"assign,omitempty"`
	Status  *StatusStep  `json:"status,omitempty"`
	Tag     *TagStep     `json:"tag,omitempty"`
	Webhook *WebhookStep `json:"webhook,omitempty"`
}

// EmailStep sends a mail to the lead.
type EmailStep struct {
	// Subject and Body are templates; the body is Markdown. See [Variables] for what they may name.
	Subject string `json:"subject"`
	Body    string `json:"body"`
	// Resend sends a mail again whose first sending may have failed. Without it such a mail is held.
	Resend bool `json:"resend,omitempty"`
}

// WaitStep lets time pass. For or Until is set, or both: then Until counts from the end of For.
type WaitStep struct {
	For Duration `json:"for,omitempty"`
	// Until is a time of day, on one of its Days if there are any, in the lead's time zone. Behind a For of whole days and months it is the first
	// such time of the day on which that ends, or of a later one: "1d" until "09:00" is 9 o'clock tomorrow, also at noon. Behind any other it is
	// the first at or after its end, and alone the first after the step before.
	Until *TimeOfDay `json:"until,omitempty"`
}

// BranchStep goes one way or the other.
type BranchStep struct {
	If Condition `json:"if"`
	// Then and Else are IDs of steps further down, or "end". "" means the step's Next.
	Then string `json:"then,omitempty"`
	Else string `json:"else,omitempty"`
}

// SplitStep sends leads different ways by chance, each always the same way.
type SplitStep struct {
	Arms []Arm `json:"arms"`
}

// Arm is one way of a split.
type Arm struct {
	Name   string `json:"name"`
	Weight int    `json:"weight"` // of the sum of all; 0 means nobody
	Next   string `json:"next"`   // the ID of a step further down, or "end"; "" means the step's Next
}

// NotifyStep tells the team something.
type NotifyStep struct {
	Note string `json:"note"`         // a template of plain text
	To   string `json:"to,omitempty"` // a person, or "" for everybody concerned
}

// AssignStep makes somebody responsible for the lead.
type AssignStep struct {
	To string `json:"to"`
}

// StatusStep moves the lead.
type StatusStep struct {
	To leads.Status `json:"to"`
}

// TagStep adds a tag, takes one away, or both.
type TagStep struct {
	Add    string `json:"add,omitempty"`
	Remove string `json:"remove,omitempty"`
}

// WebhookStep calls an endpoint that the host has set up.
type WebhookStep struct {
	Endpoint string `json:"endpoint"` // its name; "" means every endpoint
	Event    string `json:"event"`    // the type of the event, "sequence.step" if ""
}

// end is the Next of a step behind which nothing follows.
const end = "end"

// outcomes of the steps that are decided here.
const (
	outcomeDone = "done"
	outcomeThen = "then"
	outcomeElse = "else"
)

// marketing reports whether the mails need consent, a postal address and a way out.
func (d Definition) marketing() bool { return d.purpose() != transactional }

// transactional is the purpose of mails that the person has asked for.
const transactional = "transactional"

func (d Definition) purpose() string { return cmp.Or(d.Purpose, "marketing") }

// first returns the ID of the first step, or "".
func (d Definition) first() string {
	if len(d.Steps) == 0 {
		return ""
	}
	return d.Steps[0].ID
}

// step returns the step with that ID.
func (d Definition) step(id string) (Step, bool) {
	i := d.index(id)
	if i < 0 {
		return Step{}, false
	}
	return d.Steps[i], true
}

func (d Definition) index(id string) int {
	return slices.IndexFunc(d.Steps, func(s Step) bool { return s.ID == id })
}

// follow returns the ID of the step after s, "" for the end, and what s came to: the way that a branch took, the arm of a split, else "done".
// Seed is the same for one enrolment always, so that it always takes the same arm.
func (d Definition) follow(s Step, v View, seed string) (next, outcome string) {
	outcome = outcomeDone
	way := ""
	switch {
	case s.Branch != nil:
		way, outcome = s.Branch.Else, outcomeElse
		if s.Branch.If.Match(v) {
			way, outcome = s.Branch.Then, outcomeThen
		}
	case s.Split != nil:
		if arm, ok := s.Split.choose(seed + "/" + s.ID); ok {
			way, outcome = arm.Next, arm.Name
		}
	}
	return d.behind(s, way), outcome
}

// behind resolves the name of a way: "" is the step's Next, and an empty Next the step below.
func (d Definition) behind(s Step, way string) string {
	switch way = cmp.Or(way, s.Next); way {
	case end:
		return ""
	case "":
		if i := d.index(s.ID); i >= 0 && i+1 < len(d.Steps) {
			return d.Steps[i+1].ID
		}
		return ""
	}
	return way
}

// choose takes an arm by the hash of a seed, in proportion to the weights. It is false if all are 0.
func (s SplitStep) choose(seed string) (Arm, bool) {
	var sum uint64
	for _, a := range s.Arms {
		sum += uint64(max(0, a.Weight))
	}
	if sum == 0 {
		return Arm{}, false
	}
	digest := sha256.Sum256([]byte(seed))
	at := binary.BigEndian.Uint64(digest[:8]) % sum
	for _, a := range s.Arms {
		weight := uint64(max(0, a.Weight))
		if at < weight {
			return a, true
		}
		at -= weight
	}
	return Arm{}, false
}

// dueAfter returns when the step with that ID is due if it comes next at from: a wait when it is over, a mail at the next time within Hours,
// any other at once.
func (d Definition) dueAfter(id string, from time.Time, zone *time.Location) time.Time {
	s, _ := d.step(id)
	switch {
	case s.Wait != nil:
		return s.Wait.over(from, zone)
	case s.Email != nil:
		if next, ok := d.Hours.week().Next(from, zone); ok {
			return next
		}
	}
	return from
}

// over returns when a wait that began at from is over.
func (w WaitStep) over(from time.Time, zone *time.Location) time.Time {
	t := w.For.after(from, zone)
	switch {
	case w.Until == nil:
		return t
	case w.For.IsZero():
		return w.Until.next(from, false, zone)
	case w.For.Clock == 0:
		year, month, day := calendar.Date(t, zone)
		dawn := calendar.Local(year, month, day, 0, zone)
		return later(w.Until.next(dawn, true, zone), from)
	}
	return w.Until.next(t, true, zone)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// start returns the first step and when it is due for an enrolment that begins at a time.
func (d Definition) start(at time.Time, zone *time.Location) (step string, due time.Time) {
	step = d.first()
	return step, d.dueAfter(step, d.Delay.after(at, zone), zone)
}
