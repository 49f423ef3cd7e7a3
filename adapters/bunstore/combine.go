package bunstore

import (
	"context"
	"fmt"

	"github.com/openleads/leads/internal/group"
)

// maxShared bounds how many calls share a transaction.
const maxShared = 64

// combiner lets concurrent calls be done together, each with an outcome of its own.
type combiner[W any] struct {
	calls group.Group[*call[W], struct{}]
}

// call is one caller's part of what is done together.
type call[W any] struct {
	work     W
	err      error
	panicked any
}

// newCombiner returns a combiner with run doing the work of several calls at once and setting their errors. Its context is that of one of the
// callers; if that ends before anything was begun, run returns an error that wraps group.ErrNotBegun.
func newCombiner[W any](run func(ctx context.Context, calls []*call[W]) error) *combiner[W] {
	c := &combiner[W]{}
	c.calls.MaxBatch = maxShared
	c.calls.Run = func(ctx context.Context, calls []*call[W]) ([]struct{}, error) {
		return make([]struct{}, len(calls)), run(ctx, calls)
	}
	return c
}

// do has the work done, perhaps together with that of others, and returns its error. A caller whose context ends while it waits for
// its turn goes away; work that has begun is waited for.
func (c *combiner[W]) do(ctx context.Context, work W) error {
	own := &call[W]{work: work}
	if _, err := c.calls.Do(ctx, own); err != nil {
		return err
	}
	if own.panicked != nil {
		panic(own.panicked)
	}
	return own.err
}

// try runs the caller's part. Its panic is kept for the caller's own goroutine.
func (c *call[W]) try(work func() error) (err error) {
	c.panicked = nil
	defer func() {
		if p := recover(); p != nil {
			c.panicked = p
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return work()
}
