package adaptertest

import "testing"

// rig is a store under test with what the cases need around it.
type rig struct {
	TestedStore
	t *testing.T
}

func newRig(t *testing.T, store TestedStore) *rig {
	t.Helper()
	return &rig{TestedStore: store, t: t}
}
