package mailgun

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// memory remembers the tokens of requests, so that one that is sent again does nothing.
type memory struct {
	mu     sync.Mutex
	tokens *simplelru.LRU[string, *seen]
}

// seen is what became of a request. Only requests with a good signature are remembered, so that nobody else can push one out.
type seen struct {
	done  bool
	until time.Time // when it stops being of interest: its signature is too old by then, or whoever worked on it is gone
	keep  time.Time // what until becomes when it is done
}

// what is known of a request.
type sight int

const (
	seenNew sight = iota
	seenBusy
	seenDone
)

func newMemory(size int) *memory {
	tokens, _ := simplelru.NewLRU[string, *seen](size, nil) // fails for a size below 1 only
	return &memory{tokens: tokens}
}

// begin says what is known of a request, and notes that a new one is being worked on.
func (m *memory) begin(token string, now, busyUntil, doneUntil time.Time) sight {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.tokens.Get(token); ok && now.Before(s.until) {
		if s.done {
			return seenDone
		}
		return seenBusy
	}
	m.tokens.Add(token, &seen{until: busyUntil, keep: doneUntil})
	return seenNew
}

// done notes that a request has had its effect.
func (m *memory) done(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.tokens.Peek(token); ok {
		s.done, s.until = true, s.keep
	}
}

// forget lets a request be tried again.
func (m *memory) forget(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens.Remove(token)
}
