package sequence

import (
	"time"

	"github.com/openleads/leads"
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

// WaitStep lets time pass. Either For or Until is set, or both: then Until counts from the end of For.
type WaitStep struct {
	For Duration `json:"for,omitempty"`
	// Until is a time of day and, if Days is not empty, one of those days, in the lead's time zone.
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

// Condition is true or false of a lead. Exactly one of All, Any, Not and Field is set.
type Condition struct {
	All []Condition `json:"all,omitempty"` // every one is true
	Any []Condition `json:"any,omitempty"` // at least one is
	Not *Condition  `json:"not,omitempty"`

	// Field names what is looked at: see [Fields].
	Field string `json:"field,omitempty"`
	// Is are the values of which the field has one, compared without regard to ASCII case; empty means that it has any value at all.
	Is []string `json:"is,omitempty"`
	// Contains are texts of which the field contains one, without regard to ASCII case.
	Contains []string `json:"contains,omitempty"`
	// Min and Max bound a number.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// View is what conditions and templates look at.
type View struct {
	Lead leads.Lead
	// Consents are the purposes to which the person has agreed.
	Consents []string
	// Opened, Clicked and Sent hold the IDs of the steps of this enrolment whose mails were.
	Sent, Opened, Clicked []string
	Now                   time.Time
}
