package adaptertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
)

// soonAfter is how long a part may take to return once its context has ended: what the engine grants it too.
const soonAfter = 2 * time.Second

// scorerContract is one sentence about scorers and scores, and the test that holds a Scorer to it.
type scorerContract struct {
	name string
	// says is the sentence, word for word.
	says string
	test func(t *testing.T, x *trial)
}

// TestScorer holds a Scorer to its contract, on leads from empty to hostile: to the comment of [leads.Scorer], and its scores, those
// that come with an error too, to the comments of [leads.Score] and [leads.Evidence]. It is called with leads that do not exist, so what
// it asks over a network should be a test's.
func TestScorer(t *testing.T, scorer leads.Scorer) {
	x := try(t, scorer)
	for _, c := range scorerContracts() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the contract says: %s", c.says)
				}
			})
			c.test(t, x)
		})
	}
}

// judgement is one call of a Scorer and what came of it.
type judgement struct {
	call    string // which lead, for the how-manyeth time
	lead    leads.Lead
	score   leads.Score
	err     error
	changed []string // what is no longer as it was in the lead
}

// exists reports whether the call brought a score: without an error it always does, with one the score says what it is.
func (j judgement) exists() bool {
	return j.err == nil || j.score.By != "" || j.score.Qualification != ""
}

// visit is what one lead gets at first, when it is judged again as it is, and when it comes back with its score.
type visit struct{ first, second, again judgement }

// trial is a Scorer and how it has judged.
type trial struct {
	scorer leads.Scorer
	visits []visit
	// together are calls that were under way at once, on one lead; hurried the calls of a context that has ended, with the same lead at leisure.
	together []judgement
	hurried  []visit
	// late are the calls that did not return soon after their context ended.
	lateBefore, lateWithin []string
}

// try has the scorer judge every sample, several at a time.
func try(t *testing.T, scorer leads.Scorer) *trial {
	x := &trial{scorer: scorer}
	found := samples()
	var mu sync.Mutex
	atOnce(len(found), func(names <-chan string) {
		for name := range names {
			v := x.visit(t.Context(), name, found[name])
			mu.Lock()
			x.visits = append(x.visits, v)
			mu.Unlock()
		}
	}, found)
	x.crowd(t.Context(), found["full"])
	for _, name := range []string{"full", "empty"} {
		x.hurry(t, name, found[name])
	}
	return x
}
