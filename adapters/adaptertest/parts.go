package adaptertest

import (
	"context"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/openleads/leads"
)

const (
	saysUntouched = "It must not change the lead."
	saysSoon      = "must return soon after ctx ends"
	saysTogether  = "It may be called concurrently"
	saysRange     = "Score returns a Score whose Value is 0–100."
)

// soonAfter is how long a part may take to return once its context has ended: what the engine grants it too.
const soonAfter = 2 * time.Second

// TestScorer holds a Scorer to its contract, on leads from empty to hostile.
func TestScorer(t *testing.T, scorer leads.Scorer) {
	testPart(t, func(ctx context.Context, t *testing.T, lead leads.Lead) {
		score, err := scorer.Score(ctx, lead)
		if score.Value < 0 || score.Value > 100 {
			t.Errorf("the score is %d\nthe contract says: %s", score.Value, saysRange)
		}
		if err != nil {
			return
		}
		switch score.Qualification {
		case leads.Hot, leads.Warm, leads.Cold:
		default:
			t.Errorf("the qualification is %q", score.Qualification)
		}
		if max(utf8.RuneCountInString(score.Summary), utf8.RuneCountInString(score.NextStep)) > 280 {
			t.Errorf("the summary or next step is longer than 280 characters: %+v", score)
		}
	})
}

// TestNotifier holds a Notifier to its contract, on notifications about leads from empty to hostile. Whether they arrive is for its own
// tests to see.
func TestNotifier(t *testing.T, notifier leads.Notifier) {
	testPart(t, func(ctx context.Context, _ *testing.T, lead leads.Lead) {
		_ = notifier.Notify(ctx, leads.Notification{Tenant: lead.Tenant, Kind: leads.NotifyNew, Lead: lead, At: time.Now()})
	})
}

// testPart calls a part with every sample, at once on several goroutines, and with a context that has ended.
func testPart(t *testing.T, call func(ctx context.Context, t *testing.T, lead leads.Lead)) {
	for name, lead := range samples() {
		t.Run("lead/"+name, func(t *testing.T) {
			t.Parallel()
			before := flatten(lead)
			call(t.Context(), t, lead)
			call(t.Context(), t, lead)
			for _, d := range differences(flatten(lead), before, nil) {
				t.Errorf("%s\nthe contract says: %s", d, saysUntouched)
			}
		})
	}
	t.Run("concurrent", func(t *testing.T) { // for the race detector: saysTogether
		t.Parallel()
		var wg sync.WaitGroup
		lead := samples()["full"]
		for range 8 {
			wg.Go(func() { call(t.Context(), t, lead) })
		}
		wg.Wait()
	})
	t.Run("ended context", func(t *testing.T) {
		t.Parallel()
		full, returned := samples()["full"], make(chan struct{})
		go func() {
			defer close(returned)
			call(ended(t), t, full)
		}()
		select {
		case <-returned:
		case <-time.After(soonAfter):
			t.Errorf("it has not returned %v after its context ended\nthe contract says: it %s", soonAfter, saysSoon)
		}
	})
}

// samples are leads of every sort. Their addresses are of a domain reserved for examples (RFC 2606).
func samples() map[string]leads.Lead {
	base := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	found := map[string]leads.Lead{
		"empty": {Tenant: "acme", ID: leads.NewID(), Version: 1, Status: leads.StatusNew, CreatedAt: base, UpdatedAt: base},
		"full":  fullLead(base),
	}
	for i, text := range hostile() {
		lead := (&filler{base: base, text: hostileText(text)}).lead()
		if i%2 == 0 {
			lead.Email = limited(text, 200) + "@example.com"
		}
		found["hostile "+string(rune('A'+i/26))+string(rune('a'+i%26))] = lead
	}
	return found
}

// fullLead has something in every field.
func fullLead(base time.Time) leads.Lead {
	full := (&filler{base: base}).lead()
	full.Email = "ann@example.com"
	return full
}
