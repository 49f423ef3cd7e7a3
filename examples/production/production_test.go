package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
)

// TestTheWholeProgram runs the program against PostgreSQL and a Mailgun that keeps what it takes: a submission becomes a mail to somebody
// of the team, and one that asks the lead to confirm.
func TestTheWholeProgram(t *testing.T) {
	dsn := database(t)
	provider := newProvider(t)
	addr := freeAddress(t)
	env := map[string]string{
		"DATABASE_URL": dsn, "BASE_URL": "https://leads.example.com", "ADDR": addr, "WEBHOOK_TOKEN": "website-form-1",
		"MAILGUN_DOMAIN": "mg.example.com", "MAILGUN_API_KEY": "key-1", "MAILGUN_API_BASE": provider.URL + "/v3",
		"MAIL_FROM": "Acme <hello@example.com>", "MAIL_POSTAL": "Acme Ltd, 1 Main St", "TEAM": "ann=ann@example.com,bob=bob@example.com",
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, func(name string) string { return env[name] }, slog.New(slog.DiscardHandler))
	}()
	require.Eventually(t, func() bool { return get(t, "http://"+addr+"/healthz") == http.StatusOK }, 20*time.Second, 50*time.Millisecond)

	body := `{"email":"eve@acme-tools.com","firstName":"Eve","company":"Acme Tools","message":"We need a demo and a price for 40 seats by March"}`
	answer, err := http.Post("http://"+addr+"/api/webhooks/website-form-1", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NoError(t, answer.Body.Close())

	team := provider.wait(t, func(m message) bool { return strings.Contains(m.to, "@example.com") })
	require.Contains(t, team.subject, "Eve")
	require.Contains(t, team.text, "https://leads.example.com/leads/")
	confirm := provider.wait(t, func(m message) bool { return strings.Contains(m.to, "eve@acme-tools.com") })
	require.Contains(t, confirm.text, "https://leads.example.com/mail/c/")
	stop()
	require.NoError(t, <-ended)
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var rules string
	require.NoError(t, db.QueryRow(`SELECT convert_from(data, 'UTF8') FROM leads_records WHERE kind = 'desk.setting' AND id = 'retention'`).Scan(&rules))
	require.JSONEq(t, `{"raw":90,"clients":30,"quarantined":30,"events":0,"leads":0}`, rules)
}

func TestTheEnvironmentIsCheckedWhole(t *testing.T) {
	t.Parallel()
	_, err := fromEnvironment(func(string) string { return "" })
	for _, name := range []string{"BASE_URL", "DATABASE_URL", "WEBHOOK_TOKEN", "MAILGUN_DOMAIN", "MAILGUN_API_KEY", "MAIL_FROM", "TEAM"} {
		require.ErrorContains(t, err, name)
	}
}

// message is what the provider took.
type message struct{ to, subject, text string }

// provider is a Mailgun that takes everything.
type provider struct {
	*httptest.Server
	mu       sync.Mutex
	messages []message
}

func newProvider(t *testing.T) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.messages = append(p.messages, message{to: r.FormValue("to"), subject: r.FormValue("subject"), text: r.FormValue("text")})
		p.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]string{"id": r.FormValue("h:Message-Id"), "message": "Queued. Thank you."})
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) wait(t *testing.T, wanted func(message) bool) (found message) {
	t.Helper()
	require.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, m := range p.messages {
			if wanted(m) {
				found = m
				return true
			}
		}
		return false
	}, 30*time.Second, 50*time.Millisecond)
	return found
}

// database makes a database of its own.
func database(t *testing.T) string {
	t.Helper()
	server := os.Getenv("LEADS_TEST_PG_DSN")
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("LEADS_TEST_PG_DSN is not set")
		}
		t.Skip("SKIPPED: LEADS_TEST_PG_DSN is not set")
	}
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := "production_" + strings.ToLower(rand.Text())
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

func get(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}
