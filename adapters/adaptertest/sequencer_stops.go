package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// StopStore is a Store that runs sequences.
type StopStore interface {
	leads.Store
	sequence.Store
}

// TestStops races stops against workers on a Store: for each of n leads one goroutine runs the step that mails them, claimed before, and another says stop in one
// of the ways there are, at a random point of the step; for every fourth lead the stop comes at the worst one, when the worker has looked at
// everything and is about to begin. A mail that begins after the stop has returned is a failure: it begins with the storing of its
// delivery. The store's own clock must be within a minute of the time.
func TestStops(t *testing.T, store StopStore, n int) {
	t.Helper()
	w := &watched{StopStore: store, begun: make(map[string]time.Time), worst: make(map[string]func())}
	seq := sequence.New(w, w, &sequence.Options{
		Definitions: []sequence.Definition{{
			ID: "stops", Name: "Stops", Match: &sequence.Condition{Not: &sequence.Condition{Field: "tag", Is: []string{"none"}}},
			Steps: []sequence.Step{{ID: "one", Email: &sequence.EmailStep{Subject: "Hello", Body: "Hello."}}},
		}},
		Sender:  sequence.Sender{From: mail.Address{Address: "ann@example.com"}, Postal: "1 High Street"},
		BaseURL: "https://example.com",
		Caps:    sequence.Caps{Address: -1, Domain: -1, Sender: -1, Day: -1, Hour: -1, Minute: -1},
	})
	tenant := "stops-" + leads.NewID()
	ids := enrollMany(t, w, seq, tenant, n)
	var raced sync.WaitGroup
	claimed := 0
	for claimed < n {
		tasks, err := w.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: 64}, Lease: time.Hour})
		if err != nil || len(tasks) == 0 {
			t.Fatalf("Claim returned %d tasks of the %d that are left, and the error %v", len(tasks), n-claimed, err)
		}
		for _, task := range tasks {
			how := claimed
			claimed++
			raced.Add(1)
			go func() {
				defer raced.Done()
				race(t, w, seq, task, how, ids[task.LeadID])
			}()
		}
		raced.Wait()
	}
	sent := len(w.begun)
	t.Logf("%d of %d mails were begun before the stop", sent, n)
}

// watched notes when the deliveries of mails are asked to be begun. It is the mailer too.
type watched struct {
	StopStore
	mu    sync.Mutex
	begun map[string]time.Time // by task
	takes time.Duration        // how long a step takes, by the last one
	worst map[string]func()    // by task, what happens just before it begins
}

func (w *watched) Settle(ctx context.Context, task leads.Task, o leads.Outcome) error {
	for _, d := range o.Deliveries {
		w.mu.Lock()
		before := w.worst[task.ID]
		w.mu.Unlock()
		if d.State == leads.DeliveryBegun && before != nil {
			before()
		}
	}
	asked := time.Now()
	err := w.StopStore.Settle(ctx, task, o)
	for _, d := range o.Deliveries {
		if err == nil && d.State == leads.DeliveryBegun {
			w.mu.Lock()
			w.begun[task.ID] = asked
			w.mu.Unlock()
		}
	}
	return err
}

// Send takes every mail.
func (w *watched) Send(context.Context, leads.Email) (leads.Receipt, error) {
	return leads.Receipt{ID: "taken"}, nil
}

// enrollMany captures n leads and enrols them. It returns their addresses by their IDs.
func enrollMany(t *testing.T, w *watched, seq *sequence.Sequencer, tenant string, n int) map[string]string {
	t.Helper()
	addresses := make(map[string]string, n)
	for i := range n {
		address := fmt.Sprintf("p%d@example.com", i)
		sub, err := ingest.Prepare(ingest.Submission{Tenant: tenant, Fields: ingest.Fields{Email: address}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		captured, err := w.Capture(t.Context(), []ingest.Submission{sub})
		if err != nil || captured[0].Err != nil {
			t.Fatal(errors.Join(err, captured[0].Err))
		}
		addresses[captured[0].LeadID] = address
		lead, err := w.Lead(t.Context(), tenant, captured[0].LeadID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := seq.Enroll(t.Context(), lead); err != nil {
			t.Fatal(err)
		}
	}
	return addresses
}

// race runs a claimed step and a stop at once.
func race(t *testing.T, w *watched, seq *sequence.Sequencer, task leads.Task, how int, address string) {
	var both sync.WaitGroup
	start := make(chan struct{})
	both.Go(func() {
		<-start
		began := time.Now()
		outcome, err := seq.Step(t.Context(), task)
		w.mu.Lock()
		w.takes = time.Since(began)
		w.mu.Unlock()
		if err == nil {
			err = w.Settle(t.Context(), task, outcome)
		}
		if err != nil && !leads.IsStale(err) {
			t.Errorf("the step returned the error %v", err)
		}
	})
	var stopped time.Time
	say := sync.OnceFunc(func() {
		if err := stop(t.Context(), seq, task, how, address); err != nil && !errors.Is(err, leads.ErrInvalid) { // it had finished before
			t.Errorf("the stop returned the error %v", err)
		}
		stopped = time.Now()
	})
	if how/5%4 == 0 {
		w.mu.Lock()
		w.worst[task.ID] = say
		w.mu.Unlock()
	} else {
		both.Go(func() {
			<-start
			w.spin()
			say()
		})
	}
	close(start)
	both.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if begun, sent := w.begun[task.ID]; sent && !stopped.IsZero() && begun.After(stopped) {
		t.Errorf("a mail began %v after the stop\nthe contract says: no mail of it begins once it has returned", begun.Sub(stopped))
	}
}

// spin lets some of the time go that a step takes.
func (w *watched) spin() {
	w.mu.Lock()
	some := rand.N(w.takes + time.Microsecond)
	w.mu.Unlock()
	for began := time.Now(); time.Since(began) < some; {
		runtime.Gosched()
	}
}

// stop says stop in one of the ways there are.
func stop(ctx context.Context, seq *sequence.Sequencer, task leads.Task, how int, address string) error {
	switch how % 5 {
	case 0:
		return seq.Suppress(ctx, task.Tenant, address, "", sequence.ReasonUnsubscribed)
	case 1:
		return seq.Suppress(ctx, task.Tenant, address, "marketing", sequence.ReasonUnsubscribed)
	case 2:
		return seq.Pause(ctx, task.Tenant, task.ID, "ann")
	case 3:
		return seq.ExitLead(ctx, task.Tenant, task.LeadID, sequence.ReasonReply)
	}
	return seq.Exit(ctx, task.Tenant, task.ID, sequence.ReasonByHand, "ann")
}
