package desk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
)

// TestFaultsNameTheirFields holds where faults are that other packages find, and that nothing of their own names is left in the words.
func TestFaultsNameTheirFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	source := func(s ingest.Source) func() error {
		return func() error { _, err := w.CreateSource(t.Context(), ann, s); return err }
	}
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct {
		do   func() error
		want map[string]string
	}{
		"an origin": {source(ingest.Source{Name: "A", Origins: []string{"https://ok.example", "shop"}}), map[string]string{
			"/allowedOrigins/1": `is not an origin: write it as a browser sends it, such as "https://example.com"`,
		}},
		"several": {source(ingest.Source{Name: "A", PerMinute: -1, Preset: "fax", Spam: ingest.Spam{Honeypot: "email"}, Captcha: ingest.CaptchaSettings{Field: "email"}}), map[string]string{
			"/requestsPerMinute": "is below 0: use 0 for the default", "/preset": "is no known sender: choose one of Presets, or leave it empty",
			"/spam/honeypot": "is a known field, which people do see: choose another name", "/captcha/field": "is a known field: choose another name",
		}},
		"a mapping of a name with anything in it": {source(ingest.Source{Name: "A", Mappings: map[string]string{"a b c/d": long, "fields[": "email"}}), map[string]string{
			"/fieldMappings/a b c~1d": "is longer than 128 bytes: shorten it",
			"/fieldMappings/fields[":  `is no path: a "[" that is not closed at byte 7: write it like data.fields[?label=Email].value`,
		}},
		"a signature": {source(ingest.Source{Name: "A", Signature: ingest.Signature{Scheme: "standard"}}), map[string]string{
			"/signature/secret": "is required: enter the one that the sender shows, or take the scheme out",
		}},
		"what somebody wants to hear of": {func() error {
			return w.SetPreferences(t.Context(), ann, notify.Person{Zone: "Mars/Base", Preferences: notify.Preferences{DigestAt: []string{"9"}, Quiet: notify.Hours{{From: "20:00", To: "x"}}}})
		}, map[string]string{
			"/zone": "unknown time zone Mars/Base", "/preferences/digestAt": `"9" is no time of day such as "09:00"`, "": `span 1: to: "x" is no time of day such as "09:00"`,
		}},
		"a value of the metadata": {func() error {
			_, err := w.Update(t.Context(), ann, w.lead, desk.Patch{Metadata: map[string]json.RawMessage{"a: b": json.RawMessage(`{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`)}})
			return err
		}, map[string]string{"/metadata/a: b": "objects and lists are nested more than 32 deep"}},
		"a payload": {func() error {
			_, err := w.PreviewMapping(t.Context(), ann, ingest.Source{Name: "A"}, "application/json", []byte("[1]"))
			return err
		}, map[string]string{"/payload": "the door answers 400: the body must be a JSON object"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			invalid, ok := errors.AsType[*desk.InvalidError](c.do())
			require.True(t, ok)
			found := make(map[string]string)
			for _, f := range invalid.Fields {
				found[f.Pointer] = f.Message
			}
			require.Equal(t, c.want, found)
		})
	}
}

// TestFaultsBringTheirFormat holds what a catalogue in another language needs.
func TestFaultsBringTheirFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.CreatePipeline(t.Context(), ann, desk.Pipeline{})
	invalid, ok := errors.AsType[*desk.InvalidError](err)
	require.True(t, ok)
	require.Equal(t, "1 to %d stages", invalid.Fields[1].Format)
	for _, f := range invalid.Fields {
		require.Equal(t, f.Message, fmt.Sprintf(f.Format, f.Args...))
	}
}
