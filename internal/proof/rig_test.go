package proof_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

const token = "proof-of-the-promises"

// full reports whether the counts of docs/reliability.md are run in full instead of a twentieth.
func full() bool { return os.Getenv("LEADS_PROOF") != "" }

func count(ci, proof int) int {
	if full() {
		return proof
	}
	return ci
}

func TestMain(m *testing.M) {
	if where := os.Getenv("LEADS_PROOF_STORE"); where != "" {
		if err := serve(where); err != nil {
			log.Fatal(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// open opens the Store that where names: a PostgreSQL URL or the path of a SQLite file.
func open(where string) (*bunstore.Store, error) {
	if strings.HasPrefix(where, "postgres://") {
		return bunstore.OpenPostgres(where)
	}
	return bunstore.OpenSQLite(where)
}

// unlimited lets everything in.
type unlimited struct{}

func (unlimited) Allow(context.Context, string, int, time.Duration) (ingest.Allowance, error) {
	return ingest.Allowance{OK: true, Remaining: 1}, nil
}

// newEngine is the engine under test: every stage has a part, none needs a network.
func newEngine(store leads.Store) (*leads.Engine, error) {
	return leads.New(leads.Config{
		Store:    store,
		Enricher: leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) { return nil, nil }),
		Scorer:   score.DefaultRubric(),
		Notifier: leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error {
			d := leads.Delivery{Channel: "null", Recipient: "nobody", Body: []byte("a mail")}
			return n.Once(ctx, d, func(context.Context, leads.Delivery) (leads.Receipt, error) { return leads.Receipt{ID: "1"}, nil })
		}),
		Ingest: &ingest.Options{Limiter: unlimited{}},
		Work:   leads.Work{Lease: 2 * time.Second, Poll: 100 * time.Millisecond},
	})
}

// childEngine is the engine of a child: with LEADS_PROOF_MAIL, the URL of a provider, the one that mails.
func childEngine(store *bunstore.Store) (*leads.Engine, error) {
	if provider := os.Getenv("LEADS_PROOF_MAIL"); provider != "" {
		return mailEngine(store, provider, os.Getenv("LEADS_PROOF_ASKED") == "true", 6*time.Second)
	}
	return newEngine(store)
}

// serve is the child process: the engine behind a listener whose address is the first line of its output.
func serve(where string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	store, err := open(where)
	if err != nil {
		return err
	}
	defer store.Close()
	engine, err := childEngine(store)
	if err != nil {
		return err
	}
	if err := store.PutSource(ctx, source(), token); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: engine.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	if err := engine.Run(ctx); err != nil {
		return err
	}
	return server.Shutdown(context.WithoutCancel(ctx))
}

func source() ingest.Source {
	return ingest.Source{Tenant: leads.DefaultTenant, ID: "01939e5c-0000-7000-8000-00000000000a", Name: "proof", CreatedAt: time.Unix(1e9, 0).UTC()}
}

// child is a running server process.
type child struct {
	cmd *exec.Cmd
	url string
}

// start starts a child on the Store at where; env says more of it: see childEngine.
func start(t *testing.T, where string, env ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(append(os.Environ(), "LEADS_PROOF_STORE="+where), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		require.Failf(t, "the child did not start", "%v\n%s", err, stderr.String())
	}
	return &child{cmd: cmd, url: "http://" + strings.TrimSpace(line) + "/" + token}
}

// kill ends the process as a power button would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// stop ends the process in good order.
func (c *child) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, c.cmd.Wait(), "SIGTERM drains and exits 0")
}

// client posts over keep-alive connections and never follows or retries.
func client() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
}

// post returns the status, or an error when the answer did not come.
func post(c *http.Client, url, body string) (int, error) {
	resp, err := c.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode == 200 && string(answer) != `{"success":true}` {
		return 0, fmt.Errorf("200 with %q", answer)
	}
	return resp.StatusCode, nil
}

// stores runs a test on a fresh SQLite file and a fresh PostgreSQL database.
func stores(t *testing.T, test func(t *testing.T, where string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "leads.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgres(t)) })
}

var databases = struct {
	sync.Mutex
	n int
}{}

// postgres returns the URL of a new database, dropped at the end of the test.
func postgres(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("LEADS_TEST_PG_DSN")
	if dsn == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("LEADS_TEST_PG_DSN is not set: CI needs PostgreSQL")
		}
		t.Skip("SKIPPED WITHOUT POSTGRESQL: set LEADS_TEST_PG_DSN or use `make test`")
	}
	admin, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	databases.Lock()
	databases.n++
	name := fmt.Sprintf("proof_%d_%d", os.Getpid(), databases.n)
	databases.Unlock()
	_, err = admin.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

// census is what a Store holds.
type census struct {
	leads       map[string]leads.Lead // by ID
	submissions []ingest.Submission
	unfinished  int // tasks that are waiting or running
	dead        int
}

// take counts what the Store at where holds, reading as a host would.
func take(t *testing.T, where string) census {
	t.Helper()
	store, err := open(where)
	require.NoError(t, err)
	defer store.Close()
	c := census{leads: map[string]leads.Lead{}}
	for after := ""; ; {
		page, err := store.Leads(t.Context(), leads.LeadQuery{Tenant: leads.DefaultTenant, After: after, Limit: 100})
		require.NoError(t, err)
		for _, lead := range page {
			_, twice := c.leads[lead.ID]
			require.False(t, twice, "a lead was listed twice")
			c.leads[lead.ID] = lead
			subs, err := store.Submissions(t.Context(), lead.Tenant, lead.ID)
			require.NoError(t, err)
			c.submissions = append(c.submissions, subs...)
			tasks, err := store.Tasks(t.Context(), lead.Tenant, lead.ID)
			require.NoError(t, err)
			for _, task := range tasks {
				if task.State == leads.TaskDead {
					c.dead++
				} else {
					c.unfinished++
				}
			}
		}
		if len(page) == 0 {
			return c
		}
		after = page[len(page)-1].ID
	}
}

// idle runs a child on the Store until no task is left, for at most three minutes, and returns the census then.
func idle(t *testing.T, where string) census {
	t.Helper()
	c := start(t, where)
	defer c.kill()
	deadline := time.Now().Add(3 * time.Minute)
	for {
		found := take(t, where)
		if found.unfinished == 0 {
			c.stop(t)
			return found
		}
		require.True(t, time.Now().Before(deadline), "%d tasks have not come to an end", found.unfinished)
		<-time.After(200 * time.Millisecond)
	}
}

// oneLeadAnIdentity checks that no two leads share an email address.
func (c census) oneLeadAnIdentity(t *testing.T) {
	t.Helper()
	seen := map[string]string{}
	for id, lead := range c.leads {
		identity := leads.Identify(ingest.Submission{Fields: lead.Fields})
		require.Emptyf(t, seen[identity.Value], "two leads for %s", identity.Value)
		seen[identity.Value] = id
	}
}
