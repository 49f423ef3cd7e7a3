package bunstore

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// maxShared bounds how many writes share a transaction.
const maxShared = 64

// combiner lets concurrent writes share a transaction. It has no goroutine of its own: whoever comes while nobody writes leads, takes
// what is waiting, and hands the lead on.
type combiner struct {
	mu      sync.Mutex
	waiting []*write
	led     bool
	// run does the writes in one transaction and sets their errors.
	run func(ctx context.Context, writes []*write)
}

// write is one caller's part of a shared transaction.
type write struct {
	work     func(ctx context.Context, t tx) error
	err      error
	panicked any
	turn     chan turn
}

// turn tells a waiting write what comes next.
type turn int

const (
	turnDone turn = iota
	turnLead
)

// do runs work in a transaction that others may share, and returns once that is committed or has failed. A caller whose
// context ends while it waits for its turn goes away; work that has begun is waited for.
func (c *combiner) do(ctx context.Context, work func(ctx context.Context, t tx) error) error {
	for {
		err := c.once(ctx, work)
		if ctx.Err() != nil || !errors.Is(err, errLeaderGone) {
			return err
		}
	}
}

// errLeaderGone says that a shared transaction was not begun because its leader's context had ended.
var errLeaderGone = errors.New("gave up waiting for the database")

func (c *combiner) once(ctx context.Context, work func(ctx context.Context, t tx) error) error {
	w := &write{work: work, turn: make(chan turn, 1)}
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

// leave takes a write out of the queue, unless it has been begun or is to lead.
func (c *combiner) leave(w *write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, w)
	if i < 0 || len(w.turn) > 0 {
		return false
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	return true
}

// lead runs the leader's own write, which is the first one waiting, together with those behind it.
func (c *combiner) lead(ctx context.Context) {
	c.mu.Lock()
	n := min(len(c.waiting), maxShared)
	writes := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	c.mu.Unlock()

	c.run(ctx, writes)

	c.mu.Lock()
	if len(c.waiting) > 0 {
		c.waiting[0].turn <- turnLead
	} else {
		c.led = false
	}
	c.mu.Unlock()
	for _, w := range writes[1:] {
		w.turn <- turnDone
	}
}
