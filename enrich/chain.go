// Package enrich learns about leads from their own data and from public records, and says of each fact where it comes from and
// until when it holds.
//
//	engine, err := leads.New(leads.Config{
//		Store:    store,
//		Enricher: enrich.Chain{enrich.Email{}, enrich.Company{}},
//	})
//
// A fact is Yes, No or Unknown, and what could not be found out is Unknown, never No: a name server that does not answer says
// nothing about a lead. Facts that a lead has and that have not expired are not asked for again.
//
// Read on: [Email] and [DNS] for what is learned from an address, [Company] and [Homepage] for the organisation behind it, [Geo],
// [Phone] and [Attribution] for the rest, [Chain] and [Steps] for how parts run together, [WithTimeout], [WithBudget] and [WithCache] for
// their limits; a host's own source of facts is a [leads.EnricherFunc] put into the Chain. Package enrich/lists has the data.
package enrich

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/openleads/leads"
)

// defaultTimeout is the time of a part that was given none.
const defaultTimeout = 5 * time.Second

// grace is how long a part has after the end of its context to return what it has.
const grace = 100 * time.Millisecond

// Chain is an Enricher made of parts. They run side by side, each with its own time: 5 s, or what [WithTimeout] gave it. The facts
// come in the order of the parts, whichever is done first; of two facts with one key the later part's counts, but for [CompanyName],
// which is the one from the best source. A nil part is left out.
//
// No part can cost another its facts: what the others found is returned together with the error of one that failed, panicked
// or did not end. The errors are joined; the whole is permanent only if every error is, so that what can still be learned is tried for
// again. A part that ignores the end of its context is left behind, running. Parts that are a [leads.Checker] or a [leads.Background]
// are asked and run as if they stood alone.
type Chain []leads.Enricher

// Enrich asks all parts.
func (c Chain) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	runs := make([]run, 0, len(c))
	for _, part := range c {
		if part != nil {
			runs = append(runs, start(ctx, part, lead))
		}
	}
	var facts []leads.Fact
	var errs []error
	for _, r := range runs {
		found, err := r.wait()
		facts = append(facts, found...)
		if err != nil {
			errs = append(errs, fmt.Errorf("enrich: %T: %w", r.part, err))
		}
	}
	return bestName(facts), join(errs)
}

// WithTimeout returns the part with its own limit of time, inside a [Chain] or alone. 0 means 5 s.
func WithTimeout(part leads.Enricher, d time.Duration) leads.Enricher {
	return limited{wrapped: wrapped{part}, timeout: d}
}

type limited struct {
	wrapped
	timeout time.Duration
}

// Enrich asks the part and, like a Chain, neither waits for it longer nor lets it panic.
func (l limited) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	return start(ctx, l, lead).wait()
}

// run is one part at work.
type run struct {
	part   leads.Enricher
	result <-chan result
	ended  <-chan struct{} // closed at the end of its time
	cause  func() error    // why it ended
	cancel context.CancelFunc
}

type result struct {
	facts []leads.Fact
	err   error
}

func start(ctx context.Context, part leads.Enricher, lead leads.Lead) run {
	timeout := defaultTimeout
	if l, ok := part.(limited); ok {
		part, timeout = l.part, cmp.Or(l.timeout, defaultTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	done := make(chan result, 1) // a part that was left behind must not wait for a reader
	go func() {
		var r result
		defer func() { done <- r }()
		defer recovered(&r.err)
		r.facts, r.err = part.Enrich(ctx, lead)
	}()
	return run{part: part, result: done, ended: ctx.Done(), cause: ctx.Err, cancel: cancel}
}

func (r run) wait() ([]leads.Fact, error) {
	defer r.cancel()
	select {
	case got := <-r.result:
		return got.facts, got.err
	case <-r.ended:
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case got := <-r.result:
		return got.facts, got.err
	case <-late.C:
		return nil, fmt.Errorf("still running: %w", r.cause())
	}
}

// recovered turns a panic into an error. Only the runtime's own panics are quoted: what others say may hold personal data.
func recovered(err *error) {
	switch p := recover().(type) {
	case nil:
	case runtime.Error:
		*err = fmt.Errorf("panic: %w", p)
	default:
		*err = fmt.Errorf("panic with a %T", p)
	}
}

// join makes one error of those of the parts. errors.As would find a permanent one among others that are not, so those lose the mark.
func join(errs []error) error {
	permanent := 0
	var delay time.Duration
	for _, err := range errs {
		if leads.IsPermanent(err) {
			permanent++
		}
		delay = max(delay, leads.RetryAfter(err))
	}
	if permanent < len(errs) {
		for i, err := range errs {
			if leads.IsPermanent(err) {
				errs[i] = errors.New(err.Error())
			}
		}
	}
	err := errors.Join(errs...)
	if delay > 0 {
		return leads.After(err, delay)
	}
	return err
}
