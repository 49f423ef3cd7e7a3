package ingest_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestPrepareFillsWhatIsEmpty(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 1999, time.FixedZone("CET", 3600))
	given := ingest.Submission{Tenant: "t", Fields: ingest.Fields{Email: "a@b.c"}, Metadata: ingest.Metadata{"b": json.RawMessage("[1, 2]"), "a": json.RawMessage(`"x"`)}}
	sub, err := ingest.Prepare(given, now)
	require.NoError(t, err)
	require.Len(t, sub.ID, 36)
	require.Equal(t, byte('7'), sub.ID[14])
	require.Equal(t, time.Date(2026, 11, 23, 11, 0, 0, 1000, time.UTC), sub.Received)
	require.Equal(t, `{"email":"a@b.c","a":"x","b":[1,2]}`, string(sub.Raw))
	require.Equal(t, digestOf(string(sub.Raw)), sub.Digest)
	require.Equal(t, "application/json", sub.ContentType)
	require.Equal(t, "[1,2]", string(sub.Metadata["b"]))
	require.Equal(t, "[1, 2]", string(given.Metadata["b"]), "what is given is not changed")
	require.Empty(t, sub.Flags)

	again, err := ingest.Prepare(sub, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, sub, again, "what is filled stays")
}

func TestPrepareMends(t *testing.T) {
	t.Parallel()
	sub, err := ingest.Prepare(ingest.Submission{
		Tenant:      "t",
		Fields:      ingest.Fields{FirstName: "a\x00b"},
		Metadata:    ingest.Metadata{"k\xFF": json.RawMessage(`{"a":"\u0000","a":"\ud800"}`)},
		Attribution: ingest.Attribution{Referrer: "\xFF", UTM: ingest.UTM{Term: "\x00"}, ClickIDs: map[string]string{"gclid": "\x00"}, Touches: json.RawMessage(" [ ] ")},
		UserAgent:   strings.Repeat("é", 300), Key: "a\nb",
		Client: netip.MustParseAddr("::ffff:203.0.113.9"),
		Flags:  []ingest.Flag{ingest.FlagNotScalar},
	}, time.Now())
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb", sub.Fields.FirstName)
	require.Equal(t, "{\"a\":\"\uFFFD\"}", string(sub.Metadata["k\uFFFD"]))
	require.Equal(t, ingest.Attribution{Referrer: "\uFFFD", UTM: ingest.UTM{Term: "\uFFFD"}, ClickIDs: map[string]string{"gclid": "\uFFFD"}, Touches: json.RawMessage("[]")}, sub.Attribution)
	require.Len(t, sub.UserAgent, 512)
	require.Empty(t, sub.Key)
	require.Equal(t, "203.0.113.9", sub.Client.String())
	require.Equal(t, []ingest.Flag{ingest.FlagDuplicateKeys, ingest.FlagSanitised, ingest.FlagNotScalar, ingest.FlagKeyInvalid}, sub.Flags)
}

func TestPrepareNamesEveryBadField(t *testing.T) {
	t.Parallel()
	x := strings.Repeat
	base := ingest.Submission{Tenant: "t", Fields: ingest.Fields{Email: "a"}}
	tests := []struct {
		name   string
		change func(s *ingest.Submission)
		want   []string
	}{
		{"nothing", func(s *ingest.Submission) { *s = ingest.Submission{} }, []string{"Submission.Tenant is required", "Submission.Fields is empty"}},
		{"ID", func(s *ingest.Submission) { s.ID = "1" }, []string{"Submission.ID is not a UUID"}},
		{"verdict", func(s *ingest.Submission) { s.Verdict = "ok" }, []string{"Submission.Verdict"}},
		{"email and company", func(s *ingest.Submission) { s.Fields = ingest.Fields{Email: x("e", 255), Company: x("c", 16385)} },
			[]string{"Submission.Fields.Email is longer than 254 bytes", "Submission.Fields.Company is longer than 16384 bytes"}},
		{"bytes, not letters", func(s *ingest.Submission) { s.Fields.Email = x("é", 128) }, []string{"Submission.Fields.Email"}},
		{"attribution", func(s *ingest.Submission) { s.Attribution.UTM.Term = x("t", 16385); s.Attribution.Page = x("p", 16385) },
			[]string{"Submission.Attribution.UTM.Term", "Submission.Attribution.Page"}},
		{"touches", func(s *ingest.Submission) { s.Attribution.Touches = json.RawMessage("{") }, []string{"Submission.Attribution.Touches"}},
		{"metadata that is no JSON", func(s *ingest.Submission) { s.Metadata = ingest.Metadata{"x": json.RawMessage(`1,"email":2`)} }, []string{`Submission.Metadata: "x" is not valid JSON`}},
		{"metadata that is empty", func(s *ingest.Submission) { s.Metadata = ingest.Metadata{"x": nil} }, []string{`Submission.Metadata: "x" is not valid JSON`}},
		{"metadata that is too long", func(s *ingest.Submission) {
			s.Metadata = ingest.Metadata{"x": json.RawMessage(`["` + x("s", 16385) + `"]`)}
		}, []string{"Submission.Metadata: /x/0: a text is longer"}},
		{"raw", func(s *ingest.Submission) { s.Raw = make([]byte, ingest.MaxBody+1) }, []string{"Submission.Raw is longer than 256 KiB"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sub := base
			tt.change(&sub)
			_, err := ingest.Prepare(sub, time.Now())
			require.Error(t, err)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// TestPrepareAgreesWithTheDoor brings what the door has made of a body through Prepare, which must leave it alone.
func TestPrepareAgreesWithTheDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	for _, body := range []string{leadBody, `{"x":{"b":"\u0041\"","a":[1.0]},"email":5,"_utm":{"utm_term":"t","y":null},"_touches":[1]}`} {
		require.Equal(t, 200, d.post(body).Code)
		want := d.last(t)
		got, err := ingest.Prepare(want, time.Now())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
