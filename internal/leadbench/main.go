// Command leadbench measures durable ingest against what the machine can do, in one run: an empty handler, the door without a
// store, a raw writer of the same rows in batches of 64, a transaction a request, and the engine, over loopback with keep-alive
// connections. The variants take turns, so that a machine that drifts drifts for all; it prints medians, the share of the
// machine that other programs used, and fails when the rows in a store are not as many as the requests answered 200.
//
//	go run ./internal/leadbench [-rounds 5] [-window 2s] [-connections 1,16,64,256] [-preload 1000000]
//	go run ./internal/leadbench -steps 4000 [-rounds 3] [-waiting 1000,1000000]
//	go run ./internal/leadbench -desk 1000000 [-calls 200] [-dir FOLDER -keep]
//
// With -steps it measures the following up instead: how many mails of sequences are claimed, rendered and handed to a mailer that does
// nothing, in a second, beside the given numbers of enrolments that wait.
//
// With -desk it measures how soon a desk answers that has so many leads: lists, searches, totals, reports, the pages of the dashboard and
// the API, and how long and in how much memory all leads are exported and many are imported.
//
// PostgreSQL is measured when LEADS_TEST_PG_DSN is set.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	rounds      int
	window      time.Duration
	connections []int
	preload     int
	steps       int
	waiting     []int
	desk        int
	calls       int
	keep        bool
	store       string
	only        string
	dir         string
}

func main() {
	log.SetFlags(0)
	var s settings
	var connections, waiting, serve string
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of all variants")
	flag.DurationVar(&s.window, "window", 2*time.Second, "length of one measurement")
	flag.StringVar(&connections, "connections", "1,16,64,256", "numbers of connections")
	flag.IntVar(&s.preload, "preload", 0, "leads that the stores hold before the run")
	flag.IntVar(&s.steps, "steps", 0, "mails of sequences that are due in a round; 0 measures the door instead")
	flag.StringVar(&waiting, "waiting", "1000,1000000", "with -steps: numbers of enrolments that are not due")
	flag.IntVar(&s.desk, "desk", 0, "measure what a desk asks of stores with so many leads")
	flag.IntVar(&s.calls, "calls", 200, "with -desk: calls of each kind")
	flag.BoolVar(&s.keep, "keep", false, "with -desk: keep the stores, and use those that were kept; SQLite needs -dir for it")
	flag.StringVar(&s.store, "store", "", "with -desk: measure only the store whose name holds this")
	flag.StringVar(&s.only, "only", "", "run only the variants whose name holds this")
	flag.StringVar(&s.dir, "dir", "", "folder for the SQLite files (default: a temporary one)")
	flag.StringVar(&serve, "serve", "", "used by the program itself: be the server of a variant")
	flag.Parse()
	if serve != "" {
		if err := serveVariant(serve, flag.Arg(0)); err != nil {
			log.Fatal(err)
		}
		return
	}
	s.connections, s.waiting = numbers("connections", connections), numbers("waiting", waiting)
	measure := run
	if s.steps > 0 {
		measure = runSteps
	}
	if s.desk > 0 {
		measure = runDesk
	}
	if err := measure(context.Background(), s); err != nil {
		log.Fatal(err)
	}
}

// numbers reads the list that a flag is.
func numbers(name, list string) []int {
	var all []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			log.Fatalf("-%s: %q is not a number above 0", name, field)
		}
		all = append(all, n)
	}
	return all
}

// variant is one thing that is measured.
type variant struct {
	name  string
	kind  string // what the server process serves; "" for a raw writer
	where string // the store
}

func run(ctx context.Context, s settings) error {
	s, remove, err := withFolder(s)
	if err != nil {
		return err
	}
	defer remove()
	stores, drop, err := makeStores(ctx, s)
	if err != nil {
		return err
	}
	defer drop()
	report := newReport(s)
	for round := range s.rounds {
		for _, v := range variants(s, stores) {
			if v.kind == "" {
				if err := measureRaw(ctx, s, v, report); err != nil {
					return fmt.Errorf("%s: %w", v.name, err)
				}
				continue
			}
			if err := measureServer(ctx, s, v, report); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d done\n", round+1, s.rounds)
	}
	report.print(os.Stdout)
	return nil
}

// withFolder makes a temporary folder unless one was given.
func withFolder(s settings) (settings, func(), error) {
	if s.dir != "" {
		return s, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "leadbench")
	s.dir = dir
	return s, func() { _ = os.RemoveAll(dir) }, err
}

// variants lists what is measured on the stores that there are.
func variants(s settings, stores []store) []variant {
	all := []variant{{"empty handler", "empty", "-"}, {"door, no store", "door", "-"}}
	for _, st := range stores {
		all = append(all,
			variant{st.name + " raw writer, batches of 64", "", st.raw},
			variant{st.name + " transaction a request", "single", st.single},
			variant{st.name + " engine", "engine", st.engine},
			variant{st.name + " engine, stages running", "running", st.running},
		)
	}
	var wanted []variant
	for _, v := range all {
		if strings.Contains(v.name, s.only) {
			wanted = append(wanted, v)
		}
	}
	return wanted
}
