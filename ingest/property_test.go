package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads/ingest"
)

// jsonText generates a JSON value as somebody might type it: with space, escapes and odd numbers, but no duplicate names.
func jsonText(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		space := rapid.SampledFrom([]string{"", "", " ", "\n\t"})
		kinds := 4
		if depth > 0 {
			kinds = 6
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "literal")
		case 1:
			return rapid.StringMatching(`-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		case 2:
			return quoted(t)
		case 3:
			return rapid.SampledFrom([]string{`""`, `"\ud83d\ude00"`, `"\/\b\f\n\r\t\""`, `"é\u00e9"`}).Draw(t, "string")
		case 4:
			items := rapid.SliceOfN(jsonText(depth-1), 0, 4).Draw(t, "items")
			return "[" + space.Draw(t, "s") + strings.Join(items, space.Draw(t, "s")+",") + "]"
		}
		return object(t, rapid.IntRange(0, 4).Draw(t, "members"), depth-1)
	})
}

func quoted(t *rapid.T) string {
	text, err := json.Marshal(strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "0"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func object(t *rapid.T, n, depth int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(` "%s%d" : %s`, rapid.SampledFrom([]string{"a", "é", `\u0061\"`, "utm"}).Draw(t, "name"), i, jsonText(depth).Draw(t, "value"))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// TestMetadataMeansWhatWasSent compares what the door makes of a body with encoding/json.
func TestMetadataMeansWhatWasSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := object(t, rapid.IntRange(1, 8).Draw(t, "members"), 3)
		sub, err := ingest.DecodeForTest([]byte(body), "application/json", &ingest.Source{})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var want map[string]any
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		for name, value := range sub.Metadata {
			var compact bytes.Buffer
			if err := json.Compact(&compact, value); err != nil || compact.String() != string(value) {
				t.Fatalf("%s is not compact", value)
			}
			decoder := json.NewDecoder(bytes.NewReader(value))
			decoder.UseNumber()
			var v any
			if err := decoder.Decode(&v); err != nil {
				t.Fatal(err)
			}
			got[name] = v
		}
		require.Equal(t, want, got)
		if len(sub.Flags) > 0 {
			t.Fatalf("%s: flags %v", body, sub.Flags)
		}
	})
}

// TestNoBodyAndNoMappingReachTheServersFields is about mass assignment.
func TestNoBodyAndNoMappingReachTheServersFields(t *testing.T) {
	t.Parallel()
	names := []string{"email", "firstName", "fullName", "Tenant", "tenant_id", "SourceID", "ID", "id", "Verdict", "Key", "Raw", "Client", "DuplicateOf", "Flags", "_id", "_hp", "_t", "_utm", "_redirect", "x", "utm_source"}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := newDoor(&ingest.Options{Limiter: unlimited, Clock: func() time.Time { return now }})
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names)
		mappings := rapid.MapOf(name, name).Draw(t, "mappings")
		body := map[string]any{"z": 1}
		for _, n := range rapid.SliceOf(name).Draw(t, "names") {
			body[n] = rapid.SampledFrom([]any{"evil", 1, true, []any{"evil"}, map[string]any{"Tenant": "evil"}}).Draw(t, "value")
		}
		text, _ := json.Marshal(body)
		d := &door{sources: newSources(), sink: d.sink}
		d.Handler = ingest.NewHandler(d.sources, d.sink, &ingest.Options{Limiter: unlimited, Clock: func() time.Time { return now }})
		d.with(func(s *ingest.Source) { s.Mappings = mappings })
		if w := d.post(string(text)); w.Code != 200 {
			t.Fatalf("%s: %s", text, w.Body)
		}
		sub := d.subs[len(d.subs)-1]
		require.Equal(t, "t1", sub.Tenant)
		require.Equal(t, "01890a5d-ac96-774b-bcce-b302099a8057", sub.SourceID)
		require.NotEqual(t, "evil", sub.ID)
		require.Equal(t, now, sub.Received)
		require.Equal(t, "203.0.113.9", sub.Client.String())
		require.Empty(t, sub.DuplicateOf)
		if _, sent := body["_id"]; !sent {
			require.Empty(t, sub.Key, "only _id and the headers give a key")
		}
		_, trap := body["_hp"]
		if _, timed := body["_t"]; !trap && !timed {
			require.Empty(t, sub.Verdict)
		}
	})
}

// TestTheDoorIsExact sends requests over a few minutes and compares the answers with the model, through the whole handler.
func TestTheDoorIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		d := newDoor(&ingest.Options{PerMinute: 5, Clock: func() time.Time { return now }})
		m := model{}
		for range 60 {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 12 * time.Second, 59999 * time.Millisecond, time.Minute}).Draw(t, "step"))
			client := rapid.SampledFrom([]string{"203.0.113.1", "203.0.113.2"}).Draw(t, "client")
			token, key, limit := goodToken, client, 5
			if rapid.Bool().Draw(t, "own") {
				token, key, limit = ownToken, "own"+client, 150
			}
			r := request("/"+token, `{"a":1}`)
			r.RemoteAddr = client + ":1"
			w := d.do(r)
			want := m.allow(key, limit, time.Minute, now)
			require.Equal(t, want.OK, w.Code == 200)
			require.Equal(t, !want.OK, w.Code == 429)
			require.Contains(t, w.Header().Get("RateLimit"), fmt.Sprintf(";r=%d", want.Remaining))
			if !want.OK {
				require.Equal(t, fmt.Sprint(int((want.Reset+time.Second-1)/time.Second)), w.Header().Get("Retry-After"))
			}
		}
	})
}

// TestSubmissionsOwnTheirMemory posts many different bodies at once and looks at the submissions only when all is over: none may
// have been written over by a later one, because buffers are reused.
func TestSubmissionsOwnTheirMemory(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{Limiter: unlimited})
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				id := fmt.Sprintf("%d-%d-%s", worker, i, strings.Repeat("x", i))
				body := fmt.Sprintf(`{"email":%q,"meta":[%q],"esc":"\u0041%s","_utm":{"utm_source":%q,"y":%q},"_touches":[%q],"_id":%q}`, id, id, id, id, id, id, id[:min(len(id), 200)])
				if w := d.post(body); w.Code != 200 {
					t.Error(w.Body)
				}
				if w := d.post("email="+id+"&meta="+id, "Content-Type", urlencoded); w.Code != 200 {
					t.Error(w.Body)
				}
				d.post(`{"broken":"` + id) // what is refused gives its buffers back, too
			}
		})
	}
	group.Wait()
	require.Equal(t, 8*200*2, d.sink.len())
	for _, sub := range d.subs {
		id := sub.Fields.Email
		require.Equal(t, digestOf(string(sub.Raw)), sub.Digest)
		require.Contains(t, string(sub.Raw), id)
		if sub.ContentType == urlencoded {
			require.Equal(t, `"`+id+`"`, string(sub.Metadata["meta"]))
			continue
		}
		require.Equal(t, `["`+id+`"]`, string(sub.Metadata["meta"]))
		require.Equal(t, `"A`+id+`"`, string(sub.Metadata["esc"]))
		require.Equal(t, `{"y":"`+id+`"}`, string(sub.Metadata["_utm"]))
		require.Equal(t, id, sub.Attribution.UTM.Source)
		require.Equal(t, `["`+id+`"]`, string(sub.Attribution.Touches))
		require.Equal(t, id[:min(len(id), 200)], sub.Key)
	}
}

// TestValuesDoNotShareCapacity appends to one value, which must not write into the next.
func TestValuesDoNotShareCapacity(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	require.Equal(t, 200, d.post(`{"a":"1","b":"2","c":"3"}`).Code)
	metadata := d.last(t).Metadata
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		_ = append(metadata[name], 'x')
	}
	require.Equal(t, ingest.Metadata{"a": json.RawMessage(`"1"`), "b": json.RawMessage(`"2"`), "c": json.RawMessage(`"3"`)}, metadata)
}

// TestAllocations keeps the hot path from growing fat unnoticed; the figures are those measured plus a little.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("allocations say nothing under the race detector")
	}
	source := &ingest.Source{}
	body := []byte(leadBody)
	decode := testing.AllocsPerRun(200, func() { _, _ = ingest.DecodeForTest(body, "application/json", source) })
	require.LessOrEqual(t, decode, 9.0, "allocations to decode a typical body")
}
