package restapi_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk/restapi"
)

// routesTable writes the routes as docs/api.md has them.
func routesTable() string {
	var b strings.Builder
	b.WriteString("| call | | for |\n|---|---|---|\n")
	for _, r := range restapi.Routes {
		var marks []string
		for _, p := range r.Query {
			marks = append(marks, "`"+p.Name+"`")
		}
		text := r.Summary
		if marks != nil {
			text += ": " + strings.Join(marks, ", ")
		}
		if r.Idempotent {
			text += " (`Idempotency-Key`)"
		}
		if r.Matched {
			text += " (`If-Match`)"
		}
		fmt.Fprintf(&b, "| `%s /api%s` | %s | %s |\n", r.Method, r.Path, strings.ReplaceAll(text, "|", `\|`), r.Role)
	}
	return b.String()
}

// TestTheDocumentationHasEveryRoute compares docs/api.md with the table. With UPDATE_DOCS set it writes it.
func TestTheDocumentationHasEveryRoute(t *testing.T) {
	t.Parallel()
	const name = "../../../docs/api.md"
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), "<!-- routes -->\n")
	require.True(t, found)
	table, after, found := strings.Cut(rest, "<!-- /routes -->")
	require.True(t, found)
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(name, []byte(before+"<!-- routes -->\n"+routesTable()+"<!-- /routes -->"+after), 0o600))
		return
	}
	require.Equal(t, routesTable(), table, "run UPDATE_DOCS=1 go test -run Documentation ./adapters/desk/restapi")
}

// TestTheDocumentationHasEveryCode finds the codes of errors in the source.
func TestTheDocumentationHasEveryCode(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../../docs/api.md")
	require.NoError(t, err)
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	code := regexp.MustCompile(`code: "(\w+)"`)
	n := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		for _, m := range code.FindAllStringSubmatch(string(source), -1) {
			require.Contains(t, string(docs), "`"+m[1]+"`", f.Name())
			n++
		}
	}
	require.Greater(t, n, 15)
}
