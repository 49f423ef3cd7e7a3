package sequence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func knownLead() sequence.View {
	lead := leads.Lead{
		Fields: ingest.Fields{Email: "Ann@ACME.example", Company: "Acme"}, Metadata: ingest.Metadata{"budget": []byte("12000"), "plan": []byte(`"Pro"`)},
		Score: &leads.Score{Value: 70, Qualification: leads.Hot}, Status: leads.StatusNew, Tags: []string{"vip", "eu"}, Assignee: "jo", Submissions: 2,
		First: leads.Touch{SourceID: "s1"}, Last: leads.Touch{SourceID: "s2", Attribution: ingest.Attribution{UTM: ingest.UTM{Source: "google", Campaign: "spring"}}},
		Enrichment: leads.Enrichment{},
	}
	for key, f := range map[string]leads.Fact{
		"geo.country": {Truth: leads.Yes, Value: "DE"}, "geo.region": {Truth: leads.Unknown, Value: "Bavaria"}, "email.class": {Truth: leads.Yes, Value: "free"},
		"email.deliverable": {Truth: leads.No, Value: "acme.example"}, "attribution.last.channel": {Truth: leads.Yes, Value: "paid_search"}, "company.name": {Truth: leads.Yes, Value: "Acme Ltd"},
		"phone.valid": {Truth: leads.Unknown},
	} {
		lead.Enrichment[key] = f
	}
	return sequence.View{Lead: lead, Consents: []string{"marketing"}, Sent: []string{"one"}, Opened: []string{"one"}}
}

func bound(n float64) *float64 { return &n }

func TestMatch(t *testing.T) {
	t.Parallel()
	type c = sequence.Condition
	is := func(field string, values ...string) c { return c{Field: field, Is: values} }
	for _, tc := range []struct {
		name string
		cond c
		want bool
	}{
		{"nothing", c{}, false},
		{"one of", is("qualification", "warm", "HOT"), true},
		{"none of", is("qualification", "cold"), false},
		{"at least", c{Field: "score", Min: bound(70)}, true},
		{"at most", c{Field: "score", Max: bound(69.5)}, false},
		{"not a number", c{Field: "field:plan", Min: bound(0)}, false},
		{"a number that was typed", c{Field: "field:budget", Min: bound(10000), Max: bound(20000)}, true},
		{"the newest source", is("source", "s2"), true},
		{"not the first", is("source", "s1"), false},
		{"the first source", is("source.first", "s1"), true},
		{"a tag", is("tag", "vip"), true},
		{"any tag", c{Field: "tag"}, true},
		{"status", is("status", "new"), true},
		{"assignee", is("assignee", "jo"), true},
		{"submissions", c{Field: "submissions", Min: bound(2)}, true},
		{"country", is("country", "de"), true},
		{"a fact that is unknown", is("region", "Bavaria"), false},
		{"nor anything", c{Field: "region"}, false},
		{"so that its contrary is true", c{Not: &c{Field: "region"}}, true},
		{"channel", is("channel", "paid_search"), true},
		{"class", is("email.class", "free"), true},
		{"domain", is("email.domain", "acme.example"), true},
		{"company as found out", c{Field: "company", Contains: []string{"LTD"}}, true},
		{"a field", is("field:plan", "pro"), true},
		{"a known field", c{Field: "field:company", Contains: []string{"acm"}}, true},
		{"a field that was not given", c{Field: "field:nothing"}, false},
		{"a fact that is not so", is("fact:email.deliverable", "no"), true},
		{"has not its value", is("fact:email.deliverable", "acme.example"), false},
		{"a fact that is so", is("fact:company.name", "yes"), true},
		{"has its value", is("fact:company.name", "acme ltd"), true},
		{"an unknown fact", is("fact:phone.valid", "yes", "no"), false},
		{"utm", is("utm.source", "google"), true},
		{"consent", is("consent", "marketing"), true},
		{"sent", is("sent", "one"), true},
		{"not clicked", c{Not: &c{Field: "clicked"}}, true},
		{"opened something", c{Field: "opened"}, true},
		{"all", c{All: []c{is("tag", "vip"), is("tag", "eu")}}, true},
		{"not all", c{All: []c{is("tag", "vip"), is("tag", "us")}}, false},
		{"any", c{Any: []c{is("tag", "us"), is("tag", "eu")}}, true},
		{"none of any", c{Any: []c{is("tag", "us")}}, false},
		{"both hold of one value", c{Field: "tag", Is: []string{"vip"}, Contains: []string{"eu"}}, false},
		{"not of a name that is no field", is("password", "x"), false},
	} {
		require.Equal(t, tc.want, tc.cond.Match(knownLead()), tc.name)
	}
	require.False(t, sequence.Condition{Field: "qualification"}.Match(sequence.View{}), "not scored yet")
}

// Every documented field has a value on a lead of which everything is known, and none on one of which nothing is.
func TestFieldsAreComplete(t *testing.T) {
	t.Parallel()
	v := knownLead()
	for _, key := range []string{"geo.region", "geo.city", "attribution.first.channel"} {
		v.Lead.Enrichment[key] = leads.Fact{Truth: leads.Yes, Value: "x"}
	}
	v.Lead.Last.Attribution.UTM = ingest.UTM{Source: "a", Medium: "b", Campaign: "c", Term: "d", Content: "e"}
	v.Clicked = []string{"one"}
	for name, about := range sequence.Fields() {
		require.NotEmpty(t, about, name)
		require.Truef(t, sequence.Condition{Field: name}.Match(v), "%s of a lead of which all is known", name)
		if name != "submissions" {
			require.Falsef(t, sequence.Condition{Field: name}.Match(sequence.View{}), "%s of an empty lead", name)
		}
	}
}
