package leads_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
)

func TestEnrichmentMerge(t *testing.T) {
	t.Parallel()
	yes := leads.Fact{Key: "email.deliverable", Truth: leads.Yes, Value: "acme.com", At: noon, Expires: noon.Add(time.Hour)}
	unknown := leads.Fact{Key: "email.deliverable", Truth: leads.Unknown, Value: "acme.com", At: noon.Add(time.Minute)}
	late, other, bare, no := unknown, unknown, unknown, unknown
	late.At = noon.Add(2 * time.Hour)
	other.Value = "example.org"
	bare.Value = ""
	no.Truth = leads.No
	for name, c := range map[string]struct{ newer, want leads.Fact }{
		"an unknown does not replace what is fresh":     {unknown, yes},
		"nor does one that names no value":              {bare, yes},
		"an unknown replaces what has expired":          {late, late},
		"an unknown about something else replaces it":   {other, other},
		"an established fact replaces an established":   {no, no},
		"another key leaves it alone":                   {leads.Fact{Key: "company.name", Truth: leads.Yes}, yes},
		"an unknown never loses what was not known yet": {leads.Fact{Key: "email.deliverable", Truth: leads.Yes, At: late.At}, leads.Fact{Key: "email.deliverable", Truth: leads.Yes, At: late.At}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := leads.Enrichment{yes.Key: yes}
			require.Equal(t, c.want, old.Merge([]leads.Fact{c.newer})[yes.Key])
			require.Equal(t, yes, old[yes.Key], "the old enrichment is left as it was")
		})
	}
	require.Nil(t, leads.Enrichment(nil).Merge(nil))
	require.Equal(t, leads.Enrichment{yes.Key: yes}, leads.Enrichment(nil).Merge([]leads.Fact{yes}))
}

func TestTruthIsThreeValued(t *testing.T) {
	t.Parallel()
	var f leads.Fact
	require.Equal(t, "unknown", f.Truth.String(), "the zero value is unknown")
	require.Equal(t, []string{"yes", "no"}, []string{leads.Yes.String(), leads.No.String()})
	e := leads.Enrichment{"b": {Key: "b", Truth: leads.No, Value: "x"}, "a": {Key: "a", Truth: leads.Yes, Value: "y"}}
	require.Equal(t, "", e.Value("b"), "a fact that is not so has no value")
	require.Equal(t, "y", e.Value("a"))
	require.Equal(t, []string{"a", "b"}, []string{e.Facts()[0].Key, e.Facts()[1].Key})
}
