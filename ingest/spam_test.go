package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestSpamGate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		spam    ingest.Spam
		body    string
		reasons []string
		kept    []string // names that stay in the metadata
	}{
		{name: "clean", body: `{"_hp":"","_t":4200,"x":1}`, kept: []string{"x"}},
		{name: "nothing sent", body: `{"x":1}`, kept: []string{"x"}},
		{name: "trapped", body: `{"_hp":"https://spam.example","x":1}`, reasons: []string{"honeypot"}, kept: []string{"x"}},
		{name: "trapped by a checkbox", body: `{"_hp":true}`, reasons: []string{"honeypot"}},
		{name: "not trapped by false", body: `{"_hp":false}`},
		{name: "trap off", spam: ingest.Spam{Honeypot: "-"}, body: `{"_hp":"x","-":"y"}`, kept: []string{"-"}},
		{name: "own trap", spam: ingest.Spam{Honeypot: "website"}, body: `{"website":"x"}`, reasons: []string{"honeypot"}},
		{name: "own trap left alone", spam: ingest.Spam{Honeypot: "website"}, body: `{"website":"","x":1}`, kept: []string{"x"}},
		{name: "the default trap beside an own one", spam: ingest.Spam{Honeypot: "website"}, body: `{"_hp":"x"}`, reasons: []string{"honeypot"}},
		{name: "too fast", body: `{"_t":999}`, reasons: []string{"fill_time"}},
		{name: "just slow enough", body: `{"_t":1000}`},
		{name: "too fast, as text", body: `{"_t":"12"}`, reasons: []string{"fill_time"}},
		{name: "before the beginning", body: `{"_t":-5000}`, reasons: []string{"fill_time"}},
		{name: "very slow", body: `{"_t":1e300}`},
		{name: "no time at all", body: `{"_t":"NaN"}`, kept: []string{"_t"}},
		{name: "own time", spam: ingest.Spam{MinFill: 3 * time.Second}, body: `{"_t":2999}`, reasons: []string{"fill_time"}},
		{name: "time off", spam: ingest.Spam{MinFill: -1}, body: `{"_t":0}`},
		{name: "both", body: `{"_hp":"x","_t":1}`, reasons: []string{"honeypot", "fill_time"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Spam = tt.spam })
			w := d.post(tt.body)
			require.Equal(t, 200, w.Code, "spam is never refused")
			require.Equal(t, `{"success":true}`, w.Body.String(), "and not told apart")
			sub := d.last(t)
			require.Equal(t, tt.reasons, sub.Reasons)
			require.Equal(t, tt.reasons != nil, sub.Verdict == ingest.Quarantined)
			require.Len(t, sub.Metadata, len(tt.kept))
			for _, name := range tt.kept {
				require.Contains(t, sub.Metadata, name)
			}
			require.Equal(t, tt.body, string(sub.Raw))
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		body    string
		header  []string
		want    string
		invalid bool
	}{
		{name: "none", body: `{"a":1}`},
		{name: "header", body: `{"_id":"c"}`, header: []string{"Idempotency-Key", "a", "webhook-id", "b"}, want: "a"},
		{name: "webhook", body: `{"_id":"c"}`, header: []string{"webhook-id", "b"}, want: "b"},
		{name: "member", body: `{"_id":"c"}`, want: "c"},
		{name: "number", body: `{"_id":17}`, want: "17"},
		{name: "longest", body: `{"a":1}`, header: []string{"Idempotency-Key", strings.Repeat("k", 255)}, want: strings.Repeat("k", 255)},
		{name: "too long", body: `{"a":1}`, header: []string{"Idempotency-Key", strings.Repeat("k", 256)}, invalid: true},
		{name: "too long, the next one is good", body: `{"_id":"c"}`, header: []string{"Idempotency-Key", strings.Repeat("k", 256)}, want: "c", invalid: true},
		{name: "control character", body: `{"a":1}`, header: []string{"webhook-id", "a\tb"}, invalid: true},
		{name: "delete", body: `{"a":1}`, header: []string{"webhook-id", "a\x7F"}, invalid: true},
		{name: "not UTF-8", body: `{"a":1}`, header: []string{"webhook-id", "a\xFF"}, invalid: true},
		{name: "member too long", body: `{"_id":"` + strings.Repeat("k", 256) + `"}`, invalid: true},
		{name: "member with a line feed", body: `{"_id":"a\nb"}`, invalid: true},
		{name: "empty member", body: `{"_id":""}`},
		{name: "quotes belong to the key", body: `{"a":1}`, header: []string{"Idempotency-Key", `"a"`}, want: `"a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			require.Equal(t, 200, d.post(tt.body, tt.header...).Code)
			sub := d.last(t)
			require.Equal(t, tt.want, sub.Key)
			require.Equal(t, tt.invalid, sub.HasFlag(ingest.FlagKeyInvalid))
			require.NotContains(t, sub.Metadata, "_id")
		})
	}
}

func TestTwoIdempotencyHeadersAreNoKey(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	r := request("/"+goodToken, `{"a":1}`)
	r.Header["Idempotency-Key"] = []string{"a", "b"}
	require.Equal(t, 200, d.do(r).Code)
	require.Empty(t, d.last(t).Key)
	require.True(t, ptr(d.last(t)).HasFlag(ingest.FlagKeyInvalid))
}

func ptr[T any](v T) *T { return &v }
