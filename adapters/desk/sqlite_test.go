package desk_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
)

// BenchmarkImport imports into a SQLite file that is as durable as a host's. Run with -benchtime 100000x for 100,000 rows.
func BenchmarkImport(b *testing.B) {
	store, err := bunstore.OpenSQLite(filepath.Join(b.TempDir(), "leads.db"))
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	require.NoError(b, store.Migrate(b.Context()))
	engine, err := leads.New(leads.Config{Store: store})
	require.NoError(b, err)
	d, err := desk.New(desk.Config{Engine: engine, Store: store})
	require.NoError(b, err)
	source := &rows{of: b.N}
	b.ResetTimer()
	began := time.Now()
	report, err := d.Import(b.Context(), ada, source, nil)
	require.NoError(b, err)
	require.Equal(b, b.N, report.Created)
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "rows/s")
	b.ReportMetric(float64(source.most)/(1<<20), "MiB-heap")
}
