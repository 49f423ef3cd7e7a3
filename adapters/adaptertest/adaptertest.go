// Package adaptertest is the contract of the interfaces in package leads, as tests. An adapter author runs it on the adapter:
//
//	func TestStore(t *testing.T) {
//		adaptertest.TestStore(t, func(t *testing.T) adaptertest.TestedStore {
//			return mystore.New(t.TempDir())
//		})
//	}
//
// Every case quotes the sentence of the interface's comment that it checks, and prints it when it fails. The package needs
// nothing beyond the standard library and the leads packages, so that running it brings no dependency along.
package adaptertest

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// TestedStore is what a Store must offer to be tested: the interface itself and a way to set up sources.
type TestedStore interface {
	leads.Store
	// PutSource creates the source, or replaces the one with its tenant and ID. The tokens given are all of its active ones
	// from then on. It returns an error, and changes nothing, if a token belongs to another source.
	PutSource(ctx context.Context, source ingest.Source, tokens ...string) error
}

// contract is one sentence of an interface's comment and the test that holds a Store to it.
type contract struct {
	name string
	// says is the sentence, word for word.
	says string
	test func(r *rig)
}

// TestStore holds a Store to its contract. open returns a new, empty store; what it opens it closes with t.Cleanup. It is called once
// for each case, and the cases run in parallel: a store on a shared server gives each its own schema.
//
// [leads.History], [leads.Lister], [leads.Editor], [leads.Records] and [leads.Deliveries] are tested as well where the store implements
// them; without History, the cases that cannot see what they need are skipped. The store's clock may differ from the test's by up to
// a minute.
func TestStore(t *testing.T, open func(t *testing.T) TestedStore) {
	for _, c := range storeContracts() {
		c.run(t, open)
	}
}

// run opens a store and holds it to the contract.
func (c contract) run(t *testing.T, open func(t *testing.T) TestedStore) {
	t.Run(c.name, func(t *testing.T) {
		t.Parallel()
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("the contract says: %s", c.says)
			}
		})
		c.test(newRig(t, open(t)))
	})
}

// ability returns what a store can do beyond the required interface; without it the case is skipped.
func ability[T any](r *rig) T {
	r.t.Helper()
	able, ok := r.TestedStore.(T)
	if !ok {
		r.t.Skipf("the store does not implement %v", reflect.TypeFor[T]())
	}
	return able
}

// storeContracts returns every case of TestStore.
func storeContracts() []contract {
	return slices.Concat(
		sourceContracts(), captureContracts(), foldContracts(), keyContracts(), tenantContracts(),
		claimContracts(), settleContracts(), changeContracts(), deliveryContracts(),
		valueContracts(), memoryContracts(), cancelContracts(), raceContracts(),
		historyContracts(), listerContracts(), editContracts(), recordContracts(), effectContracts(),
	)
}
