package hostile_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

// lines is what is written to it, behind a lock.
type lines struct {
	mu sync.Mutex
	strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.String()
}

// TestLogs has every part of the line fail with every text, for leads that are made of it: each record of the log is one line that a terminal shows as it
// is, and no text of a lead is in it.
func TestLogs(t *testing.T) {
	t.Parallel()
	var text, object lines
	store, texts := memstore.New(nil), hostile.Texts(t)
	fails := func(lead leads.Lead) error {
		if lead.ID[len(lead.ID)-1] == '0' {
			panic(lead.LastName) // its stack is logged
		}
		return errors.New(lead.LastName)
	}
	engine, err := leads.New(leads.Config{
		Store: store, Logger: slog.New(both{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&object, nil)}), Work: leads.Work{MaxAttempts: 1, Backoff: time.Millisecond, Poll: 10 * time.Millisecond},
		Enricher: leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) { return nil, fails(lead) }),
		Scorer:   leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) { return leads.Score{}, fails(lead) }),
	})
	require.NoError(t, err)
	var last string
	for _, s := range texts {
		captured, err := engine.Capture(t.Context(), ingest.Submission{Tenant: leads.DefaultTenant, Fields: ingest.Fields{LastName: "secret" + hostile.UTF8(s)}})
		require.NoError(t, err)
		last = captured.LeadID
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	require.Eventually(t, func() bool {
		queue, err := store.Queue(t.Context(), leads.DefaultTenant)
		dead := 0
		for _, q := range queue {
			if q.State == leads.TaskDead {
				dead += q.Count
			}
		}
		return err == nil && dead >= len(texts)
	}, time.Minute, 10*time.Millisecond, last)
	stop()
	require.NoError(t, <-ended)

	records := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	require.GreaterOrEqual(t, len(records), len(texts))
	for _, line := range records {
		require.True(t, strings.HasPrefix(line, "time=") && strings.Contains(line, " level="), "%q is no record", line)
		require.False(t, strings.ContainsFunc(line, unicode.IsControl), "%q", line)
	}
	for line := range strings.Lines(object.String()) {
		require.True(t, json.Valid([]byte(line)), "%q", line)
	}
	require.NotContains(t, text.String(), "secret")
}

// both writes records in two ways.
type both [2]slog.Handler

func (b both) Enabled(context.Context, slog.Level) bool { return true }

func (b both) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b[0].Handle(ctx, r), b[1].Handle(ctx, r))
}
func (b both) WithAttrs(a []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(a), b[1].WithAttrs(a)}
}
func (b both) WithGroup(n string) slog.Handler { return both{b[0].WithGroup(n), b[1].WithGroup(n)} }
