package webhook_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

// TestHostileText puts every text wherever a lead has some: the call has the headers of a harmless one, and its body is JSON of the same form, in which the
// text reads as it was.
func TestHostileText(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	s := open(t, r, nil, "crm")
	called := func(text string) (call, map[string]any) {
		n := notification()
		n.Note, n.URL, n.Lead.Assignee, n.Lead.Tags = text, "https://crm.example.com/leads/1", text, []string{text}
		n.Lead.Fields = ingest.Fields{Email: text, FirstName: text, LastName: text, Phone: text, Company: text}
		n.Lead.Metadata = ingest.Metadata{}
		n.Lead.Metadata.SetText("message", text)
		n.Lead.Last.Attribution = ingest.Attribution{UTM: ingest.UTM{Source: text}, Referrer: text, Page: text}
		n.Lead.Enrichment = leads.Enrichment{"company.name": {Truth: leads.Yes, Value: text}}
		n.Lead.Score.Summary, n.Lead.Score.NextStep = text, text
		require.NoError(t, s.Notify(t.Context(), n), "%q", text)
		calls := r.taken()
		require.Len(t, calls, 1)
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(calls[0].body), &body), "%q", text)
		return calls[0], body["data"].(map[string]any)["lead"].(map[string]any)
	}
	harmless, lead := called("x")
	names := slices.Sorted(maps.Keys(lead))
	for _, text := range hostile.Texts(t) {
		got, lead := called(text)
		require.Equal(t, slices.Sorted(maps.Keys(harmless.header)), slices.Sorted(maps.Keys(got.header)), "%q", text)
		for name, values := range got.header {
			require.Len(t, values, 1)
			require.Regexp(t, `^[ -~]+$`, values[0], name)
		}
		require.Equal(t, harmless.host, got.host)
		require.Equal(t, names, slices.Sorted(maps.Keys(lead)), "%q", text)
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		var want string
		require.NoError(t, json.Unmarshal(quoted, &want))
		require.Equal(t, want, lead["firstName"])
		require.NotContains(t, got.body, "<", "it would be markup for whoever shows it")
	}
}
