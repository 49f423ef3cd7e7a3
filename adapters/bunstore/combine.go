package bunstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// maxShared bounds how many calls share a transaction.
const maxShared = 64

// combiner lets concurrent calls be done together. It has no goroutine of its own: whoever comes while nobody is at work leads, takes
// what is waiting, and hands the lead on.
type combiner[W any] struct {
	mu      sync.Mutex
	waiting []*call[W]
	led     bool
	// run does the work of several calls at once and sets their errors.
	run func(ctx context.Context, calls []*call[W])
}

// call is one caller's part of what is done together.
type call[W any] struct {
	work     W
	err      error
	panicked any
	turn     chan turn
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

// turn tells a waiting call what comes next.
type turn int

const (
	turnDone turn = iota
	turnLead
)

// errLeaderGone says that nothing was begun because the leader's context had ended.
var errLeaderGone = errors.New("gave up waiting for the database")

// do has the work done, perhaps together with that of others, and returns its error. A caller whose context ends while it waits for
// its turn goes away; work that has begun is waited for.
func (c *combiner[W]) do(ctx context.Context, work W) error {
	for {
		err := c.once(ctx, work)
		if ctx.Err() != nil || !errors.Is(err, errLeaderGone) {
			return err
		}
	}
}

func (c *combiner[W]) once(ctx context.Context, work W) error {
	w := &call[W]{work: work, turn: make(chan turn, 1)}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	leads := !c.led
	c.led = true
	c.mu.Unlock()
	if !leads {
		select {
		case next := <-w.turn:
			leads = next == turnLead
		case <-ctx.Done():
			if c.leave(w) {
				return ctx.Err()
			}
			leads = <-w.turn == turnLead
		}
	}
	if leads {
		c.lead(ctx)
	}
	if w.panicked != nil {
		panic(w.panicked)
	}
	return w.err
}

// leave takes a call out of the queue, unless it has been begun or is to lead.
func (c *combiner[W]) leave(w *call[W]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, w)
	if i < 0 || len(w.turn) > 0 {
		return false
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	return true
}

// lead does the leader's own call, which is the first one waiting, together with those behind it.
func (c *combiner[W]) lead(ctx context.Context) {
	c.mu.Lock()
	n := min(len(c.waiting), maxShared)
	calls := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	c.mu.Unlock()

	c.run(ctx, calls)

	c.mu.Lock()
	if len(c.waiting) > 0 {
		c.waiting[0].turn <- turnLead
	} else {
		c.led = false
	}
	c.mu.Unlock()
	for _, w := range calls[1:] {
		w.turn <- turnDone
	}
}
