// Command production is a program for one company: leads in PostgreSQL, mails through Mailgun, a model that judges, a team that is told and
// sequences that follow up. Everything comes from the environment:
//
//	DATABASE_URL          postgres://…                     required
//	BASE_URL              https://leads.example.com        required: where people and senders reach this program
//	MAILGUN_DOMAIN        mg.example.com                   required
//	MAILGUN_API_KEY       key                              required
//	MAILGUN_API_BASE      EU, or the URL of the API        the United States without it
//	MAILGUN_SIGNING_KEY   the key of webhooks              without it what Mailgun tells is not taken
//	MAIL_FROM             Acme <hello@example.com>         required: who writes to leads
//	MAIL_POSTAL           Acme Ltd, 1 Main St, …           without it marketing mail does not go out
//	TEAM                  ann=ann@example.com,bob=…        required: who leads are handed to, in turn
//	WEBHOOK_TOKEN         the token of the website's form  required, 8 characters or more
//	OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL          without them the rules judge alone
//	SECRET                32 bytes or more in hex          without it one is made and kept in the database
//	ADDR                  127.0.0.1:8080                   where to listen
//
// Run it behind a proxy that ends TLS. /healthz answers 200 when nothing that would keep it from working is known.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/iploc"
	"github.com/openleads/leads/adapters/mailgun"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/adapters/phone"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, logger); err != nil {
		logger.Error("production: stopped", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string, logger *slog.Logger) error {
	cfg, err := fromEnvironment(getenv)
	if err != nil {
		return err
	}
	store, err := bunstore.OpenPostgres(cfg.database)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	form := ingest.Source{Tenant: leads.DefaultTenant, ID: ingest.SourceID(leads.DefaultTenant, "website"), Name: "Website"}
	if err := store.PutSource(ctx, form, cfg.token); err != nil {
		return err
	}
	mail := mailgun.New(cfg.mailDomain, cfg.mailKey, &mailgun.Options{Base: cfg.mailBase})
	sequencer := sequence.New(store, mail, &sequence.Options{
		Definitions: []sequence.Definition{welcome()},
		Sender:      sequence.Sender{From: cfg.from, Postal: cfg.postal},
		BaseURL:     cfg.base + "/mail",
		Secret:      cfg.secret,
		Logger:      logger,
	})
	engine, err := leads.New(leads.Config{
		Store:     store,
		Enricher:  enricher(),
		Scorer:    cfg.scorer(),
		Notifier:  cfg.notifier(store, mail),
		Sequencer: sequencer,
		BaseURL:   cfg.base,
		Logger:    logger,
	})
	if err != nil {
		return err
	}
	keeper, err := keeper(ctx, engine, store, logger)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/webhooks/", engine.Handler())
	mux.Handle("/mail/", sequencer.Handler())
	if cfg.signingKey != "" {
		mux.Handle("/mailgun", mailgun.NewEvents(cfg.signingKey, sequencer, nil))
	}
	mux.HandleFunc("GET /healthz", healthz(engine))
	return serve(ctx, cfg.addr, mux, engine, keeper)
}

// keeper removes what need not be kept any longer. Without a dashboard on which an owner says what that is, the rules stand here.
func keeper(ctx context.Context, engine *leads.Engine, store *bunstore.Store, logger *slog.Logger) (*desk.Desk, error) {
	d, err := desk.New(desk.Config{Engine: engine, Store: store, Logger: logger})
	if err != nil {
		return nil, err
	}
	program := desk.User{Tenant: leads.DefaultTenant, ID: "production", Role: desk.Owner}
	rules := desk.RetentionRules{Raw: 90, Clients: 30, Quarantined: 30} // days; the leads themselves stay
	if kept, err := d.Retention(ctx, program); err != nil || kept == rules {
		return d, err
	}
	return d, d.SetRetention(ctx, program, rules)
}

// enricher learns from the address, its domain's name servers, the client's address and the phone number, all without an account.
func enricher() leads.Enricher {
	geo := enrich.Geo{Locators: []enrich.Locator{iploc.Locator{}}}
	return enrich.Chain{
		enrich.Email{}, enrich.Company{}, geo, enrich.Phone{Parser: phone.Parser{}, Geo: geo}, enrich.Attribution{},
	}
}

// scorer is the rules, with a model before them if there is one.
func (c config) scorer() leads.Scorer {
	rules := score.DefaultRubric()
	if c.modelURL == "" && c.modelKey == "" {
		return rules
	}
	return score.Fallback{openai.New(c.modelURL, c.modelKey, c.model, &openai.Options{Rubric: rules}), rules}
}

// notifier hands each lead to somebody, tells them at once, and everybody when nobody has got in touch within two working hours.
func (c config) notifier(store *bunstore.Store, mail leads.Mailer) leads.Notifier {
	team := notify.Team(mail, c.team, &notify.TeamOptions{Store: store, From: c.from})
	return notify.Route(store, &notify.RouteOptions{
		People: c.team, ResponseTime: 2 * time.Hour, Hours: notify.Weekdays("09:00", "17:00"),
	}, team)
}

// welcome writes to who is warm or hot, when they agreed to it, and stops when they answer.
func welcome() sequence.Definition {
	return sequence.Definition{
		ID: "welcome", Name: "Welcome", Purpose: "transactional",
		Match: &sequence.Condition{Field: "qualification", Is: []string{"hot", "warm"}},
		Hours: &sequence.Hours{Days: sequence.Workdays(), From: "08:00", To: "18:00"},
		Steps: []sequence.Step{
			{ID: "thanks", Email: &sequence.EmailStep{
				Subject: "Thank you for writing{{#firstName}}, {{firstName}}{{/firstName}}",
				Body:    "Hello{{#firstName}} {{firstName}}{{/firstName}},\n\nwe have your message and will answer soon.\n\nIs there anything we should know before? Just reply to this mail.",
			}},
			{ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 3}}},
			{ID: "still", Branch: &sequence.BranchStep{If: sequence.Condition{Field: "status", Is: []string{"new"}}, Else: "end"}},
			{ID: "remind", Notify: &sequence.NotifyStep{Note: "Three days, and nobody has moved this lead."}},
		},
	}
}

func healthz(engine *leads.Engine) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, f := range engine.Check(r.Context()) {
			if f.Fatal {
				http.Error(w, "not ready", http.StatusServiceUnavailable)
				return
			}
		}
		_, _ = fmt.Fprintln(w, "ok")
	}
}

// serve answers and works until ctx ends, then lets both end: first the requests, then the work they left.
func serve(ctx context.Context, addr string, handler http.Handler, engine *leads.Engine, keeper *desk.Desk) error {
	server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.ListenAndServe() }()
	go func() { worked <- engine.Run(working) }()
	daily := make(chan struct{})
	go func() { defer close(daily); keeper.ExpireDaily(working, nil) }()
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-served:
	case failed = <-worked:
		worked <- nil // for the wait below
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(closing)
	stop()
	<-daily
	return errors.Join(failed, err, <-worked)
}
