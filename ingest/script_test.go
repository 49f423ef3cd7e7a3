package ingest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest/snippet"
)

func TestTheDoorServesTheScript(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path string
		status             int
		allow              string
	}{
		{"beside the tokens", "GET", "/api/webhooks/leads.js", 200, ""},
		{"at the root", "GET", "/leads.js", 200, ""},
		{"this version", "HEAD", "/api/webhooks/" + snippet.Versioned(), 200, ""},
		{"another version", "GET", "/api/webhooks/leads.0011223344556677.js", 405, "POST, OPTIONS"},
		{"a token", "GET", "/api/webhooks/" + goodToken, 405, "POST, OPTIONS"},
		{"as a token", "POST", "/api/webhooks/leads.js", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			w := d.do(httptest.NewRequest(tt.method, "http://door.example"+tt.path, http.NoBody))
			require.Equal(t, tt.status, w.Code)
			require.Equal(t, tt.allow, w.Header().Get("Allow"))
			require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
			require.Zero(t, d.sink.len())
			require.Zero(t, d.sources.calls, "a script needs no source")
		})
	}
}
