package sequence_test

import (
	"fmt"
	"net/mail"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// The page about sequences names every field and variable, and its example is valid.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/sequences.md")
	require.NoError(t, err)
	page := string(data)
	for name := range sequence.Fields() {
		require.Contains(t, page, "`"+name+"`")
	}
	for name := range sequence.Variables() {
		require.Contains(t, page, "`"+name+"`")
	}
	_, example, _ := strings.Cut(page, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	_, err = sequence.Parse([]byte(example))
	require.NoError(t, err)
}

func ExampleDefinition_Preview() {
	d := sequence.Definition{ID: "welcome", Name: "Welcome", Steps: []sequence.Step{{ID: "hello", Email: &sequence.EmailStep{
		Subject: "Your request{{#firstName}}, {{firstName}}{{/firstName}}",
		Body:    "Hello {{firstName}}{{^firstName}}there{{/firstName}},\n\nthank you. **We call you today**, or you [choose a time](https://example.com/book).",
	}}}}
	lead := leads.Lead{Fields: ingest.Fields{FirstName: "Ann", Email: "ann@example.com"}}
	m, err := d.Preview("hello", sequence.View{Lead: lead}, sequence.Frame{
		From: mail.Address{Name: "Jo Park", Address: "jo@example.com"}, Postal: "Example Ltd, 1 High Street, London",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Subject)
	fmt.Println(strings.ReplaceAll(m.Text, "-- \n", "--\n"))
	// Output:
	// Your request, Ann
	// Hello Ann,
	//
	// thank you. We call you today, or you choose a time (https://example.com/book).
	//
	// --
	// Example Ltd, 1 High Street, London
	// Unsubscribe: https://example.com/unsubscribe
}

func ExampleDefinition_Validate() {
	d := sequence.Definition{ID: "welcome", Name: "Welcome", Steps: []sequence.Step{
		{ID: "hello", Email: &sequence.EmailStep{Subject: "Hello {{firstName}}", Body: "Hi."}, Next: "bye"},
	}}
	fmt.Println(d.Validate())
	// Output:
	// sequence: steps[0].next: there is no step "bye": name one further down, or "end"
	// steps[0].email.subject: {{firstName}} has no default and may be empty: write {{firstName}}{{^firstName}}something else{{/firstName}}, or put {{#firstName}} … {{/firstName}} around what needs it
}
