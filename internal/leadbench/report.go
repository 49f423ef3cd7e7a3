package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report collects the samples of all rounds.
type report struct {
	settings settings
	order    []string
	cells    map[string][]cell // by "variant/connections"
}

// cell is one sample's figures.
type cell struct {
	rate     float64 // requests a second
	p50, p99 time.Duration
	others   float64 // share of the machine used by other programs
	cpu      time.Duration
}

func newReport(s settings) *report { return &report{settings: s, cells: map[string][]cell{}} }

func key(name string, connections int) string { return fmt.Sprintf("%s/%d", name, connections) }

func (r *report) add(v variant, connections int, s sample, u used) {
	if !slices.Contains(r.order, v.name) {
		r.order = append(r.order, v.name)
	}
	n := len(s.latencies)
	c := cell{rate: float64(n) / s.took.Seconds(), others: u.others}
	if n > 0 {
		c.p50, c.p99, c.cpu = s.latencies[n/2], s.latencies[n*99/100], u.server/time.Duration(n)
	}
	r.cells[key(v.name, connections)] = append(r.cells[key(v.name, connections)], c)
}

// median returns the middle of what f reads from the cells.
func median[T int64 | float64 | time.Duration](cells []cell, f func(cell) T) T {
	if len(cells) == 0 {
		return 0
	}
	values := make([]T, len(cells))
	for i, c := range cells {
		values[i] = f(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func rate(c cell) float64 { return c.rate }

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "\nmedians of %d rounds of %s; stores preloaded with %d leads\n", r.settings.rounds, r.settings.window, r.settings.preload)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "variant\tconnections\treq/s\tp50 ms\tp99 ms\tserver CPU µs\tothers %\t")
	for _, name := range r.order {
		for _, n := range append([]int{0}, r.settings.connections...) {
			cells := r.cells[key(name, n)]
			if len(cells) == 0 {
				continue
			}
			fmt.Fprintf(w, "%s\t%d\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t\n", name, n, median(cells, rate),
				ms(median(cells, func(c cell) time.Duration { return c.p50 })), ms(median(cells, func(c cell) time.Duration { return c.p99 })),
				float64(median(cells, func(c cell) time.Duration { return c.cpu }).Nanoseconds())/1e3,
				100*median(cells, func(c cell) float64 { return c.others }))
		}
	}
	_ = w.Flush()
	r.printRatios(out)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printRatios sets the engines against the limits, at each number of connections.
func (r *report) printRatios(out io.Writer) {
	fmt.Fprintln(out)
	for _, name := range r.order {
		prefix, ok := strings.CutSuffix(name, " engine")
		if !ok {
			continue
		}
		for _, n := range r.settings.connections {
			engine := median(r.cells[key(name, n)], rate)
			fmt.Fprintf(out, "%s at %d connections:", name, n)
			for _, against := range []struct {
				name        string
				connections int
			}{{"empty handler", n}, {"door, no store", n}, {prefix + " raw writer, batches of 64", 0}, {prefix + " transaction a request", n}} {
				if base := median(r.cells[key(against.name, against.connections)], rate); base > 0 {
					fmt.Fprintf(out, "  %.2f × %s", engine/base, against.name)
				}
			}
			fmt.Fprintln(out)
		}
	}
}
