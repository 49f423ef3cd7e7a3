package bunstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

// capturePeople captures n leads of a tenant, each with its first task.
func capturePeople(t testing.TB, s *bunstore.Store, tenant string, n int) {
	t.Helper()
	subs := make([]ingest.Submission, n)
	for i := range subs {
		subs[i] = submission(tenant, fmt.Sprintf("p%d@example.com", i))
	}
	got, err := s.Capture(context.Background(), subs)
	require.NoError(t, err)
	for _, c := range got {
		require.NoError(t, c.Err)
	}
}

func TestTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "big", 500)
		for i := range 5 {
			capturePeople(t, s, fmt.Sprintf("small%d", i), 3)
		}
		// One slot: six claims serve six tenants.
		served := make(map[string]int)
		for range 6 {
			for _, task := range claim(t, s, 1) {
				served[task.Tenant]++
			}
		}
		require.Len(t, served, 6, "%v", served)
		// Ten slots: everybody small is done after two claims, and no slot is left empty.
		for range 2 {
			tasks := claim(t, s, 10)
			require.Len(t, tasks, 10)
			for _, task := range tasks {
				served[task.Tenant]++
			}
		}
		for tenant, n := range served {
			if tenant != "big" {
				require.Equal(t, 3, n, tenant)
			}
		}
		require.Len(t, claim(t, s, 400), 400, "one tenant alone gets all the slots")
	})
}

func TestManyTenants(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		for i := range 150 {
			capturePeople(t, s, fmt.Sprintf("t%03d", i), 2)
		}
		served := make(map[string]bool)
		for range 5 {
			for _, task := range claim(t, s, 30) {
				served[task.Tenant] = true
			}
		}
		require.Len(t, served, 150, "nobody is served twice before everybody is served once")
	})
}

// TestClaimsUseTheirIndexes holds the promise that a claim does not cost more for what is not due.
func TestClaimsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		texts, newID := s.Texts(), "randomblob(16)"
		if strings.Contains(texts.Take, "$1") {
			newID = "gen_random_uuid()"
		}
		capturePeople(t, s, "acme", 300)
		for _, task := range claim(t, s, 290) {
			require.NoError(t, s.Settle(t.Context(), task, leads.Outcome{Settlement: leads.Retry, Delay: time.Hour}))
		}
		claim(t, s, 5)
		for range 7 { // most of it waits for a day that is far away
			require.NoError(t, s.Exec(t.Context(), `INSERT INTO leads_tasks SELECT tenant_id, lead_id, `+newID+`, kind, submission_id, payload, state,
				due, attempts, fence, lease_until, last_error, created_at FROM leads_tasks WHERE state = 1`))
		}
		require.NoError(t, s.Exec(t.Context(), "ANALYZE"))
		for _, c := range []struct{ name, text, index string }{
			{"pending", texts.Pending, "leads_tasks_waiting"},
			{"pending", texts.Pending, "leads_tasks_running"},
			{"promote", texts.Promote, "leads_tasks_waiting"},
			{"lapse", texts.Lapse, "leads_tasks_running"},
			{"tenants", texts.Tenants, "leads_tasks_ready"},
			{"take", texts.Take, "leads_tasks_ready"},
		} {
			plan := planOf(t, s, c.text)
			require.Contains(t, plan, c.index, "%s:\n%s", c.name, plan)
			require.NotContains(t, plan, "SCAN leads_tasks\n", "%s:\n%s", c.name, plan)
			require.NotContains(t, plan, "Seq Scan on leads_tasks", "%s:\n%s", c.name, plan)
		}
	})
}

// planOf explains a statement as it is planned for any arguments.
func planOf(t *testing.T, s *bunstore.Store, text string) string {
	t.Helper()
	n := 0
	for strings.ContainsAny(text, "$?") && regexp.MustCompile(fmt.Sprintf(`[$?]%d\b`, n+1)).MatchString(text) {
		n++
	}
	queries, args := []string{"EXPLAIN QUERY PLAN " + text}, make([]any, n)
	if strings.Contains(text, "$1") {
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", n), ",")
		name := fmt.Sprintf("plan_%d", time.Now().UnixNano())
		queries = []string{"SET plan_cache_mode = force_generic_plan", "PREPARE " + name + " AS " + text, "EXPLAIN EXECUTE " + name + "(" + nulls + ")"}
		args = nil
	}
	lines, err := s.QueryLast(t.Context(), queries, args...)
	require.NoError(t, err)
	return strings.Join(lines, "\n") + "\n"
}

func TestIdleClaimWritesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "leads.db")
	s := sqliteAt(t, path)
	capturePeople(t, s, "acme", 3)
	require.Len(t, claim(t, s, 10), 3)
	before, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	for range 50 {
		require.Empty(t, claim(t, s, 10))
	}
	after, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	require.Equal(t, before.Size(), after.Size())
	require.Equal(t, before.ModTime(), after.ModTime())
}

func TestSettlementsAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "acme", 200)
		tasks := claim(t, s, 200)
		require.Len(t, tasks, 200)
		var stale, panics atomic.Int64
		var group sync.WaitGroup
		for i, task := range tasks {
			group.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						panics.Add(1)
						if p != any(task.ID) {
							t.Errorf("the panic of another caller: %v", p)
						}
					}
				}()
				change := func(lead *leads.Lead) { lead.Assignee = lead.Email }
				switch i % 4 {
				case 0:
					task.Fence++
				case 1:
					change = func(*leads.Lead) { panic(task.ID) }
				}
				err := s.Settle(context.Background(), task, leads.Outcome{Change: change})
				if errors.Is(err, leads.ErrStale) {
					stale.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 50, stale.Load())
		require.EqualValues(t, 50, panics.Load())
		changed := 0
		for _, task := range tasks {
			lead, err := s.Lead(t.Context(), "acme", task.LeadID)
			require.NoError(t, err)
			if lead.Assignee == lead.Email {
				changed++
			}
		}
		require.Equal(t, 100, changed, "a failed settlement changes nothing and fails no other")
	})
}

// TestOutcomesAtOnce mixes everything that can become of a task, so that what is settled together comes out as if settled alone.
func TestOutcomesAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "acme", 200)
		tasks := claim(t, s, 200)
		outcomes := []leads.Outcome{
			{},
			{Settlement: leads.Retry, Delay: time.Hour, Error: "later", Payload: []byte(`{"n":1}`)},
			{Settlement: leads.Retry, KeepAttempt: true},
			{Settlement: leads.Dead, Error: "never"},
			{Settlement: leads.Extend, Delay: 5 * time.Minute, Deliveries: []leads.Delivery{{Channel: "email", State: leads.DeliveryBegun}}},
			{Settlement: leads.Retry, Delay: time.Hour}, // stale
		}
		began := time.Now()
		var group sync.WaitGroup
		for i, task := range tasks {
			group.Go(func() {
				outcome := outcomes[i%6]
				outcome.Change = func(lead *leads.Lead) { lead.Tags = append(lead.Tags, task.ID) }
				outcome.Events = []leads.Event{{Kind: leads.EventStage}}
				outcome.Deliveries = append([]leads.Delivery(nil), outcome.Deliveries...)
				for j := range outcome.Deliveries {
					outcome.Deliveries[j].Key = task.ID
				}
				if i%6 == 5 {
					task.Fence++
				}
				err := s.Settle(context.Background(), task, outcome)
				if errors.Is(err, leads.ErrStale) != (i%6 == 5) || err != nil && i%6 != 5 {
					t.Errorf("task %d: %v", i, err)
				}
			})
		}
		group.Wait()
		for i, task := range tasks {
			left, err := s.Tasks(t.Context(), "acme", task.LeadID)
			require.NoError(t, err)
			lead, err := s.Lead(t.Context(), "acme", task.LeadID)
			require.NoError(t, err)
			if i%6 == 5 {
				require.Empty(t, lead.Tags)
				require.Equal(t, leads.TaskRunning, left[0].State)
				continue
			}
			require.Equal(t, []string{task.ID}, lead.Tags)
			require.EqualValues(t, 2, lead.Version)
			if i%6 == 0 {
				require.Empty(t, left)
				continue
			}
			got := left[0]
			switch i % 6 {
			case 1:
				require.Equal(t, leads.TaskWaiting, got.State)
				require.Equal(t, "later", got.LastError)
				require.JSONEq(t, `{"n":1}`, string(got.Payload))
				require.WithinDuration(t, began.Add(time.Hour), got.Due, time.Minute)
				require.Equal(t, 1, got.Attempts)
			case 2:
				require.Equal(t, leads.TaskWaiting, got.State)
				require.Zero(t, got.Attempts)
			case 3:
				require.Equal(t, leads.TaskDead, got.State)
				require.Equal(t, "never", got.LastError)
			case 4:
				require.Equal(t, leads.TaskRunning, got.State)
				require.WithinDuration(t, began.Add(5*time.Minute), got.LeaseUntil, time.Minute)
				require.Len(t, got.Deliveries, 1)
			}
		}
		require.Len(t, claim(t, s, 200), 33, "those that were given back without a delay")
	})
}

// TestLeaderThatGivesUp has one caller wait for a lock that somebody else holds, and give up, while others wait behind it.
func TestLeaderThatGivesUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "leads.db")
	s := sqliteAt(t, path)
	capturePeople(t, s, "acme", 3)
	tasks := claim(t, s, 3)
	other, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer other.Close()
	conn, err := other.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	// The first one waits for the lock alone, the second leads the third.
	first, stopFirst := watch(t.Context())
	defer stopFirst()
	second, stopSecond := watch(t.Context())
	defer stopSecond()
	third, stopThird := watch(t.Context())
	defer stopThird()
	answers := make([]chan error, 3)
	for i, ctx := range []watched{first, second, third} {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- s.Settle(ctx, tasks[i], leads.Outcome{}) }()
		<-ctx.asked // it leads, or waits for its turn
	}
	stopFirst()
	require.ErrorIs(t, <-answers[0], context.Canceled)
	<-second.asked // it leads now
	stopSecond()
	require.ErrorIs(t, <-answers[1], context.Canceled)
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, <-answers[2], "another caller's context ended this one's settlement")
}

// watched is a context that tells when somebody begins to wait for its end.
type watched struct {
	context.Context
	asked chan struct{}
}

func watch(parent context.Context) (watched, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	return watched{ctx, make(chan struct{}, 1)}, cancel
}

func (w watched) Done() <-chan struct{} {
	select {
	case w.asked <- struct{}{}:
	default:
	}
	return w.Context.Done()
}

func TestTheLongestDueComesFirst(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		var want, got []string
		for i := range 10 {
			want = append(want, captureOne(t, s, submission("acme", fmt.Sprintf("p%d@example.com", i))).LeadID)
		}
		for range 5 {
			for _, task := range claim(t, s, 2) {
				got = append(got, task.LeadID)
			}
		}
		require.Equal(t, want, got)
	})
}

func TestCallersThatGoAway(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "acme", 100)
		tasks := claim(t, s, 100)
		gone, leave := context.WithCancel(t.Context())
		defer leave()
		var group sync.WaitGroup
		for i, task := range tasks {
			group.Go(func() {
				ctx := t.Context()
				if i%2 == 0 {
					ctx = gone
				}
				if i == 50 {
					leave()
				}
				err := s.Settle(ctx, task, leads.Outcome{Change: func(lead *leads.Lead) { lead.Tags = []string{task.ID} }})
				if err != nil && i%2 == 1 {
					t.Errorf("another caller's context ended this one's settlement: %v", err)
				}
			})
		}
		group.Wait()
		for i, task := range tasks {
			if i%2 == 1 {
				lead, err := s.Lead(t.Context(), "acme", task.LeadID)
				require.NoError(t, err)
				require.Equal(t, []string{task.ID}, lead.Tags)
			}
		}
		require.ErrorIs(t, s.Settle(gone, tasks[1], leads.Outcome{}), context.Canceled)
	})
}

func TestOtherProcessesAreWoken(t *testing.T) {
	dsn := postgresDSN(t)
	worker, door := postgresAt(t, dsn), postgresAt(t, dsn)
	require.NoError(t, worker.Migrate(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	woken := make(chan struct{}, 100)
	ended := make(chan error)
	go func() { ended <- worker.Background(ctx, func() { woken <- struct{}{} }) }()
	<-woken // it listens
	captureOne(t, door, submission("acme", "ann@example.com"))
	select {
	case <-woken:
	case <-time.After(5 * time.Second):
		t.Error("nobody was told of the work")
	}
	require.Len(t, claim(t, worker, 10), 1)

	// A connection that is cut is made again.
	_, _ = door.Query(t.Context(), "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database() AND pid <> pg_backend_pid()")
	select {
	case <-woken:
	case <-time.After(10 * time.Second):
		t.Error("it does not listen any more")
	}
	stop()
	require.NoError(t, <-ended)
}

func TestBackgroundOfSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leads.db")
	s := sqliteAt(t, path)
	capturePeople(t, s, "acme", 1000)
	before, err := os.Stat(path)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Background(ctx, func() {}) }()
	require.Eventually(t, func() bool {
		after, err := os.Stat(path)
		return err == nil && after.Size() > before.Size()
	}, 10*time.Second, 20*time.Millisecond, "the log is written back into the file")
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, s.Close())
	goleak.VerifyNone(t, goleak.IgnoreCurrent())
}

func TestExpiredKeysAreForgotten(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		for i := range 30 {
			sub := submission("acme", fmt.Sprintf("p%d@example.com", i))
			sub.Key = fmt.Sprintf("key%d", i)
			if i < 20 {
				sub.Received = sub.Received.Add(-73 * time.Hour)
			}
			captureOne(t, s, sub)
		}
		s.ForgetKeys(t.Context())
		left, err := s.Query(t.Context(), "SELECT tenant_id FROM leads_keys")
		require.NoError(t, err)
		require.Len(t, left, 10)
	})
}
