// Command quickstart runs the whole line from a form to a follow-up on one machine, with no key, no account and no network: leads are
// kept in a SQLite file, mails are written as files.
//
//	go run ./examples/quickstart [-addr 127.0.0.1:8080] [-db quickstart.db] [-mail outbox/]
//
// It prints where to post, where to look, an API key and a demo form. DATABASE_URL keeps the leads in PostgreSQL instead, NOTIFY_EMAIL
// says who is told, OPENAI_BASE_URL or OPENAI_API_KEY (and OPENAI_MODEL) have a model judge the leads, MAILGUN_DOMAIN and MAILGUN_API_KEY (and
// MAILGUN_API_BASE) send the mails. The same database keeps its token and key. SIGTERM lets running work end and exits 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // for machines without time zones

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/emldir"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	db := flag.String("db", "quickstart.db", "the SQLite file, unless DATABASE_URL is set")
	mail := flag.String("mail", "outbox/", "the folder for the mails")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, *addr, *db, *mail); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr, db, mail string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with -addr)", err)
	}
	defer func() { _ = listener.Close() }() // again after a clean stop, which does no harm
	base := baseURL(listener.Addr())
	place := database{file: db, dsn: os.Getenv("DATABASE_URL")}
	store, err := place.open()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	outbox := emldir.New(mail)
	mailer, err := mailer(outbox)
	if err != nil {
		return err
	}
	door := newSession(listener.Addr())
	p, err := newProgram(store, mailer, door, base)
	if err != nil {
		return err
	}
	if err := preflight(ctx, p.engine); err != nil {
		return err
	}
	keys, err := place.keys(ctx)
	if err != nil {
		return err
	}
	if err := furnish(ctx, store, p.desk, keys); err != nil {
		return err
	}
	noteUnused()
	fmt.Printf("webhook: %s/api/webhooks/%s\n", base, keys.Token)
	fmt.Printf("dashboard: %s/?signin=%s\n", base, door.link)
	fmt.Printf("api key: %s\n", keys.API)
	fmt.Printf("demo form: %s/demo\n", base)
	return p.serve(ctx, listener, p.handler(outbox, keys.Token))
}

// serve answers and works until ctx ends, then lets both end: first the requests, then the work they left.
func (p *program) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	server.RegisterOnShutdown(p.board.Close) // the live pages
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go func() { worked <- p.engine.Run(working) }()
	daily := make(chan struct{})
	go func() { defer close(daily); p.desk.ExpireDaily(working, nil) }() // the retention rules
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-served:
	case failed = <-worked:
		worked <- nil // for the wait below
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(ending)
	stop()
	<-daily
	return errors.Join(failed, err, <-worked)
}

// preflight asks every part whether it is set up well.
func preflight(ctx context.Context, engine *leads.Engine) error {
	var fatal []error
	for _, f := range engine.Check(ctx) {
		text := fmt.Sprintf("%s: %s (%s)", f.Part, f.Message, f.Fix)
		if f.Fatal {
			fatal = append(fatal, errors.New(text))
			continue
		}
		fmt.Fprintln(os.Stderr, "quickstart: note:", text)
	}
	return errors.Join(fatal...)
}
