// Package sequence follows up with leads over days and weeks: mails, waits, branches, until the person answers or says stop.
//
//	follow := sequence.New(store, mailer, &sequence.Options{
//		Definitions: []sequence.Definition{welcome},
//		Sender:      sequence.Sender{From: mail.Address{Name: "Ann", Address: "ann@example.com"}, Postal: "Example Ltd, 1 High Street, Bath"},
//		BaseURL:     "https://crm.example.com/mail",
//	})
//	engine, err := leads.New(leads.Config{Store: store, Sequencer: follow})
//	mux.Handle("/mail/", follow.Handler()) // the links in the mails
//
// A [Definition] says whom a sequence is for and what its steps are. An [Enrollment] is a lead in one; its row is the truth about how far
// it has come, and its task in the queue is only the timer. A [Sequencer] runs them: see [Sequencer.Step] for what happens when one is due,
// [Sequencer.Suppress] for how it is stopped, and [Sequencer.Handler] for the pages behind its links.
package sequence

import (
	"cmp"
	"context"
	"log/slog"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads"
)

// Sequencer enrols leads in sequences and runs their steps. It implements [leads.Sequencer] and [leads.Checker]. It is made by [New], keeps
// nothing but the store's secret and compiled templates, and its methods may be called concurrently and from several processes on one Store.
type Sequencer struct {
	store     Store
	history   leads.History // nil if the store has none
	mailer    leads.Mailer
	opts      Options
	library   Library
	templates templates

	mu   sync.Mutex
	ring *keyring // nil until first used
}

var (
	_ leads.Sequencer = (*Sequencer)(nil)
	_ leads.Checker   = (*Sequencer)(nil)
)

// Options sets a Sequencer. Marketing mail needs Sender and BaseURL; [Sequencer.Check] says what is missing.
type Options struct {
	// Definitions are sequences that every tenant has, beside those of its [Library]. One with the ID of another in the Library goes before it.
	Definitions []Definition
	// Sender is who writes. Senders, if not nil, says it for each tenant instead; its errors are retried.
	Sender  Sender
	Senders func(ctx context.Context, tenant string) (Sender, error)
	// BaseURL is where people reach [Sequencer.Handler] ("https://crm.example.com/mail"). Links in mails are made from it and from nothing else.
	BaseURL string
	// Secret keys the hashes of addresses and seals the links, at least 32 random bytes. It must stay the same for ever: with another one
	// nobody who has said stop is known any more, and no link works. Nil means one that is made at first use and kept as a record of the
	// tenant [leads.DefaultTenant]; hosts that move tenants between databases set it.
	Secret []byte
	// Caps bound how much is written.
	Caps Caps
	// Confirmation is the mail that asks a person to confirm. The zero value means an English text.
	Confirmation Confirmation
	// AllowUnconfirmed writes to addresses that came through sources that are not Trusted without asking first. Anybody can then have this
	// program write to anybody.
	AllowUnconfirmed bool
	// Poster makes the calls of webhook steps. Nil means that such steps are skipped, which Check reports.
	Poster Poster
	// Texts are those of the pages. Empty ones mean English.
	Texts Texts
	// Clock is the time. Nil means time.Now.
	Clock func() time.Time
	// Logger is used for what an operator should know; it never gets personal data. Nil means none.
	Logger *slog.Logger
}

// Sender is who writes the mails of a tenant.
type Sender struct {
	From mail.Address
	// ReplyTo is where answers go. The zero value means From.
	ReplyTo mail.Address
	// Postal is the sender's postal address, in one or more lines. Marketing mail does not go out without one (CAN-SPAM, 15 U.S.C. § 7704(a)(5)).
	Postal string
	// Zone is the IANA name of the time zone of leads of whom none is known. "" means UTC.
	Zone string
}

// Poster makes the calls of webhook steps.
type Poster interface {
	// Post hands an event over to an endpoint of the tenant, or with "" to every one. id is the same for a repeated call, by which the receiver can
	// know it. data is encoded as JSON. An error is retried unless it is permanent.
	Post(ctx context.Context, tenant, endpoint, event, id string, data any) error
}

// New makes a Sequencer. It starts nothing and does no I/O. opts may be nil; what is missing is said by [Sequencer.Check].
func New(store Store, mailer leads.Mailer, opts *Options) *Sequencer {
	s := &Sequencer{store: store, mailer: mailer, library: Library{Records: store}, templates: newTemplates()}
	if opts != nil {
		s.opts = *opts
	}
	s.history, _ = store.(leads.History)
	s.opts.BaseURL = strings.TrimRight(s.opts.BaseURL, "/")
	s.opts.Logger = cmp.Or(s.opts.Logger, slog.New(slog.DiscardHandler))
	if s.opts.Clock == nil {
		s.opts.Clock = time.Now
	}
	s.opts.Caps = s.opts.Caps.withDefaults()
	s.opts.Confirmation = s.opts.Confirmation.withDefaults()
	s.opts.Texts = s.opts.Texts.withDefaults()
	return s
}

func (s *Sequencer) now() time.Time { return s.opts.Clock().UTC().Truncate(time.Microsecond) }

// sender returns who writes for a tenant.
func (s *Sequencer) sender(ctx context.Context, tenant string) (Sender, error) {
	if s.opts.Senders == nil {
		return s.opts.Sender, nil
	}
	return s.opts.Senders(ctx, tenant)
}
