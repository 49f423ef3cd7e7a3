package enrich

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/openleads/leads"
)

// LocatorCacheOptions sets a [LocatorCache]. The zero value of each field is its default.
type LocatorCacheOptions struct {
	// Size is how many addresses are remembered. 0 means 4,096; each takes about 300 bytes.
	Size int
	// Keep is for how long. 0 means 24h.
	Keep time.Duration
	// Clock gives the time. Nil means time.Now.
	Clock func() time.Time
}

// LocatorCache is a [Locator] that remembers what another said, for one that costs time or money. It remembers that nothing is known, but
// no errors. A database in memory needs no cache.
type LocatorCache struct {
	locator Locator
	keep    time.Duration
	clock   func() time.Time
	known   *lru.Cache[netip.Addr, located]
}

type located struct {
	location Location
	at       time.Time
}

// NewLocatorCache returns a LocatorCache before locator. Nil opts are the defaults.
func NewLocatorCache(locator Locator, opts *LocatorCacheOptions) *LocatorCache {
	var o LocatorCacheOptions
	if opts != nil {
		o = *opts
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	known, _ := lru.New[netip.Addr, located](cmp.Or(max(0, o.Size), 4096)) // fails only for sizes below 1
	return &LocatorCache{locator: locator, keep: cmp.Or(max(0, o.Keep), 24*time.Hour), clock: o.Clock, known: known}
}

// Locate returns what is remembered, or asks.
func (c *LocatorCache) Locate(ctx context.Context, addr netip.Addr) (Location, error) {
	now := c.clock()
	if old, ok := c.known.Get(addr); ok && now.Sub(old.at).Abs() < c.keep {
		return old.location, nil
	}
	found, err := c.locator.Locate(ctx, addr)
	if err == nil {
		found.Source = cmp.Or(found.Source, fmt.Sprintf("%T", c.locator))
		c.known.Add(addr, located{found, now})
	}
	return found, err
}

// Check asks the Locator behind the cache.
func (c *LocatorCache) Check(ctx context.Context) []leads.Finding {
	return checkParts(ctx, []Locator{c.locator})
}

// Background runs the own work of the Locator behind the cache.
func (c *LocatorCache) Background(ctx context.Context, wake func()) error {
	return runParts(ctx, wake, []Locator{c.locator})
}
