package bunstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

var databases = []struct {
	name string
	open func(b *testing.B) *bunstore.Store
}{
	{"sqlite", func(b *testing.B) *bunstore.Store { return sqliteAt(b, filepath.Join(b.TempDir(), "leads.db")) }},
	{"postgres", func(b *testing.B) *bunstore.Store { return postgresAt(b, postgresDSN(b)) }},
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkCapture commits batches of new leads durably. Its figures are those of one lead.
func BenchmarkCapture(b *testing.B) {
	for _, db := range databases {
		for _, size := range []int{1, 16, 64, 256} {
			b.Run(fmt.Sprintf("%s/%d", db.name, size), func(b *testing.B) {
				s := db.open(b)
				require.NoError(b, s.Migrate(context.Background()))
				n := 0
				batch := func() []ingest.Submission {
					subs := make([]ingest.Submission, size)
					for i := range subs {
						n++
						subs[i] = submission("acme", fmt.Sprintf("person%d@example.com", n))
					}
					return subs
				}
				for range 3 {
					_, err := s.Capture(context.Background(), batch())
					require.NoError(b, err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				var spent time.Duration
				for done := 0; done < b.N; done += size {
					b.StopTimer()
					subs := batch()
					b.StartTimer()
					began := cpu()
					got, err := s.Capture(context.Background(), subs)
					spent += cpu() - began
					if err != nil || got[size-1].Err != nil {
						b.Fatal(err, got[size-1].Err)
					}
				}
				b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "cpu-µs/lead")
			})
		}
	}
}

// BenchmarkWork claims 256 tasks and settles each. Its figures are those of one task.
func BenchmarkWork(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			s := db.open(b)
			const size = 256
			n := 0
			fill := func() {
				subs := make([]ingest.Submission, size)
				for i := range subs {
					n++
					subs[i] = submission("acme", fmt.Sprintf("person%d@example.com", n))
				}
				_, err := s.Capture(context.Background(), subs)
				require.NoError(b, err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += size {
				b.StopTimer()
				fill()
				b.StartTimer()
				settleAll(b, s, claim(b, s, size), 64)
			}
		})
	}
}

// settleAll settles the tasks from so many goroutines at once.
func settleAll(tb testing.TB, s *bunstore.Store, tasks []leads.Task, workers int) {
	tb.Helper()
	work := make(chan leads.Task, len(tasks))
	for _, task := range tasks {
		work <- task
	}
	close(work)
	failed := make(chan error, workers)
	for range workers {
		go func() {
			for task := range work {
				if err := s.Settle(context.Background(), task, leads.Outcome{
					Change: func(lead *leads.Lead) { lead.Assignee = "ann" },
					Events: []leads.Event{{Kind: leads.EventStage, Data: []byte(`{"stage":"enrich"}`)}},
				}); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range workers {
		require.NoError(tb, <-failed)
	}
}
