package dashboard_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
)

// worded are the places where faults of fields are put into words: which argument of which call is the format.
var worded = []struct {
	files string // below the root of the module
	calls map[string]int
	plain bool   // literals that are returned, appended, or a field named message or refused, count too
	place string // what stands before the message in the format, as a regular expression
}{
	{files: "adapters/desk/*.go", calls: map[string]int{"that": 2, "invalid": 1}},
	{files: "adapters/desk/import*.go", calls: map[string]int{"Sprintf": 0}, plain: true},
	{files: "adapters/webhook/endpoint.go", calls: map[string]int{"Errorf": 0, "Sprintf": 0}},
	{files: "score/validate.go", calls: map[string]int{"add": 0}, place: `\S+ `},
	{files: "score/load.go", calls: map[string]int{"inJSON": 1, "add": 1}},
	{files: "ingest/rules.go", calls: map[string]int{"Errorf": 0, "New": 0}, plain: true, place: `ingest: Source\.\S+ `},
	{files: "ingest/spam_block.go", calls: map[string]int{"Errorf": 0}, place: `ingest: Source\.\S+ `},
	{files: "ingest/path.go", calls: map[string]int{"Errorf": 0, "New": 0}},
	{files: "ingest/*.go", calls: map[string]int{"refuse": 1, "malformed": 0}},
	{files: "ingest/prepare.go", calls: map[string]int{"Errorf": 0, "New": 0}, place: `ingest: Submission\.`},
	{files: "notify/person.go", calls: map[string]int{"Errorf": 0}, place: `notify: \S+: `},
	{files: "notify/hours.go", calls: map[string]int{"Errorf": 0}, place: `notify: `},
	{files: "sequence/validate*.go", calls: map[string]int{"say": 1, "Sprintf": 0}},
	{files: "sequence/template*.go", calls: map[string]int{"Sprintf": 0}, plain: true},
	{files: "sequence/definition*.go", calls: map[string]int{"Sprintf": 0}, plain: true},
	{files: "sequence/duration.go", calls: map[string]int{"Errorf": 0}},
	{files: "sequence/hours.go", calls: map[string]int{"Errorf": 0}},
}

// formats are the English formats of all faults, with where they stand.
func formats(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, w := range worded {
		files, err := filepath.Glob(filepath.Join("../../..", w.files))
		require.NoError(t, err)
		require.NotEmpty(t, files, w.files)
		place := regexp.MustCompile("^" + w.place)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, 0)
			require.NoError(t, err)
			note := func(e ast.Expr) {
				text, ok := formatOf(e)
				if text = place.ReplaceAllString(text, ""); ok && sentence(text) {
					found[text] = set.Position(e.Pos()).String()
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if at, ok := w.calls[called(n)]; ok && at < len(n.Args) {
						note(n.Args[at])
					}
					if w.plain && called(n) == "append" {
						note(n.Args[len(n.Args)-1])
					}
				case *ast.ReturnStmt:
					for _, e := range n.Results {
						if w.plain {
							note(e)
						}
					}
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && w.plain && (key.Name == "refused" || key.Name == "Message") {
						note(n.Value)
					}
				case *ast.CompositeLit:
					if _, list := n.Type.(*ast.ArrayType); list && w.plain && len(n.Elts) == 1 {
						note(n.Elts[0])
					}
					if kind, ok := n.Type.(*ast.Ident); ok && (kind.Name == "Problem" || kind.Name == "fault") && len(n.Elts) == 2 {
						note(n.Elts[1])
					}
				}
				return true
			})
		}
	}
	return found
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// formatOf joins what a literal is put together of; anything else in it counts as %s.
func formatOf(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, one := formatOf(e.X)
		right, two := formatOf(e.Y)
		if !one {
			left = "%s"
		}
		if !two {
			right = "%s"
		}
		return left + right, e.Op == token.ADD && (one || two)
	}
	return "", false
}

// inside are formats that no page shows: of what only a program can give, and those that only join others.
var inside = map[string]bool{
	"%w": true, "%s: %s": true, "%s %s": true, "Metadata: %w": true, "Attribution.Touches: %w": true, "ingest: %s.%s %s": true, "ingest: %s: %w": true,
	"Tenant is required": true, `Verdict is neither "" nor "quarantined"`: true, "Raw is longer than 256 KiB: shorten it": true,
	"ID is not a UUID in its canonical text form: leave it empty to be given one": true, "import: line %d": true, "column %d": true,
}

// sentence tells a message from a path, a name or the error of an operation ("sequence: load: %w").
func sentence(text string) bool {
	return strings.Contains(text, " ") && !inside[text] && !strings.HasPrefix(text, "sequence: ") && !strings.HasPrefix(text, "webhook: ") && !strings.HasPrefix(text, "leads: ")
}

var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]`)

// filled puts something into every verb of a format.
func filled(format string) string {
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		switch v[len(v)-1] {
		case 'd':
			return "7"
		case 'q':
			return `"q"`
		}
		return "x"
	})
}

// TestEveryFaultIsInTheCatalogue goes over the sources: what words a fault of a field has its format in texts/errors.json.
func TestEveryFaultIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	texts := dashboard.English()
	for key, text := range texts {
		texts[key] = "⟦" + text + "⟧"
	}
	all := formats(t)
	require.Greater(t, len(all), 150)
	var missing []string
	for format, where := range all {
		message := filled(format)
		if said := dashboard.Said(texts, desk.FieldError{Message: message}); !strings.HasPrefix(said, "⟦") || !strings.HasSuffix(said, "⟧") {
			missing = append(missing, where+": "+format)
		}
	}
	require.Empty(t, missing)
}

func TestFaultsInAnotherLanguage(t *testing.T) {
	t.Parallel()
	texts := dashboard.English()
	for format, text := range map[string]string{
		"at most %d bytes":                   "höchstens %d Bytes",
		"there is no such stage":             "diese Stufe gibt es nicht",
		"%q is not one of %s":                "%[2]s: %[1]s ist nicht dabei",
		"%d is not within 0 to %d":           "0 bis %[2]d",
		"span %d: from: %s":                  "Spanne %d, von: %s",
		`%q is no time of day`:               "%s ist keine Uhrzeit",
		"the door answers %d: %s":            "die Tür antwortet %d: %s",
		"the body is not valid JSON":         "das ist kein JSON",
		"is below %s: use 0 for the default": "liegt unter %s",
		"is no path: %s: write it like data.fields[?label=Email].value":                              "kein Pfad: %s",
		"{{%s}} is no section: {{unsubscribe}} is for the target of a link, [stop]({{unsubscribe}})": "{{%s}} ist kein Abschnitt, 100%%",
	} {
		require.Contains(t, texts, format)
		texts[format] = text
	}
	for name, c := range map[string]struct {
		fault desk.FieldError
		want  string
	}{
		"with its format":      {desk.FieldError{Message: "at most 40 bytes", Format: "at most %d bytes", Args: []any{40}}, "höchstens 40 Bytes"},
		"a message within":     {desk.FieldError{Message: "…", Format: "the door answers %d: %s", Args: []any{400, "the body is not valid JSON"}}, "die Tür antwortet 400: das ist kein JSON"},
		"without it":           {desk.FieldError{Message: "at most 41 bytes"}, "höchstens 41 Bytes"},
		"without arguments":    {desk.FieldError{Message: "there is no such stage"}, "diese Stufe gibt es nicht"},
		"in another order":     {desk.FieldError{Message: `"a \"b\"" is not one of x, y`}, `x, y: "a \"b\"" ist nicht dabei`},
		"an argument dropped":  {desk.FieldError{Message: "-1 is not within 0 to 100"}, "0 bis 100"},
		"within another":       {desk.FieldError{Message: `span 2: from: "25:99" is no time of day`}, `Spanne 2, von: "25:99" ist keine Uhrzeit`},
		"braces":               {desk.FieldError{Message: "{{#x}} is no section: {{unsubscribe}} is for the target of a link, [stop]({{unsubscribe}})"}, "{{#x}} ist kein Abschnitt, 100%"},
		"a format unheard of":  {desk.FieldError{Message: "at most 3 hats", Format: "at most %d hats", Args: []any{3}}, "at most 3 hats"},
		"a message unheard of": {desk.FieldError{Message: "the moon is down"}, "the moon is down"},
		"verbs in a value":     {desk.FieldError{Message: `"%d" is not one of %s`}, `%s: "%d" ist nicht dabei`},
		"nothing":              {desk.FieldError{}, ""},
		"too few arguments":    {desk.FieldError{Message: "at most 40 bytes", Format: "at most %d bytes"}, "höchstens %d Bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, dashboard.Said(texts, c.fault))
		})
	}
}

// TestEveryFaultStaysInEnglish holds that what is recognised is not reworded on the way.
func TestEveryFaultStaysInEnglish(t *testing.T) {
	t.Parallel()
	for format := range formats(t) {
		message := filled(format)
		require.Equal(t, message, dashboard.Said(dashboard.English(), desk.FieldError{Message: message}))
	}
}
