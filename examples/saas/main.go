// Command saas is a program of several companies on one database: each has its own forms, people, API keys, rules, mails and sender, and sees
// nothing of the others.
//
//	go run ./examples/saas [-addr 127.0.0.1:8080] [-domain localhost:8080] [-db saas.db] [-mail outbox/]
//
// It prints, for each of two companies, where its people sign in and as whom, where its form posts to and, the first time, its API key.
// Browsers know every name below localhost, so http://acme.localhost:8080/ and http://umbra.localhost:8080/ need no set-up. Then:
//
//	curl http://localhost:8080/api/webhooks/TOKEN -d email=eve@example.com -d message='A price for 40 seats, please'
//	curl http://acme.localhost:8080/api/leads -H 'X-API-Key: KEY'
//
// Post the same address to both: two leads, one on each dashboard. Mails are files in the folder; look at who they come from.
//
// A tenant is a name that every row begins with, and where it comes from is all that a host has to say: the door finds it by the token of the
// form, the API by the key or the session, the dashboard by the session (session.go), and mails, people and rules are asked for by it
// (company.go). One engine, one queue and one set of handlers serve all tenants (program.go); they take turns at the work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/emldir"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	domain := flag.String("domain", "localhost:8080", "the host and port as browsers see them; companies have names below it")
	db := flag.String("db", "saas.db", "the SQLite file")
	mail := flag.String("mail", "outbox/", "the folder for the mails")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, *addr, *domain, *db, *mail); err != nil {
		fmt.Fprintln(os.Stderr, "saas:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr, domain, db, mail string) error {
	store, err := bunstore.OpenSQLite(db)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	p, err := newProgram(store, emldir.New(mail), demo(), domain)
	if err != nil {
		return err
	}
	for _, c := range p.companies {
		if err := p.welcome(ctx, c); err != nil {
			return err
		}
	}
	return p.serve(ctx, addr)
}

// welcome sets a company up if it is new, and prints what there is to try.
func (p *program) welcome(ctx context.Context, c company) error {
	made, err := p.setUp(ctx, c)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n  dashboard: http://%s.%s/\n", c.Name, c.ID, p.domain)
	for _, u := range c.Users {
		fmt.Printf("  sign in:   %s (%s), password %s\n", u.ID, u.Role, p.sessions.password)
	}
	fmt.Printf("  form:      %s\n", made.form)
	if made.key != "" {
		fmt.Printf("  API key:   %s\n", made.key)
	}
	return nil
}

// serve answers and works until ctx ends, then lets both end: first the requests, then the work they left.
func (p *program) serve(ctx context.Context, addr string) error {
	server := &http.Server{Addr: addr, Handler: p.handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	server.RegisterOnShutdown(p.board.Close)
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.ListenAndServe() }()
	go func() { worked <- p.work(working) }()
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
	return errors.Join(failed, err, <-worked)
}
