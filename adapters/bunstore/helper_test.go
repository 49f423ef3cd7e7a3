package bunstore_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

// server is the throw-away PostgreSQL server of the tests, with a database of this package's own.
var server struct {
	once     sync.Once
	admin    *sql.DB
	dsn      *url.URL
	database string
	schemas  atomic.Int64
	err      error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if server.database != "" {
		_, _ = server.admin.Exec("DROP DATABASE " + server.database + " WITH (FORCE)")
		_ = server.admin.Close()
	}
	os.Exit(code)
}

// postgresDSN returns the address of an empty schema of its own.
func postgresDSN(t testing.TB) string {
	t.Helper()
	given := os.Getenv("LEADS_TEST_PG_DSN")
	if given == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("LEADS_TEST_PG_DSN is not set: no PostgreSQL to test on")
		}
		t.Skip("SKIPPED: LEADS_TEST_PG_DSN is not set, so NOTHING IS TESTED ON POSTGRESQL here")
	}
	server.once.Do(func() { server.err = startServer(given) })
	require.NoError(t, server.err)
	schema := fmt.Sprintf("s%d", server.schemas.Add(1))
	db, err := sql.Open("pgx", server.dsn.String())
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("CREATE SCHEMA " + schema)
	require.NoError(t, err)
	dsn := *server.dsn
	query := dsn.Query()
	query.Set("search_path", schema)
	dsn.RawQuery = query.Encode()
	return dsn.String()
}

func startServer(dsn string) (err error) {
	if server.admin, err = sql.Open("pgx", dsn); err != nil {
		return err
	}
	name := fmt.Sprintf("bunstore_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err = server.admin.Exec("CREATE DATABASE " + name); err != nil {
		return err
	}
	server.database = name
	if server.dsn, err = url.Parse(dsn); err != nil {
		return err
	}
	server.dsn.Path = "/" + name
	return nil
}

// both runs a test on both databases. open returns a new, empty store.
func both(t *testing.T, test func(t *testing.T, open func(t *testing.T) *bunstore.Store)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openSQLite)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openPostgres)
	})
}

func openSQLite(t *testing.T) *bunstore.Store {
	return sqliteAt(t, filepath.Join(t.TempDir(), "leads.db"))
}

func sqliteAt(t testing.TB, path string) *bunstore.Store {
	t.Helper()
	s, err := bunstore.OpenSQLite(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func openPostgres(t *testing.T) *bunstore.Store { return postgresAt(t, postgresDSN(t)) }

func postgresAt(t testing.TB, dsn string) *bunstore.Store {
	t.Helper()
	s, err := bunstore.OpenPostgres(dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

var sourceID = leads.NewID()

// submission returns a plausible submission of a person with that address.
func submission(tenant, email string) ingest.Submission {
	sub := ingest.Submission{
		Tenant: tenant, SourceID: sourceID, ID: leads.NewID(), Received: time.Now().UTC().Truncate(time.Microsecond),
		ContentType: "application/json",
		Fields:      ingest.Fields{Email: email, FirstName: "Ann", LastName: "Lee", Company: "Example Ltd", Phone: "+44 20 7946 0018"},
		Metadata:    ingest.Metadata{"message": []byte(`"please call <me> back"`), "budget": []byte("12000.50")},
		Attribution: ingest.Attribution{UTM: ingest.UTM{Source: "newsletter", Campaign: "spring"}, Referrer: "https://example.com/"},
		UserAgent:   "Mozilla/5.0 (X11; Linux x86_64)",
	}
	sub.Raw = fmt.Appendf(nil, `{"email":%q,"firstName":"Ann","message":"please call <me> back","budget":12000.50,"n":%q}`, email, sub.ID)
	sub.Digest = digest(sub.Raw)
	return sub
}

// captureOne captures one submission that must succeed.
func captureOne(t testing.TB, s *bunstore.Store, sub ingest.Submission) leads.Captured {
	t.Helper()
	got, err := s.Capture(context.Background(), []ingest.Submission{sub})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.NoError(t, got[0].Err)
	return got[0]
}

func claim(t testing.TB, s *bunstore.Store, n int) []leads.Task {
	t.Helper()
	tasks, err := s.Claim(context.Background(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: n}, Lease: time.Minute})
	require.NoError(t, err)
	return tasks
}

func digest(b []byte) [32]byte { return sha256.Sum256(b) }

func leadsOf(tenant string) leads.LeadQuery { return leads.LeadQuery{Tenant: tenant} }

func today() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
