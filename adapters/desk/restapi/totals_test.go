package restapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/restapi"
	"github.com/openleads/leads/ingest"
)

// more captures n more leads of the tenant acme, each with so much in its metadata.
func (w *world) more(t *testing.T, n, size int) {
	t.Helper()
	for i := range n {
		sub := ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: fmt.Sprintf("more%d@example.org", i)}}
		if size > 0 {
			sub.Metadata = ingest.Metadata{"message": []byte(`"` + strings.Repeat("x", size) + `"`)}
		}
		_, err := w.engine.Capture(t.Context(), sub)
		require.NoError(t, err)
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *restapi.Options) { o.MaxTotal = 10 })
	w.more(t, 15, 0)
	for _, tt := range []struct {
		query  string
		total  int
		pages  int
		capped bool
	}{
		{"search=more1&limit=4", 6, 2, false}, {"search=more1&limit=100", 6, 1, false}, {"search=more1&limit=4&page=2", 6, 2, false},
		{"search=more&limit=4", 10, 3, true}, {"search=nobody", 0, 0, false}, {"search=more&limit=100", 15, 1, false},
	} {
		var page struct {
			Data       []map[string]any
			Pagination struct {
				Total, Pages int
				Capped       bool
				NextCursor   string
			}
		}
		w.get(t, "/api/leads?"+tt.query, &page)
		require.Equal(t, tt.total, page.Pagination.Total, tt.query)
		require.Equal(t, tt.pages, page.Pagination.Pages, tt.query)
		require.Equal(t, tt.capped, page.Pagination.Capped, tt.query)
	}
}

func TestHowFarTotalsCount(t *testing.T) {
	t.Parallel()
	api := newWorld(t).api
	for _, tt := range []struct {
		f    desk.Filter
		most int
	}{
		{desk.Filter{}, 1 << 30}, {desk.Filter{From: time.Now(), To: time.Now(), Sort: desk.HottestFirst, Limit: 20, Offset: 40}, 1 << 30},
		{desk.Filter{After: "x", Limit: 5}, 1 << 30}, {desk.Filter{Unassigned: true}, 100_000}, {desk.Filter{Statuses: []leads.Status{leads.StatusNew}}, 100_000},
		{desk.Filter{Search: "ann"}, 10_000}, {desk.Filter{Search: "ann", Tag: "vip"}, 10_000},
	} {
		require.Equal(t, tt.most, api.Most(tt.f), "%+v", tt.f)
	}
}

// TestExportToWhoStopsReading: who takes nothing for a while loses the connection, and gives back the place for an export.
func TestExportToWhoStopsReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more(t, 2000, 15_000)
	w.api.SetPatience(200 * time.Millisecond)
	for _, format := range []string{"csv", "json"} {
		ended := make(chan struct{}, 1)
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			defer func() { ended <- struct{}{} }()
			w.api.ServeHTTP(rw, r)
		}))
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "GET /api/leads/export?format=%s HTTP/1.1\r\nHost: x\r\nCookie: user=admin\r\n\r\n", format)
		require.NoError(t, err)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("the export waits for ever")
		}
		require.NoError(t, conn.Close())
		server.Close()
	}
}

// TestExportTakesItsTime: an export goes on for as long as somebody reads it, whatever the server allows other answers.
func TestExportTakesItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more(t, 50, 1000)
	server := httptest.NewUnstartedServer(w.api)
	server.Config.WriteTimeout = time.Nanosecond
	server.Start()
	defer server.Close()
	for _, format := range []string{"csv", "json"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/leads/export?format="+format, nil)
		require.NoError(t, err)
		r.AddCookie(&http.Cookie{Name: "user", Value: "admin"})
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Contains(t, string(body), "more49@example.org")
	}
}
