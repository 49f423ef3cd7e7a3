package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// you are who is signed in. A real program takes people from its own users.
var you = desk.User{Tenant: leads.DefaultTenant, ID: "you", Name: "You", Role: desk.Owner}

// newTeam are those who leads can be assigned to. You are told at the address of NOTIFY_EMAIL, as you like it: see the settings. Ann gets no mails, so
// that no mail goes anywhere else.
func newTeam() (notify.People, error) {
	told := notify.Person{ID: you.ID, Email: env("NOTIFY_EMAIL", "sales@example.com")}
	if err := told.Validate(); err != nil {
		return nil, fmt.Errorf("NOTIFY_EMAIL=%s: %w", told.Email, err)
	}
	return notify.People{told, {ID: "ann", Name: "Ann"}}, nil
}

// furnish makes what a new database lacks: the source of the demo forms, the API key and a sequence.
func furnish(ctx context.Context, store *bunstore.Store, d *desk.Desk, k keys) error {
	id := ingest.SourceID(leads.DefaultTenant, "website")
	if _, err := store.Source(ctx, leads.DefaultTenant, id); errors.Is(err, leads.ErrNotFound) {
		if err := store.PutSource(ctx, ingest.Source{Tenant: leads.DefaultTenant, ID: id, Name: "Website"}, k.Token); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if err := d.EnsureKey(ctx, you, desk.Key{Label: "quickstart", Scope: desk.ScopeFull}, k.API); err != nil {
		return err
	}
	if _, err := d.Sequence(ctx, you, welcome.ID); !errors.Is(err, leads.ErrNotFound) {
		return err
	}
	_, err := d.SaveSequence(ctx, you, welcome)
	return err
}

// welcome writes to who is warm or hot. The demo form is public, so the person is asked by mail first: see the outbox.
var welcome = sequence.Definition{
	ID: "welcome", Name: "Welcome",
	Match: &sequence.Condition{Field: "qualification", Is: []string{"hot", "warm"}},
	Hours: &sequence.Hours{Days: sequence.Workdays(), From: "08:00", To: "18:00"},
	Steps: []sequence.Step{
		{ID: "hello", Email: &sequence.EmailStep{
			Subject: "Your question{{#company}} for {{company}}{{/company}}",
			Body:    "Hello{{#firstName}} {{firstName}}{{/firstName}},\n\nthank you for writing. Somebody of our team will be in touch soon.\n\nIf there is anything we should know before, **just reply** to this mail.",
		}},
		{ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 3}}},
		{ID: "still-new", Branch: &sequence.BranchStep{If: sequence.Condition{Field: "status", Is: []string{"new"}}, Else: "end"}},
		{ID: "remind", Notify: &sequence.NotifyStep{Note: "Three days, and nobody has been in touch."}},
		{ID: "again", Email: &sequence.EmailStep{
			Subject: "Still interested?",
			Body:    "Hello{{#firstName}} {{firstName}}{{/firstName}},\n\nshould we find a time to talk this week?",
		}},
	},
}
