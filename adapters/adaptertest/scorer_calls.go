package adaptertest

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
)

const (
	saysJudges      = "Scorer judges a lead."
	saysUsed        = "A score returned together with an error is used as provisional and the call is tried again later unless the error is [Permanent]."
	saysScoredAgain = "It may be called concurrently and again for the same lead, and must return soon after ctx ends."
)

// callContracts returns the cases about the calls of a Scorer; the other contracts are about what they return.
func callContracts() []scorerContract {
	return []scorerContract{
		{"changes no lead", saysUntouched, everyCall(func(j judgement) string { return first(j.changed) })},
		{"judges the lead it is given", saysJudges, scoreEdited},
		{"keeps no lead", saysScoredAgain, scoreKept},
		{"mixes no leads", saysScoredAgain, scoreMixed},
		{"lets go of its scores", saysScoredAgain, scoreShared},
		{"judges again", saysScoredAgain, scoreAgain},
		{"returns when it is too late", saysScoredAgain, func(t *testing.T, x *trial) { inTime(t, x.ended) }},
		{"returns when time is up", saysScoredAgain, func(t *testing.T, x *trial) { inTime(t, x.ending) }},
		{"gives no lead up in a hurry", saysUsed, scoreHurried},
		{"error and score", saysUsed, everyCall(lost)},
	}
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// lost reports a judgement that the engine takes for none: it comes with an error and does not say what it is.
func lost(j judgement) string {
	if s := j.score; !j.exists() && (s.Value != 0 || s.Summary != "" || s.NextStep != "" || len(s.Evidence) > 0) {
		return "a score comes with an error but has neither By nor Qualification, and so is not used"
	}
	return ""
}

// pair returns two leads that differ in everything. Each call returns the same ones, but in memory of their own.
func pair() (ann, bob leads.Lead) {
	base := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ann, bob = fullLead(base), (&filler{base: base, n: 1000}).lead()
	ann.ID, bob.ID = "0193594e-8c00-7000-8000-00000000000a", "0193594e-8c00-7000-8000-00000000000b"
	bob.Email, bob.FirstName, bob.Phone, bob.Company = "bob@example.org", "", "", ""
	bob.Metadata.SetText("message", "We are in no hurry and only look around.")
	return ann, bob
}

// judged is what a score says of its lead, apart from how it came about.
func judged(s leads.Score) map[string]string {
	return flatten(leads.Score{
		Value: s.Value, Qualification: s.Qualification, Summary: s.Summary, NextStep: s.NextStep, Evidence: s.Evidence,
	})
}

// foreign finds what a score says that its own lead does not get, and another does. Scores of different parts say nothing of each other.
func foreign(got, own, other leads.Score) string {
	if got.By != own.By || got.By != other.By {
		return ""
	}
	says, right, wrong := judged(got), judged(own), judged(other)
	for path, value := range says {
		if value != right[path] && value == wrong[path] {
			return path + " is " + shown(value) + ", which is the other lead's, not " + shown(right[path])
		}
	}
	return ""
}

// alone judges the pair of leads one after the other.
func (x *trial) alone(t *testing.T) (ann, bob leads.Score) {
	t.Helper()
	first, second := pair()
	ann, _ = x.scorer.Score(t.Context(), first)
	bob, _ = x.scorer.Score(t.Context(), second)
	return ann, bob
}

// scoreEdited has a lead judged when everything in it has changed.
func scoreEdited(t *testing.T, x *trial) {
	before, after := x.alone(t)
	ann, edited := pair()
	edited.Tenant, edited.ID = ann.Tenant, ann.ID
	got, _ := x.scorer.Score(t.Context(), edited)
	if wrong := foreign(got, after, before); wrong != "" {
		t.Errorf("a lead is judged as it was: %s", wrong)
	}
}

// scoreKept overwrites a lead after it was judged, and has an equal one judged.
func scoreKept(t *testing.T, x *trial) {
	own, other := x.alone(t)
	ann, bob := pair()
	ann.ID = leads.NewID()
	_, _ = x.scorer.Score(t.Context(), ann)
	again, _ := pair()
	again.ID = ann.ID
	scribble(ann)
	maps.Copy(ann.Metadata, bob.Metadata)
	maps.Copy(ann.Enrichment, bob.Enrichment)
	*ann.Score = *bob.Score
	got, _ := x.scorer.Score(t.Context(), again)
	if wrong := foreign(got, own, other); wrong != "" {
		t.Errorf("the scorer still reads a lead that it was given before: %s", wrong)
	}
}

// scoreMixed has two leads judged side by side, many times, and expects for each what it gets alone.
func scoreMixed(t *testing.T, x *trial) {
	ann, bob := pair()
	forAnn, forBob := x.alone(t)
	var calls sync.WaitGroup
	for n := range 32 {
		calls.Go(func() {
			lead, own, other := ann, forAnn, forBob
			if n%2 == 1 {
				lead, own, other = bob, forBob, forAnn
			}
			got, _ := x.scorer.Score(t.Context(), lead)
			if wrong := foreign(got, own, other); wrong != "" {
				t.Error(wrong)
			}
		})
	}
	calls.Wait()
}

// scoreShared looks at a score again after later calls, for the same lead as it was and edited and for another.
func scoreShared(t *testing.T, x *trial) {
	ann, bob := pair()
	edited := bob
	edited.Tenant, edited.ID = ann.Tenant, ann.ID
	score, _ := x.scorer.Score(t.Context(), ann)
	before := flatten(score)
	for _, lead := range []leads.Lead{bob, edited, ann, edited} {
		_, _ = x.scorer.Score(t.Context(), lead)
		for _, d := range differences(flatten(score), before, nil) {
			t.Fatalf("a later call changes a score that was returned: %s", d)
		}
	}
}

// scoreAgain expects that a lead that could be judged can be judged again.
func scoreAgain(t *testing.T, x *trial) {
	for _, v := range x.visits {
		for _, j := range []judgement{v.second, v.back} {
			if !leads.IsPermanent(v.first.err) && leads.IsPermanent(j.err) {
				t.Fatalf("the lead %q: it fails for good: %v", j.call, j.err)
			}
		}
	}
}

func inTime(t *testing.T, calls []hurried) {
	for _, h := range calls {
		if h.late {
			t.Fatalf("it has not returned %v after its context ended", soonAfter)
		}
	}
}

// scoreHurried expects that the end of a context is no reason to give a lead up.
func scoreHurried(t *testing.T, x *trial) {
	for _, calls := range [][]hurried{x.ended, x.ending} {
		for _, h := range calls {
			if !leads.IsPermanent(h.calm.err) && leads.IsPermanent(h.err) {
				t.Fatalf("the lead %q: the end of its context is an error for good: %v", h.call, h.err)
			}
		}
	}
}
