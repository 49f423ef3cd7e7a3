package ingest

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Window is a Limiter in memory: an exact sliding window. It counts in whole milliseconds, never admits more than the limit in any
// window, and remembers at most a fixed number of keys; beyond it the key that was not seen for the longest time is forgotten.
type Window struct {
	clock  func() time.Time
	epoch  time.Time
	seed   maphash.Seed
	shards []windowShard
}

// windowShard holds a part of the keys, so that concurrent requests seldom wait for each other.
type windowShard struct {
	mu      sync.Mutex
	clients *simplelru.LRU[string, *ring]
	now     int64 // the newest time seen, so that a clock set back opens nothing
}

// maxWindow is the longest window that Allow can count: ring differences must stay far from the wrap of 32 bits.
const maxWindow = 7 * 24 * time.Hour

// NewWindow returns a Window that remembers at most size keys (0 means 65,536) and takes its time from clock (nil means time.Now).
func NewWindow(size int, clock func() time.Time) *Window {
	if size <= 0 {
		size = 1 << 16
	}
	if clock == nil {
		clock = time.Now
	}
	w := &Window{clock: clock, epoch: clock(), seed: maphash.MakeSeed(), shards: make([]windowShard, 1)}
	if size >= 1024 {
		w.shards = make([]windowShard, 16)
	}
	for i := range w.shards {
		w.shards[i].clients, _ = simplelru.NewLRU[string, *ring](size/len(w.shards), nil) // fails only for sizes below 1
	}
	return w
}

// Allow implements Limiter. It never returns an error. A limit below 1 allows nothing; windows are cut to 7 days.
func (w *Window) Allow(_ context.Context, key string, limit int, window time.Duration) (Allowance, error) {
	span := int32(min(window, maxWindow) / time.Millisecond)
	since := w.clock().Sub(w.epoch)
	s := &w.shards[maphash.String(w.seed, key)%uint64(len(w.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = max(s.now, int64(since/time.Millisecond))
	client := s.client(key)
	client.forget(s.now, span)
	allowance := Allowance{OK: client.n < limit}
	if allowance.OK {
		// An event counts from the end of its millisecond on, so that rounding never admits one too early.
		at := s.now
		if since%time.Millisecond > 0 {
			at++
		}
		client.push(uint32(at), limit)
		allowance.Remaining = limit - client.n
	}
	if allowance.Remaining == 0 && client.n > 0 {
		allowance.Reset = client.reset(s.now, span, limit)
	}
	return allowance, nil
}

func (s *windowShard) client(key string) *ring {
	if client, ok := s.clients.Get(key); ok {
		return client
	}
	client := &ring{}
	s.clients.Add(key, client)
	return client
}

// ring holds the times of the events of one key, oldest first, in milliseconds modulo 2^32.
type ring struct {
	times []uint32
	first int
	n     int
	seen  int64 // when the key was last seen, in full
}

// forget drops the events that are out of the window. A key that was not seen for a whole window has none left; that is decided
// by the full time, because the short ones wrap after 49 days.
func (r *ring) forget(now int64, window int32) {
	if now-r.seen > int64(window) {
		r.n = 0
	}
	r.seen = now
	for r.n > 0 && r.age(now) >= window {
		r.first = (r.first + 1) % len(r.times)
		r.n--
	}
}

// age is how long ago the oldest event was. It is -1 for one that begins to count with the next millisecond.
func (r *ring) age(now int64) int32 { return int32(uint32(now) - r.times[r.first]) }

// push adds an event. The ring grows by doubling, but not beyond the limit: most keys are seen once or twice.
func (r *ring) push(at uint32, limit int) {
	if r.n == len(r.times) {
		grown := make([]uint32, min(max(4, 2*r.n), limit))
		for i := range r.n {
			grown[i] = r.times[(r.first+i)%len(r.times)]
		}
		r.times, r.first = grown, 0
	}
	r.times[(r.first+r.n)%len(r.times)] = at
	r.n++
}

// reset is when one more event will be allowed.
func (r *ring) reset(now int64, window int32, limit int) time.Duration {
	over := max(0, r.n-max(1, limit)) // a limit that was lowered
	at := r.times[(r.first+over)%len(r.times)]
	return time.Duration(window-int32(uint32(now)-at)) * time.Millisecond
}
