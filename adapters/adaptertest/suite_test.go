package adaptertest_test

import (
	"testing"
	"time"

	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
)

// bare hides the optional abilities of a store.
type bare struct{ adaptertest.TestedStore }

// TestStoreWithoutAbilities shows that a store with nothing but the required interface can pass.
func TestStoreWithoutAbilities(t *testing.T) {
	t.Parallel()
	adaptertest.TestStore(t, func(*testing.T) adaptertest.TestedStore { return bare{memstore.New(nil)} })
}

// bareSequences and bareDesk hide what a store can do beyond what its suite needs.
type (
	bareSequences struct {
		adaptertest.TestedSequenceStore
	}
	bareDesk struct{ adaptertest.TestedDesk }
)

func TestSequenceStoreWithoutHistory(t *testing.T) {
	t.Parallel()
	adaptertest.TestSequenceStore(t, func(*testing.T) adaptertest.TestedSequenceStore { return bareSequences{memstore.New(nil)} })
}

func TestDeskWithoutHistory(t *testing.T) {
	t.Parallel()
	adaptertest.TestDesk(t, func(*testing.T) adaptertest.TestedDesk { return bareDesk{memstore.New(nil)} })
}

// TestStoreWithItsOwnClock shows that the suite bears the difference that it allows between its clock and the store's.
func TestStoreWithItsOwnClock(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"fast": time.Minute, "slow": -time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := &memstore.Options{Clock: func() time.Time { return time.Now().Add(skew) }}
			adaptertest.TestStore(t, func(*testing.T) adaptertest.TestedStore { return memstore.New(opts) })
			adaptertest.TestSequenceStore(t, func(*testing.T) adaptertest.TestedSequenceStore { return memstore.New(opts) })
			adaptertest.TestDesk(t, func(*testing.T) adaptertest.TestedDesk { return memstore.New(opts) })
			adaptertest.TestDeskStore(t, func(*testing.T) adaptertest.TestedDeskStore { return memstore.New(opts) })
		})
	}
}
