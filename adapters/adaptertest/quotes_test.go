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
	"Editor changes leads outside of their tasks.",
	"What people, programs and the following-up do with a lead goes through it.",
	"edit may be called more than once and must not call the Store.",
	"Records keeps small documents.",
	"A Store that implements it can be given to the parts that need one.",
	"Record is a small document that a part keeps in the Store: a sequence's definition, a person's preferences, a webhook's endpoint.",
	"Deliveries tells of effects after the fact.",
	"The events of mail providers are matched with it.",
	"Store is what a [Sequencer] needs of the Store.",
	"bunstore and memstore are one; adaptertest.TestSequenceStore is its contract as a test.",
	"Enrollments keeps who is in which sequence.",
	"Suppressions keeps whom not to write to, by a keyed hash, so that it outlives the person's data.",
	"Consents is a ledger of what people agreed to.",
	"Quotas counts what may be done so many times in a period.",
	"Quota is how often something may be done until the end of a period.",
	"Desk is what routing needs of a Store.",
	"decide may be called more than once and must not call the Store.",
	"Book is what a routing decision rests on.",
	"Whether the domain is one that strangers share is for the decision to know.",
	"Decision is what routing decides.",
	"Store is what a [Desk] needs of the Store.",
	"bunstore and memstore are one; adaptertest.TestDeskStore is its contract as a test.",
	"Consents are those of package sequence.",
	"Retention removes what need not be kept any longer.",
	"Leads finds leads.",
	"Sources looks after sources.",
	"SourceEntry is a source with what is known of its use.",
	"Work tells of the queue.",
	"QueueCount is how many tasks of a kind are in a state.",
	"Entry is one action that was taken.",
	"User.ID",
	`"source.delete", "lead.export", …`,
	`the ID of what it was done to, or ""`,
	"Reports counts what charts show.",
	"ReportQuery is the span of a report.",
	"DayCount is how many leads of one group came on one day.",
	`"2026-11-23"`,
	"ResponseRow is how soon one lead was taken care of.",
	"See [SearchWords] and [ParseSearch].",
	`Page.Next of the page before, or ""`,
	"Page is a page of leads.",
	"a UUIDv7 in text form",
	"Enricher learns facts about a lead.",
	"Score is a judgement of a lead and what it rests on.",
	"ModelUse is how a model was asked, so that its judgement can be traced and paid for.",
	"negative points count against the lead",
}

// sources parses the packages whose comments are the contract.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	var parsed []*ast.File
	for _, pattern := range []string{"../../*.go", "../../ingest/*.go", "../../sequence/store.go", "../../notify/desk.go", "../desk/store.go"} {
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
		require.True(t, strings.Contains(comments.String(), sentence), "the case %q quotes what no comment says: %s", name, sentence)
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
				for _, sentence := range promises(file.Name.Name, decl, spec.(*ast.TypeSpec)) {
					found++
					if !covered(sentence, quoted) {
						t.Errorf("no case checks: %s", sentence)
					}
				}
			}
			return true
		})
	}
	require.Greater(t, found, 150)
}

// promises returns the sentences of the comments of an interface that has a suite, and of what a Scorer returns.
func promises(pkg string, decl *ast.GenDecl, spec *ast.TypeSpec) []string {
	switch spec.Name.Name {
	case "Store", "Sources", "History", "Lister", "Editor", "Records", "Record", "Deliveries":
	case "Enrollments", "EnrollmentQuery", "Suppressions", "Consents", "Quotas", "Quota", "Desk", "Book", "Decision":
	case "Retention", "Expiry", "Leads", "SourceEntry", "Work", "QueueCount", "Trail", "Entry", "Reports", "ReportQuery", "DayCount", "ResponseRow", "Filter", "Page":
		if pkg != "desk" {
			return nil
		}
	case "Enricher", "Scorer", "Score", "ModelUse", "Evidence", "Qualification":
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
