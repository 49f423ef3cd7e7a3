package sequence

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/openleads/leads"
)

// Check says what is missing or wrong, and asks the mailer when it is a [leads.Checker]. It is fatal where mails could not go out, or not lawfully. It looks
// at the sequences of Options.Definitions and at those that the tenant [leads.DefaultTenant] has in its [Library]; what other tenants lack
// keeps only their mails waiting.
func (s *Sequencer) Check(ctx context.Context) []leads.Finding {
	if s.store == nil {
		return []leads.Finding{{Fatal: true, Part: "sequence", Message: "New was given no store", Fix: "give it the Store of leads.Config"}}
	}
	var c checklist
	if _, err := s.keys(ctx); err != nil {
		c.fatal(err.Error(), "set Options.Secret to at least 32 random bytes that stay the same, or leave it nil")
	}
	all := s.opts.Definitions
	stored, err := s.library.List(ctx, leads.DefaultTenant)
	if err != nil {
		c.fatal("the stored sequences cannot be read: "+err.Error(), "see the store")
	}
	all = append(all[:len(all):len(all)], stored...)
	for _, d := range all {
		if err := d.Validate(); err != nil {
			c.fatal(fmt.Sprintf("sequence %q: %v", d.ID, err), "mend its definition")
		}
	}
	c.found = append(c.found, s.checkMail(ctx, all)...)
	c.found = append(c.found, s.checkSteps(all)...)
	if ch, ok := s.mailer.(leads.Checker); ok {
		c.found = append(c.found, ch.Check(ctx)...)
	}
	return c.found
}

// checklist collects findings.
type checklist struct{ found []leads.Finding }

func (c *checklist) fatal(message, fix string) { c.add(true, message, fix) }

func (c *checklist) add(fatal bool, message, fix string) {
	c.found = append(c.found, leads.Finding{Fatal: fatal, Part: "sequence", Message: message, Fix: fix})
}

// checkMail says what the mails lack. It is fatal as soon as there is a sequence whose mails want it.
func (s *Sequencer) checkMail(ctx context.Context, all []Definition) []leads.Finding {
	var c checklist
	mails, marketing := false, false
	for _, d := range all {
		mails = mails || d.mails()
		marketing = marketing || d.mails() && d.marketing()
	}
	if s.mailer == nil {
		c.add(mails, errNoMailer.Error(), "give sequence.New a mailer")
	}
	if s.opts.Senders == nil {
		from := s.opts.Sender
		if from.From.Address == "" {
			c.add(mails, "Options.Sender.From is empty: nobody to write in whose name", "set it")
		} else if _, err := s.AddressKey(ctx, leads.DefaultTenant, from.From.Address); err != nil {
			c.add(mails, "Options.Sender.From is not an address", "set it to one that takes answers")
		}
		if strings.TrimSpace(from.Postal) == "" {
			c.add(marketing, "Options.Sender.Postal is empty: marketing mail names its sender's postal address", "set it")
		}
	}
	base, err := url.Parse(s.opts.BaseURL)
	switch {
	case s.opts.BaseURL == "":
		c.add(marketing, "Options.BaseURL is empty: the links to unsubscribe and to confirm lead nowhere", "set it to where people reach Handler")
	case err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.RawQuery != "" || base.Fragment != "":
		c.add(true, "Options.BaseURL is not an absolute http or https URL without a query: "+s.opts.BaseURL, `set it to one such as "https://crm.example.com/mail"`)
	case base.Scheme == "http":
		c.add(false, "Options.BaseURL is not https: mail programs offer the one-click unsubscription of RFC 8058 only over https", "serve Handler over https")
	}
	return c.found
}

// checkSteps says what steps lack beside mails.
func (s *Sequencer) checkSteps(all []Definition) []leads.Finding {
	var c checklist
	for _, d := range all {
		for _, step := range d.Steps {
			if step.Webhook != nil && s.opts.Poster == nil {
				c.add(false, fmt.Sprintf("step %q of sequence %q calls a webhook, and Options.Poster is nil: it is skipped", step.ID, d.ID), "set it")
			}
		}
		if s.history == nil && d.asks("opened", "clicked") {
			c.add(false, fmt.Sprintf("sequence %q asks what was opened or clicked, and %T does not implement leads.History: nothing ever was", d.ID, s.store), "implement it")
		}
	}
	return c.found
}
