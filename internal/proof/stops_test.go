package proof_test

import (
	"testing"

	"github.com/openleads/leads/adapters/adaptertest"
)

// No mail begins once a stop has returned, whoever says it, in whatever way, at whatever point of a step.
func TestStops(t *testing.T) {
	stores(t, func(t *testing.T, where string) {
		adaptertest.TestStops(t, bun(t, where), count(1000, 20_000))
	})
}
