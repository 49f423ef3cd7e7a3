package enrich

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/openleads/leads"
)

// The engine asks the part that it was given; one made of parts asks those.
var (
	_ leads.Checker    = Chain(nil)
	_ leads.Background = Chain(nil)
)

// Check asks every part that is a [leads.Checker].
func (c Chain) Check(ctx context.Context) []leads.Finding { return checkParts(ctx, c) }

// Background runs every part that is a [leads.Background], until ctx ends or one fails. It returns when all have ended.
func (c Chain) Background(ctx context.Context, wake func()) error { return runParts(ctx, wake, c) }

// checkParts returns what the parts find, each finding once.
func checkParts[P any](ctx context.Context, parts []P) []leads.Finding {
	var findings []leads.Finding
	for _, part := range parts {
		c, ok := any(part).(leads.Checker)
		if !ok {
			continue
		}
		for _, f := range check(ctx, c) {
			if !slices.Contains(findings, f) {
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// runParts runs the parts' own work side by side. When one fails all end, and its error is returned: the engine begins them again.
func runParts[P any](ctx context.Context, wake func(), parts []P) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		b, ok := any(part).(leads.Background)
		if !ok {
			continue
		}
		running.Go(func() {
			if errs[i] = background(ctx, b, wake); errs[i] != nil {
				cancel()
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// check asks one part; a panic in it is a finding.
func check(ctx context.Context, c leads.Checker) (findings []leads.Finding) {
	defer func() {
		if recover() != nil {
			findings = []leads.Finding{{Part: fmt.Sprintf("%T", c), Message: "its check panicked", Fix: "see its Check method"}}
		}
	}()
	return c.Check(ctx)
}

// background runs one part; a panic in it is an error.
func background(ctx context.Context, b leads.Background, wake func()) (err error) {
	defer recovered(&err)
	if err = b.Background(ctx, wake); err != nil {
		return fmt.Errorf("enrich: %T: %w", b, err)
	}
	return nil
}
