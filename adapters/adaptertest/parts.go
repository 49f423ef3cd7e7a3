package adaptertest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysUntouched = "It must not change the lead."
	saysSoon      = "must return soon after ctx ends"
	saysTogether  = "It may be called concurrently"
)

// soonAfter is how long a part may take to return once its context has ended: what the engine grants it too.
const soonAfter = 2 * time.Second

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
		// One that nobody wants, by which a score is lowest.
		"unwanted": {
			Tenant: "acme", ID: leads.NewID(), Version: 1, Status: leads.StatusNew, CreatedAt: base, UpdatedAt: base,
			Metadata: ingest.Metadata{"message": []byte(`"We offer SEO services: cheap backlinks! https://a.example https://b.example https://c.example"`)},
		},
	}
	for i, text := range hostile() {
		lead := (&filler{base: base, text: hostileText(text)}).lead()
		lead.Metadata.SetText("message", text)
		if i%2 == 0 {
			lead.Email = limited(text, 200) + "@example.com"
		}
		found["hostile "+string(rune('A'+i/26))+string(rune('a'+i%26))] = lead
	}
	return found
}

// fullLead has something in every field, nothing of it in order, so that sorting it in place would be seen.
func fullLead(base time.Time) leads.Lead {
	full := (&filler{base: base}).lead()
	full.Email = "ann@example.com"
	full.Metadata.SetText("message", "Could you show us a Demo by Friday? We need a price for 40 people. See https://example.com/Plan for more.")
	slices.Reverse(full.Tags)
	slices.Reverse(full.Score.Evidence)
	return full
}
