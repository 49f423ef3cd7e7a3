package sequence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// ConsentChange is the data of an EventConsent.
type ConsentChange struct {
	Purpose string        `json:"purpose"` // "" means all
	Action  ConsentAction `json:"action"`
	Digest  string        `json:"digest,omitempty"` // of the wording, as in the ledger
}

// agree enters what the person agreed to with the newest submission into the ledger, and returns the ledger with it. Submitting the form
// of a source that is not trusted, or that wants a double opt-in, is a request: anybody can tick a box for anybody.
func (s *Sequencer) agree(ctx context.Context, p person, entries []Consent) ([]Consent, error) {
	form := p.source.Consent
	if form.Purpose == "" {
		return entries, nil
	}
	c := Consent{
		Tenant: p.lead.Tenant, ID: leads.TaskID(p.lead.Tenant, "consent/"+p.lead.Last.SubmissionID), LeadID: p.lead.ID, AddressKey: p.key,
		Purpose: form.Purpose, Action: ConsentRequested, Wording: form.Wording, SourceID: p.source.ID,
		SubmissionID: p.lead.Last.SubmissionID, At: p.lead.Last.At,
	}
	if !form.DoubleOptIn && (p.trusted || s.opts.AllowUnconfirmed) {
		c.Action = ConsentGranted
	}
	c.Digest = digest(c.Wording)
	if standing(entries, c) {
		return entries, nil
	}
	if ticked, err := s.ticked(ctx, p.lead, form.Field); err != nil || !ticked {
		return entries, err
	}
	return append(entries, c), s.enter(ctx, c)
}

// standing reports whether the ledger says already what c would say.
func standing(entries []Consent, c Consent) bool {
	if slices.ContainsFunc(entries, func(old Consent) bool { return old.ID == c.ID }) {
		return true
	}
	granted, requested := agreed(entries)
	if c.Action == ConsentRequested && slices.Contains(granted, c.Purpose) {
		return true
	}
	same := func(old Consent) bool {
		return old.Purpose == c.Purpose && old.Action == c.Action && old.Digest == c.Digest
	}
	stands := granted
	if c.Action == ConsentRequested {
		stands = requested
	}
	return slices.Contains(stands, c.Purpose) && slices.ContainsFunc(entries, same)
}

// enter adds an entry to the ledger and to the lead's timeline.
func (s *Sequencer) enter(ctx context.Context, c Consent) error {
	if err := s.store.AddConsent(ctx, c); err != nil || c.LeadID == "" {
		return err
	}
	id := onceID(c.At, "consent", c.Tenant, c.ID)
	if there, err := s.told(ctx, c.Tenant, c.LeadID, id); err != nil || there {
		return ignoreGone(err)
	}
	ev := event(c.Tenant, c.LeadID, leads.EventConsent, c.At, ConsentChange{Purpose: c.Purpose, Action: c.Action, Digest: c.Digest})
	ev.ID = id
	_, err := s.store.Edit(ctx, c.Tenant, c.LeadID, func(*leads.Lead) ([]leads.Event, []leads.Task, error) {
		return []leads.Event{ev}, nil, nil
	})
	return ignoreGone(err)
}

// ignoreGone takes the absence of a lead for nothing to tell.
func ignoreGone(err error) error {
	if leads.IsNotFound(err) {
		return nil
	}
	return err
}

// ticked reports whether the box of that name was ticked in the lead's newest submission; "" is a box that every form has ticked.
// What the lead's metadata says may be from an earlier one, so that it is asked only whether looking is worth while.
func (s *Sequencer) ticked(ctx context.Context, lead leads.Lead, field string) (bool, error) {
	switch {
	case field == "":
		return true, nil
	case !yes(lead.Metadata.Text(field)):
		return false, nil
	case lead.Submissions == 1:
		return true, nil
	case s.history == nil:
		return false, nil
	}
	subs, err := s.history.Submissions(ctx, lead.Tenant, lead.ID)
	for _, sub := range subs {
		if sub.ID == lead.Last.SubmissionID {
			return yes(sub.Metadata.Text(field)), err
		}
	}
	return false, err
}

// yes reads the value of a ticked box: browsers send whatever value it has, and nothing for one that is not ticked.
func yes(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "", "0", "no", "n", "off", "false", "none", "null", "undefined", "unchecked", "[]", "{}":
		return false
	}
	return true
}

func digest(wording string) string {
	sum := sha256.Sum256([]byte(wording))
	return hex.EncodeToString(sum[:])
}

// confirmed is the entry of a person who has confirmed. What they agreed to is what they saw when they asked for it, or else the mail.
func (s *Sequencer) confirmed(e Enrollment, purpose string, entries []Consent, at time.Time) Consent {
	c := Consent{
		Tenant: e.Tenant, ID: leads.TaskID(e.Tenant, "consent/confirmed/"+e.ID+"/"+purpose), LeadID: e.LeadID, AddressKey: e.AddressKey,
		Purpose: purpose, Action: ConsentGranted, Wording: s.opts.Confirmation.Subject + "\n\n" + s.opts.Confirmation.Body, At: at,
	}
	for _, asked := range entries {
		if asked.Purpose == purpose && asked.Action == ConsentRequested {
			c.Wording, c.SourceID, c.SubmissionID = cmp.Or(asked.Wording, c.Wording), asked.SourceID, asked.SubmissionID
		}
	}
	c.Digest = digest(c.Wording)
	return c
}

// withdraw enters that the person does not, or no longer, agree; once, however often they say so.
func (s *Sequencer) withdraw(ctx context.Context, c Consent) error {
	entries, err := s.store.Consents(ctx, c.Tenant, c.AddressKey)
	if err != nil {
		return err
	}
	for _, old := range slices.Backward(entries) {
		if old.Purpose == c.Purpose || old.Action == ConsentWithdrawn && old.Purpose == "" {
			if old.Action == ConsentWithdrawn {
				return nil
			}
			break
		}
	}
	c.ID, c.Action, c.Digest, c.At = leads.NewID(), ConsentWithdrawn, digest(c.Wording), s.now()
	return s.enter(ctx, c)
}
