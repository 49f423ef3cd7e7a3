package leads_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is an engine on a memstore that is being run within a synctest bubble, and a record of what its parts were asked.
type line struct {
	*leads.Engine
	t     *testing.T
	store *memstore.Store

	mu    sync.Mutex
	calls []string
}

// run makes an engine of cfg, with a memstore, and runs it until the end of the test.
func run(t *testing.T, cfg leads.Config) *line {
	t.Helper()
	l := &line{t: t, store: memstore.New(nil)}
	if cfg.Store == nil {
		cfg.Store = l.store
	}
	var err error
	l.Engine, err = leads.New(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return l
}

func (l *line) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, fmt.Sprintf(format, args...))
}

func (l *line) noted() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.calls...)
}

func (l *line) capture(email string) leads.Captured {
	l.t.Helper()
	captured, err := l.Capture(l.t.Context(), ingest.Submission{Fields: ingest.Fields{Email: email}})
	require.NoError(l.t, err)
	return captured
}

// after lets the bubble's time pass, and everybody in it do what they do then.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (l *line) explain(leadID string) leads.Explanation {
	l.t.Helper()
	x, err := l.Explain(l.t.Context(), leads.DefaultTenant, leadID)
	require.NoError(l.t, err)
	return x
}

func fact(key, value string) leads.Fact {
	return leads.Fact{Key: key, Truth: leads.Yes, Value: value, Source: "test"}
}

func TestTheWholeLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		var early atomic.Int32
		l = run(t, leads.Config{
			BaseURL: "https://crm.example.com/",
			Enricher: leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
				l.note("enrich %s", lead.Email)
				return []leads.Fact{fact("company.name", "Acme")}, nil
			}),
			Scorer: leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) {
				l.note("score %s", lead.Enrichment.Value("company.name"))
				return leads.Score{Value: 90, Qualification: leads.Hot}, nil
			}),
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
				l.note("notify %s %d %s", n.Kind, n.Lead.Score.Value, strings.TrimSuffix(n.URL, n.Lead.ID))
				return nil
			}),
			Sequencer: leads.SequencerFunc{
				EnrollFunc: func(_ context.Context, lead leads.Lead) ([]leads.Task, error) {
					l.note("enroll %s", lead.Score.Qualification)
					return []leads.Task{{Payload: []byte(`"hello"`), Due: time.Now().Add(48 * time.Hour)}}, nil
				},
				StepFunc: func(_ context.Context, task leads.Task) (leads.Outcome, error) {
					l.note("step %s %d", task.Payload, task.Attempts)
					if early.Add(1) == 1 {
						return leads.Outcome{Settlement: leads.Retry, Delay: time.Hour, KeepAttempt: true}, nil
					}
					return leads.Outcome{Change: func(lead *leads.Lead) { lead.Tags = append(lead.Tags, "greeted") }}, nil
				},
			},
		})
		captured := l.capture("ann@acme.com")
		require.True(t, captured.Created)
		after(time.Second)
		require.ElementsMatch(t, []string{"enrich ann@acme.com", "score Acme", "notify new 90 https://crm.example.com/leads/", "enroll hot"}, l.noted())
		x := l.explain(captured.LeadID)
		require.Equal(t, 90, x.Lead.Score.Value)
		require.False(t, x.Lead.UpdatedAt.Before(x.Lead.Score.At), "a stage's change is an update")
		require.True(t, x.Pending(), "the step waits")
		require.Len(t, x.Stages, 4)
		for _, s := range x.Stages {
			require.Equal(t, "done", s.Outcome)
			require.Equal(t, 1, s.Attempt)
		}
		require.Contains(t, x.String(), "leads.ScorerFunc")

		after(48 * time.Hour)
		require.Len(t, l.explain(captured.LeadID).Stages, 4, "that it is not due yet is no news")
		after(time.Hour)
		require.Equal(t, []string{`step "hello" 1`, `step "hello" 1`}, l.noted()[4:], "and no attempt")
		x = l.explain(captured.LeadID)
		require.Len(t, x.Stages, 5)
		require.Equal(t, []string{"greeted"}, x.Lead.Tags)
		require.False(t, x.Pending())

		again := l.capture("ANN@acme.com")
		require.Equal(t, captured.LeadID, again.LeadID)
		after(time.Second)
		require.Contains(t, l.noted(), "notify returned 90 https://crm.example.com/leads/")
	})
}

func TestNilStagesAreSkipped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			l.note("notify %v", n.Lead.Score)
			return nil
		})})
		captured := l.capture("ann@acme.com")
		after(time.Second)
		require.Equal(t, []string{"notify <nil>"}, l.noted())
		require.False(t, l.explain(captured.LeadID).Pending())
	})
}

func TestARetryResumesAtTheStageThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		failures := 2
		l = run(t, leads.Config{
			Enricher: leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
				l.note("enrich")
				return nil, nil
			}),
			Scorer: leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
				l.note("score")
				if failures--; failures >= 0 {
					return leads.Score{}, errors.New("the model is away")
				}
				return leads.Score{Value: 50, Qualification: leads.Warm}, nil
			}),
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
				l.note("notify %d", n.Lead.Score.Value)
				return nil
			}),
		})
		captured := l.capture("ann@acme.com")
		after(10 * time.Second)
		require.Equal(t, []string{"enrich", "score", "score", "score", "notify 50"}, l.noted())
		stages := l.explain(captured.LeadID).Stages
		require.Equal(t, "retry", stages[1].Outcome)
		require.Equal(t, "the model is away", stages[1].Error)
		require.NotNil(t, stages[1].NextTry)
		require.Equal(t, 3, stages[3].Attempt)
	})
}

func TestStagesThatFailForEverNeverBlockTheOthers(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	fail := func(context.Context) error { return errors.New("no") }
	boom := func(context.Context) error { panic("ann@acme.com") }
	for name, misbehave := range map[string]func(context.Context) error{"hang": hang, "fail": fail, "panic": boom} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const n = 300
				var l *line
				latest := time.Duration(0)
				l = run(t, leads.Config{
					Enricher: leads.EnricherFunc(func(ctx context.Context, _ leads.Lead) ([]leads.Fact, error) { return nil, misbehave(ctx) }),
					Scorer:   leads.ScorerFunc(func(ctx context.Context, _ leads.Lead) (leads.Score, error) { return leads.Score{}, misbehave(ctx) }),
					Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
						l.note("%s", n.Lead.ID)
						l.mu.Lock()
						latest = max(latest, n.At.Sub(n.Lead.CreatedAt))
						l.mu.Unlock()
						return nil
					}),
				})
				for i := range n {
					l.capture(fmt.Sprintf("ann%d@acme.com", i))
					after(100 * time.Millisecond)
				}
				after(time.Minute)
				require.Len(t, l.noted(), n, "each lead once")
				require.LessOrEqual(t, latest, time.Minute)
				t.Logf("the last notification came %s after its lead", latest)
			})
		})
	}
}

func TestLateEnrichmentRescoresWithoutTellingTheTeamAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		begin := time.Now()
		l = run(t, leads.Config{
			Enricher: leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
				if time.Since(begin) < 5*time.Minute {
					return []leads.Fact{fact("partial", "1")}, errors.New("dns is away")
				}
				return []leads.Fact{fact("company.name", "Acme")}, nil
			}),
			Scorer: leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) {
				l.note("score %q %q", lead.Enrichment.Value("partial"), lead.Enrichment.Value("company.name"))
				return leads.Score{Value: len(lead.Enrichment) * 10, Qualification: leads.Cold}, nil
			}),
			Notifier: leads.NotifierFunc(func(context.Context, leads.Notification) error { l.note("notify"); return nil }),
			Sequencer: leads.SequencerFunc{EnrollFunc: func(_ context.Context, lead leads.Lead) ([]leads.Task, error) {
				l.note("enroll %d", lead.Score.Value)
				return nil, nil
			}},
		})
		captured := l.capture("ann@acme.com")
		after(time.Minute)
		require.ElementsMatch(t, []string{`score "1" ""`, "notify", "enroll 10"}, l.noted(), "facts that came with an error are kept")
		after(10 * time.Minute)
		require.ElementsMatch(t, []string{`score "1" ""`, "notify", "enroll 10", `score "1" "Acme"`, "enroll 20"}, l.noted(), "the team is not told again")
		x := l.explain(captured.LeadID)
		require.False(t, x.Pending())
		require.Equal(t, 20, x.Lead.Score.Value)
	})
}

func TestAProvisionalScoreIsUsedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		var calls atomic.Int32
		l = run(t, leads.Config{
			Scorer: leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
				if calls.Add(1) < 3 {
					return leads.Score{Value: 40, Qualification: leads.Warm, By: "rules"}, leads.After(errors.New("busy"), 30*time.Second)
				}
				return leads.Score{Value: 70, Qualification: leads.Hot, By: "model"}, nil
			}),
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
				l.note("notify %s %d %v", n.Kind, n.Lead.Score.Value, n.Lead.Score.Provisional)
				return nil
			}),
		})
		captured := l.capture("ann@acme.com")
		after(time.Second)
		require.Equal(t, []string{"notify new 40 true"}, l.noted())
		after(29 * time.Second)
		require.EqualValues(t, 1, calls.Load(), "Retry-After is kept")
		after(5 * time.Minute)
		require.Equal(t, []string{"notify new 40 true", "notify hot 70 false"}, l.noted())
		score := l.explain(captured.LeadID).Lead.Score
		require.Equal(t, 70, score.Value)
		require.False(t, score.Provisional)
	})
}

func TestAnImportedLeadIsScoredAndNobodyIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		var calls atomic.Int32
		l = run(t, leads.Config{
			Scorer: leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
				l.note("score")
				if calls.Add(1) == 1 {
					return leads.Score{Value: 40, Qualification: leads.Warm, By: "rules"}, errors.New("busy")
				}
				return leads.Score{Value: 90, Qualification: leads.Hot, By: "model"}, nil
			}),
			Notifier:  leads.NotifierFunc(func(_ context.Context, n leads.Notification) error { l.note("notify %s", n.Kind); return nil }),
			Sequencer: leads.SequencerFunc{EnrollFunc: func(context.Context, leads.Lead) ([]leads.Task, error) { l.note("enroll"); return nil, nil }},
		})
		sub := ingest.Submission{Fields: ingest.Fields{Email: "ann@acme.com"}, Flags: []ingest.Flag{ingest.FlagImported}}
		captured, err := l.Capture(t.Context(), sub)
		require.NoError(t, err)
		after(time.Hour)
		require.Equal(t, []string{"score", "score"}, l.noted())
		require.Equal(t, 90, l.explain(captured.LeadID).Lead.Score.Value)
		l.capture("ann@acme.com")
		after(time.Minute)
		require.ElementsMatch(t, []string{"score", "score", "score", "notify returned", "enroll"}, l.noted(), "who comes again is announced")
	})
}

func TestTheTimelineExplainsANewScore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := run(t, leads.Config{Scorer: leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) {
			if lead.Submissions == 1 {
				return leads.Score{Value: 30, Qualification: leads.Cold, Evidence: []leads.Evidence{{Criterion: "email", Points: 20}, {Criterion: "name", Points: 10, Reason: "gave a name"}}}, nil
			}
			return leads.Score{Value: 60, Qualification: leads.Warm, Evidence: []leads.Evidence{{Criterion: "email", Points: 20}, {Criterion: "demo", Points: 40, Reason: "asks for a demo"}}}, nil
		})})
		captured := l.capture("ann@acme.com")
		after(time.Minute)
		l.capture("ann@acme.com ")
		after(time.Minute)
		events, err := l.store.Events(t.Context(), leads.DefaultTenant, captured.LeadID)
		require.NoError(t, err)
		var changes []leads.ScoreChange
		for _, e := range events {
			if e.Kind == leads.EventScored {
				var c leads.ScoreChange
				require.NoError(t, json.Unmarshal(e.Data, &c))
				changes = append(changes, c)
			}
		}
		from := 30
		require.Equal(t, []leads.ScoreChange{{To: 30, Qualification: leads.Cold}, {From: &from, To: 60, Qualification: leads.Warm, Differences: []leads.Difference{
			{Criterion: "demo", To: 40, Reason: "asks for a demo"}, {Criterion: "name", From: 10, Reason: "gave a name"},
		}}}, changes)
	})
}

func TestADeadTaskIsVisibleAndReplayable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		var mended atomic.Bool
		l = run(t, leads.Config{
			Work: leads.Work{MaxAttempts: 3},
			Notifier: leads.NotifierFunc(func(context.Context, leads.Notification) error {
				l.note("notify")
				if mended.Load() {
					return nil
				}
				return errors.New("550 no such user")
			}),
		})
		captured := l.capture("ann@acme.com")
		after(time.Hour)
		require.Len(t, l.noted(), 3, "exactly MaxAttempts")
		x := l.explain(captured.LeadID)
		require.False(t, x.Pending())
		require.Len(t, x.Tasks, 1)
		require.Equal(t, leads.TaskDead, x.Tasks[0].State)
		require.Equal(t, "550 no such user", x.Tasks[0].LastError)
		require.Equal(t, "dead", x.Stages[2].Outcome)

		mended.Store(true)
		require.NoError(t, l.Replay(t.Context(), leads.DefaultTenant, x.Tasks[0].ID))
		after(time.Second)
		require.Len(t, l.noted(), 4)
		require.Empty(t, l.explain(captured.LeadID).Tasks)
		require.ErrorIs(t, l.Replay(t.Context(), "other", x.Tasks[0].ID), leads.ErrNotFound)
	})
}

func TestAReplayedStageThatFailsAgainDoesNotTellTheTeamAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		var calls atomic.Int32
		l = run(t, leads.Config{
			Scorer: leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
				switch calls.Add(1) {
				case 1:
					return leads.Score{}, leads.Permanent(errors.New("no such model"))
				case 2:
					return leads.Score{}, errors.New("busy")
				}
				return leads.Score{Value: 50, Qualification: leads.Warm}, nil
			}),
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error { l.note("%s %s", n.Kind, n.Note); return nil }),
		})
		captured := l.capture("ann@acme.com")
		after(time.Hour)
		dead := l.explain(captured.LeadID).Tasks
		require.Len(t, dead, 1)
		require.NoError(t, l.Replay(t.Context(), leads.DefaultTenant, dead[0].ID))
		after(time.Hour)
		require.ElementsMatch(t, []string{"new ", "dead score: no such model"}, l.noted())
		x := l.explain(captured.LeadID)
		require.Equal(t, 50, x.Lead.Score.Value)
		require.False(t, x.Pending())
	})
}

func TestAPermanentErrorIsNotRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{
			Scorer: leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
				return leads.Score{Value: 101, Qualification: leads.Hot}, nil // out of range: our own Permanent
			}),
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
				l.note("%s", n.Kind)
				return leads.Permanent(errors.New("bad address"))
			}),
		})
		captured := l.capture("ann@acme.com")
		after(time.Hour)
		require.ElementsMatch(t, []string{"new", "dead"}, l.noted(), "that a notification is dead is not told by another")
		x := l.explain(captured.LeadID)
		require.Len(t, x.Tasks, 3)
		require.Nil(t, x.Lead.Score)
	})
}

func TestAPartThatIgnoresItsContextCostsNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var l *line
		l = run(t, leads.Config{
			Work: leads.Work{MaxAttempts: 1, Concurrency: map[leads.TaskKind]int{leads.TaskNotify: 1}},
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
				if n.Lead.Email == "stuck@acme.com" {
					<-release
				}
				l.note("%s", n.Lead.Email)
				return nil
			}),
		})
		stuck := l.capture("stuck@acme.com")
		after(time.Second)
		l.capture("ann@acme.com")
		after(15 * time.Second)
		require.Equal(t, []string{"ann@acme.com"}, l.noted())
		require.Contains(t, l.explain(stuck.LeadID).Tasks[0].LastError, "did not return")
	})
}

func TestALongTaskKeepsItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{
			Work: leads.Work{Lease: 10 * time.Second, Timeout: map[leads.TaskKind]time.Duration{leads.TaskNotify: time.Minute}},
			Notifier: leads.NotifierFunc(func(ctx context.Context, _ leads.Notification) error {
				l.note("notify")
				select {
				case <-time.After(50 * time.Second):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}),
		})
		captured := l.capture("ann@acme.com")
		after(2 * time.Minute)
		require.Equal(t, []string{"notify"}, l.noted())
		require.Equal(t, "done", l.explain(captured.LeadID).Stages[0].Outcome)
	})
}

func TestOnceDoesNotRepeatWhatWasSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		version := 0
		away := map[string]int{"bob": 2}
		l = run(t, leads.Config{Notifier: leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error {
			version++
			var errs []error
			for _, to := range []string{"ann", "bob"} {
				d := leads.Delivery{Channel: "email", Recipient: to, Body: fmt.Appendf(nil, "v%d", version)}
				errs = append(errs, n.Once(ctx, d, func(_ context.Context, d leads.Delivery) (leads.Receipt, error) {
					l.note("%s %s %d", d.Recipient, d.Body, d.Attempts)
					if away[d.Recipient]--; away[d.Recipient] >= 0 {
						return leads.Receipt{}, leads.Ambiguous(errors.New("timeout"))
					}
					return leads.Receipt{ID: "id-" + d.Recipient}, nil
				}))
			}
			return errors.Join(errs...)
		})})
		l.capture("ann@acme.com")
		after(time.Minute)
		require.Equal(t, []string{"ann v1 1", "bob v1 1", "bob v1 2", "bob v1 3"}, l.noted(), "the same bytes each time")
	})
}

func TestOneTenantsBacklogDoesNotStarveAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			<-time.After(time.Second)
			l.note("%s", n.Tenant)
			return nil
		})})
		for i := range 500 {
			_, err := l.Capture(t.Context(), ingest.Submission{Tenant: "big", Fields: ingest.Fields{Email: fmt.Sprintf("a%d@acme.com", i)}})
			require.NoError(t, err)
		}
		after(3 * time.Second)
		_, err := l.Capture(t.Context(), ingest.Submission{Tenant: "small", Fields: ingest.Fields{Email: "ann@acme.com"}})
		require.NoError(t, err)
		after(4 * time.Second)
		require.Contains(t, l.noted(), "small")
		after(2 * time.Minute)
		require.Len(t, l.noted(), 501)
	})
}

func TestRunDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(nil)
		began := make(chan string, 2)
		engine, err := leads.New(leads.Config{Store: store, Notifier: leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error {
			began <- n.Lead.Email
			d := 3 * time.Second
			if n.Lead.Email == "slow@acme.com" {
				d = time.Hour
			}
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}), Work: leads.Work{Timeout: map[leads.TaskKind]time.Duration{leads.TaskNotify: time.Hour}}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- engine.Run(ctx) }()
		synctest.Wait()
		require.ErrorContains(t, engine.Run(ctx), "running already")
		ids := map[string]string{}
		for _, email := range []string{"quick@acme.com", "slow@acme.com"} {
			captured, err := engine.Capture(ctx, ingest.Submission{Fields: ingest.Fields{Email: email}})
			require.NoError(t, err)
			ids[email] = captured.LeadID
			<-began
		}
		stopped := time.Now()
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, 10*time.Second, time.Since(stopped).Truncate(time.Second), "the drain")
		tasks, err := store.Tasks(t.Context(), leads.DefaultTenant, ids["quick@acme.com"])
		require.NoError(t, err)
		require.Empty(t, tasks, "what ended within the drain is done")
		tasks, err = store.Tasks(t.Context(), leads.DefaultTenant, ids["slow@acme.com"])
		require.NoError(t, err)
		require.Equal(t, leads.TaskWaiting, tasks[0].State, "what did not is given back")
		require.Zero(t, tasks[0].Attempts)

		ctx, cancel = context.WithCancel(t.Context())
		go func() { ended <- engine.Run(ctx) }()
		require.Equal(t, "slow@acme.com", <-began, "an engine can be run again")
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestNewReportsEveryBadField(t *testing.T) {
	t.Parallel()
	_, err := leads.New(leads.Config{
		BaseURL: "crm.example.com", Ingest: &ingest.Options{PerMinute: -1},
		Work: leads.Work{
			MaxAttempts: -1, Lease: time.Millisecond, Poll: -1, Backoff: -1, Patience: -1, Drain: -1,
			Concurrency: map[leads.TaskKind]int{leads.TaskScore: -1}, Timeout: map[leads.TaskKind]time.Duration{leads.TaskScore: -1},
		},
	})
	for _, field := range []string{"Store", "BaseURL", "Ingest: ", "Work.MaxAttempts", "Work.Lease", "Work.Poll", "Work.Backoff", "Work.Patience", "Work.Drain", `Work.Concurrency["score"]`, `Work.Timeout["score"]`} {
		require.ErrorContains(t, err, "leads: Config."+field)
	}
}

func TestCaptureRefusesWhatIsBeyondTheLimits(t *testing.T) {
	t.Parallel()
	engine, err := leads.New(leads.Config{Store: memstore.New(nil)})
	require.NoError(t, err)
	_, err = engine.Capture(t.Context(), ingest.Submission{Fields: ingest.Fields{Email: strings.Repeat("a", 300) + "@acme.com"}})
	require.ErrorIs(t, err, leads.ErrInvalid)
	require.ErrorContains(t, err, "Fields.Email")
}

// failing is a part that finds something when it is checked.
type failing struct {
	leads.Scorer
	fatal bool
}

func (f failing) Check(context.Context) []leads.Finding {
	return []leads.Finding{{Fatal: f.fatal, Part: "scorer", Message: "no key", Fix: "set one"}}
}

func TestCheckAsksEveryPartAndRunRefusesFatalFindings(t *testing.T) {
	t.Parallel()
	for _, fatal := range []bool{false, true} {
		engine, err := leads.New(leads.Config{Store: memstore.New(nil), Scorer: failing{fatal: fatal}})
		require.NoError(t, err)
		require.Contains(t, engine.Check(t.Context()), leads.Finding{Fatal: fatal, Part: "scorer", Message: "no key", Fix: "set one"})
		ctx, cancel := context.WithCancel(t.Context())
		if !fatal {
			cancel()
			require.NoError(t, engine.Run(ctx))
			continue
		}
		require.EqualError(t, engine.Run(ctx), "leads: Run: scorer: no key: set one")
		cancel()
	}
}

func TestTheObserverIsToldWithoutPersonalData(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{
			Scorer: leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) { return leads.Score{Value: 1}, nil }),
			Observer: leads.ObserverFunc(func(_ context.Context, o leads.Observation) {
				l.note("%s %s %s %d", o.Kind, o.Task, o.Outcome, o.Count)
			}),
		})
		l.capture("ann@acme.com")
		after(time.Second)
		require.Equal(t, []string{"capture   1", "claim   1", "task enrich done 0", "claim   1", "task score done 0"}, l.noted())
	})
}
