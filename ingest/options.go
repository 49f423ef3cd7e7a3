package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Options sets the door. The zero value of each field is its default.
type Options struct {
	// TrustedProxies are the networks whose forwarding headers are believed. Empty means none: the client is the peer.
	TrustedProxies []netip.Prefix
	// Limiter bounds how often a client may submit. Nil means an in-memory sliding window of at most 65,536 clients.
	Limiter Limiter
	// PerMinute is how many requests a client may send in any 60 s. 0 means 100; a source may set its own.
	PerMinute int
	// MaxInFlight is how many requests are decoded and captured at once; more are shed with 503. 0 means 4,096.
	MaxInFlight int
	// Timeout bounds the reading of a body. 0 means 10s.
	Timeout time.Duration
	// CaptureTimeout bounds the look-up of a token and the commit of a submission, each. 0 means 3s.
	CaptureTimeout time.Duration
	// Captchas are the captcha services, by the names that sources choose them by. Nil means none: the submissions of a source that has a
	// captcha all the same are treated as in an outage.
	Captchas map[string]Captcha
	// CaptchaTimeout bounds how long a submission waits for a captcha to be verified. 0 means 2s.
	CaptchaTimeout time.Duration
	// Clock gives the time of arrival, and the default Limiter its time. Nil means time.Now.
	Clock func() time.Time
	// Logger is told about our own faults; it never gets personal data, tokens or paths. Nil means none.
	Logger *slog.Logger
}

// Validate reports every option that makes no sense, each named and with its remedy, joined; nil if there is none, or no
// Options. NewHandler takes the default in the place of a bad one.
func (o *Options) Validate() error {
	if o == nil {
		return nil
	}
	var all []error
	for i, p := range o.TrustedProxies {
		if !p.IsValid() {
			all = append(all, fmt.Errorf("ingest: Options.TrustedProxies[%d] is not a network: make it with netip.MustParsePrefix", i))
		}
	}
	for name, service := range o.Captchas {
		if service == nil || name == "" {
			all = append(all, fmt.Errorf("ingest: Options.Captchas[%q] is empty: give each service a name", name))
		}
	}
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"PerMinute", int64(o.PerMinute)}, {"MaxInFlight", int64(o.MaxInFlight)},
		{"Timeout", int64(o.Timeout)}, {"CaptureTimeout", int64(o.CaptureTimeout)},
		{"CaptchaTimeout", int64(o.CaptchaTimeout)},
	} {
		if field.value < 0 {
			all = append(all, fmt.Errorf("ingest: Options.%s is negative: use 0 for the default", field.name))
		}
	}
	return errors.Join(all...)
}

// withDefaults returns the options with every field filled.
func (o *Options) withDefaults() Options {
	var filled Options
	if o != nil {
		filled = *o
	}
	filled.TrustedProxies = plainPrefixes(filled.TrustedProxies)
	filled.PerMinute = cmp.Or(max(0, filled.PerMinute), 100)
	filled.MaxInFlight = cmp.Or(max(0, filled.MaxInFlight), 4096)
	filled.Timeout = cmp.Or(max(0, filled.Timeout), 10*time.Second)
	filled.CaptureTimeout = cmp.Or(max(0, filled.CaptureTimeout), 3*time.Second)
	filled.CaptchaTimeout = cmp.Or(max(0, filled.CaptchaTimeout), 2*time.Second)
	if filled.Clock == nil {
		filled.Clock = time.Now
	}
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	if filled.Limiter == nil {
		filled.Limiter = NewWindow(0, filled.Clock)
	}
	return filled
}
