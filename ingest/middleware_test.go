package ingest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// late is a ResponseWriter that answers 404 unless it is told a status, as that of gin's NoRoute does.
type late struct {
	*httptest.ResponseRecorder
	told bool
}

func (l *late) WriteHeader(status int) {
	l.told = true
	l.ResponseRecorder.WriteHeader(status)
}

func (l *late) Write(b []byte) (int, error) {
	if !l.told {
		l.WriteHeader(http.StatusNotFound)
	}
	return l.ResponseRecorder.Write(b)
}

func TestTheStatusIsAlwaysSaid(t *testing.T) {
	t.Parallel()
	door := ingest.NewHandler(anyToken{}, ingest.SinkFunc(func(context.Context, ingest.Submission) error { return nil }), nil)
	for _, accept := range []string{"application/json", "text/html"} {
		r := httptest.NewRequest(http.MethodPost, "/some-token-1", strings.NewReader("email=ann%40acme.com"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", accept)
		w := &late{ResponseRecorder: httptest.NewRecorder()}
		door.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, accept)
	}
}

func TestTheScriptIsPackedOnce(t *testing.T) {
	t.Parallel()
	door := ingest.NewHandler(anyToken{}, ingest.SinkFunc(func(context.Context, ingest.Submission) error { return nil }), nil)
	for name, before := range map[string]http.Header{"alone": {}, "behind a middleware that packs": {"Vary": {"Accept-Encoding"}}} {
		w := httptest.NewRecorder()
		for key, values := range before {
			w.Header()[key] = values
		}
		r := httptest.NewRequest(http.MethodGet, "/leads.js", nil)
		r.Header.Set("Accept-Encoding", "gzip, br")
		door.ServeHTTP(w, r)
		require.Equal(t, name == "alone", w.Header().Get("Content-Encoding") == "gzip", name)
		require.Equal(t, []string{"Accept-Encoding"}, w.Header().Values("Vary"))
	}
}

// anyToken knows every token.
type anyToken struct{}

func (anyToken) SourceByToken(context.Context, string) (ingest.Source, error) {
	return ingest.Source{Tenant: "acme", ID: ingest.SourceID("acme", "x")}, nil
}
