package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/adapters/desk/restapi"
)

// deskUnderTest is a desk on a store of many leads, with its two faces served over loopback.
type deskUnderTest struct {
	desk        *desk.Desk
	store       *bunstore.Store
	crowd       crowd
	user, small desk.User // of the large tenant and of a small one
	some        []string  // the IDs of leads
	address     string
	client      *http.Client
}

// deskFigures are those of one store.
type deskFigures struct {
	name      string
	asked     []asked
	transfers []transfer
	others    float64
}

// asked is how long the answers to an ask took, and how much CPU one took on the average, PostgreSQL's included.
type asked struct {
	name                string
	p50, p95, p99, most time.Duration
	cpu                 time.Duration
}

// runDesk measures the desk on each store.
func runDesk(ctx context.Context, s settings) error {
	s, remove, err := withFolder(s)
	if err != nil {
		return err
	}
	defer remove()
	places, drop, err := deskPlaces(ctx, s)
	if err != nil {
		return err
	}
	defer drop()
	var all []deskFigures
	for _, place := range places {
		figures, err := measureDesk(ctx, s, place)
		if err != nil {
			return fmt.Errorf("%s: %w", place.name, err)
		}
		all = append(all, figures)
	}
	printDesk(os.Stdout, s, all)
	return nil
}

// deskPrefix begins the names of the databases.
const deskPrefix = "leadbench_desk_"

// deskPlace is a store to be filled, unless it was kept.
type deskPlace struct {
	name, where string
	kept        bool
}

// deskPlaces are those of the stores that are asked for.
func deskPlaces(ctx context.Context, s settings) (places []deskPlace, drop func(), err error) {
	drop = func() {}
	if strings.Contains("SQLite", s.store) {
		file := filepath.Join(s.dir, fmt.Sprintf("desk%d.db", s.desk))
		_, missing := os.Stat(file)
		places = append(places, deskPlace{"SQLite", file, missing == nil})
	}
	if !strings.Contains("PostgreSQL", s.store) {
		return places, drop, nil
	}
	dsn := os.Getenv("LEADS_TEST_PG_DSN")
	if dsn == "" {
		fmt.Fprintln(os.Stderr, "WITHOUT POSTGRESQL: set LEADS_TEST_PG_DSN or use `make bench`")
		return places, drop, nil
	}
	d, err := openDatabases(ctx, dsn)
	if err != nil {
		return nil, drop, err
	}
	if !s.keep {
		drop = func() { d.drop(ctx) }
	}
	d.prefix = deskPrefix
	where, err := d.create(ctx, strconv.Itoa(s.desk), "template0")
	kept := err != nil && strings.Contains(err.Error(), "already exists")
	if kept && s.keep {
		err = nil
	}
	return append(places, deskPlace{"PostgreSQL", where, kept}), drop, err
}

func measureDesk(ctx context.Context, s settings, place deskPlace) (deskFigures, error) {
	figures := deskFigures{name: place.name}
	all := crowds(s.desk)
	if !place.kept {
		began := time.Now()
		if err := fillDesk(ctx, place.where, all); err != nil {
			return figures, err
		}
		fmt.Fprintf(os.Stderr, "%s: filled in %s\n", place.name, time.Since(began).Round(time.Second))
	}
	d, stop, err := openDesk(ctx, place, all)
	if err != nil {
		return figures, err
	}
	defer stop()
	u := newUsage(0)
	for _, a := range d.asks() {
		if !strings.Contains(a.name, s.only) {
			continue
		}
		took, err := timeAsk(ctx, a, s.calls)
		if err != nil {
			return figures, fmt.Errorf("%s: %w", a.name, err)
		}
		fmt.Fprintf(os.Stderr, "%-11s%-45s%9.2f%9.2f%9.2f%9.2f  CPU%9.2f\n", place.name, a.name, ms(took.p50), ms(took.p95), ms(took.p99), ms(took.most), ms(took.cpu))
		figures.asked = append(figures.asked, took)
	}
	figures.others = u.since().others
	for _, t := range d.transfers() {
		if !strings.Contains(t.name, s.only) {
			continue
		}
		if err := t.run(ctx); err != nil {
			return figures, fmt.Errorf("%s: %w", t.name, err)
		}
		fmt.Fprintf(os.Stderr, "%-11s%s\n", place.name, t)
		figures.transfers = append(figures.transfers, t)
	}
	return figures, nil
}

// openDesk opens the store, waits until all leads are listed, and serves the faces. The store's own work goes on beside, as in a host.
func openDesk(ctx context.Context, place deskPlace, all []crowd) (d *deskUnderTest, stop func(), err error) {
	store, err := openStore(place.where)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	if err := awaitListing(ctx, place.where, store); err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: listed in %s\n", place.name, time.Since(began).Round(time.Second))
	engine, err := leads.New(leads.Config{Store: store})
	if err != nil {
		return nil, nil, err
	}
	d = &deskUnderTest{store: store, crowd: all[0], client: &http.Client{}}
	d.user = desk.User{Tenant: all[0].tenant, ID: colleague(1), Role: desk.Admin}
	d.small = desk.User{Tenant: all[2].tenant, ID: colleague(1), Role: desk.Admin}
	if d.desk, err = desk.New(desk.Config{Engine: engine, Store: store}); err != nil {
		return nil, nil, err
	}
	if err := d.check(ctx); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	d.address = "http://" + listener.Addr().String()
	authorize := func(r *http.Request) (desk.User, error) {
		if r.Method == http.MethodPost { // what is imported is not in the way of the next run
			return d.small, nil
		}
		return d.user, nil
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", restapi.New(d.desk, &restapi.Options{Authorize: authorize}))
	mux.Handle("/dashboard/", dashboard.New(d.desk, &dashboard.Options{Authorize: authorize}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	run, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- store.Background(run, func() {}) }()
	return d, func() {
		_ = server.Close()
		end()
		<-ended
		_ = store.Close()
	}, nil
}

// check has the desk find what was filled in, by several columns, and keeps the IDs of some leads.
func (d *deskUnderTest) check(ctx context.Context) error {
	n, err := d.desk.Count(ctx, d.user, desk.Filter{}, 1<<30)
	if err == nil && n < d.crowd.leads {
		err = fmt.Errorf("%d leads are there, and not %d", n, d.crowd.leads)
	}
	f := desk.Filter{Limit: 500, Tag: "vip", Qualifications: []leads.Qualification{leads.Hot}, Search: companies[0], Sources: d.crowd.sources}
	some, someErr := d.desk.Leads(ctx, d.user, f)
	for _, lead := range some.Leads {
		d.some = append(d.some, lead.ID)
	}
	if len(d.some) == 0 {
		err = errors.Join(err, errors.New("the leads are not found as they were made"))
	}
	return errors.Join(err, someErr)
}

// get reads an answer to its end. Any but 200 is an error.
func (d *deskUnderTest) get(ctx context.Context, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := d.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, answer.Status)
	}
	return nil
}

// timeAsk asks five times, and then n times more, which count.
func timeAsk(ctx context.Context, a ask, n int) (asked, error) {
	var took []time.Duration
	var used time.Duration
	for i := range n + 5 {
		if i == 5 {
			used = deskTime()
		}
		began := time.Now()
		if err := a.do(ctx, i); err != nil {
			return asked{}, err
		}
		if i >= 5 {
			took = append(took, time.Since(began))
		}
	}
	used = deskTime() - used
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[(n-1)*percent/100] }
	return asked{a.name, at(50), at(95), at(99), at(100), used / time.Duration(n)}, nil
}

// deskTime is the CPU time of this process and of PostgreSQL's for it.
func deskTime() time.Duration {
	return processTime(strconv.Itoa(os.Getpid())) + postgresTimeOf(deskPrefix)
}

// printDesk writes the table of docs/performance.md.
func printDesk(out io.Writer, s settings, all []deskFigures) {
	fmt.Fprintf(out, "\na tenant of %d leads beside two of a tenth and a hundredth; ms of %d calls each, one at a time\n", s.desk, s.calls)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	fmt.Fprint(w, "\t")
	for _, f := range all {
		fmt.Fprintf(w, "%s (others %.0f %%) p50\tp95\tp99\tmax\tCPU\t", f.name, 100*f.others)
	}
	fmt.Fprintln(w)
	for i, a := range all[0].asked {
		fmt.Fprintf(w, "%s\t", a.name)
		for _, f := range all {
			a := f.asked[i]
			fmt.Fprintf(w, "%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t", ms(a.p50), ms(a.p95), ms(a.p99), ms(a.most), ms(a.cpu))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	for _, f := range all {
		for _, t := range f.transfers {
			fmt.Fprintf(out, "%s: %s\n", f.name, t)
		}
	}
}
