package restapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk/restapi"
)

// clientTools returns the folder with the npm packages that generate and compile a client, or skips the test when they are not there.
// With CI set they are installed.
func clientTools(t *testing.T) string {
	t.Helper()
	const dir = "testdata/client"
	strict := os.Getenv("CI") != "" || os.Getenv("STRICT") != ""
	_, err := exec.LookPath("node")
	if err == nil {
		if _, err = os.Stat(dir + "/node_modules/openapi-typescript"); err != nil && strict {
			install := exec.CommandContext(t.Context(), "npm", "ci", "--prefix", dir, "--ignore-scripts", "--silent", "--no-audit", "--no-fund")
			output, failed := install.CombinedOutput()
			require.NoError(t, failed, string(output))
			err = nil
		}
	}
	if err != nil {
		require.False(t, strict, "node and the packages of %s are required: %v", dir, err)
		t.Skipf("SKIPPED: node and the packages of %s are not there: run npm ci --prefix adapters/desk/restapi/%s; %v", dir, dir, err)
	}
	return dir
}

// TestAGeneratedClient has openapi-typescript, which also checks the document, make the types of a client, tsc compile a program against
// them, and node run it.
func TestAGeneratedClient(t *testing.T) {
	t.Parallel()
	tools, err := filepath.Abs(clientTools(t))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(tools, "node_modules"), filepath.Join(dir, "node_modules")))
	for _, name := range []string{"client.ts", "env.d.ts", "tsconfig.json", "package.json"} {
		data, err := os.ReadFile(filepath.Join(tools, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	data, err := json.Marshal(restapi.Document("/api"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "openapi.json"), data, 0o600))

	w := newWorld(t)
	server := httptest.NewServer(w.api)
	defer server.Close()
	for _, args := range [][]string{
		{"node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts"},
		{"node_modules/typescript/bin/tsc", "-p", "."},
		{"out/client.js"},
	} {
		cmd := exec.CommandContext(t.Context(), "node", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "LEADS_URL="+server.URL+"/api", "LEADS_KEY="+w.keys["full"])
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%v: %s", args, output)
	}
}
