package leads_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// submission is an accepted submission of fields, at so many seconds after noon.
func submission(seconds int, fields ingest.Fields, metadata ...string) ingest.Submission {
	sub := ingest.Submission{
		Tenant: "t1", SourceID: leads.NewID(), ID: leads.NewID(), Received: noon.Add(time.Duration(seconds) * time.Second),
		Fields: fields, Metadata: ingest.Metadata{}, Client: netip.MustParseAddr("192.0.2.7"),
	}
	sub.SourceID = "01939e5c-0000-7000-8000-000000000001"
	for i := 0; i+1 < len(metadata); i += 2 {
		sub.Metadata.SetText(metadata[i], metadata[i+1])
	}
	sub.Raw = fmt.Appendf(nil, "%v %v", fields, metadata)
	sub.Digest = sha256.Sum256(sub.Raw)
	return sub
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields ingest.Fields
		want   leads.Identity
	}{
		"email folded in ASCII":              {ingest.Fields{Email: " Ann.Lee@ACME.com "}, leads.Identity{Kind: leads.IdentityEmail, Value: "ann.lee@acme.com"}},
		"gmail dots and tag":                 {ingest.Fields{Email: "A.n.n+x@googlemail.com"}, leads.Identity{Kind: leads.IdentityEmail, Value: "ann@gmail.com"}},
		"international domain":               {ingest.Fields{Email: "ann@Bücher.de"}, leads.Identity{Kind: leads.IdentityEmail, Value: "ann@xn--bcher-kva.de"}},
		"email before phone":                 {ingest.Fields{Email: "a@b.de", Phone: "+4930123456"}, leads.Identity{Kind: leads.IdentityEmail, Value: "a@b.de"}},
		"phone when the email is no address": {ingest.Fields{Email: "none", Phone: "+49 (30) 123-456"}, leads.Identity{Kind: leads.IdentityPhone, Value: "+4930123456"}},
		"phone with 00":                      {ingest.Fields{Phone: "0049 30 123456"}, leads.Identity{Kind: leads.IdentityPhone, Value: "+4930123456"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, leads.Identify(submission(0, c.fields)))
		})
	}
}

func TestIdentifyNeedsAnAddressOrAnInternationalNumber(t *testing.T) {
	t.Parallel()
	for _, fields := range []ingest.Fields{
		{}, {FirstName: "Ann"}, {Email: "ann@localhost"}, {Email: "Ann <a@b.de>"}, {Phone: "030 123456"}, {Phone: "+49 30 abc"},
		{Phone: "+123"}, {Phone: "+1234567890123456"}, {Phone: "+0301234567"},
	} {
		require.Equal(t, leads.IdentityBody, leads.Identify(submission(0, fields)).Kind, "%+v", fields)
	}
}

func TestFoldMakesALead(t *testing.T) {
	t.Parallel()
	sub := submission(0, ingest.Fields{Email: "ann@acme.com", FirstName: "Ann"}, "message", "hello")
	folded := leads.Fold(leads.Lead{ID: "proposed"}, sub)
	require.True(t, folded.Created)
	lead := folded.Lead
	require.Equal(t, "proposed", lead.ID)
	require.EqualValues(t, 1, lead.Version)
	require.Equal(t, sub.Fields, lead.Fields)
	require.Equal(t, "hello", lead.Metadata.Text("message"))
	require.Equal(t, leads.StatusNew, lead.Status)
	require.Equal(t, lead.First, lead.Last)
	require.Equal(t, sub.ID, lead.First.SubmissionID)
	require.Equal(t, leads.EventCreated, folded.Events[0].Kind)
	require.Equal(t, leads.TaskEnrich, folded.Tasks[0].Kind)
	require.Equal(t, sub.ID, folded.Tasks[0].SubmissionID)
	require.True(t, folded.Tasks[0].Due.IsZero(), "due at once by the store's clock")
}

func TestFoldMerges(t *testing.T) {
	t.Parallel()
	lead := leads.Fold(leads.Lead{}, submission(0, ingest.Fields{Email: "ann@acme.com", FirstName: "Ann"}, "plan", "basic", "size", "9")).Lead
	lead.Status, lead.Assignee, lead.Tags = leads.StatusQualified, "bob", []string{"vip"}
	lead.Score = &leads.Score{Value: 80}
	lead.Edited = []string{"size", "company"}
	before := fmt.Sprintf("%+v", lead)

	second := submission(60, ingest.Fields{Email: "ANN@acme.com", FirstName: "Mallory", LastName: "Lee", Company: "Evil"}, "plan", "pro", "size", "1", "new", "x")
	folded := leads.Fold(lead, second)
	merged := folded.Lead
	require.False(t, folded.Created)
	require.Equal(t, ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee"}, merged.Fields, "blanks are filled, known fields stay, edited blanks too")
	blanks := leads.Fold(leads.Fold(leads.Lead{}, submission(0, ingest.Fields{Email: "a@b.de", FirstName: "  "})).Lead, submission(60, ingest.Fields{Email: "a@b.de", FirstName: "Ann", LastName: " "})).Lead
	require.Equal(t, ingest.Fields{Email: "a@b.de", FirstName: "Ann"}, blanks.Fields, "blanks of white space are blanks")
	require.Equal(t, "pro", merged.Metadata.Text("plan"), "the newest metadata wins")
	require.Equal(t, "9", merged.Metadata.Text("size"), "an edited value stays")
	require.Equal(t, "x", merged.Metadata.Text("new"))
	require.Equal(t, lead.First, merged.First)
	require.Equal(t, second.ID, merged.Last.SubmissionID)
	require.Equal(t, 2, merged.Submissions)
	require.EqualValues(t, 2, merged.Version)
	require.Equal(t, leads.StatusQualified, merged.Status)
	require.Equal(t, "bob", merged.Assignee)
	require.Equal(t, []string{"vip"}, merged.Tags)
	require.Equal(t, 80, merged.Score.Value)
	require.Equal(t, leads.EventSubmitted, folded.Events[0].Kind)
	require.Len(t, folded.Tasks, 1)
	require.Equal(t, before, fmt.Sprintf("%+v", lead), "Fold changes nothing it is given")
}

func TestFoldKnowsADoubleClick(t *testing.T) {
	t.Parallel()
	fields := ingest.Fields{Email: "ann@acme.com"}
	first := submission(0, fields, "message", "one")
	lead := leads.Fold(leads.Lead{}, first).Lead
	lead = leads.Fold(lead, submission(3, fields, "message", "two")).Lead

	again := leads.Fold(lead, submission(10, fields, "message", "one"))
	require.Equal(t, first.ID, again.DuplicateOf, "also with another submission between")
	require.Empty(t, again.Tasks)
	require.Equal(t, lead, again.Lead, "a double click changes nothing")
	require.Equal(t, leads.EventRepeated, again.Events[0].Kind)

	require.Empty(t, leads.Fold(lead, submission(11, fields, "message", "one")).DuplicateOf, "eleven seconds are no double click")
	elsewhere := submission(5, fields, "message", "one")
	elsewhere.Client = netip.MustParseAddr("192.0.2.8")
	require.Empty(t, leads.Fold(lead, elsewhere).DuplicateOf, "another client")
}

func TestFoldDoubleClickOfAnAnonymousBody(t *testing.T) {
	t.Parallel()
	first := submission(0, ingest.Fields{FirstName: "Ann"})
	lead := leads.Fold(leads.Lead{}, first).Lead
	again := submission(5, ingest.Fields{FirstName: "Ann"})
	require.Equal(t, leads.Identify(first), leads.Identify(again))
	require.Equal(t, first.ID, leads.Fold(lead, again).DuplicateOf)

	later := leads.Fold(lead, submission(60, ingest.Fields{FirstName: "Ann"}))
	require.True(t, later.Created, "the same words from somebody unknown are a new lead")
	require.NotEqual(t, lead.ID, later.Lead.ID)
}

func TestFoldIPv6ClientsAreOneBySlash64(t *testing.T) {
	t.Parallel()
	first := submission(0, ingest.Fields{Email: "a@b.de"})
	first.Client = netip.MustParseAddr("2001:db8::1")
	lead := leads.Fold(leads.Lead{}, first).Lead
	again := submission(1, ingest.Fields{Email: "a@b.de"})
	again.Client = netip.MustParseAddr("2001:db8::ffff")
	require.Equal(t, first.ID, leads.Fold(lead, again).DuplicateOf)
}

func TestFoldBoundsWhatALeadCollects(t *testing.T) {
	t.Parallel()
	lead := leads.Fold(leads.Lead{}, submission(0, ingest.Fields{Email: "a@b.de"})).Lead
	for i := range 20 {
		sub := submission(1, ingest.Fields{Email: "a@b.de"}, "n", fmt.Sprint(i))
		for j := range 200 {
			sub.Metadata[fmt.Sprintf("k%d-%d", i, j)] = json.RawMessage("1")
		}
		lead = leads.Fold(lead, sub).Lead
	}
	require.LessOrEqual(t, len(lead.Metadata), 1024)
	require.LessOrEqual(t, len(lead.Recent), 16)
	require.Equal(t, "19", lead.Metadata.Text("n"), "known names are still renewed")
}

// What a public submission can never do, for any history of submissions and edits.
func TestFoldPublicInputNeverDamagesALead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"", "a", "b", "c"})
		fields := func() ingest.Fields {
			return ingest.Fields{Email: "ann@acme.com", FirstName: word.Draw(t, "first"), LastName: word.Draw(t, "last"), Company: word.Draw(t, "company"), Phone: word.Draw(t, "phone")}
		}
		lead := leads.Fold(leads.Lead{}, submission(0, fields(), "k", word.Draw(t, "k"))).Lead
		lead.Status, lead.Assignee, lead.Score = leads.StatusContacted, "bob", &leads.Score{Value: 7}
		lead.Edited = rapid.SliceOfN(rapid.SampledFrom([]string{"firstName", "lastName", "company", "k"}), 0, 3).Draw(t, "edited")
		for range rapid.IntRange(1, 8).Draw(t, "submissions") {
			old := lead
			lead = leads.Fold(lead, submission(rapid.IntRange(0, 100).Draw(t, "at"), fields(), "k", word.Draw(t, "k"))).Lead
			for _, name := range ingest.KnownFields() {
				if was := *old.Field(name); was != "" && *lead.Field(name) != was {
					t.Fatalf("%s changed from %q to %q", name, was, *lead.Field(name))
				}
			}
			for _, name := range old.Edited {
				if f := old.Field(name); f != nil && *f != *lead.Field(name) {
					t.Fatalf("edited %s changed", name)
				}
				if old.Metadata.Text(name) != lead.Metadata.Text(name) {
					t.Fatalf("edited metadata %s changed", name)
				}
			}
			if lead.Status != leads.StatusContacted || lead.Assignee != "bob" || lead.Score.Value != 7 || lead.Tenant != old.Tenant || lead.ID != old.ID {
				t.Fatalf("a submission changed what only people change: %+v", lead)
			}
		}
	})
}
