package leads

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	c.Work = c.Work.withDefaults()
	return c
}

func (w Work) withDefaults() Work {
	w.MaxAttempts = cmp.Or(w.MaxAttempts, 20)
	w.Backoff = cmp.Or(w.Backoff, time.Second)
	w.Patience = cmp.Or(w.Patience, 20*time.Second)
	w.Lease = cmp.Or(w.Lease, time.Minute)
	w.Poll = cmp.Or(w.Poll, time.Second)
	w.Drain = cmp.Or(w.Drain, 10*time.Second)
	return w
}

// slots returns how many tasks of a kind run at once.
func (w Work) slots(kind TaskKind) int { return cmp.Or(w.Concurrency[kind], 8) }

// timeout returns how long one attempt of a kind may take.
func (w Work) timeout(kind TaskKind) time.Duration {
	byDefault := 10 * time.Second
	if kind == TaskScore || kind == TaskRescore {
		byDefault = 15 * time.Second // a model thinks longer than a look-up takes
	}
	return cmp.Or(w.Timeout[kind], byDefault)
}

func (c Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("leads: "+format, args...)) }
	if c.Store == nil {
		bad("Config.Store is required")
	}
	if err := c.Ingest.Validate(); err != nil {
		bad("Config.Ingest: %w", err)
	}
	if c.BaseURL != "" {
		if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			bad(`Config.BaseURL must be an absolute http or https URL such as "https://crm.example.com", not %q`, c.BaseURL)
		}
	}
	w := c.Work
	for kind, n := range w.Concurrency {
		if n < 0 {
			bad("Config.Work.Concurrency[%q] must not be negative: %d", kind, n)
		}
	}
	for kind, d := range w.Timeout {
		if d < 0 {
			bad("Config.Work.Timeout[%q] must not be negative: %s", kind, d)
		}
	}
	if w.MaxAttempts < 0 {
		bad("Config.Work.MaxAttempts must not be negative: %d", w.MaxAttempts)
	}
	if w.Lease < time.Second {
		bad("Config.Work.Lease must be at least 1s: %s", w.Lease)
	}
	for _, f := range []struct {
		name string
		d    time.Duration
	}{{"Backoff", w.Backoff}, {"Patience", w.Patience}, {"Poll", w.Poll}, {"Drain", w.Drain}} {
		if f.d < 0 {
			bad("Config.Work.%s must not be negative: %s", f.name, f.d)
		}
	}
	return errors.Join(errs...)
}
