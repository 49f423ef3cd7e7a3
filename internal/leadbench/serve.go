package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

const token = "lc_pub_benchmark"

func openStore(where string) (*bunstore.Store, error) {
	if strings.HasPrefix(where, "postgres://") {
		return bunstore.OpenPostgres(where)
	}
	return bunstore.OpenSQLite(where)
}

func source() ingest.Source {
	// The limiter is at work, and lets one client send what a benchmark sends.
	return ingest.Source{Tenant: leads.DefaultTenant, ID: "01939e5c-0000-4000-8000-00000000000b", Name: "bench", CreatedAt: time.Unix(1e9, 0).UTC()}
}

// counting is a limiter that does the default's bookkeeping with a bound that is never reached in a window.
type counting struct{ ingest.Limiter }

func (c counting) Allow(ctx context.Context, key string, _ int, window time.Duration) (ingest.Allowance, error) {
	if _, err := c.Limiter.Allow(ctx, key, 100, window); err != nil {
		return ingest.Allowance{}, err
	}
	return ingest.Allowance{OK: true, Remaining: 1}, nil
}

// serveVariant is the server process: its first line of output is its address.
func serveVariant(kind, where string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	handler, work, err := variantHandler(ctx, kind, where)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	if err := work(ctx); err != nil {
		return err
	}
	return server.Shutdown(context.WithoutCancel(ctx))
}

// variantHandler returns what serves a kind, and what runs beside it until the end.
func variantHandler(ctx context.Context, kind, where string) (http.Handler, func(context.Context) error, error) {
	options := &ingest.Options{Limiter: counting{ingest.NewWindow(0, nil)}}
	switch kind {
	case "empty":
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"success":true}`)
		}), wait, nil
	case "door":
		null := ingest.SinkFunc(func(context.Context, ingest.Submission) error { return nil })
		return ingest.NewHandler(fixed(source()), null, options), wait, nil
	}
	return storeHandler(ctx, kind, where, options)
}

// storeHandler returns what serves a kind that has a store, and what runs beside it.
func storeHandler(ctx context.Context, kind, where string, options *ingest.Options) (http.Handler, func(context.Context) error, error) {
	store, err := openStore(where)
	if err != nil {
		return nil, nil, err
	}
	if err := store.PutSource(ctx, source(), token); err != nil {
		return nil, nil, err
	}
	// The store's own work, which Engine.Run would do.
	checkpoints := func(ctx context.Context) error {
		err := store.Background(ctx, func() {})
		<-ctx.Done()
		return err
	}
	if kind == "single" {
		// The SQLite store would combine concurrent calls by itself.
		var alone sync.Mutex
		lite := !strings.HasPrefix(where, "postgres://")
		sink := ingest.SinkFunc(func(ctx context.Context, sub ingest.Submission) error {
			if lite {
				alone.Lock()
				defer alone.Unlock()
			}
			captured, err := store.Capture(ctx, []ingest.Submission{sub})
			if err != nil {
				return err
			}
			return captured[0].Err
		})
		return ingest.NewHandler(store, sink, options), checkpoints, nil
	}
	engine, err := leads.New(leads.Config{
		Store: store, Ingest: options,
		Enricher: enrich.Company{}, Scorer: score.DefaultRubric(),
		Notifier: leads.NotifierFunc(func(context.Context, leads.Notification) error { return nil }),
	})
	if err != nil {
		return nil, nil, err
	}
	if kind == "running" {
		return engine.Handler(), engine.Run, nil
	}
	return engine.Handler(), checkpoints, nil
}

// wait is what runs beside a handler that needs nothing.
func wait(ctx context.Context) error { <-ctx.Done(); return nil }
