package ingest

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// cacheTTL is how long a source is remembered: a token that is taken back stops working within it, on every instance.
	cacheTTL  = 5 * time.Second
	cacheSize = 4096
)

// cache remembers the sources that were found. Tokens that were not found are not remembered: guesses must not push out what is
// known, and a new token works at once.
type cache struct {
	sources Sources
	timeout time.Duration
	found   *lru.Cache[string, found]
}

type found struct {
	source *opened
	at     time.Time
}

func newCache(sources Sources, timeout time.Duration) *cache {
	known, _ := lru.New[string, found](cacheSize) // fails only for sizes below 1
	return &cache{sources: sources, timeout: timeout, found: known}
}

// lookUp returns the source of a token, which nobody may change. Its errors are those of Sources. The visitor may be gone once the
// body is sent, but the submission counts: so a look-up has its own time and does not end with ctx.
func (c *cache) lookUp(ctx context.Context, token string, now time.Time) (*opened, error) {
	f, ok := c.found.Get(token)
	if age := now.Sub(f.at); ok && age >= 0 && age < cacheTTL {
		return f.source, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	defer cancel()
	source, err := c.sources.SourceByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	known := open(source, f.source)
	c.found.Add(token, found{known, now})
	return known, nil
}
