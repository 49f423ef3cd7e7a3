package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"time"

	"github.com/openleads/leads"
)

// How long a provider that cannot tell yet whether it has taken a mail is asked again, and how often, before the mail is sent again.
const (
	askFor   = 5 * time.Minute
	askEvery = 20 * time.Second
)

// post mails one recipient. The letter is stored before the first attempt, so that every later one sends the same bytes. After an attempt
// whose outcome is not known a mailer that can tell is asked first.
func post(ctx context.Context, n leads.Notification, mailer leads.Mailer, letter leads.Email, to mail.Address) error {
	letter.To = []mail.Address{to}
	letter.MessageID = messageID(n, to.Address, letter.From.Address)
	body, err := encode(letter)
	if err != nil {
		return leads.Permanent(err)
	}
	effect := leads.Effect{
		Delivery: leads.Delivery{Channel: "email", Recipient: to.Address, MessageID: letter.MessageID, Body: body},
		Send: func(ctx context.Context, d leads.Delivery) (leads.Receipt, error) {
			stored, err := decode(d)
			if err != nil {
				return leads.Receipt{}, err
			}
			return mailer.Send(ctx, stored)
		},
	}
	if r, ok := mailer.(leads.Reconciler); ok {
		effect.Ask = ask(r, n.At)
	}
	return n.Do(ctx, effect)
}

// ask has a provider tell whether it has taken a mail. While it cannot tell, and may soon, the mail waits.
func ask(r leads.Reconciler, now time.Time) func(context.Context, leads.Delivery) (leads.Receipt, leads.Truth, error) {
	return func(ctx context.Context, d leads.Delivery) (leads.Receipt, leads.Truth, error) {
		stored, err := decode(d)
		if err != nil {
			return leads.Receipt{}, leads.Unknown, err
		}
		receipt, taken, err := r.Sent(ctx, stored)
		if err == nil && taken == leads.Unknown && now.Before(d.UpdatedAt.Add(askFor)) {
			err = leads.After(errors.New("the provider cannot tell yet"), askEvery)
		}
		return receipt, taken, err
	}
}

// decode reads the mail that a delivery keeps.
func decode(d leads.Delivery) (leads.Email, error) {
	var stored leads.Email
	if err := json.Unmarshal(d.Body, &stored); err != nil {
		return leads.Email{}, leads.Permanent(fmt.Errorf("notify: the stored mail: %w", err))
	}
	return stored, nil
}
