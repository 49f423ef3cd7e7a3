package snippet_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest/snippet"
)

// most is what the script may take on the wire, in bytes.
const most = 4096

func TestTheScriptIsSmall(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("leads.js")
	require.NoError(t, err)
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(source)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	t.Logf("%d bytes, %d gzipped", len(source), packed.Len())
	require.LessOrEqual(t, packed.Len(), most)
	for _, banned := range []string{"eval(", "innerHTML", "document.write", "Function(", "cookie"} {
		require.NotContains(t, string(source), banned)
	}

	r := httptest.NewRequest(http.MethodGet, "/leads.js", http.NoBody)
	r.Header.Set("Accept-Encoding", "gzip")
	answer := httptest.NewRecorder()
	snippet.Handler().ServeHTTP(answer, r)
	require.Equal(t, "gzip", answer.Header().Get("Content-Encoding"))
	require.LessOrEqual(t, answer.Body.Len(), most)
}

// tools returns the folder with the npm packages that build and check the snippet, or skips the test when they are not there.
func tools(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		if _, err = os.Stat("gen/node_modules/esbuild"); err != nil && strict() {
			install := exec.CommandContext(t.Context(), "npm", "ci", "--prefix", "gen", "--ignore-scripts", "--silent", "--no-audit", "--no-fund")
			output, failed := install.CombinedOutput()
			require.NoError(t, failed, string(output))
			err = nil
		}
	}
	if err != nil {
		require.False(t, strict(), "node and the packages of gen are required: %v", err)
		t.Skip("SKIPPED: node and the packages of gen are not there: run go generate; ", err)
	}
	return "gen"
}

func TestTheScriptIsWhatItsSourceSays(t *testing.T) {
	t.Parallel()
	gen := tools(t)
	built := filepath.Join(t.TempDir(), "leads.js")
	build := exec.CommandContext(t.Context(), "node", "build.mjs", built)
	build.Dir = gen
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	want, err := os.ReadFile(built)
	require.NoError(t, err)
	got, err := os.ReadFile("leads.js")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "leads.js is not what src gives: run go generate ./ingest/snippet")
}

func TestTheTypesAgree(t *testing.T) {
	t.Parallel()
	check := exec.CommandContext(t.Context(), "node", "node_modules/typescript/bin/tsc", "--noEmit", "-p", "../src")
	check.Dir = tools(t)
	output, err := check.CombinedOutput()
	require.NoError(t, err, string(output))
}
