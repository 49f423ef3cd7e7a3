package adaptertest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
)

// scorerContract is one sentence about scorers and scores, and the test that holds a Scorer to it.
type scorerContract struct {
	name string
	// says is the sentence, word for word.
	says string
	test func(t *testing.T, x *trial)
}

// TestScorer holds a Scorer to its contract, on leads from empty to hostile: its calls to the comment of [leads.Scorer], its scores to
// those of [leads.Score], [leads.ModelUse] and [leads.Evidence]. A score that comes with an error is one like others, for it is used. The
// scorer is called with leads that do not exist, some 200 times, so what it asks over a network should be a test's.
func TestScorer(t *testing.T, scorer leads.Scorer) {
	x := try(t, scorer)
	for _, c := range scorerContracts() {
		t.Run(c.name, func(t *testing.T) { // one after the other, so that only what is meant to goes on at once
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the contract says: %s", c.says)
				}
			})
			c.test(t, x)
		})
	}
}

// scorerContracts returns every case of TestScorer.
func scorerContracts() []scorerContract {
	return slices.Concat(callContracts(), scoreContracts(), modelContracts(), evidenceContracts())
}

// judgement is one call of a Scorer and what came of it.
type judgement struct {
	call    string // which lead, and how it is judged
	lead    leads.Lead
	score   leads.Score
	err     error
	changed []string // what is no longer as it was in the lead
}

// exists reports whether the call brought a score: without an error it always does, with one the score says what it is.
func (j judgement) exists() bool {
	return j.err == nil || j.score.By != "" || j.score.Qualification != ""
}

// visit is what one lead gets at first, when it is judged again as it is, and when it comes back with its score and another message.
type visit struct{ first, second, back judgement }

// hurried is a call whose context ends: before it begins, or while it is under way.
type hurried struct {
	judgement
	calm judgement // of the same lead, without a hurry
	late bool      // it did not return soon
}

// trial is a Scorer and how it has judged.
type trial struct {
	scorer   leads.Scorer
	visits   []visit
	together []judgement // calls that were under way at once, for one lead
	ended    []hurried   // calls whose context had ended
	ending   []hurried   // calls whose context ended while they were under way
}

// try has the scorer judge every sample, several at a time, then one many times at once and some in a hurry.
func try(t *testing.T, scorer leads.Scorer) *trial {
	t.Helper()
	x := &trial{scorer: scorer}
	found := samples()
	var calls sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, 8)
	for name, lead := range found {
		calls.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			v := x.visit(t.Context(), name, lead)
			mu.Lock()
			defer mu.Unlock()
			x.visits = append(x.visits, v)
		})
	}
	calls.Wait()
	slices.SortFunc(x.visits, func(a, b visit) int { return strings.Compare(a.first.call, b.first.call) })
	x.crowd(t.Context(), found["full"])
	for _, v := range x.visits {
		if name := v.first.call; name == "full" || name == "empty" {
			x.hurry(t, v.first)
		}
	}
	return x
}

func (x *trial) judge(ctx context.Context, call string, lead leads.Lead) judgement {
	before := flatten(lead)
	score, err := x.scorer.Score(ctx, lead)
	return judgement{call: call, lead: lead, score: score, err: err, changed: differences(flatten(lead), before, nil)}
}

func (x *trial) visit(ctx context.Context, name string, lead leads.Lead) visit {
	v := visit{first: x.judge(ctx, name, lead), second: x.judge(ctx, name+", a second time", lead)}
	if v.first.exists() {
		score := v.first.score
		score.Evidence = slices.Clone(score.Evidence)
		lead.Score = &score
	}
	if lead.Metadata != nil {
		lead.Metadata = maps.Clone(lead.Metadata)
		lead.Metadata.SetText("message", "Thank you, that is all.")
	}
	v.back = x.judge(ctx, name+", back with its score", lead)
	return v
}

// crowd calls for one lead on several goroutines, for the race detector too.
func (x *trial) crowd(ctx context.Context, lead leads.Lead) {
	x.together = make([]judgement, 8)
	var calls sync.WaitGroup
	for i := range x.together {
		calls.Go(func() { x.together[i] = x.judge(ctx, "full, many at once", lead) })
	}
	calls.Wait()
}

// hurry calls once more with a context that has ended, and with one that ends soon.
func (x *trial) hurry(t *testing.T, calm judgement) {
	x.ended = append(x.ended, x.until(ended(t), calm))
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	x.ending = append(x.ending, x.until(soon, calm))
}

func (x *trial) until(ctx context.Context, calm judgement) hurried {
	returned := make(chan judgement, 1)
	go func() { returned <- x.judge(ctx, calm.call+", in a hurry", calm.lead) }()
	<-ctx.Done()
	select {
	case j := <-returned:
		return hurried{judgement: j, calm: calm}
	case <-time.After(soonAfter):
		return hurried{late: true}
	}
}

// calls returns what came of every call that returned.
func (x *trial) calls() []judgement {
	var all []judgement
	for _, v := range x.visits {
		all = append(all, v.first, v.second, v.back)
	}
	all = append(all, x.together...)
	for _, h := range slices.Concat(x.ended, x.ending) {
		if !h.late {
			all = append(all, h.judgement)
		}
	}
	return all
}

// everyScore makes a test that holds every score to a check, which says what is wrong with it or "".
func everyScore(check func(j judgement) string) func(*testing.T, *trial) {
	return everyCall(func(j judgement) string {
		if !j.exists() {
			return ""
		}
		return check(j)
	})
}

// everyCall makes a test that holds every call to a check.
func everyCall(check func(j judgement) string) func(*testing.T, *trial) {
	return func(t *testing.T, x *trial) {
		for _, j := range x.calls() {
			if wrong := check(j); wrong != "" {
				t.Fatalf("the lead %q: %s", j.call, shown(wrong))
			}
		}
	}
}
