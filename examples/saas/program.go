package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/adapters/desk/restapi"
	"github.com/openleads/leads/adapters/webhook"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// program is what all companies share.
type program struct {
	companies companies
	domain    string
	sessions  *sessions
	engine    *leads.Engine
	desk      *desk.Desk
	board     *dashboard.Dashboard
	api       *restapi.API
	follow    *sequence.Sequencer
}

// newProgram puts the parts together. Each of them is told the tenant with every call; none is made for one tenant.
func newProgram(store *bunstore.Store, mailer leads.Mailer, all companies, domain string) (*program, error) {
	p := &program{companies: all, domain: domain, sessions: newSessions(all, domain)}
	base := "http://" + domain                                        // the same for all: the token in the path, or the seal of the link, says whose it is
	people := desk.Directory(store, notify.DirectoryFunc(all.people)) // with what people have set on their dashboards
	rules := desk.NewRubrics(store, score.DefaultRubric())            // or the company's own
	routing := &notify.RouteOptions{People: people}
	hooks := webhook.New(store, nil) // the companies' own programs
	router := notify.Route(store, routing, notify.All(notify.Team(mailer, people, &notify.TeamOptions{Store: store}), hooks))
	p.follow = sequence.New(store, mailer, &sequence.Options{
		Definitions: []sequence.Definition{welcomeMail()}, Senders: all.sender, BaseURL: base + "/mail",
	})
	var err error
	p.engine, err = leads.New(leads.Config{
		Store: store,
		Enricher: enrich.Chain{
			enrich.Email{DNS: enrich.NewDNS(nil, &enrich.DNSOptions{Timeout: time.Second})}, enrich.Company{}, enrich.Attribution{},
		},
		Scorer: rules, Notifier: router, Sequencer: p.follow, LeadURL: p.leadURL,
	})
	if err != nil {
		return nil, err
	}
	p.desk, err = desk.New(desk.Config{Engine: p.engine, Store: store, Sequencer: p.follow, Webhooks: hooks, HandOut: router.HandOut, BaseURL: base})
	if err != nil {
		return nil, err
	}
	p.api = restapi.New(p.desk, &restapi.Options{Authorize: p.sessions.authorize, Door: p.engine.Handler()})
	p.board = dashboard.New(p.desk, &dashboard.Options{
		Authorize: p.sessions.authorize, SignIn: "/login", People: people, Routing: routing, Rubric: rules.Rubric,
		RubricSaved: func(context.Context, string, *score.Rubric) error { return nil }, // rules look at what is saved
		Links:       []dashboard.Link{{Text: "Switch user", URL: "/login"}},
	})
	return p, nil
}

// leadURL leads to a lead on the dashboard of its company.
func (p *program) leadURL(tenant, id string) string {
	return "http://" + tenant + "." + p.domain + "/dashboard/leads/" + id
}

// handler is the whole program over HTTP. The door, the API and the pages behind the links in mails answer on every host name, since a token,
// a key or a seal says whose the request is; sessions are good on the name of their company only.
func (p *program) handler() http.Handler {
	own := http.NewCrossOriginProtection() // the API and the dashboard have theirs
	mux := http.NewServeMux()
	mux.Handle("/api/", p.api)
	mux.Handle("/dashboard/", p.board)
	mux.Handle("/mail/", p.follow.Handler())
	mux.HandleFunc("GET /login", p.sessions.ask)
	mux.Handle("POST /login", own.Handler(http.HandlerFunc(p.sessions.signIn)))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/dashboard/", http.StatusSeeOther) })
	return mux
}

// work runs the engine, and every day removes what the companies do not want to keep any longer.
func (p *program) work(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	daily := make(chan struct{})
	go func() { defer close(daily); p.desk.ExpireDaily(ctx, p.companies.ids) }()
	err := p.engine.Run(ctx)
	stop()
	<-daily
	return err
}

// system is the program itself, as it acts for a company.
func (c company) system() desk.User { return desk.User{Tenant: c.ID, ID: "system", Role: desk.Owner} }

// setup is what a company begins with.
type setup struct {
	form string // where its form posts to
	key  string // its API key, if it was made just now
}

// setUp gives a company its form and its key, the first time.
func (p *program) setUp(ctx context.Context, c company) (setup, error) {
	sources, err := p.desk.Sources(ctx, c.system())
	if err != nil {
		return setup{}, err
	}
	if len(sources) > 0 {
		return setup{form: sources[0].URL}, nil
	}
	_, key, err := p.desk.CreateKey(ctx, c.system(), desk.Key{Label: "first", Scope: desk.ScopeFull})
	made, errSource := p.desk.CreateSource(ctx, c.system(), ingest.Source{Name: "Website of " + c.Name})
	return setup{form: made.URL, key: key}, errors.Join(err, errSource)
}
