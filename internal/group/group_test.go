package group_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/group"
)

// slow is a Run that takes a second of the bubble's time and remembers its batches.
type slow struct{ batches [][]int }

func (s *slow) run(_ context.Context, batch []int) ([]int, error) {
	s.batches = append(s.batches, batch)
	time.Sleep(time.Second)
	outs := make([]int, len(batch))
	for i, n := range batch {
		outs[i] = n * 10
	}
	return outs, nil
}

func TestConcurrentCallsShareABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		g := group.Group[int, int]{Run: s.run, MaxBatch: 4, MaxWaiting: 100}
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				out, err := g.Do(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, i*10, out)
			})
			synctest.Wait()
		}
		wg.Wait()
		sizes := make([]int, len(s.batches))
		for i, b := range s.batches {
			sizes[i] = len(b)
		}
		require.Equal(t, []int{1, 4, 4, 1}, sizes)
	})
}

func TestFullGroupSheds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		g := group.Group[int, int]{Run: s.run, MaxBatch: 1, MaxWaiting: 2}
		var wg sync.WaitGroup
		var full int
		var mu sync.Mutex
		for i := range 5 { // one in work, two waiting, two too many
			wg.Go(func() {
				if _, err := g.Do(t.Context(), i); errors.Is(err, group.ErrFull) {
					mu.Lock()
					full++
					mu.Unlock()
				} else {
					require.NoError(t, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		require.Equal(t, 2, full)
	})
}

func TestEndedContextWithdrawsOnlyWhatIsNotInABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		g := group.Group[int, int]{Run: s.run, MaxBatch: 8, MaxWaiting: 100}
		var wg sync.WaitGroup
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		wg.Go(func() { // leads; its own context ends within the batch
			out, err := g.Do(short, 1)
			require.NoError(t, err)
			require.Equal(t, 10, out)
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := g.Do(short, 2)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		wg.Go(func() {
			out, err := g.Do(t.Context(), 3)
			require.NoError(t, err)
			require.Equal(t, 30, out)
		})
		wg.Wait()
		require.Equal(t, [][]int{{1}, {3}}, s.batches)
	})
}

func TestAnyNumberMayWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		g := group.Group[int, int]{Run: s.run, MaxBatch: 100}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				out, err := g.Do(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, i*10, out)
			})
		}
		wg.Wait()
	})
}

// TestLeaderThatGivesUpFailsNobodyElse has the first caller lead alone and the second one lead the rest; both go away before anything is begun.
func TestLeaderThatGivesUpFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun, given [][]int
		open := make(chan struct{})
		g := group.Group[int, int]{MaxBatch: 8, Run: func(ctx context.Context, batch []int) ([]int, error) {
			given = append(given, batch)
			select {
			case <-open:
			case <-ctx.Done():
				return nil, fmt.Errorf("%w: %w", group.ErrNotBegun, ctx.Err())
			}
			begun = append(begun, batch)
			return batch, nil
		}}
		var wg sync.WaitGroup
		contexts := make([]context.Context, 4)
		for i := range contexts {
			contexts[i] = t.Context()
			if i < 2 {
				var cancel context.CancelFunc
				contexts[i], cancel = context.WithTimeout(t.Context(), time.Duration(i+1)*time.Second)
				defer cancel()
			}
			wg.Go(func() {
				out, err := g.Do(contexts[i], i)
				if i < 2 {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					return
				}
				require.NoError(t, err, "another caller's context ended this one's call")
				require.Equal(t, i, out)
			})
			synctest.Wait()
		}
		time.Sleep(3 * time.Second)
		close(open)
		wg.Wait()
		require.Equal(t, [][]int{{0}, {1, 2, 3}}, given[:2])
		require.ElementsMatch(t, []int{2, 3}, slices.Concat(begun...))
	})
}

func TestPanicAndWrongCountBecomeErrors(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(context.Context, []int) ([]int, error){
		"panic":       func(context.Context, []int) ([]int, error) { panic("boom") },
		"wrong count": func(context.Context, []int) ([]int, error) { return nil, nil },
		"error":       func(context.Context, []int) ([]int, error) { return nil, errors.New("down") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := group.Group[int, int]{Run: run, MaxBatch: 8, MaxWaiting: 8}
			for range 2 { // the second call finds a group that still works
				_, err := g.Do(t.Context(), 1)
				require.Error(t, err)
			}
		})
	}
}

func TestEveryCallEndsUnderStress(t *testing.T) {
	t.Parallel()
	g := group.Group[int, int]{MaxBatch: 16, MaxWaiting: 1 << 16, Run: func(_ context.Context, b []int) ([]int, error) { return b, nil }}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if j%7 == 0 {
					cancel()
				}
				if out, err := g.Do(ctx, i); err == nil {
					require.Equal(t, i, out)
				} else {
					require.ErrorIs(t, err, context.Canceled)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}
