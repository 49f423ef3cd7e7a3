package enrich

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// memory remembers answers by key for a while, and asks once for what several want to know at the same time. The least used goes
// first.
type memory[V any] struct {
	kept *lru.Cache[string, held[V]]

	mu     sync.Mutex
	asking map[string]*question[V]
}

// held is an answer and until when it holds.
type held[V any] struct {
	value V
	until time.Time
}

// question is one that is being asked.
type question[V any] struct {
	answered chan struct{}
	value    V
	usable   bool // false: whoever asked had no time to wait for the answer
}

// newMemory returns a memory for the given number of answers.
func newMemory[V any](size int) *memory[V] {
	kept, _ := lru.New[string, held[V]](max(size, 1)) // errs for a size below 1 only
	return &memory[V]{kept: kept, asking: make(map[string]*question[V])}
}

// get returns what is remembered under key, or else asks. ask says how long its answer holds: 0 means that it is good for those who
// wait for it now and not remembered, less that it is no answer for anybody else, who then ask for themselves. get errs only when ctx
// ends while another caller is asking.
func (m *memory[V]) get(ctx context.Context, key string, now time.Time, ask func() (value V, hold time.Duration)) (V, error) {
	for {
		if h, ok := m.kept.Get(key); ok && now.Before(h.until) {
			return h.value, nil
		}
		m.mu.Lock()
		q, busy := m.asking[key]
		if !busy {
			q = &question[V]{answered: make(chan struct{})}
			m.asking[key] = q
			m.mu.Unlock()
			return m.ask(key, q, now, ask), nil
		}
		m.mu.Unlock()
		select {
		case <-q.answered:
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
		if q.usable {
			return q.value, nil
		}
	}
}

// ask puts the question and tells those who wait, even if asking panics.
func (m *memory[V]) ask(key string, q *question[V], now time.Time, ask func() (V, time.Duration)) V {
	defer func() {
		m.mu.Lock()
		delete(m.asking, key)
		m.mu.Unlock()
		close(q.answered)
	}()
	value, hold := ask()
	q.value, q.usable = value, hold >= 0
	if hold > 0 {
		m.kept.Add(key, held[V]{value: value, until: now.Add(hold)})
	}
	return value
}
