package adaptertest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/adaptertest"
)

// untested are the sentences of the interfaces that say what something is, and promise nothing that could be checked.
var untested = []string{
	"Store keeps leads.",
	"It is the only required part.",
	"SourceByToken finds the source of a submission; see [ingest.Sources].",
	"Sources finds sources by their tokens.",
	"History is what a [Store] can tell and mend beyond its main work.",
	"[Engine.Explain], [Engine.Replay] and [Engine.Release] need it.",
	"Lister lists leads.",
	"Enricher learns facts about a lead.",
	"Score is a judgement of a lead and what it rests on.",
	"ModelUse is how a model was asked, so that its judgement can be traced and paid for.",
	"negative points count against the lead",
}

// sources parses the packages whose comments are the contract.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	var parsed []*ast.File
	for _, pattern := range []string{"../../*.go", "../../ingest/*.go"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			require.NoError(t, err)
			parsed = append(parsed, file)
		}
	}
	return parsed
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestEveryQuoteIsInAComment(t *testing.T) {
	t.Parallel()
	var comments strings.Builder
	for _, file := range sources(t) {
		for _, group := range file.Comments {
			comments.WriteString(flat(group.Text()) + "\n")
		}
	}
	sentences := adaptertest.Sentences()
	require.Len(t, sentences, adaptertest.Cases(), "two cases have one name")
	for name, sentence := range sentences {
		require.NotEmpty(t, sentence, name)
		require.Contains(t, comments.String(), sentence, "the case %q quotes what no comment says", name)
	}
}

func TestEverySentenceHasACase(t *testing.T) {
	t.Parallel()
	var quoted []string
	for _, sentence := range adaptertest.Sentences() {
		quoted = append(quoted, sentence)
	}
	found := 0
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			decl, ok := n.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				return true
			}
			for _, spec := range decl.Specs {
				for _, sentence := range promises(decl, spec.(*ast.TypeSpec)) {
					found++
					require.True(t, covered(sentence, quoted), "no case checks: %s", sentence)
				}
			}
			return true
		})
	}
	require.Greater(t, found, 30)
}

// promises returns the sentences of the comments of an interface that has a suite, and of what a Scorer returns.
func promises(decl *ast.GenDecl, spec *ast.TypeSpec) []string {
	switch spec.Name.Name {
	case "Store", "Sources", "History", "Lister", "Enricher", "Scorer", "Score", "ModelUse", "Evidence", "Qualification":
	default:
		return nil
	}
	found := split(decl.Doc.Text())
	for _, member := range members(spec) {
		found = append(append(found, split(member.Doc.Text())...), split(member.Comment.Text())...)
	}
	return found
}

// members returns the methods of an interface or the fields of a struct.
func members(spec *ast.TypeSpec) []*ast.Field {
	switch contract := spec.Type.(type) {
	case *ast.InterfaceType:
		return contract.Methods.List
	case *ast.StructType:
		return contract.Fields.List
	}
	return nil
}

var sentenceEnd = regexp.MustCompile(`\. `)

func split(comment string) []string {
	var sentences []string
	for sentence := range strings.SplitSeq(sentenceEnd.ReplaceAllString(flat(comment), ".\n"), "\n") {
		if sentence != "" {
			sentences = append(sentences, sentence)
		}
	}
	return sentences
}

func covered(sentence string, quoted []string) bool {
	for _, known := range untested {
		if sentence == known {
			return true
		}
	}
	for _, quote := range quoted {
		if strings.Contains(sentence, quote) || strings.Contains(quote, sentence) {
			return true
		}
	}
	return false
}
