// Command leadbench measures durable ingest against what the machine can do, in one run: an empty handler, the door without a
// store, a raw writer of the same rows in batches of 64, a transaction a request, and the engine, over loopback with keep-alive
// connections. The variants take turns, so that a machine that drifts drifts for all; it prints medians, the share of the
// machine that other programs used, and fails when the rows in a store are not as many as the requests answered 200.
//
//	go run ./internal/leadbench [-rounds 5] [-window 2s] [-connections 1,16,64,256] [-preload 1000000]
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
	only        string
	dir         string
}

func main() {
	log.SetFlags(0)
	var s settings
	var connections, serve string
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of all variants")
	flag.DurationVar(&s.window, "window", 2*time.Second, "length of one measurement")
	flag.StringVar(&connections, "connections", "1,16,64,256", "numbers of connections")
	flag.IntVar(&s.preload, "preload", 0, "leads that the stores hold before the run")
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
	for field := range strings.SplitSeq(connections, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			log.Fatalf("-connections: %q is not a number above 0", field)
		}
		s.connections = append(s.connections, n)
	}
	if err := run(context.Background(), s); err != nil {
		log.Fatal(err)
	}
}

// variant is one thing that is measured.
type variant struct {
	name  string
	kind  string // what the server process serves; "" for a raw writer
	where string // the store
}

func run(ctx context.Context, s settings) error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "leadbench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.dir = dir
	}
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
