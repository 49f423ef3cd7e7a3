package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/openleads/leads"
)

const (
	saysNoGuess = "A fact that could not be established is returned as Unknown or left out; it is never guessed."
	saysTried   = "Facts returned together with an error are kept, and the call is tried again later unless the error is [Permanent]."
	saysLearned = "Enrich returns what it learned."
	saysAgain   = "It may be called concurrently, again for the same lead, and must return soon after ctx ends."
	saysRenewal = "At is when it was learned, Expires when it should be learned anew."
)

// TestEnricher holds an Enricher to its contract, on leads from empty to hostile. It is called with leads that do not exist, so what it
// asks over a network should be a test's.
func TestEnricher(t *testing.T, enricher leads.Enricher) {
	testPart(t, func(ctx context.Context, t *testing.T, lead leads.Lead) {
		facts, _ := enricher.Enrich(ctx, lead)
		checkFacts(t, lead, facts)
	})
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		testEnrichAgain(t, enricher)
	})
	t.Run("mixed", func(t *testing.T) {
		t.Parallel()
		testEnrichMixed(t, enricher)
	})
	t.Run("hurry", func(t *testing.T) {
		t.Parallel()
		testEnrichHurry(t, enricher)
	})
	t.Run("ends while it works", func(t *testing.T) {
		t.Parallel()
		testEnrichEnds(t, enricher)
	})
}

// checkFacts holds facts to what their type says. Those that come with an error are kept, so they are facts like others.
func checkFacts(t *testing.T, lead leads.Lead, facts []leads.Fact) {
	t.Helper()
	for _, fact := range facts {
		if fact.Key == "" || fact.Source == "" {
			t.Errorf("a fact lacks its key or its source: %+v\nthe contract says: %s", fact, saysLearned)
		}
		if fact.At.IsZero() { // the engine dates it
			fact.At = time.Now()
		}
		old, known := lead.Enrichment[fact.Key]
		withdrawn := known && old.Truth == fact.Truth && old.Value == fact.Value // one that the lead has may be brought to its end
		if !fact.Expires.IsZero() && !fact.Expires.After(fact.At) && !withdrawn {
			t.Errorf("a fact has expired when it is learned: %+v\nthe contract says: %s", fact, saysRenewal)
		}
		if fact.Truth < leads.Unknown || fact.Truth > leads.No || fact.Truth == leads.Unknown && !stated(lead, fact.Value) {
			t.Errorf("%+v\nthe contract says: %s", fact, saysNoGuess)
		}
	}
}

// stated reports whether the lead itself has given a value: an Unknown may name what it is about ("example.com"), so that
// [leads.Enrichment.Merge] can tell when that has changed, but nothing else. Case and punctuation do not matter.
func stated(lead leads.Lead, value string) bool {
	given := strings.Join([]string{lead.Email, lead.FirstName, lead.LastName, lead.Phone, lead.Company}, "\n")
	return strings.Contains(bare(given), bare(value))
}

// bare leaves the letters and digits of a text, in lower case.
func bare(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, text)
}

// testEnrichAgain enriches a lead that has come back, with what was learned the first time, fresh and expired.
func testEnrichAgain(t *testing.T, enricher leads.Enricher) {
	for _, age := range []time.Duration{0, 10 * 365 * 24 * time.Hour} {
		lead := samples()["full"]
		first, err := enricher.Enrich(t.Context(), lead)
		lead.Enrichment = lead.Enrichment.Merge(first)
		for key, fact := range lead.Enrichment {
			fact.At = fact.At.Add(-age)
			if !fact.Expires.IsZero() {
				fact.Expires = fact.Expires.Add(-age)
			}
			lead.Enrichment[key] = fact
		}
		before := flatten(lead)
		second, again := enricher.Enrich(t.Context(), lead)
		checkFacts(t, lead, second)
		if err == nil && leads.IsPermanent(again) {
			t.Errorf("the second time it fails for good: %v\nthe contract says: %s", again, saysAgain)
		}
		for _, d := range differences(flatten(lead), before, nil) {
			t.Errorf("%s\nthe contract says: %s", d, saysUntouched)
		}
	}
}

// testEnrichMixed enriches two leads side by side, many times, and expects of each what it gets alone.
func testEnrichMixed(t *testing.T, enricher leads.Enricher) {
	ann, bob := samples()["full"], samples()["full"]
	bob.ID, bob.Email, bob.Phone, bob.Company = leads.NewID(), "bob@example.org", "+442079460958", "Other Ltd"
	alone := make([]map[string]string, 2)
	for i, lead := range []leads.Lead{ann, bob} {
		facts, _ := enricher.Enrich(t.Context(), lead)
		alone[i] = established(facts)
	}
	var all sync.WaitGroup
	for n := range 32 {
		all.Go(func() {
			lead, own, other := ann, alone[n%2], alone[1-n%2]
			if n%2 == 1 {
				lead = bob
			}
			facts, _ := enricher.Enrich(t.Context(), lead)
			for key, value := range established(facts) {
				if value != own[key] && value == other[key] {
					t.Errorf("%s is %q, which is the other lead's\nthe contract says: %s", key, value, saysAgain)
				}
			}
		})
	}
	all.Wait()
}

// established returns what facts say for certain, by their keys.
func established(facts []leads.Fact) map[string]string {
	found := make(map[string]string)
	for _, fact := range facts {
		if fact.Truth != leads.Unknown {
			found[fact.Key] = fact.Truth.String() + " " + fact.Value
		}
	}
	return found
}

// testEnrichHurry calls with a context that has ended: that is no reason to give a lead up, and nothing is found out by it that
// would not be found out with time.
func testEnrichHurry(t *testing.T, enricher leads.Enricher) {
	lead := samples()["full"]
	hurried, err := enricher.Enrich(ended(t), lead)
	if err != nil && leads.IsPermanent(err) && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		t.Errorf("the end of its context is an error for good: %v\nthe contract says: %s", err, saysTried)
	}
	checkFacts(t, lead, hurried)
	facts, err := enricher.Enrich(t.Context(), lead)
	if err != nil {
		return
	}
	calm := established(facts)
	for key, value := range established(hurried) {
		if later, ok := calm[key]; ok && later != value {
			t.Errorf("%s is %q without time, and %q with it\nthe contract says: %s", key, value, later, saysNoGuess)
		}
	}
}

// testEnrichEnds ends the context soon after the call has begun.
func testEnrichEnds(t *testing.T, enricher leads.Enricher) {
	lead := samples()["full"]
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				failed <- fmt.Errorf("panic: %v", p)
			}
		}()
		_, _ = enricher.Enrich(ctx, lead)
		failed <- nil
	}()
	select {
	case err := <-failed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20*time.Millisecond + soonAfter):
		t.Errorf("it has not returned %v after its context ended\nthe contract says: it %s", soonAfter, saysSoon)
	}
}
