package adaptertest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/openleads/leads"
)

// notifierCase is one sentence of the contract and the test that holds a Notifier to it.
type notifierCase struct {
	name string
	says string
	test func(t *testing.T, notifier leads.Notifier, world *World)
}

// TestNotifierEffects holds a Notifier to what its contract says of effects, within an engine. open returns one whose messages, to whomever they go, reach the world given instead of
// the real one; what it opens it closes with t.Cleanup. It is called once for each case, and the cases run in parallel. Every notification of
// a new lead is to have an effect.
func TestNotifierEffects(t *testing.T, open func(t *testing.T, world *World) leads.Notifier) {
	for _, c := range notifierCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the contract says: %s", c.says)
				}
			})
			world := &World{}
			c.test(t, open(t, world), world)
		})
	}
}

func notifierCases() []notifierCase {
	const (
		saysSends   = "Notify sends n."
		saysError   = "It is called again after an error, unless that is [Permanent], and after a crash"
		saysOnce    = "what must not happen twice is done through [Notification.Once]."
		saysFenced  = "then nothing is sent"
		saysBody    = "one that failed is made again with the Body of the first attempt"
		saysRefused = "RetryAfter returns the delay that an error was marked with by [After], or 0."
		saysNoLead  = "For a NotifyDigest or NotifyBacklog it is the zero Lead."
	)
	return []notifierCase{
		{"sends", saysSends, sendsEveryKind},
		{"nothing twice", saysOnce, sendsNothingTwice},
		{"again after an error", saysError, sendsAgain},
		{"the same again", saysBody, sendsTheSame},
		{"again after a crash", saysError, sendsAfterCrash},
		{"not without its task", saysFenced, sendsNothingStale},
		{"permanent", saysError, endsWhenPermanent},
		{"in a while", saysRefused, waitsAsAsked},
		{"no news", saysNoLead, keepsSilent},
	}
}

// expect ends a case in which an attempt was not settled as it must be.
func expect(t *testing.T, what string, o leads.Outcome, want leads.Settlement) {
	t.Helper()
	if o.Settlement != want {
		t.Fatalf("%s: the task is settled as %d, want %d; its error is %q", what, o.Settlement, want, o.Error)
	}
}

// some ends a case in which nothing has reached the world.
func some(t *testing.T, world *World) []worldAttempt {
	t.Helper()
	seen := world.seen()
	if len(seen) == 0 {
		t.Fatal("nothing has reached the world")
	}
	return seen
}

func sendsEveryKind(t *testing.T, notifier leads.Notifier, world *World) {
	expect(t, "a new lead", newNotifierStore(leads.NotifyNew).run(t, notifier), leads.Done)
	some(t, world)
	for _, kind := range notificationKinds {
		expect(t, string(kind), newNotifierStore(kind).run(t, notifier), leads.Done)
	}
}

func sendsNothingTwice(t *testing.T, notifier leads.Notifier, world *World) {
	store := newNotifierStore(leads.NotifyNew)
	expect(t, "the first attempt", store.run(t, notifier), leads.Done)
	first := some(t, world)
	expect(t, "the second attempt", store.run(t, notifier), leads.Done) // as after a crash before the task was settled
	if again := world.seen(); len(again) != len(first) {
		t.Errorf("%d effects have become %d", len(first), len(again))
	}
}

func sendsAgain(t *testing.T, notifier leads.Notifier, world *World) {
	world.answer = func(attempt int) error {
		if attempt == 1 {
			return errors.New("busy")
		}
		return nil
	}
	store := newNotifierStore(leads.NotifyNew)
	expect(t, "an attempt that was refused", store.run(t, notifier), leads.Retry)
	expect(t, "the next attempt", store.run(t, notifier), leads.Done)
	taken := make(map[string]int)
	for _, a := range some(t, world) {
		if a.err == nil {
			taken[a.recipient]++
		}
	}
	refused := world.seen()[0].recipient
	if taken[refused] != 1 {
		t.Errorf("%s was refused once and has then taken %d", refused, taken[refused])
	}
	for recipient, n := range taken {
		if n > 1 {
			t.Errorf("%s has taken %d", recipient, n)
		}
	}
}

func sendsTheSame(t *testing.T, notifier leads.Notifier, world *World) {
	busy := true
	world.answer = func(int) error {
		if busy {
			return errors.New("busy")
		}
		return nil
	}
	store := newNotifierStore(leads.NotifyNew)
	expect(t, "an attempt that was refused", store.run(t, notifier), leads.Retry)
	first := some(t, world)
	world.mu.Lock()
	busy = false
	world.mu.Unlock()
	store.lead.FirstName, store.lead.Score, store.lead.Version = "Somebody else", nil, store.lead.Version+1
	expect(t, "the next attempt", store.run(t, notifier), leads.Done)
	for _, a := range world.seen()[len(first):] {
		same := false
		for _, b := range first {
			same = same || a.recipient == b.recipient && bytes.Equal(a.content, b.content)
		}
		if !same {
			t.Errorf("%s gets, after the lead was changed, what was not tried before: %.200q", a.recipient, a.content)
		}
	}
}

func sendsAfterCrash(t *testing.T, notifier leads.Notifier, world *World) {
	store := newNotifierStore(leads.NotifyNew)
	store.forget = true
	_ = store.run(t, notifier)
	first := some(t, world)
	store.forget = false
	expect(t, "the attempt after the crash", store.run(t, notifier), leads.Done)
	if len(world.seen()) == len(first) {
		t.Error("what may not have been sent is not sent again")
	}
}

func sendsNothingStale(t *testing.T, notifier leads.Notifier, world *World) {
	store := newNotifierStore(leads.NotifyNew)
	store.stale = true
	_ = store.run(t, notifier)
	if seen := world.seen(); len(seen) > 0 {
		t.Errorf("%d effects of a task that somebody else has", len(seen))
	}
}

func endsWhenPermanent(t *testing.T, notifier leads.Notifier, world *World) {
	world.answer = func(int) error { return leads.Permanent(errors.New("there is no such address")) }
	expect(t, "an attempt that was refused for good", newNotifierStore(leads.NotifyNew).run(t, notifier), leads.Dead)
}

func waitsAsAsked(t *testing.T, notifier leads.Notifier, world *World) {
	world.answer = func(int) error { return leads.After(errors.New("slow down"), 77*time.Second) }
	o := newNotifierStore(leads.NotifyNew).run(t, notifier)
	expect(t, "an attempt that was asked to wait", o, leads.Retry)
	if o.Delay < 77*time.Second {
		t.Errorf("it is tried again after %v, and was asked to wait 1m17s", o.Delay)
	}
}

func keepsSilent(t *testing.T, notifier leads.Notifier, world *World) {
	for _, kind := range []leads.NotificationKind{leads.NotifyDigest, leads.NotifyBacklog} {
		store := newNotifierStore(kind)
		store.task.LeadID = leads.NoLead
		expect(t, fmt.Sprintf("a %s that nobody has asked for", kind), store.run(t, notifier), leads.Done)
	}
	if seen := world.seen(); len(seen) > 0 {
		t.Errorf("it tells people of what is no news: %.200q", seen[0].content)
	}
}
