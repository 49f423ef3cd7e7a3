package dashboard_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// listen opens the stream of a user and returns its lines.
func (w *world) listen(ctx context.Context, user, last string) (<-chan string, *http.Response) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/dashboard/live", nil)
	require.NoError(w.t, err)
	r.Header.Set("User", user)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		defer answer.Body.Close()
		for in := bufio.NewScanner(answer.Body); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines, answer
}

// await waits for a line.
func await(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, ok := <-lines:
			require.True(t, ok, "the stream has ended before %q", want)
			if line == want {
				return
			}
		case <-late:
			require.Fail(t, "it did not come", want)
		}
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	ann, answer := w.listen(t.Context(), "reader", "")
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	await(t, ann, "retry: 1000")
	eve, _ := w.listen(t.Context(), "eve", "")
	await(t, eve, "retry: 1000")

	_, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: leads.DefaultTenant, Fields: ingest.Fields{Email: "x@live.example"}})
	require.NoError(t, err)
	came := time.Now()
	await(t, ann, "event: leads")
	require.Less(t, time.Since(came), 2*time.Second)
	await(t, ann, "data: 1")
	again, _ := w.listen(t.Context(), "reader", "1")
	await(t, again, "event: leads") // who was away is told that there may be news

	w.board.Close()
	for _, lines := range []<-chan string{ann, again} {
		for line := range lines { // until it has ended
			require.False(t, strings.HasPrefix(line, "error"))
		}
	}
	for line := range eve {
		require.NotEqual(t, "event: leads", line, "another tenant's lead")
	}
}

func TestLiveWithoutStreaming(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/dashboard/live", nil)
	require.NoError(t, err)
	r.Header.Set("User", "reader")
	w.board.ServeHTTP(&plainWriter{header: make(http.Header)}, r) // returns
}

// plainWriter cannot flush.
type plainWriter struct{ header http.Header }

func (p *plainWriter) Header() http.Header         { return p.header }
func (p *plainWriter) Write(b []byte) (int, error) { return len(b), nil }
func (p *plainWriter) WriteHeader(int)             {}
