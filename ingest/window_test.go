package ingest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads/ingest"
)

// model is a sliding window as one would explain it: it keeps every event.
type model map[string][]time.Time

func (m model) allow(key string, limit int, window time.Duration, now time.Time) ingest.Allowance {
	var inside []time.Time
	for _, at := range m[key] {
		if now.Sub(at) < window {
			inside = append(inside, at)
		}
	}
	a := ingest.Allowance{OK: len(inside) < limit}
	if a.OK {
		inside = append(inside, now)
		a.Remaining = limit - len(inside)
	}
	if a.Remaining == 0 && len(inside) > 0 {
		a.Reset = inside[max(0, len(inside)-limit)].Add(window).Sub(now)
	}
	m[key] = inside
	return a
}

func TestWindowIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		window := ingest.NewWindow(0, func() time.Time { return now })
		m := model{}
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		span := time.Duration(rapid.SampledFrom([]int{1, 10, 60_000}).Draw(t, "window")) * time.Millisecond
		for range rapid.IntRange(1, 300).Draw(t, "events") {
			step := rapid.SampledFrom([]time.Duration{0, time.Millisecond, span / 10, span / 3, span - time.Millisecond, span, span + time.Millisecond, 60 * 24 * time.Hour}).Draw(t, "step")
			now = now.Add(step.Truncate(time.Millisecond))
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
			got, err := window.Allow(context.Background(), key, limit, span)
			if err != nil {
				t.Fatal(err)
			}
			if want := m.allow(key, limit, span, now); got != want {
				t.Fatalf("at %v: %+v, want %+v", now, got, want)
			}
		}
	})
}

// TestWindowNeverAdmitsTooMany is about times that are no whole milliseconds, which the window rounds.
func TestWindowNeverAdmitsTooMany(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const limit, span = 3, 20 * time.Millisecond
		now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		window := ingest.NewWindow(0, func() time.Time { return now })
		var admitted []time.Time
		for range 200 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(10*time.Millisecond)).Draw(t, "step")))
			a, _ := window.Allow(context.Background(), "k", limit, span)
			if a.OK {
				admitted = append(admitted, now)
			}
			if n := len(admitted); n > limit && admitted[n-1].Sub(admitted[n-1-limit]) < span {
				t.Fatalf("%d events within %v", limit+1, admitted[n-1].Sub(admitted[n-1-limit]))
			}
			if n := len(admitted); !a.OK && now.Sub(admitted[n-limit]) >= span+2*time.Millisecond {
				t.Fatalf("denied %v after the event that blocks", now.Sub(admitted[n-limit]))
			}
		}
	})
}

func TestWindowOverYears(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	window := ingest.NewWindow(0, func() time.Time { return now })
	for range 100 {
		for i := range 4 {
			a, _ := window.Allow(t.Context(), "k", 3, time.Minute)
			require.Equal(t, i < 3, a.OK, "%v", now)
		}
		now = now.Add(1<<32*time.Millisecond - 30*time.Second) // just before the short times come round again
	}
}

func TestWindowWithAClockSetBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	window := ingest.NewWindow(0, func() time.Time { return now })
	for range 3 {
		_, _ = window.Allow(t.Context(), "k", 3, time.Minute)
	}
	now = now.Add(-time.Hour)
	a, _ := window.Allow(t.Context(), "k", 3, time.Minute)
	require.False(t, a.OK)
	require.LessOrEqual(t, a.Reset, time.Minute)
}

func TestWindowWithALimitThatChanges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	window := ingest.NewWindow(0, func() time.Time { return now })
	m := model{}
	for _, limit := range []int{5, 5, 5, 5, 5, 2, 2, 9, 9, 9, 9, 9, 1} {
		now = now.Add(7 * time.Second)
		got, _ := window.Allow(t.Context(), "k", limit, time.Minute)
		require.Equal(t, m.allow("k", limit, time.Minute, now), got)
	}
	a, _ := window.Allow(t.Context(), "other", 0, time.Minute)
	require.False(t, a.OK, "a limit of 0 allows nothing")
}

func TestWindowIsExactUnderConcurrency(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	window := ingest.NewWindow(0, func() time.Time { return now })
	var allowed [4]atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 400 {
				if a, _ := window.Allow(t.Context(), fmt.Sprint("k", i%4), 100, time.Minute); a.OK {
					allowed[i%4].Add(1)
				}
			}
		})
	}
	group.Wait()
	for i := range allowed {
		require.EqualValues(t, 100, allowed[i].Load())
	}
}

func TestWindowForgetsTheOldestKeyFirst(t *testing.T) {
	t.Parallel()
	window := ingest.NewWindow(2, nil)
	ok := func(key string) bool {
		a, _ := window.Allow(t.Context(), key, 1, time.Hour)
		return a.OK
	}
	require.True(t, ok("a"))
	require.True(t, ok("b"))
	require.False(t, ok("a"))
	require.True(t, ok("c"), "b was not seen for the longest time and gives way")
	require.False(t, ok("a"))
	require.True(t, ok("b"))
}

// TestWindowMemoryIsBounded sends a million clients of a network each, as one attacker with a /44 can.
func TestWindowMemoryIsBounded(t *testing.T) {
	window := ingest.NewWindow(0, nil)
	before := heap()
	for i := range 1_000_000 {
		var addr [16]byte
		binary.BigEndian.PutUint64(addr[:], 0x20010db8<<32|uint64(i))
		if a, _ := window.Allow(t.Context(), netip.AddrFrom16(addr).String()+"/64", 100, time.Minute); !a.OK {
			t.Fatal("a first request is allowed")
		}
	}
	used := heap() - before
	t.Logf("%d KiB for a million keys", used>>10)
	require.Less(t, used, int64(32<<20))
	runtime.KeepAlive(window)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
