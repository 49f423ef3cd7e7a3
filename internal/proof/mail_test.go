package proof_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/mailgun"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// Every lead causes three mails: one to the team, and two of a sequence. Where the provider cannot be asked, the first of the two is held when it may
// have been sent, and the second, like the team's, is sent again.
const (
	team   = "sales@example.com"
	first  = "First"
	second = "Second"
)

// hasty is a Store whose leases end soon, since sequences lease for a minute, which would have to be waited for after every kill.
type hasty struct {
	*bunstore.Store
	lease time.Duration
}

func (h hasty) Settle(ctx context.Context, task leads.Task, o leads.Outcome) error {
	if o.Settlement == leads.Extend {
		o.Delay = min(o.Delay, h.lease)
	}
	return h.Store.Settle(ctx, task, o)
}

// blind is a mailer that cannot be asked what it has taken.
type blind struct{ leads.Mailer }

// mailEngine is the engine under test: real stores, the real mailer, the team's mail and a sequence.
func mailEngine(store *bunstore.Store, provider string, asked bool, lease time.Duration) (*leads.Engine, error) {
	var mailer leads.Mailer = mailgun.New("mg.example.com", "key-of-the-proof", &mailgun.Options{
		Base: provider + "/v3", Timeout: 2 * time.Second, EventsDelay: 400 * time.Millisecond,
	})
	if !asked {
		mailer = blind{mailer}
	}
	s := hasty{store, lease}
	return leads.New(leads.Config{
		Store:    s,
		Notifier: notify.Email(mailer, team),
		Sequencer: sequence.New(s, mailer, &sequence.Options{
			Definitions: []sequence.Definition{{
				ID: "welcome", Name: "Welcome", Match: &sequence.Condition{Not: &sequence.Condition{Field: "tag", Is: []string{"none"}}},
				Steps: []sequence.Step{
					{ID: "one", Email: &sequence.EmailStep{Subject: first, Body: "Hello."}},
					{ID: "two", Email: &sequence.EmailStep{Subject: second, Body: "Hello again.", Resend: true}},
				},
			}},
			Sender:  sequence.Sender{From: mail.Address{Address: "ann@mg.example.com"}, Postal: "1 High Street"},
			BaseURL: "https://crm.example.com/mail",
			Caps:    sequence.Caps{Address: -1, Domain: -1, Sender: -1, Day: -1, Hour: -1, Minute: -1},
		}),
		Work: leads.Work{
			Lease: lease, Poll: 50 * time.Millisecond, Backoff: 50 * time.Millisecond,
			Concurrency: map[leads.TaskKind]int{leads.TaskNotify: slots, leads.TaskStep: slots},
		},
	})
}

// slots is how many tasks of a kind run at once.
const slots = 24

// captureMany captures n leads that Go code vouches for, and returns their IDs.
func captureMany(t *testing.T, engine *leads.Engine, n int) []string {
	t.Helper()
	ids := make([]string, n)
	eachOf(t, n, func(i int) error {
		captured, err := engine.Capture(t.Context(), ingest.Submission{Fields: ingest.Fields{Email: person(i), FirstName: "Ann"}})
		ids[i] = captured.LeadID
		return err
	})
	return ids
}

// rename gives the leads another name once a few hundred requests have failed: a mail that was tried before still has the old one.
func rename(t *testing.T, p *provider, store *bunstore.Store, ids []string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); p.failed() < len(ids)/2; {
		require.True(t, time.Now().Before(deadline), "nothing is sent")
		<-time.After(10 * time.Millisecond)
	}
	eachOf(t, len(ids), func(i int) error {
		_, err := store.Edit(t.Context(), leads.DefaultTenant, ids[i], func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			lead.FirstName = "Bea"
			return nil, nil, nil
		})
		return err
	})
}

// eachOf does something for 0 to n-1, some at a time.
func eachOf(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for lane := range 16 {
		wg.Go(func() {
			for i := lane; i < n; i += 16 {
				if err := do(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func person(i int) string { return fmt.Sprintf("p%d@acme.com", i) }

// finished waits until no task is left, and checks that none was given up.
func finished(t *testing.T, where string, limit time.Duration) {
	t.Helper()
	driver, name := "sqlite", "file:"+where+"?_pragma=busy_timeout(10000)"
	if strings.HasPrefix(where, "postgres://") {
		driver, name = "pgx", where
	}
	db, err := sql.Open(driver, name)
	require.NoError(t, err)
	defer db.Close()
	for deadline := time.Now().Add(limit); ; {
		var open, dead int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*), count(CASE WHEN state = 3 THEN 1 END) FROM leads_tasks").Scan(&open, &dead))
		require.Zero(t, dead, "nothing here fails for good")
		if open == 0 {
			return
		}
		require.True(t, time.Now().Before(deadline), "%d tasks have not come to an end", open)
		<-time.After(100 * time.Millisecond)
	}
}

// modes runs a test on both stores, with a provider that can be asked what it has taken, and at the same time with one that cannot: most of
// the time is waiting.
func modes(t *testing.T, test func(t *testing.T, where string, asked bool)) {
	for name, asked := range map[string]bool{"asked": true, "blind": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stores(t, func(t *testing.T, where string) {
				t.Parallel()
				test(t, where, asked)
			})
		})
	}
}

// Through every fault of the provider, every mail arrives, and none twice but those of which nobody could know, where nobody could be asked.
func TestMailFaults(t *testing.T) {
	modes(t, func(t *testing.T, where string, asked bool) {
		n := count(400, 10_000)
		seed := uint64(time.Now().UnixNano())
		p := newProvider(t, seed, 0.4)
		store := bun(t, where)
		engine, err := mailEngine(store, p.URL, asked, time.Minute)
		require.NoError(t, err)
		ids := captureMany(t, engine, n)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- engine.Run(ctx) }()
		rename(t, p, store, ids)
		finished(t, where, 30*time.Minute)
		stop()
		require.NoError(t, <-ended)
		t.Logf("seed %d, faults injected: %v", seed, p.injected)
		for _, f := range faults {
			require.NotZero(t, p.injected[f.name], f.name)
		}
		newTally(t, p, n, asked).check(t, outcomesOf(t, store))
	})
}

// A process that is killed between the sending of a mail and the note of it neither loses nor doubles one, where the provider can be asked.
func TestMailKills(t *testing.T) {
	modes(t, func(t *testing.T, where string, asked bool) {
		kills := count(13, 250)
		n := kills * 25
		seed := uint64(time.Now().UnixNano())
		random := rand.New(rand.NewPCG(seed, 3))
		p := newProvider(t, seed, 0.1)
		store := bun(t, where)
		engine, err := mailEngine(store, p.URL, asked, time.Minute)
		require.NoError(t, err)
		captureMany(t, engine, n)
		mode := []string{"LEADS_PROOF_MAIL=" + p.URL, fmt.Sprintf("LEADS_PROOF_ASKED=%t", asked)}
		for range kills {
			trap := p.set(1+random.IntN(12), random.IntN(2) == 0)
			c := start(t, where, mode...)
			select {
			case <-trap.sprung:
			case <-time.After(time.Minute):
				c.kill()
				require.Fail(t, "no mail was sent")
			}
			c.kill()
			close(trap.over)
		}
		p.disarm()
		last := start(t, where, mode...)
		finished(t, where, 30*time.Minute)
		last.stop(t)
		t.Logf("seed %d, kills %d, faults injected: %v", seed, kills, p.injected)
		found := newTally(t, p, n, asked)
		found.check(t, outcomesOf(t, store))
		if !asked {
			require.NotEmpty(t, found.killed, "no kill has hit the window")
		}
	})
}

// outcomesOf returns what became of the steps, by their names and outcomes, and checks that every enrolment has come to its end.
func outcomesOf(t *testing.T, store *bunstore.Store) map[string]int {
	t.Helper()
	found := map[string]int{}
	for after := ""; ; {
		page, err := store.Enrollments(t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant, After: after, Limit: 1000})
		require.NoError(t, err)
		if len(page) == 0 {
			return found
		}
		for _, e := range page {
			require.Equal(t, sequence.Finished, e.State, "%s", e.Reason)
			for _, passed := range e.Passed {
				found[passed.Step+" "+passed.Outcome]++
			}
		}
		after = page[len(page)-1].ID
	}
}
