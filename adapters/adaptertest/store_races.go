package adaptertest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const saysConcurrent = "All methods may be called concurrently and from several processes at once where the Store's medium allows it."

func raceContracts() []contract {
	return []contract{
		{"races/first submissions of one identity", saysFound, raceFirst},
		{"races/batches with the same people", saysFound, raceBatches},
		{"races/one task to one caller", saysLeases, raceClaims},
		{"races/one outcome of many", saysStale, raceSettle},
		{"races/captures and outcomes", saysChange, raceUpdates},
		{"races/everything at once", saysConcurrent, raceEverything},
	}
}

// captureOne captures a submission from any goroutine.
func (r *rig) captureOne(sub ingest.Submission) (leads.Captured, error) {
	captured, err := r.Capture(r.t.Context(), []ingest.Submission{sub})
	if err != nil {
		return leads.Captured{}, err
	}
	return captured[0], captured[0].Err
}

func raceFirst(r *rig) {
	const people, each = 5, 12
	subs, captured := make([]ingest.Submission, people*each), make([]leads.Captured, people*each)
	for i := range subs {
		subs[i] = r.sub(fmt.Sprintf("person%d@example.com", i%people))
	}
	r.together(len(subs), func(i int) (err error) {
		captured[i], err = r.captureOne(subs[i])
		return err
	})
	for person := range people {
		created, id := 0, captured[person].LeadID
		for i := person; i < len(subs); i += people {
			r.check(captured[i].LeadID == id, "person %d has the leads %s and %s", person, id, captured[i].LeadID)
			if captured[i].Created {
				created++
			}
		}
		lead := r.lead(id)
		r.check(created == 1, "person %d was created %d times", person, created)
		r.check(lead.Submissions == each && lead.Version == each, "person %d has %d submissions and version %d", person, lead.Submissions, lead.Version)
	}
}

// raceBatches captures batches that name the same people in different orders.
func raceBatches(r *rig) {
	const people, n = 10, 8
	batches := make([][]ingest.Submission, n)
	for i := range batches {
		for p := range people {
			person := p
			if i%2 == 1 {
				person = people - 1 - p
			}
			batches[i] = append(batches[i], r.sub(fmt.Sprintf("person%d@example.com", person)))
		}
	}
	var mu sync.Mutex
	ids := make(map[string]bool)
	r.together(n, func(i int) error {
		captured, err := r.Capture(r.t.Context(), batches[i])
		mu.Lock()
		defer mu.Unlock()
		for _, c := range captured {
			ids[c.LeadID] = true
		}
		return err
	})
	r.check(len(ids) == people, "%d leads for %d people", len(ids), people)
	for id := range ids {
		r.check(r.lead(id).Submissions == n, "a lead has %d submissions, want %d", r.lead(id).Submissions, n)
	}
}

func raceClaims(r *rig) {
	const n = 60
	for i := range n {
		r.one(r.sub(fmt.Sprintf("person%d@example.com", i)))
	}
	var mu sync.Mutex
	given := make(map[string]int)
	query := leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 3}, Lease: hour, Now: r.soon()}
	r.together(8, func(int) error {
		for {
			tasks, err := r.Claim(r.t.Context(), query)
			if err != nil || len(tasks) == 0 {
				return err
			}
			mu.Lock()
			for _, task := range tasks {
				given[task.ID]++
			}
			mu.Unlock()
		}
	})
	for _, task := range r.claim(n) { // a claim may come back with less than there is while others claim
		given[task.ID]++
	}
	r.check(len(given) == n, "%d tasks were given, want %d", len(given), n)
	for id, times := range given {
		r.check(times == 1, "task %s was given to %d callers", id, times)
	}
}

func raceSettle(r *rig) {
	task := r.begun()
	var mu sync.Mutex
	stored := 0
	r.together(8, func(int) error {
		err := r.Settle(r.t.Context(), task, leads.Outcome{
			Change: func(lead *leads.Lead) { lead.Tags = append(lead.Tags, "x") },
			Tasks:  []leads.Task{{Kind: leads.TaskScore, CreatedAt: r.start}},
		})
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			stored++
		}
		return notStale(err)
	})
	r.check(stored == 1, "%d of 8 outcomes of one claim were stored", stored)
	r.check(len(r.lead(task.LeadID).Tags) == 1, "the change was stored %d times", len(r.lead(task.LeadID).Tags))
	r.check(len(r.claim(10, leads.TaskScore)) == 1, "the follow-up task was not stored once")
}

// notStale is err unless that says that another was faster.
func notStale(err error) error {
	if errors.Is(err, leads.ErrStale) {
		return nil
	}
	return err
}

func raceUpdates(r *rig) {
	const n = 20
	task := r.begun()
	subs := make([]ingest.Submission, n)
	for i := range subs {
		subs[i] = r.sub("ann@example.com")
		subs[i].Metadata = ingest.Metadata{fmt.Sprintf("name%d", i): []byte("1")}
	}
	r.together(2*n, func(i int) error {
		if i%2 == 0 {
			_, err := r.captureOne(subs[i/2])
			return err
		}
		return r.Settle(r.t.Context(), task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Change: func(lead *leads.Lead) {
			lead.Tags = append(lead.Tags, fmt.Sprintf("tag%d", i))
		}})
	})
	lead := r.lead(task.LeadID)
	r.check(lead.Submissions == n+1 && len(lead.Metadata) == n, "%d submissions and %d names of them are left, want %d and %d", lead.Submissions, len(lead.Metadata), n+1, n)
	r.check(len(lead.Tags) == n, "%d of %d changes are left", len(lead.Tags), n)
	r.check(lead.Version == 2*n+1, "version %d after %d changes", lead.Version, 2*n+1)
}

// raceEverything calls every method while others do.
func raceEverything(r *rig) {
	const n = 24
	first := r.one(r.sub("person0@example.com"))
	subs := make([]ingest.Submission, n)
	for i := range subs {
		subs[i] = r.sub(fmt.Sprintf("person%d@example.com", i%4))
	}
	query := leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 2}, Lease: hour, Now: r.soon()}
	r.together(n, func(i int) error {
		if _, err := r.captureOne(subs[i]); err != nil {
			return err
		}
		tasks, err := r.Claim(r.t.Context(), query)
		for _, task := range tasks {
			if err := r.Settle(r.t.Context(), task, leads.Outcome{Events: []leads.Event{{Kind: leads.EventStage, At: r.start}}}); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return r.readAll(first.LeadID)
	})
	for _, task := range r.claim(n) {
		r.settle(task, leads.Outcome{})
	}
	r.check(r.lead(first.LeadID).Submissions == n/4+1, "person 0 has %d submissions", r.lead(first.LeadID).Submissions)
}

// readAll calls every method that reads.
func (r *rig) readAll(leadID string) error {
	ctx := r.t.Context()
	if _, err := r.Lead(ctx, r.tenant, leadID); err != nil {
		return err
	}
	if _, err := r.SourceByToken(ctx, "token-"+r.source); err != nil {
		return err
	}
	if l, ok := r.TestedStore.(leads.Lister); ok {
		if _, err := l.Leads(ctx, leads.LeadQuery{Tenant: r.tenant}); err != nil {
			return err
		}
	}
	h, ok := r.TestedStore.(leads.History)
	if !ok {
		return nil
	}
	if _, err := h.Submissions(ctx, r.tenant, leadID); err != nil {
		return err
	}
	if _, err := h.Events(ctx, r.tenant, leadID); err != nil {
		return err
	}
	_, err := h.Tasks(ctx, r.tenant, leadID)
	return err
}
