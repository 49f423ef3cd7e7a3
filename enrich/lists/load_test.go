package lists_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/enrich/lists"
)

// loadedAtStart is whether importing the package was enough to unpack the lists.
var loadedAtStart bool

func TestMain(m *testing.M) {
	loadedAtStart = lists.Loaded()
	os.Exit(m.Run())
}

// A program that never looks anything up pays nothing for the lists.
func TestNothingIsUnpackedBeforeTheFirstLookup(t *testing.T) {
	t.Parallel()
	require.False(t, loadedAtStart)
	lists.Lookup("example.com")
	require.True(t, lists.Loaded())
}

// BenchmarkFirstUse is the cost of the first look-up, in time and in memory that stays.
func BenchmarkFirstUse(b *testing.B) {
	var held any
	before := inUse()
	for b.Loop() {
		held = lists.Unpack()
	}
	b.ReportMetric(float64(int64(inUse())-int64(before))/1e6, "MB-held")
	runtime.KeepAlive(held)
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
