package ingest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		path string
		body string
		to   string // "" means email
		want string // the text of the known field, or the JSON of the metadata
		left string // what stays of the value that the path leads into
	}{
		{name: "member of a member", path: "a.b.c", body: `{"a":{"b":{"c":"x@example.com"},"d":1}}`, want: "x@example.com", left: `{"a":{"b":{},"d":1}}`},
		{name: "element", path: "answers[0].email", body: `{"answers":[{"email":"x","id":7},{"email":"y"}]}`, want: "x", left: `{"answers":[{"id":7},{"email":"y"}]}`},
		{name: "the second element", path: "answers[1]", body: `{"answers":["x","y","z"]}`, want: "y", left: `{"answers":["x",null,"z"]}`},
		{name: "filter", path: "data.fields[?label=Email].value", body: `{"data":{"fields":[{"label":"Name","value":"n"},{"label":"Email","value":"x"}]}}`,
			want: "x", left: `{"data":{"fields":[{"label":"Name","value":"n"},{"label":"Email"}]}}`},
		{name: "filter by something deeper", path: "answers[?field.ref=mail].email", body: `{"answers":[{"field":{"ref":"tel"},"email":"n"},{"field":{"ref":"mail"},"email":"x"}]}`, want: "x"},
		{name: "filter with a quoted text", path: `f[?label="E-mail [work]"].value`, body: `{"f":[{"label":"E-mail [work]","value":"x"}]}`, want: "x"},
		{name: "filter by a number", path: `f[?id=7].value`, body: `{"f":[{"id":"no"},{"id":7,"value":"x"}]}`, want: "x"},
		{name: "filter over an object", path: "fields[?type=email].value", body: `{"fields":{"a":{"type":"text","value":"n"},"b":{"type":"email","value":"x"}}}`, want: "x"},
		{name: "quoted name", path: `a["b.c"].d`, body: `{"a":{"b.c":{"d":"x"}}}`, want: "x"},
		{name: "name in brackets", path: "a[b][c]", body: `{"a":{"b":{"c":"x"}}}`, want: "x"},
		{name: "name with an escape", path: "a.b\"c", body: `{"a":{"b\"c":"x"}}`, want: "x"},
		{name: "name that is written with an escape", path: "a.é", body: `{"a":{"\u00e9":"x"}}`, want: "x"},
		{name: "numbers become text", path: "a.b", body: `{"a":{"b":15550000000}}`, to: "phone", want: "15550000000"},
		{name: "full name", path: "a.n", body: `{"a":{"n":"Ann Lee"}}`, to: "fullName", want: "Ann", left: `{"a":{}}`},
		{name: "all", path: "a[*].b", body: `{"a":[{"b":"x"},{"b":2},{"c":3}]}`, to: "list", want: `["x",2]`, left: `{"a":[{},{},{"c":3}],"list":["x",2]}`},
		{name: "all, written empty", path: "a[].b", body: `{"a":[{"b":"x"},{"b":2}]}`, to: "list", want: `["x",2]`},
		{name: "one of all", path: "a[*].b", body: `{"a":[{"b":"x"}]}`, to: "list", want: `"x"`},
		{name: "the first of all for a known field", path: "a[*].b", body: `{"a":[{"b":"x"},{"b":"y"}]}`, want: "x"},
		{name: "all of all", path: "a[*][*]", body: `{"a":[[1,2],[],[3]]}`, to: "list", want: `[1,2,3]`},
		{name: "an object goes to the metadata", path: "a.b", body: `{"a":{"b":{"c":1}}}`, to: "b", want: `{"c":1}`, left: `{"a":{},"b":{"c":1}}`},
		{name: "null is nothing", path: "a.b", body: `{"a":{"b":null},"email":"x"}`, want: "x"},
		{name: "the very name wins", path: "a.b", body: `{"a":{"b":"n"},"a.b":"x"}`, want: "x", left: `{"a":{"b":"n"}}`},
		{name: "not there", path: "a.b.c", body: `{"a":{"b":"n"},"email":"x"}`, want: "x", left: `{"a":{"b":"n"}}`},
		{name: "an index into an object", path: "a[0]", body: `{"a":{"0":"n"},"email":"x"}`, want: "x"},
		{name: "a name in a list", path: "a.b", body: `{"a":["b"],"email":"x"}`, want: "x"},
		{name: "beyond the end", path: "a[5]", body: `{"a":[1],"email":"x"}`, want: "x"},
		{name: "over the bare name", path: "a.b", body: `{"email":"n","a":{"b":"x"}}`, want: "x", left: `{"a":{},"email":"n"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := tt.to
			if to == "" {
				to = "email"
			}
			source := &ingest.Source{Mappings: map[string]string{tt.path: to}}
			require.NoError(t, ingest.Source{Tenant: "t", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "n", Mappings: source.Mappings}.Validate())
			sub, err := ingest.DecodeForTest([]byte(tt.body), "application/json", source)
			require.NoError(t, err)
			switch field := sub.Fields.Field(to); {
			case field != nil:
				require.Equal(t, tt.want, *field)
			case to == "fullName":
				require.Equal(t, tt.want, sub.Fields.FirstName)
			default:
				require.Equal(t, tt.want, string(sub.Metadata[to]))
			}
			if tt.left != "" {
				left, err := json.Marshal(sub.Metadata)
				require.NoError(t, err)
				require.JSONEq(t, tt.left, string(left))
			}
		})
	}
}

func TestEveryMistakeInAPathIsNamed(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{"a[0", `a "[" that is not closed at byte 2`},
		{"a]", `a "]" without its "[" at byte 2`},
		{"a[0]b", `neither "." nor "[" after a "]" at byte 5`},
		{"a[?x]", `a filter without "=" at byte 2`},
		{"a[?=x]", `a filter without a name before the "=" at byte 2`},
		{"a[?x..y=z]", `a filter without a name`},
		{"a[b[c]]", `a "[" within brackets`},
		{`a["b]`, "a quote that is not closed"},
		{"a[0].", "an empty name at byte 5"},
		{"[0]..a", "an empty name at byte 4"},
		{".a[0]", "an empty name at byte 1"},
		{"a[999999999999999999999]", "an index that is too large"},
		{"a" + strings.Repeat("[0]", 16), "more than 16 steps"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			s := ingest.Source{Tenant: "t", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "n", Mappings: map[string]string{tt.path: "email", "a.b[1].c": "phone"}}
			err := s.Validate()
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "Source.Mappings["+tt.path+"] is no path: ")
			require.NotContains(t, err.Error(), "a.b[1].c")
		})
	}
	many := ingest.Source{Tenant: "t", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "n", Mappings: map[string]string{}}
	for i := range 65 {
		many.Mappings[fmt.Sprintf("a.b%d", i)] = "x"
	}
	require.ErrorContains(t, many.Validate(), "Source.Mappings has 65 paths: leave at most 64")
}

func TestNamesWithDotsStayNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Mr./Mrs.", "Your name...", ".", "contact.email"} {
		source := &ingest.Source{Tenant: "t", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "n", Mappings: map[string]string{name: "company"}}
		require.NoError(t, source.Validate(), name)
		body, err := json.Marshal(map[string]string{name: "x"})
		require.NoError(t, err)
		sub, err := ingest.DecodeForTest(body, "application/json", source)
		require.NoError(t, err)
		require.Equal(t, "x", sub.Fields.Company, name)
	}
}

func TestPathsReachIntoForms(t *testing.T) {
	t.Parallel()
	source := &ingest.Source{Mappings: map[string]string{"interests[]": "interests", "wpforms[fields][1]": "email", "tags[1]": "second"}}
	sub, err := ingest.DecodeForTest([]byte("interests%5B%5D=a&interests%5B%5D=b&wpforms%5Bfields%5D%5B1%5D=x%40example.com&tags=p&tags=q"), urlencoded, source)
	require.NoError(t, err)
	require.Equal(t, "x@example.com", sub.Fields.Email)
	require.JSONEq(t, `["a","b"]`, string(sub.Metadata["interests"]))
	require.JSONEq(t, `"q"`, string(sub.Metadata["second"]))
}

// TestPathsCostIsBounded has the worst that a source and a sender can do together.
func TestPathsCostIsBounded(t *testing.T) {
	t.Parallel()
	source := &ingest.Source{Mappings: map[string]string{}}
	for i := range 200 {
		source.Mappings[fmt.Sprintf("a[*][*][*][*][*][*][*][*][*][*][*][*].x%d", i)] = fmt.Sprintf("m%d", i)
	}
	body := []byte(`{"a":` + strings.Repeat("[", 20) + strings.Repeat(`[1],`, 40_000) + `[1]` + strings.Repeat("]", 20) + `}`)
	require.Less(t, len(body), ingest.MaxBody)
	began := time.Now()
	sub, err := ingest.DecodeForTest(body, "application/json", source)
	require.NoError(t, err)
	require.True(t, sub.HasFlag(ingest.FlagMappingCut))
	require.Contains(t, sub.Metadata, "a")
	require.Less(t, time.Since(began), 2*time.Second, "it takes some 30 ms")
}

// FuzzPath holds that no path and no body together break the door, and that nothing but the taken-out value is missing.
func FuzzPath(f *testing.F) {
	for _, seed := range []struct{ path, body string }{
		{"a.b", `{"a":{"b":"x"}}`}, {"a[0].b", `{"a":[{"b":1}]}`}, {"a[?b=c].d", `{"a":[{"b":"c","d":"x"}]}`}, {"a[*]", `{"a":[1,[2],{"c":3}]}`},
		{`["a.b"].c`, `{"a.b":{"c":null}}`}, {"[*]", `{"a":1}`}, {"a[]", `{"a":{}}`}, {"[?a=b]", `{"x":{"a":"b"}}`}, {"a.b", `{"a.b":1,"a":{"b":2}}`},
	} {
		f.Add(seed.path, seed.body)
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		steps, err := ingest.ParsePathForTest(path)
		require.LessOrEqual(t, steps, 16)
		require.True(t, err == nil || steps == 0)
		if !utf8.ValidString(path) || len(path) > ingest.MaxName || path == "" {
			return
		}
		for _, to := range []string{"email", "fullName", "target"} {
			source := &ingest.Source{Mappings: map[string]string{path: to}}
			sub, err := ingest.DecodeForTest([]byte(body), "application/json", source)
			if err != nil {
				continue
			}
			for name, value := range sub.Metadata {
				require.True(t, json.Valid(value), "%q: %s", name, value)
			}
			plain, err := ingest.DecodeForTest([]byte(body), "application/json", &ingest.Source{Preset: ingest.NoPreset})
			require.NoError(t, err)
			if steps == 0 {
				continue
			}
			for name := range plain.Metadata {
				if name != path { // the very name is mapped; every other member stays, if only as what is left of it
					require.Contains(t, sub.Metadata, name)
				}
			}
		}
	})
}
