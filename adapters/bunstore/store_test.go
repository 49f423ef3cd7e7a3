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

func TestDeskStore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		// Once with leads that are not listed yet, as they are when nothing runs in the background, and once with all of them listed.
		t.Run("unlisted", func(t *testing.T) {
			adaptertest.TestDeskStore(t, func(t *testing.T) adaptertest.TestedDeskStore { return open(t) })
		})
		t.Run("listed", func(t *testing.T) {
			adaptertest.TestDeskStore(t, func(t *testing.T) adaptertest.TestedDeskStore {
				s := open(t)
				s.ListFirst()
				return s
			})
		})
	})
}
