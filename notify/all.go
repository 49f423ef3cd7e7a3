package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/openleads/leads"
)

// All returns a notifier that tells several, all at once, so that one that hangs costs the others nothing. One's failure or panic neither keeps another from being tried
// nor has it repeat what it delivered, as each delivers through [leads.Notification.Once]. Its error is permanent only when none
// is worth another attempt. Nil ones are left out.
func All(notifiers ...leads.Notifier) leads.Notifier {
	return all(slices.DeleteFunc(slices.Clone(notifiers), func(n leads.Notifier) bool { return n == nil }))
}

type all []leads.Notifier

// Notify tells every one of them.
func (a all) Notify(ctx context.Context, n leads.Notification) error {
	errs := make([]error, len(a))
	var wg sync.WaitGroup
	for i, notifier := range a {
		wg.Go(func() { errs[i] = safely(ctx, notifier, n) })
	}
	wg.Wait()
	return combine(present(errs...))
}

// present leaves the nil ones out.
func present(errs ...error) []error {
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// safely makes an error of a panic. Its value may hold personal data and is left out.
func safely(ctx context.Context, notifier leads.Notifier, n leads.Notification) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("notify: %T panicked", notifier)
		}
	}()
	return notifier.Notify(ctx, n)
}

// Check asks each that is a [leads.Checker].
func (a all) Check(ctx context.Context) []leads.Finding { return checkAll(ctx, parts(a)...) }

// Background does the work of each that has its own.
func (a all) Background(ctx context.Context, wake func()) error {
	return background(ctx, wake, parts(a)...)
}

func parts(notifiers []leads.Notifier) []any {
	found := make([]any, len(notifiers))
	for i, n := range notifiers {
		found[i] = n
	}
	return found
}

// Only returns a notifier that tells next the given kinds and nothing else. Digests and backlogs always pass, as whoever waits for one has
// asked for it.
func Only(next leads.Notifier, kinds ...leads.NotificationKind) leads.Notifier {
	kinds = slices.Clone(kinds)
	return Filter(next, func(n leads.Notification) bool { return slices.Contains(kinds, n.Kind) })
}

// Filter returns a notifier that tells next what keep wants. Digests and backlogs always pass. keep may be called concurrently.
func Filter(next leads.Notifier, keep func(n leads.Notification) bool) leads.Notifier {
	return filter{next, keep}
}

type filter struct {
	next leads.Notifier
	keep func(leads.Notification) bool
}

// Notify tells next what is kept.
func (f filter) Notify(ctx context.Context, n leads.Notification) error {
	if !silent(n.Kind) && !f.keep(n) {
		return nil
	}
	return f.next.Notify(ctx, n)
}

// Check asks next.
func (f filter) Check(ctx context.Context) []leads.Finding { return checkAll(ctx, f.next) }

// Background does next's own work.
func (f filter) Background(ctx context.Context, wake func()) error {
	return background(ctx, wake, f.next)
}

// checkAll asks every part that is a Checker.
func checkAll(ctx context.Context, parts ...any) []leads.Finding {
	var findings []leads.Finding
	for _, part := range parts {
		if c, ok := part.(leads.Checker); ok {
			findings = append(findings, c.Check(ctx)...)
		}
	}
	return findings
}

// background does the work of every part that has its own. When one fails the others are stopped, as the engine begins all anew.
func background(ctx context.Context, wake func(), parts ...any) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		if b, ok := part.(leads.Background); ok {
			wg.Go(func() {
				if errs[i] = b.Background(ctx, wake); errs[i] != nil {
					stop()
				}
			})
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}
