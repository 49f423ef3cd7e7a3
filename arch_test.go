package leads_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/openleads/leads"

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath string
	Name       string
	Doc        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

// packages lists the packages of the module with their imports and all that they depend on, tests left out.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Doc,Imports,Deps,GoFiles", "./...")
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

// below is the path of a package within the module: "" for the root.
func below(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// layer says how far from the edge a package stands: an import goes from a higher layer to a lower one, or stays inside.
func layer(path string) int {
	top, _, _ := strings.Cut(path, "/")
	switch {
	case path == "":
		return 2
	case top == "ingest":
		return 1
	case top == "examples":
		return 9
	case top == "internal":
		return 0
	default: // enrich, score, notify, sequence, adapters
		return 3
	}
}

// siblings are the imports that stages and adapters may have of each other: an adapter imports the package whose contract it
// implements or, in the conformance suites, exercises; the desk and its faces show what the stages keep.
var siblings = map[string][]string{
	"adapters/bunstore":       {"sequence", "notify", "adapters/desk"},
	"adapters/memstore":       {"sequence", "notify", "adapters/desk"},
	"adapters/adaptertest":    {"sequence", "notify", "adapters/desk"},
	"adapters/desk":           {"sequence", "score", "notify", "enrich/lists"}, // which says what is no domain of one company
	"adapters/desk/restapi":   {"sequence", "score", "notify"},
	"adapters/desk/dashboard": {"sequence", "score", "notify"},
	"adapters/mmdb":           {"enrich"},
	"adapters/iploc":          {"enrich"},
	"adapters/phone":          {"enrich"},
	"adapters/openai":         {"score"},
	"adapters/slack":          {"notify"},
	"adapters/discord":        {"notify"},
	"adapters/teams":          {"notify"},
	"adapters/webhook":        {"notify", "sequence", "adapters/desk"},
	"adapters/emldir":         {mime},
	"adapters/smtp":           {mime},
	"adapters/mailgun":        {mime},
}

// mime is what the adapters that send mail share.
const mime = "adapters/internal/mime"

// tools are programs of the repository that no package imports.
var tools = []string{"internal/leadbench", "internal/proof", "enrich/lists/gen"}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from, _ := below(p.ImportPath)
		if hasPrefix(from, tools) {
			continue
		}
		for _, imp := range p.Imports {
			to, ours := below(imp)
			if !ours {
				continue
			}
			require.Falsef(t, hasPrefix(to, tools), "%s imports %s, which is a program", from, to)
			sameTree := strings.HasPrefix(to+"/", from+"/") || strings.HasPrefix(from+"/", to+"/")
			if layer(from) == 0 { // internal packages stand below everything
				require.Zerof(t, layer(to), "%s imports %s", from, to)
			} else if layer(from) == layer(to) && !(sameTree && from != "") {
				require.Containsf(t, siblings[from], to, "%s imports its sibling %s", from, to)
			} else {
				require.GreaterOrEqualf(t, layer(from), layer(to), "%s imports %s against the arrows", from, to)
			}
		}
	}
}

func hasPrefix(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

func TestCoreHasNoDriversOrSDKs(t *testing.T) {
	t.Parallel()
	banned := []string{
		"github.com/uptrace/", "github.com/jackc/", "modernc.org/", "github.com/mailgun/", "github.com/wneessen/",
		"go.opentelemetry.io/", "github.com/nyaruka/", "github.com/phuslu/", "github.com/oschwald/",
	}
	for _, p := range packages(t) {
		path, _ := below(p.ImportPath)
		top, _, _ := strings.Cut(path, "/")
		switch top {
		case "", "ingest", "enrich", "score", "notify", "sequence":
		default:
			continue
		}
		require.NotContainsf(t, p.Deps, "database/sql", "%s depends on it", p.ImportPath)
		for _, dep := range p.Deps {
			for _, prefix := range banned {
				require.Falsef(t, strings.HasPrefix(dep, prefix), "%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

func TestOnlyTheSuitesImportTesting(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if path, _ := below(p.ImportPath); path == "adapters/adaptertest" {
			continue
		}
		require.NotContainsf(t, p.Imports, "testing", "%s imports testing outside its tests", p.ImportPath)
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 {
			require.NotEmptyf(t, p.Doc, "%s has no package comment", p.ImportPath)
		}
	}
}
