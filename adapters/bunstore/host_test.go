package bunstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

func source(tenant string) ingest.Source {
	return ingest.Source{Tenant: tenant, ID: sourceID, Name: "Contact form"}
}

// hostSQLite opens a database as a host might: without the pragmas and lock mode that a store of our own would have.
func hostSQLite(t testing.TB, pragmas string) *bun.DB {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "host.db")+"?"+pragmas)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return bun.NewDB(db, sqlitedialect.New())
}

func hostPostgres(t testing.TB, settings string) *bun.DB {
	db, err := sql.Open("pgx", postgresDSN(t)+settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return bun.NewDB(db, pgdialect.New())
}

const durable = "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

// hosts runs a test on databases of the host's own, set up in different ways.
func hosts(t *testing.T, test func(t *testing.T, db *bun.DB)) {
	for name, open := range map[string]func(t testing.TB) *bun.DB{
		"sqlite": func(t testing.TB) *bun.DB {
			return hostSQLite(t, durable+"&_txlock=immediate&_pragma=busy_timeout(5000)")
		},
		"sqlite, nothing set": func(t testing.TB) *bun.DB { return hostSQLite(t, durable) },
		"postgres":            func(t testing.TB) *bun.DB { return hostPostgres(t, "") },
		"postgres, simple":    func(t testing.TB) *bun.DB { return hostPostgres(t, "&default_query_exec_mode=simple_protocol") },
		"postgres, no statement": func(t testing.TB) *bun.DB {
			return hostPostgres(t, "&statement_cache_capacity=0&default_query_exec_mode=exec")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func TestCaptureTx(t *testing.T) {
	t.Parallel()
	hosts(t, func(t *testing.T, db *bun.DB) {
		s, err := bunstore.New(db, &bunstore.Options{Prefix: "crm_"})
		require.NoError(t, err)
		ctx := t.Context()
		err = db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			_, err := s.CaptureTx(ctx, tx, submission("acme", "early@example.com"))
			return err
		})
		require.ErrorContains(t, err, "call Migrate")
		require.NoError(t, s.Migrate(ctx))
		_, err = db.ExecContext(ctx, "CREATE TABLE signups (email TEXT PRIMARY KEY)")
		require.NoError(t, err)

		stop := errors.New("the host changes its mind")
		var got leads.Captured
		signUp := func(email string, end error) error {
			return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) (err error) {
				if _, err = tx.ExecContext(ctx, "INSERT INTO signups VALUES (?)", email); err != nil {
					return err
				}
				if got, err = s.CaptureTx(ctx, tx, submission("acme", email)); err != nil {
					return err
				}
				return end
			})
		}
		require.ErrorIs(t, signUp("gone@example.com", stop), stop)
		_, err = s.Lead(ctx, "acme", got.LeadID)
		require.ErrorIs(t, err, leads.ErrNotFound)

		require.NoError(t, signUp("ann@example.com", nil))
		lead, err := s.Lead(ctx, "acme", got.LeadID)
		require.NoError(t, err)
		require.Equal(t, "ann@example.com", lead.Email)
		require.Len(t, claim(t, s, 10), 1)
		emails, err := s.Query(ctx, "SELECT email FROM signups")
		require.NoError(t, err)
		require.Equal(t, []string{"ann@example.com"}, emails)

		// A capture that fails leaves the host's transaction usable.
		taken := submission("acme", "taken@example.com")
		captureOne(t, s, taken)
		taken.Fields.Email = "other@example.com"
		require.NoError(t, db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO signups VALUES (?)", "bob@example.com")
			require.NoError(t, err)
			_, err = s.CaptureTx(ctx, tx, taken)
			require.Error(t, err)
			_, err = s.CaptureTx(ctx, tx, submission("acme", "bob@example.com"))
			return err
		}))
		emails, err = s.Query(ctx, "SELECT email FROM crm_leads ORDER BY email")
		require.NoError(t, err)
		require.Equal(t, []string{"ann@example.com", "bob@example.com", "taken@example.com"}, emails)
	})
}

func TestHostsDatabaseUnderLoad(t *testing.T) {
	t.Parallel()
	hosts(t, func(t *testing.T, db *bun.DB) {
		var group sync.WaitGroup
		for g := range 4 { // stores that do not know of each other, as in several processes
			s, err := bunstore.New(db, nil)
			require.NoError(t, err)
			for w := range 2 {
				group.Go(func() {
					for i := range 15 {
						got, err := s.Capture(context.Background(), []ingest.Submission{submission("acme", fmt.Sprintf("p%d@example.com", i))})
						if err != nil || got[0].Err != nil {
							t.Errorf("store %d, worker %d: %v %v", g, w, err, got)
							return
						}
						tasks, err := s.Claim(context.Background(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 2}, Lease: 1e9 * 60})
						if err != nil {
							t.Errorf("claim: %v", err)
							return
						}
						for _, task := range tasks {
							if err := s.Settle(context.Background(), task, leads.Outcome{}); err != nil {
								t.Errorf("settle: %v", err)
							}
						}
					}
				})
			}
		}
		group.Wait()
		s, err := bunstore.New(db, nil)
		require.NoError(t, err)
		page, err := s.Leads(t.Context(), leads.LeadQuery{Tenant: "acme", Limit: 100})
		require.NoError(t, err)
		require.Len(t, page, 15)
		for _, lead := range page {
			require.Equal(t, 8, lead.Submissions)
		}
	})
}

func TestUnsafeDurabilityIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		open       func(t testing.TB) *bun.DB
	}{
		{"sqlite normal", "synchronous=1", func(t testing.TB) *bun.DB {
			return hostSQLite(t, "_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
		}},
		{"sqlite without a journal", "journal_mode=memory", func(t testing.TB) *bun.DB {
			return hostSQLite(t, "_pragma=journal_mode(MEMORY)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
		}},
		{"postgres", "synchronous_commit=off", func(t testing.TB) *bun.DB { return hostPostgres(t, "&synchronous_commit=off") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := c.open(t)
			s, err := bunstore.New(db, nil)
			require.NoError(t, err)
			_, err = s.Capture(t.Context(), []ingest.Submission{submission("acme", "ann@example.com")})
			require.ErrorContains(t, err, c.says)
			findings := s.Check(t.Context())
			require.Len(t, findings, 1)
			require.True(t, findings[0].Fatal)
			require.Contains(t, findings[0].Message, c.says)
			require.NotEmpty(t, findings[0].Fix)

			daring, err := bunstore.New(db, &bunstore.Options{AllowUnsafeDurability: true})
			require.NoError(t, err)
			captureOne(t, daring, submission("acme", "ann@example.com"))
			findings = daring.Check(t.Context())
			require.Len(t, findings, 1)
			require.False(t, findings[0].Fatal)
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := bunstore.New(nil, nil)
	require.Error(t, err)
	db := hostSQLite(t, durable)
	for _, prefix := range []string{"Leads_", "a b", "leads;", "é_", "1_", "a23456789012345678901234567890_"} {
		_, err = bunstore.New(db, &bunstore.Options{Prefix: prefix})
		require.Error(t, err, prefix)
	}
	for _, path := range []string{"", ":memory:", "file::memory:?cache=shared"} {
		_, err = bunstore.OpenSQLite(path)
		require.Error(t, err, path)
	}
	_, err = bunstore.OpenPostgres("postgres://host:notaport/")
	require.Error(t, err)
}

func TestPathsWithOddCharacters(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?c=d&e%20#f.db")
	s := sqliteAt(t, path)
	captureOne(t, s, submission("acme", "ann@example.com"))
	require.FileExists(t, path)
	require.Empty(t, s.Check(t.Context()))
}
