package adaptertest_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/openleads/leads"
)

// remembering gives every lead the score that the first one of its ID was given, whatever has become of it.
func remembering() leads.ScorerFunc {
	var mu sync.Mutex
	scores := make(map[string]leads.Score)
	return func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
		mu.Lock()
		defer mu.Unlock()
		s, known := scores[lead.ID]
		if !known {
			s, _ = soundScorer(ctx, lead)
			scores[lead.ID] = s
		}
		return s, nil
	}
}

// holding keeps the leads that it was given, not copies of them, and judges those when it is given an equal one.
func holding() leads.ScorerFunc {
	var mu sync.Mutex
	kept := make(map[string]leads.Lead)
	return func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
		mu.Lock()
		defer mu.Unlock()
		key := lead.ID + lead.Metadata.Text("message")
		if old, known := kept[key]; known {
			return soundScorer(ctx, old)
		}
		kept[key] = lead
		return soundScorer(ctx, lead)
	}
}

// oneDesk has one place for all the leads that it is working on.
func oneDesk() leads.ScorerFunc {
	var mu sync.Mutex
	var lying leads.Lead
	another := make(chan struct{})
	return func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
		if !crowded(lead) {
			return soundScorer(ctx, lead)
		}
		mu.Lock()
		lying = lead
		close(another)
		another = make(chan struct{})
		disturbed := another
		mu.Unlock()
		select { // a lead that comes alone is judged as it should be
		case <-disturbed:
		case <-time.After(5 * time.Millisecond):
		}
		mu.Lock()
		defer mu.Unlock()
		return soundScorer(ctx, lying)
	}
}

// reusing writes the evidence of an edited lead over that of the score before.
func reusing() leads.ScorerFunc {
	var mu sync.Mutex
	last := make(map[string][]leads.Evidence)
	return func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
		s, err := soundScorer(ctx, lead)
		mu.Lock()
		defer mu.Unlock()
		if old := last[lead.ID]; lead.Email == bobEmail && old != nil {
			if !slices.Equal(old, s.Evidence) {
				copy(old, s.Evidence)
			}
			s.Evidence = old
		}
		last[lead.ID] = s.Evidence
		return s, err
	}
}
