package ingest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

// meaning is what a body is expected to mean.
type meaning struct {
	fields ingest.Fields
	meta   map[string]string
	attr   ingest.Attribution
	flags  []ingest.Flag
}

func checkMeaning(t *testing.T, want meaning, sub ingest.Submission) {
	t.Helper()
	got := map[string]string{}
	for name, value := range sub.Metadata {
		got[name] = string(value)
	}
	if want.meta == nil {
		want.meta = map[string]string{}
	}
	require.Equal(t, want.fields, sub.Fields)
	require.Equal(t, want.meta, got)
	require.Equal(t, want.attr, sub.Attribution)
	require.Equal(t, want.flags, sub.Flags)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		body     string
		mappings map[string]string
		want     meaning
	}{
		{name: "known fields", body: `{"email":"a@b.c","firstName":"A","lastName":"B","phone":"1","company":"C"}`,
			want: meaning{fields: ingest.Fields{Email: "a@b.c", FirstName: "A", LastName: "B", Phone: "1", Company: "C"}}},
		{name: "an invalid email is kept", body: `{"email":"not an address"}`, want: meaning{fields: ingest.Fields{Email: "not an address"}}},
		{name: "names match by case", body: `{"Email":"x","FIRSTNAME":"y","\u017fource":1}`, want: meaning{meta: map[string]string{"Email": `"x"`, "FIRSTNAME": `"y"`, "ſource": "1"}}},
		{name: "an escaped name is the name", body: `{"\u0065mail":"x"}`, want: meaning{fields: ingest.Fields{Email: "x"}}},
		{name: "numbers and bools become text", body: `{"phone":4912345678901234567890,"company":true,"lastName":1.50}`,
			want: meaning{fields: ingest.Fields{Phone: "4912345678901234567890", Company: "true", LastName: "1.50"}}},
		{name: "null is absent", body: `{"email":null,"x":null}`, want: meaning{meta: map[string]string{"x": "null"}}},
		{name: "objects and lists go to the metadata", body: `{"email":{"a": 1},"phone":["1", "2"]}`,
			want: meaning{meta: map[string]string{"email": `{"a":1}`, "phone": `["1","2"]`}, flags: []ingest.Flag{ingest.FlagNotScalar}}},
		{name: "metadata is canonical", body: "{\"a\" : [ 1.0 , -0, 1E5,{ \"b\" :\ttrue,\"c\":[ ] } ],\n\"d\":{ }, \"e\":\"\\u0041\\/\\n\\u00e9\\ud83d\\ude00<\"}",
			want: meaning{meta: map[string]string{"a": `[1.0,-0,1E5,{"b":true,"c":[]}]`, "d": "{}", "e": `"A/\né😀<"`}}},
		{name: "numbers keep their text", body: `{"n":12345678901234567890.10,"m":1e308}`, want: meaning{meta: map[string]string{"n": "12345678901234567890.10", "m": "1e308"}}},
		{name: "the last of duplicates wins", body: `{"email":"a","x":1,"email":"b","x":2}`,
			want: meaning{fields: ingest.Fields{Email: "b"}, meta: map[string]string{"x": "2"}, flags: []ingest.Flag{ingest.FlagDuplicateKeys}}},
		{name: "also inside", body: `{"x":{"a":1,"b":{"c":1,"c":2,"\u0063":3},"a":[{"z":0,"z":9}]}}`,
			want: meaning{meta: map[string]string{"x": `{"b":{"c":3},"a":[{"z":9}]}`}, flags: []ingest.Flag{ingest.FlagDuplicateKeys}}},
		{name: "duplicates that are mended alike", body: `{"a\u0000":1,"a\ufffd":2}`,
			want: meaning{meta: map[string]string{"a\uFFFD": "2"}, flags: []ingest.Flag{ingest.FlagDuplicateKeys, ingest.FlagSanitised}}},
		{name: "NUL", body: `{"email":"a\u0000b","x":["\u0000"]}`,
			want: meaning{fields: ingest.Fields{Email: "a\uFFFDb"}, meta: map[string]string{"x": "[\"\uFFFD\"]"}, flags: []ingest.Flag{ingest.FlagSanitised}}},
		{name: "invalid UTF-8", body: "{\"email\":\"a\xFFb\",\"\xC0x\":\"\xED\xA0\x80\"}",
			want: meaning{fields: ingest.Fields{Email: "a\uFFFDb"}, meta: map[string]string{"\uFFFDx": "\"\uFFFD\uFFFD\uFFFD\""}, flags: []ingest.Flag{ingest.FlagSanitised}}},
		{name: "lone surrogates", body: `{"email":"a\ud800b","x":"\udc00\ud83d\ude00"}`,
			want: meaning{fields: ingest.Fields{Email: "a\uFFFDb"}, meta: map[string]string{"x": "\"\uFFFD😀\""}, flags: []ingest.Flag{ingest.FlagSanitised}}},
		{name: "a replacement character that was typed is no fault", body: `{"email":"a\ufffdb"}`, want: meaning{fields: ingest.Fields{Email: "a\uFFFDb"}}},
		{name: "server fields are metadata", body: `{"id":"1","tenant_id":"x","score":100,"status":"won","__proto__":{"a":1},"Tenant":"y","verdict":""}`,
			want: meaning{meta: map[string]string{"id": `"1"`, "tenant_id": `"x"`, "score": "100", "status": `"won"`, "__proto__": `{"a":1}`, "Tenant": `"y"`, "verdict": `""`}}},
		{name: "fullName unmapped is metadata", body: `{"fullName":"Ann Lee"}`, want: meaning{meta: map[string]string{"fullName": `"Ann Lee"`}}},

		{name: "mappings to known fields and to metadata", body: `{"contact_email":"a@b.c","full_name":"Ann","budget":5}`,
			mappings: map[string]string{"contact_email": "email", "full_name": "firstName", "budget": "money"},
			want:     meaning{fields: ingest.Fields{Email: "a@b.c", FirstName: "Ann"}, meta: map[string]string{"money": "5"}}},
		{name: "a full name is split", body: `{"name":"Ludwig van Beethoven"}`, mappings: map[string]string{"name": "fullName"},
			want: meaning{fields: ingest.Fields{FirstName: "Ludwig", LastName: "van Beethoven"}}},
		{name: "a full name fills blanks only", body: `{"name":"Ann Lee","firstName":"Anna"}`, mappings: map[string]string{"name": "fullName"},
			want: meaning{fields: ingest.Fields{FirstName: "Anna", LastName: "Lee"}}},
		{name: "a full name that fills nothing is kept", body: `{"name":"Ann Lee","firstName":"A","lastName":"L"}`, mappings: map[string]string{"name": "fullName"},
			want: meaning{fields: ingest.Fields{FirstName: "A", LastName: "L"}, meta: map[string]string{"name": `"Ann Lee"`}}},
		{name: "a full name that is an object", body: `{"name":{"first":"A"}}`, mappings: map[string]string{"name": "fullName"},
			want: meaning{meta: map[string]string{"name": `{"first":"A"}`}, flags: []ingest.Flag{ingest.FlagNotScalar}}},
		{name: "a mapped object stays under its own name", body: `{"contact":{"a":1}}`, mappings: map[string]string{"contact": "email"},
			want: meaning{meta: map[string]string{"contact": `{"a":1}`}, flags: []ingest.Flag{ingest.FlagNotScalar}}},
		{name: "mapped beats direct, whatever the order", body: `{"mail":"m","email":"d"}`, mappings: map[string]string{"mail": "email"},
			want: meaning{fields: ingest.Fields{Email: "m"}, meta: map[string]string{"email": `"d"`}}},
		{name: "mapped beats direct, the other order", body: `{"email":"d","mail":"m"}`, mappings: map[string]string{"mail": "email"},
			want: meaning{fields: ingest.Fields{Email: "m"}, meta: map[string]string{"email": `"d"`}}},
		{name: "an empty mapped value does not displace", body: `{"email":"d","mail":""}`, mappings: map[string]string{"mail": "email"},
			want: meaning{fields: ingest.Fields{Email: "d"}}},
		{name: "a known name mapped away", body: `{"company":"x"}`, mappings: map[string]string{"company": "firstName"},
			want: meaning{fields: ingest.Fields{FirstName: "x"}}},
		{name: "a mapping onto a reserved name does nothing", body: `{"a":"x","b":"https://evil.example"}`, mappings: map[string]string{"a": "_id", "b": "_redirect"},
			want: meaning{meta: map[string]string{"a": `"x"`, "b": `"https://evil.example"`}}},
		{name: "a mapped campaign parameter is what the source says", body: `{"utm_source":"x"}`, mappings: map[string]string{"utm_source": "channel"},
			want: meaning{meta: map[string]string{"channel": `"x"`}}},

		{name: "attribution", body: `{"_utm":{"utm_source":"g","utm_medium":"m","utm_campaign":"c","utm_term":"t","utm_content":5,"gclid":"G"},"_referrer":"r","_page":"p","_landing":"l","_touches":[ {"a" : 1} ]}`,
			want: meaning{attr: ingest.Attribution{UTM: ingest.UTM{Source: "g", Medium: "m", Campaign: "c", Term: "t", Content: "5"}, Referrer: "r", Page: "p", Landing: "l",
				ClickIDs: map[string]string{"gclid": "G"}, Touches: json.RawMessage(`[{"a":1}]`)}}},
		{name: "flat attribution", body: `{"utm_source":"g","utm_content":"c","fbclid":"F","li_fat_id":"L","utm_id":"7"}`,
			want: meaning{attr: ingest.Attribution{UTM: ingest.UTM{Source: "g", Content: "c"}, ClickIDs: map[string]string{"fbclid": "F", "li_fat_id": "L"}}, meta: map[string]string{"utm_id": `"7"`}}},
		{name: "_utm beats flat", body: `{"utm_source":"flat","_utm":{"utm_source":"own","utm_term":"own","gclid":"own"},"utm_medium":"flat","utm_term":"flat","gclid":"flat"}`,
			want: meaning{attr: ingest.Attribution{UTM: ingest.UTM{Source: "own", Medium: "flat", Term: "own"}, ClickIDs: map[string]string{"gclid": "own"}}}},
		{name: "what _utm holds beyond is kept", body: `{"_utm":{"utm_source":"g","utm_id":"7","x":{"y":[1,"}"]},"utm_term":["a"]}}`,
			want: meaning{attr: ingest.Attribution{UTM: ingest.UTM{Source: "g"}}, meta: map[string]string{"_utm": `{"utm_id":"7","x":{"y":[1,"}"]},"utm_term":["a"]}`}}},
		{name: "reserved values of the wrong type are metadata", body: `{"_utm":"x","_referrer":1,"_page":[],"_landing":{},"_touches":"t","_id":{},"_t":"soon","_redirect":5,"gclid":[1]}`,
			want: meaning{meta: map[string]string{"_utm": `"x"`, "_referrer": "1", "_page": "[]", "_landing": "{}", "_touches": `"t"`, "_id": "{}", "_t": `"soon"`, "_redirect": "5", "gclid": "[1]"}}},
		{name: "reserved nulls are absent", body: `{"_utm":null,"_referrer":null,"_touches":null,"_id":null,"_t":null,"_redirect":null,"_hp":null,"utm_source":null,"email":"a"}`,
			want: meaning{fields: ingest.Fields{Email: "a"}}},
		{name: "what is for the door is not kept", body: `{"_id":"k","_hp":"","_t":5000,"_redirect":"/thanks","_next":"/thanks","email":"a"}`, want: meaning{fields: ingest.Fields{Email: "a"}}},
		{name: "other names with an underscore are metadata", body: `{"_subject":"x","_":"y","__hp":1}`, want: meaning{meta: map[string]string{"_subject": `"x"`, "_": `"y"`, "__hp": "1"}}},
		{name: "an empty name", body: `{"":1}`, want: meaning{meta: map[string]string{"": "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Mappings = tt.mappings })
			w := d.post(tt.body)
			require.Equal(t, 200, w.Code, w.Body)
			sub := d.last(t)
			checkMeaning(t, tt.want, sub)
			require.Equal(t, tt.body, string(sub.Raw), "the body is kept verbatim")
		})
	}
}

// nested returns a value that is nested n deep.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// manyMembers returns an object with n members.
func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":0`, i)
	}
	return "{" + b.String()[1:] + "}"
}

func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	x := strings.Repeat
	sized := func(n int) string { return `{"a":"b"` + x(" ", n-9) + "}" }
	tests := []struct {
		name    string
		within  string // at the limit
		beyond  string // one more
		status  int
		code    string
		pointer string
	}{
		{"body", sized(ingest.MaxBody), sized(ingest.MaxBody + 1), 413, "payload_too_large", ""},
		{"depth of lists", `{"a":` + nested(31) + `}`, `{"a":` + nested(32) + `}`, 400, "too_deep", "/a" + x("/0", 31)},
		{"depth of objects", x(`{"a":`, 32) + "1" + x("}", 32), x(`{"a":`, 33) + "1" + x("}", 33), 400, "too_deep", x("/a", 32)},
		{"members", manyMembers(256), manyMembers(257), 400, "too_many_fields", ""},
		{"members of all objects together", `{"a":` + manyMembers(255) + "}", `{"a":` + manyMembers(256) + "}", 400, "too_many_fields", "/a"},
		{"members, duplicates counted", `{` + x(`"a":0,`, 255) + `"a":0}`, `{` + x(`"a":0,`, 256) + `"a":0}`, 400, "too_many_fields", ""},
		{"name", `{"` + x("n", 128) + `":1}`, `{"` + x("n", 129) + `":1}`, 400, "name_too_long", ""},
		{"name in letters of two bytes", `{"` + x("é", 64) + `":1}`, `{"` + x("é", 64) + `n":1}`, 400, "name_too_long", ""},
		{"name inside", `{"a":{"` + x("n", 128) + `":1}}`, `{"a":{"` + x("n", 129) + `":1}}`, 400, "name_too_long", "/a"},
		{"name inside, escaped", `{"a":{"` + x(`\u0022`, 128) + `":1}}`, `{"a":{"` + x(`\u0022`, 129) + `":1}}`, 400, "name_too_long", "/a"},
		{"string", `{"a":"` + x("s", 16384) + `"}`, `{"a":"` + x("s", 16385) + `"}`, 400, "string_too_long", "/a"},
		{"string inside", `{"a":["` + x("s", 16384) + `"]}`, `{"a":["` + x("s", 16385) + `"]}`, 400, "string_too_long", "/a/0"},
		{"string of escapes", `{"a":"` + x(`\"`, 16384) + `"}`, `{"a":"` + x(`\"`, 16385) + `"}`, 400, "string_too_long", "/a"},
		{"string that is mended", `{"a":"` + x(`\u0000`, 5461) + `s"}`, `{"a":"` + x(`\u0000`, 5461) + `ss"}`, 400, "string_too_long", "/a"},
		{"known field", `{"company":"` + x("s", 16384) + `"}`, `{"company":"` + x("s", 16385) + `"}`, 400, "string_too_long", "/company"},
		{"number", `{"a":` + x("9", 40) + `}`, `{"a":` + x("9", 41) + `}`, 400, "number_too_long", "/a"},
		{"number inside", `{"a":{"b":[0,` + x("9", 40) + `]}}`, `{"a":{"b":[0,` + x("9", 41) + `]}}`, 400, "number_too_long", "/a/b/1"},
		{"exponent", `{"a":[1e308,1E-308,1e+0000308]}`, `{"a":[1e309]}`, 400, "number_out_of_range", "/a/0"},
		{"negative exponent", `{"a":1e-308}`, `{"a":1e-309}`, 400, "number_out_of_range", "/a"},
		{"email", `{"email":"` + x("e", 254) + `"}`, `{"email":"` + x("e", 255) + `"}`, 400, "email_too_long", "/email"},
		{"mapped email", `{"the/mail~":"` + x("e", 254) + `"}`, `{"the/mail~":"` + x("e", 255) + `"}`, 400, "email_too_long", "/the~1mail~0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Mappings = map[string]string{"the/mail~": "email"} })
			w := d.post(tt.within)
			require.Equal(t, 200, w.Code, "at the limit: %s", w.Body)
			w = d.post(tt.beyond)
			require.Equal(t, tt.status, w.Code, "beyond the limit")
			var got struct {
				Error struct {
					Code   string
					Fields []struct{ Pointer string }
				}
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
			require.Equal(t, tt.code, got.Error.Code)
			if tt.pointer != "" {
				require.Len(t, got.Error.Fields, 1)
				require.Equal(t, tt.pointer, got.Error.Fields[0].Pointer)
			}
			require.Equal(t, 1, d.sink.len())
		})
	}
}

func TestNumberBombIsRefused(t *testing.T) {
	t.Parallel()
	w := newDoor(nil).post(`{"a":[` + strings.Repeat("9e130000,", 6500) + `1]}`)
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "number_out_of_range")
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{PerMinute: 10_000})
	for _, s := range hostile.Texts(t) {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		w := d.post(fmt.Sprintf(`{"firstName":%s,"message":%s,"list":[%s]}`, text, text, text))
		require.Equal(t, 200, w.Code, "%q: %s", s, w.Body)
		sub := d.last(t)
		var clean string
		require.NoError(t, json.Unmarshal(text, &clean))
		clean = strings.ReplaceAll(clean, "\x00", "\uFFFD")
		require.Equal(t, clean, sub.Fields.FirstName)
		require.Equal(t, clean, sub.Metadata.Text("message"))
	}
}
