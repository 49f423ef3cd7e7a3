// Command routers mounts the door of leads under the routers that Go programs have: net/http's ServeMux, chi, gin and echo, at the root, under a
// prefix, in a group and behind what strips a prefix. It answers alike in all of them, which the tests hold.
//
//	cd examples/routers
//	go run . -router gin          # or chi, echo, standard
//	curl -i http://127.0.0.1:8080/api/webhooks/website-form-1 -d '{"email":"ann@example.com"}' -H 'Content-Type: application/json'
//
// It prints every way in which the door is mounted under that router, and a line for each lead. The file of your router (standard.go, chi.go, gin.go,
// echo.go) is all there is to copy. One rule goes for all: leave the rest of the path to the door ("/api/webhooks/*"), rather than a
// parameter that ends at the next slash ("/api/webhooks/:token"). A router that finds no route for a slash too many answers with a
// redirect, or 404, before the door is asked, and senders of webhooks do not come back.
//
// The folder is a module of its own, so that programs that use leads get none of these routers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// token is that of the only source. It is public: it stands in the page of the form.
const token = "website-form-1"

// mount is a way to put the door into a program.
type mount struct {
	name   string
	prefix string // what stands before the token
	wrap   func(door http.Handler) http.Handler
	// cleans says that the router redirects paths with doubled slashes before the door sees them.
	cleans bool
}

// routers lists the mounts by router.
var routers = map[string][]mount{"standard": standard, "chi": chiMounts, "gin": ginMounts, "echo": echoMounts}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	router := flag.String("router", "standard", "standard, chi, gin or echo")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *addr, *router); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, router string) error {
	mounts := routers[router]
	if mounts == nil {
		return fmt.Errorf("routers: there is no router %q", router)
	}
	_, engine, err := newEngine(ctx, leads.Config{Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
		fmt.Printf("lead: %s (%d submissions)\n", n.Lead.Email, n.Lead.Submissions)
		return nil
	})})
	if err != nil {
		return err
	}
	for _, m := range mounts {
		fmt.Printf("%s: http://%s%s%s\n", m.name, addr, m.prefix, token)
	}
	server := &http.Server{Addr: addr, Handler: all(mounts, engine.Handler()), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	worked := make(chan error, 1)
	go func() { worked <- engine.Run(ctx) }()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-worked
}

// newEngine makes an engine that keeps leads in memory, as this is about the door.
func newEngine(ctx context.Context, cfg leads.Config) (*memstore.Store, *leads.Engine, error) {
	store := memstore.New(nil)
	form := ingest.Source{Tenant: leads.DefaultTenant, ID: ingest.SourceID(leads.DefaultTenant, "website"), Name: "Website"}
	if err := store.PutSource(ctx, form, token); err != nil {
		return nil, nil, err
	}
	cfg.Store = store
	engine, err := leads.New(cfg)
	return store, engine, err
}

// all serves every mount of a router in one program, the one with the longest prefix of a path first.
func all(mounts []mount, door http.Handler) http.Handler {
	handlers := map[string]http.Handler{}
	prefixes := []string{}
	for _, m := range mounts {
		handlers[m.prefix] = m.wrap(door)
		prefixes = append(prefixes, m.prefix)
	}
	slices.SortFunc(prefixes, func(a, b string) int { return len(b) - len(a) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range prefixes {
			if strings.HasPrefix(r.URL.Path, prefix) {
				handlers[prefix].ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}
