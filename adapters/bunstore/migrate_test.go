package bunstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

// child is set in a process that is only there to migrate, and perhaps to be killed.
const child = "BUNSTORE_TEST_CHILD"

// TestMigrateChild is the body of such a process.
func TestMigrateChild(t *testing.T) {
	address := os.Getenv(child)
	if address == "" {
		t.Skip("runs only as a child of the tests below")
	}
	s := openAt(t, address)
	require.NoError(t, s.Migrate(context.Background()))
	captureOne(t, s, submission("acme", leads.NewID()+"@example.com"))
}

func openAt(t testing.TB, address string) *bunstore.Store {
	if filepath.IsAbs(address) {
		return sqliteAt(t, address)
	}
	return postgresAt(t, address)
}

// addresses runs a test on both databases, with the address of an empty one.
func addresses(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "leads.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresDSN(t)) })
}

func startChild(t *testing.T, address string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestMigrateChild$")
	cmd.Env = append(os.Environ(), child+"="+address)
	require.NoError(t, cmd.Start())
	return cmd
}

func TestEightProcessesMigrateAtOnce(t *testing.T) {
	addresses(t, func(t *testing.T, address string) {
		children := make([]*exec.Cmd, 8)
		for i := range children {
			children[i] = startChild(t, address)
		}
		for _, c := range children {
			require.NoError(t, c.Wait())
		}
		page, err := openAt(t, address).Leads(t.Context(), leads.LeadQuery{Tenant: "acme"})
		require.NoError(t, err)
		require.Len(t, page, 8)
	})
}

func TestKilledMigration(t *testing.T) {
	addresses(t, func(t *testing.T, address string) {
		for range 15 {
			c := startChild(t, address)
			killed := time.AfterFunc(time.Duration(10+rand.IntN(60))*time.Millisecond, func() { _ = c.Process.Kill() })
			_ = c.Wait()
			killed.Stop()
		}
		s := openAt(t, address)
		require.NoError(t, s.Migrate(t.Context()))
		captureOne(t, s, submission("acme", "ann@example.com"))
		steps, err := s.Query(t.Context(), "SELECT name FROM leads_migrations")
		require.NoError(t, err)
		require.Equal(t, []string{"001_foundation", "002_following", "003_desk", "004_facets"}, steps)
	})
}

func TestManyStoresOpenAtOnce(t *testing.T) {
	addresses(t, func(t *testing.T, address string) {
		var group sync.WaitGroup
		for range 8 {
			s := openAt(t, address)
			group.Go(func() {
				if err := s.Migrate(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	addresses(t, func(t *testing.T, address string) {
		s := openAt(t, address)
		require.NoError(t, s.Migrate(t.Context()))
		require.NoError(t, s.Exec(t.Context(), "INSERT INTO leads_migrations (version, name) VALUES (999, 'from the future')"))

		old := openAt(t, address)
		_, err := old.Capture(t.Context(), nil)
		require.ErrorContains(t, err, "newer version")
		require.ErrorContains(t, old.PutSource(t.Context(), source("acme"), "token"), "newer version")
		findings := old.Check(t.Context())
		require.Len(t, findings, 1)
		require.True(t, findings[0].Fatal)
		sources, err := s.Query(t.Context(), "SELECT name FROM leads_sources")
		require.NoError(t, err)
		require.Empty(t, sources)
	})
}

func TestDatabaseThatIsDownAtTheStart(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "later")
	s := sqliteAt(t, filepath.Join(folder, "leads.db"))
	_, err := s.Lead(t.Context(), "acme", leads.NewID())
	require.Error(t, err)
	require.NotErrorIs(t, err, leads.ErrNotFound)
	require.True(t, s.Check(t.Context())[0].Fatal)

	require.NoError(t, os.Mkdir(folder, 0o700))
	captureOne(t, s, submission("acme", "ann@example.com"))
	require.Empty(t, s.Check(t.Context()))
}

// TestRevokedTokenIsUnknownAtOnce has one process revoke a token that another one uses: package ingest's memory is all there may be.
func TestRevokedTokenIsUnknownAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "leads.db")
	s, other := sqliteAt(t, path), sqliteAt(t, path)
	src := source("acme")
	require.NoError(t, s.PutSource(t.Context(), src, "old"))
	_, err := s.SourceByToken(t.Context(), "old")
	require.NoError(t, err)
	require.NoError(t, other.PutSource(t.Context(), src, "new"))
	_, err = s.SourceByToken(t.Context(), "old")
	require.ErrorIs(t, err, ingest.ErrNotFound)
}

// TestNewFileIsForThisUserOnly makes a file by each call that may be the first.
func TestNewFileIsForThisUserOnly(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(ctx context.Context, s *bunstore.Store) error{
		"check":   func(ctx context.Context, s *bunstore.Store) error { s.Check(ctx); return nil },
		"migrate": func(ctx context.Context, s *bunstore.Store) error { return s.Migrate(ctx) },
		"capture": func(ctx context.Context, s *bunstore.Store) error {
			_, err := s.Capture(ctx, []ingest.Submission{submission("acme", "ann@example.com")})
			return err
		},
		"put source": func(ctx context.Context, s *bunstore.Store) error {
			return s.PutSource(ctx, source("acme"), "token")
		},
		"look up": func(ctx context.Context, s *bunstore.Store) error {
			_, err := s.SourceByToken(ctx, "token")
			return ignore(err, ingest.ErrNotFound)
		},
		"read": func(ctx context.Context, s *bunstore.Store) error {
			_, err := s.Lead(ctx, "acme", leads.NewID())
			return ignore(err, leads.ErrNotFound)
		},
		"claim": func(ctx context.Context, s *bunstore.Store) error {
			_, err := s.Claim(ctx, leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: time.Minute})
			return err
		},
		"sweep": func(ctx context.Context, s *bunstore.Store) error { s.ForgetKeys(ctx); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "leads.db")
			s := sqliteAt(t, path)
			require.NoError(t, use(t.Context(), s))
			captureOne(t, s, submission("acme", "ben@example.com")) // so that there is a log
			for _, suffix := range []string{"", "-wal", "-shm"} {
				info, err := os.Stat(path + suffix)
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "leads are personal data: leads.db%s", suffix)
			}
		})
	}
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
