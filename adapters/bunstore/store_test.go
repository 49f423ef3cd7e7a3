package bunstore_test

import (
	"testing"

	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/bunstore"
)

func TestStore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		adaptertest.TestStore(t, func(t *testing.T) adaptertest.TestedStore { return open(t) })
	})
}

func TestSequenceStore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		adaptertest.TestSequenceStore(t, func(t *testing.T) adaptertest.TestedSequenceStore { return open(t) })
	})
}

func TestDesk(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		adaptertest.TestDesk(t, func(t *testing.T) adaptertest.TestedDesk { return open(t) })
	})
}

// TestDeskStore runs with leads that are not listed yet, as they are when nothing runs in the background, and with all of them listed. Leads that
// are not listed are read and looked at in the same way on both databases.
func TestDeskStore(t *testing.T) {
	t.Parallel()
	t.Run("unlisted", func(t *testing.T) {
		t.Parallel()
		adaptertest.TestDeskStore(t, func(t *testing.T) adaptertest.TestedDeskStore { return openSQLite(t) })
	})
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		adaptertest.TestDeskStore(t, func(t *testing.T) adaptertest.TestedDeskStore {
			s := open(t)
			s.ListFirst()
			return s
		})
	})
}
