package openai

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/openleads/leads/score"
)

// cache keeps answers by tenant and digest. They hold words of leads, so what is of another day is dropped.
type cache struct {
	mu      sync.Mutex
	day     string
	answers *lru.Cache[string, score.Answer] // nil keeps nothing
}

func newCache(size int) *cache {
	if size <= 0 {
		return &cache{}
	}
	answers, _ := lru.New[string, score.Answer](size) // its only error is a size below 1
	return &cache{answers: answers}
}

func (c *cache) get(key string, now time.Time) (score.Answer, bool) {
	if c.answers == nil {
		return score.Answer{}, false
	}
	c.turn(now)
	return c.answers.Get(key)
}

func (c *cache) add(key string, now time.Time, answer score.Answer) {
	if c.answers != nil {
		c.turn(now)
		c.answers.Add(key, answer)
	}
}

func (c *cache) turn(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := dayOf(now); day != c.day {
		c.day = day
		c.answers.Purge()
	}
}

func dayOf(now time.Time) string { return now.UTC().Format(time.DateOnly) }
