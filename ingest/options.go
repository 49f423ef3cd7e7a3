package ingest

import (
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
	// CaptureTimeout bounds the commit of a submission. 0 means 5s.
	CaptureTimeout time.Duration
	// Clock gives the time of arrival. Nil means time.Now.
	Clock func() time.Time
	// Logger is told about our own faults; it never gets personal data, tokens or paths. Nil means none.
	Logger *slog.Logger
}
