package main

import (
	"context"
	"net/http"
	netmail "net/mail"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/adapters/desk/restapi"
	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/adapters/iploc"
	"github.com/openleads/leads/adapters/phone"
	"github.com/openleads/leads/adapters/webhook"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// program is the parts, put together: what a program of your own has.
type program struct {
	engine *leads.Engine
	follow *sequence.Sequencer
	desk   *desk.Desk
	api    *restapi.API
	board  *dashboard.Dashboard
	door   *session
}

// newProgram names the parts. What is set on the dashboard (who is told how and when, who gets which share, the rules of scoring) is read from the
// store whenever it is needed.
func newProgram(store *bunstore.Store, mailer leads.Mailer, door *session, base string) (*program, error) {
	team, err := newTeam()
	if err != nil {
		return nil, err
	}
	people := desk.Directory(store, team)
	rules := desk.NewRubrics(store, score.DefaultRubric())
	routing := &notify.RouteOptions{People: people, UnassignedAfter: -1} // nobody is reminded of a lead that is nobody's
	hooks := webhook.New(store, nil)                                     // programs that are told too, on public addresses
	router := notify.Route(store, routing, notify.All(notify.Team(mailer, people, &notify.TeamOptions{Store: store}), hooks))
	p := &program{door: door}
	p.follow = sequence.New(store, mailer, &sequence.Options{
		Sender:  sequence.Sender{From: netmail.Address{Name: "Acme", Address: "hello@example.com"}, Postal: "Acme Ltd, 1 Example Street, Exampletown"},
		BaseURL: base + "/mail",
	})
	p.engine, err = leads.New(leads.Config{
		Store: store, Enricher: enricher(), Scorer: scorer(rules), Notifier: router, Sequencer: p.follow, BaseURL: base,
	})
	if err != nil {
		return nil, err
	}
	p.desk, err = desk.New(desk.Config{Engine: p.engine, Store: store, Sequencer: p.follow, Webhooks: hooks, HandOut: router.HandOut, BaseURL: base})
	if err != nil {
		return nil, err
	}
	p.api = restapi.New(p.desk, &restapi.Options{Authorize: door.authorize, Door: p.engine.Handler()})
	p.board = dashboard.New(p.desk, &dashboard.Options{
		Prefix: "/", Authorize: door.authorize, People: people, Routing: routing, Rubric: rules.Rubric,
		RubricSaved: func(context.Context, string, *score.Rubric) error { return nil }, // rules look at what is saved
		Credits:     iploc.Attribution, Links: []dashboard.Link{{Text: "Mails", URL: "/mails"}, {Text: "Demo forms", URL: "/demo"}},
	})
	return p, nil
}

// enricher learns from the address, its domain, the client's address and the phone number, without an account.
func enricher() leads.Enricher {
	geo := enrich.Geo{Locators: []enrich.Locator{iploc.Locator{}}} // its data is acknowledged on the dashboard
	return enrich.Chain{
		enrich.Email{DNS: enrich.NewDNS(nil, &enrich.DNSOptions{Timeout: time.Second})}, // offline: unknown, and soon
		enrich.Company{},
		geo,
		enrich.Phone{Parser: phone.Parser{}, Geo: geo},
		enrich.Attribution{},
	}
}

// handler is the program over HTTP. Mails are for who is signed in; the door, the API and the pages behind the links in mails look after themselves.
func (p *program) handler(outbox *emldir.Mailer, token string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", p.api)
	mux.Handle("/leads.js", p.engine.Handler())
	mux.Handle("/mail/", p.follow.Handler())
	mux.Handle("/demo", demo(token, "plain"))
	mux.Handle("/demo/{kind}", demo(token, ""))
	mux.Handle("/mails", p.door.guard(mails(outbox)))
	mux.Handle("/mails/", p.door.guard(mails(outbox)))
	mux.Handle("/", p.door.guard(p.board))
	return mux
}
