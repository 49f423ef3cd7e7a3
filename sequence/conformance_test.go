package sequence_test

import (
	"testing"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/sequence"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	d := course()
	d.Steps = append(d.Steps, sequence.Step{ID: "mark", Tag: &sequence.TagStep{Add: "done"}}, sequence.Step{ID: "tell", Notify: &sequence.NotifyStep{Note: "Done"}})
	adaptertest.TestSequencer(t, func(*testing.T) (leads.Sequencer, adaptertest.SequencerStore) {
		store := memstore.New(nil)
		return sequence.New(store, &outbox{}, options(d)), store
	})
}
