package leads

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// storeTime bounds one call of the Store by the background work.
const storeTime = 5 * time.Second

// Run does all background work until ctx ends: it works on tasks, and gives parts that need it the time for work of their own. It then
// claims nothing more, waits up to Config.Work.Drain for what is running, cancels what is left and gives those tasks back. It
// returns nil after a clean stop. Everything that it started has then ended, but for host code that ignores its context.
//
// It returns an error at once when [Engine.Check] finds something fatal and when the Engine is running already.
func (e *Engine) Run(ctx context.Context) error {
	if !e.running.CompareAndSwap(false, true) {
		return errors.New("leads: Run: the engine is running already")
	}
	defer e.running.Store(false)
	if ctx.Err() != nil {
		return nil
	}
	for _, f := range e.Check(ctx) {
		if f.Fatal && ctx.Err() == nil {
			return fmt.Errorf("leads: Run: %s: %s: %s", f.Part, f.Message, f.Fix)
		}
	}
	w := &worker{engine: e, free: make(map[TaskKind]int), running: make(map[string]*lease), hungry: make(map[TaskKind]bool)}
	for kind := range e.stages {
		w.free[kind] = e.cfg.Work.slots(kind)
	}
	return w.run(ctx)
}

// worker is one Run.
type worker struct {
	engine *Engine
	tasks  sync.WaitGroup

	mu      sync.Mutex
	free    map[TaskKind]int  // slots by kind
	running map[string]*lease // by task ID
	hungry  map[TaskKind]bool // the last claim of the kind filled its slots: more may be due
}

// lease is a running task as the heartbeat sees it.
type lease struct {
	task   Task
	began  time.Time
	cancel context.CancelFunc
}

func (w *worker) run(ctx context.Context) error {
	// Tasks outlive ctx by the drain.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var helpers sync.WaitGroup
	helpers.Go(func() { w.heartbeat(work) })
	for _, part := range w.engine.parts() {
		if b, ok := part.(Background); ok {
			helpers.Go(func() { w.background(ctx, b) })
		}
	}
	w.dispatch(ctx, work)
	err := w.drain(stop)
	stop()
	helpers.Wait()
	return err
}

// background keeps a part's own work going: what fails is begun again.
func (w *worker) background(ctx context.Context, b Background) {
	for attempts := 1; ctx.Err() == nil; attempts++ {
		if err := b.Background(ctx, w.engine.wake); err == nil || ctx.Err() != nil {
			return
		} else {
			w.engine.cfg.Logger.ErrorContext(ctx, "leads: background work failed", "part", adapter(b), "error", err)
		}
		pause(ctx, nil, backoff(w.engine.cfg.Work.Backoff, min(attempts, 6), 0))
	}
}

// dispatch claims tasks and starts them, until ctx ends.
func (w *worker) dispatch(ctx, work context.Context) {
	failures := 0
	for ctx.Err() == nil {
		n, err := w.claim(ctx, work)
		switch {
		case err != nil && ctx.Err() == nil:
			failures++
			w.engine.cfg.Logger.ErrorContext(ctx, "leads: due tasks could not be claimed", "error", err)
			pause(ctx, nil, backoff(w.engine.cfg.Work.Poll, min(failures, 4), 0))
		case err != nil:
		default:
			failures = 0
			if n == 0 || !w.more() {
				pause(ctx, w.engine.waker, w.engine.cfg.Work.Poll)
			}
		}
	}
}

// pause waits for d, a wake-up or the end of ctx.
func pause(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// more reports whether another claim is worth while at once: the last one has left tasks of a kind behind, and there are slots for them.
func (w *worker) more() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for kind := range w.free {
		if w.wants(kind) {
			return true
		}
	}
	return false
}

// wants reports whether a kind of which more may be due has slots for it: some at a time, so that a claim is not made for each. It is
// called under lock.
func (w *worker) wants(kind TaskKind) bool {
	return w.hungry[kind] && w.free[kind] >= max(1, w.engine.cfg.Work.slots(kind)/4)
}

// claim takes tasks for the free slots and starts them. It returns how many.
func (w *worker) claim(ctx, work context.Context) (int, error) {
	slots := w.slots()
	if len(slots) == 0 {
		return 0, nil
	}
	claimCtx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	began := w.engine.now()
	tasks, err := w.engine.cfg.Store.Claim(claimCtx, ClaimQuery{Slots: slots, Lease: w.engine.cfg.Work.Lease})
	if err != nil {
		return 0, err
	}
	if len(tasks) > 0 {
		w.engine.observe(ctx, Observation{Kind: ObserveClaim, Count: len(tasks), Duration: w.engine.now().Sub(began)})
	}
	w.mu.Lock()
	for _, task := range tasks {
		w.free[task.Kind]--
		slots[task.Kind]--
	}
	for kind, left := range slots { // of a kind that had no slot nothing new is known
		w.hungry[kind] = left == 0
	}
	w.mu.Unlock()
	for _, task := range tasks {
		w.start(work, task)
	}
	return len(tasks), nil
}

func (w *worker) slots() map[TaskKind]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	slots := make(map[TaskKind]int, len(w.free))
	for kind, n := range w.free {
		if n > 0 {
			slots[kind] = n
		}
	}
	return slots
}

// start runs a task on a goroutine of its own.
func (w *worker) start(work context.Context, task Task) {
	ctx, cancel := context.WithCancel(work)
	w.mu.Lock()
	w.running[task.ID] = &lease{task: task, began: time.Now(), cancel: cancel}
	crowded := w.free[task.Kind] == 0
	w.mu.Unlock()
	w.tasks.Go(func() {
		defer cancel()
		w.engine.attempt(ctx, task, crowded)
		w.mu.Lock()
		delete(w.running, task.ID)
		w.free[task.Kind]++
		wake := w.wants(task.Kind)
		w.mu.Unlock()
		if wake {
			w.engine.wake()
		}
	})
}

// heartbeat renews the leases of tasks that run for long, and stops those whose lease was lost.
func (w *worker) heartbeat(ctx context.Context) {
	every := w.engine.cfg.Work.Lease / 3
	for ctx.Err() == nil {
		pause(ctx, nil, every)
		for _, l := range w.old(every) {
			beat, cancel := context.WithTimeout(ctx, every)
			err := w.engine.cfg.Store.Settle(beat, l.task, Outcome{Settlement: Extend, Delay: w.engine.cfg.Work.Lease})
			cancel()
			if errors.Is(err, ErrStale) {
				l.cancel()
			}
		}
	}
}

// old returns the tasks that have been running for at least half the time between two heartbeats.
func (w *worker) old(every time.Duration) []*lease {
	w.mu.Lock()
	defer w.mu.Unlock()
	var leases []*lease
	for _, l := range w.running {
		if time.Since(l.began) >= every/2 {
			leases = append(leases, l)
		}
	}
	return leases
}

// drain waits for the running tasks, then cancels them, then gives up on those that do not return.
func (w *worker) drain(stop context.CancelFunc) error {
	ended := make(chan struct{})
	go func() { w.tasks.Wait(); close(ended) }()
	timer := time.NewTimer(w.engine.cfg.Work.Drain)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
	}
	stop()
	timer.Reset(storeTime + 3*time.Second) // a stage's grace and its settling
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return errors.New("leads: Run: some tasks did not stop; their leases will end by themselves")
	}
}
