package leads

import (
	"cmp"
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/group"
)

// Engine is the whole line from the door to the follow-up, made of the parts in a Config. Its methods may be called concurrently.
type Engine struct {
	cfg      Config
	door     *ingest.Handler
	history  History // nil if the Store has none
	stages   map[TaskKind]stage
	captures group.Group[ingest.Submission, Captured]
	waker    chan struct{} // holds at most one wake-up
	running  atomic.Bool
}

// New makes an Engine. It starts nothing and does no I/O. It reports every field of cfg that cannot be used.
func New(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, waker: make(chan struct{}, 1)}
	e.history, _ = cfg.Store.(History)
	e.stages = e.makeStages()
	e.captures = group.Group[ingest.Submission, Captured]{Run: e.captureBatch, MaxBatch: maxBatch, MaxWaiting: maxWaiting}
	door := ingest.Options{}
	if cfg.Ingest != nil {
		door = *cfg.Ingest
	}
	if door.Clock == nil {
		door.Clock = cfg.Clock
	}
	door.Logger = cmp.Or(door.Logger, cfg.Logger)
	e.door = ingest.NewHandler(cfg.Store, ingest.SinkFunc(func(ctx context.Context, sub ingest.Submission) error {
		_, err := e.capture(ctx, sub)
		return err
	}), &door)
	return e, nil
}

// Handler is the webhook door: POST …/TOKEN. Mount it at any path, with or without [http.StripPrefix]; see package ingest for what it
// answers. It works without Run, in the same process or another.
func (e *Engine) Handler() http.Handler { return e.door }

func (e *Engine) now() time.Time { return e.cfg.Clock().UTC().Truncate(time.Microsecond) }

// wake lets Run look for due tasks at once.
func (e *Engine) wake() {
	select {
	case e.waker <- struct{}{}:
	default:
	}
}

func (e *Engine) observe(ctx context.Context, o Observation) {
	if e.cfg.Observer != nil {
		e.cfg.Observer.Observe(ctx, o)
	}
}
