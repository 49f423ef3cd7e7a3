package memstore_test

import (
	"testing"

	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
)

func TestStore(t *testing.T) {
	t.Parallel()
	adaptertest.TestStore(t, func(*testing.T) adaptertest.TestedStore { return memstore.New(nil) })
}
