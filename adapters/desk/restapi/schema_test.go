package restapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk/restapi"
)

// document is the OpenAPI document as a client reads it.
type document map[string]any

func readDocument(t testing.TB, prefix string) document {
	t.Helper()
	data, err := json.Marshal(restapi.Document(prefix))
	require.NoError(t, err)
	var d document
	require.NoError(t, json.Unmarshal(data, &d))
	return d
}

// at follows names into the document.
func (d document) at(names ...string) any {
	var v any = map[string]any(d)
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// check holds an answer of a route against what the document says of it.
func (d document) check(t testing.TB, r route, answer *httptest.ResponseRecorder) {
	t.Helper()
	responses, _ := d.at("paths", r.Path, strings.ToLower(r.Method), "responses").(map[string]any)
	said, ok := responses[fmt.Sprint(answer.Code)].(map[string]any)
	if !ok && answer.Code >= 400 && answer.Code < 500 {
		said, ok = responses["4XX"].(map[string]any)
	}
	require.True(t, ok, "%s %s does not say that it answers %d: %s", r.Method, r.Path, answer.Code, answer.Body)
	content, _ := said["content"].(map[string]any)
	if len(content) == 0 {
		require.Empty(t, answer.Body.String())
		return
	}
	kind, _, _ := strings.Cut(answer.Header().Get("Content-Type"), ";")
	one, ok := content[kind].(map[string]any)
	require.True(t, ok, "%s %s answers %s", r.Method, r.Path, kind)
	if !strings.HasSuffix(kind, "json") {
		return
	}
	var body any
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
	require.NoError(t, d.fits(one["schema"], body, ""), "%s %s: %s", r.Method, r.Path, answer.Body)
	_, tagged := said["headers"]
	require.Equal(t, tagged && answer.Code < 300, answer.Header().Get("ETag") != "", "%s %s: its ETag", r.Method, r.Path)
}

// fits reports where a value is not what a schema says. A name that the schema does not have does not fit.
func (d document) fits(schema, v any, at string) error {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		return d.fits(d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...), v, at)
	}
	if any, ok := s["anyOf"].([]any); ok {
		var last error
		for _, one := range any {
			if last = d.fits(one, v, at); last == nil {
				return nil
			}
		}
		return last
	}
	if !hasType(s["type"], v) {
		return fmt.Errorf("%s is a %T and not %v", at, v, s["type"])
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Errorf("%s is %v and none of %v", at, v, enum)
	}
	switch v := v.(type) {
	case string:
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", v); s["format"] == "date-time" && err != nil {
			return fmt.Errorf("%s is no moment: %w", at, err)
		}
	case []any:
		for i, e := range v {
			if err := d.fits(s["items"], e, fmt.Sprintf("%s/%d", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return d.objectFits(s, v, at)
	}
	return nil
}

func (d document) objectFits(s, v map[string]any, at string) error {
	properties, fixed := s["properties"].(map[string]any)
	for name, e := range v {
		member, ok := properties[name]
		if !ok {
			member, ok = s["additionalProperties"]
		}
		if !ok && fixed {
			return fmt.Errorf("%s/%s is not in the schema", at, name)
		}
		if err := d.fits(member, e, at+"/"+name); err != nil {
			return err
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s/%s is missing", at, name)
		}
	}
	return nil
}

// hasType reports whether a value is of one of the types; no type means any.
func hasType(types, v any) bool {
	list, ok := types.([]any)
	if !ok {
		list = []any{types}
	}
	kind := ""
	switch v := v.(type) {
	case nil:
		kind = "null"
	case bool:
		kind = "boolean"
	case float64:
		if kind = "number"; v == float64(int64(v)) && slices.Contains(list, any("integer")) {
			kind = "integer"
		}
	case string:
		kind = "string"
	case []any:
		kind = "array"
	case map[string]any:
		kind = "object"
	}
	return types == nil || slices.Contains(list, any(kind))
}

func TestTheDocument(t *testing.T) {
	t.Parallel()
	d := readDocument(t, "/api")
	require.Equal(t, "3.1.0", d["openapi"])
	require.NotEmpty(t, d.at("info", "title"))
	require.NotEmpty(t, d.at("info", "version"))
	ids, operations := map[string]bool{}, 0
	paths := d["paths"].(map[string]any)
	for path, item := range paths {
		require.True(t, strings.HasPrefix(path, "/"))
		for method, op := range item.(map[string]any) {
			operations++
			o := op.(map[string]any)
			id := o["operationId"].(string)
			require.False(t, ids[id], "%s is there twice", id)
			ids[id] = true
			require.NotEmpty(t, o["responses"], "%s %s", method, path)
			declared := map[string]bool{}
			params, _ := o["parameters"].([]any)
			for _, p := range params {
				p := p.(map[string]any)
				key := fmt.Sprint(p["in"], " ", p["name"])
				require.False(t, declared[key], "%s: %s is there twice", id, key)
				declared[key] = true
				require.NotNil(t, p["schema"])
				require.Equal(t, p["in"] == "path", p["required"] == true)
			}
			require.Equal(t, strings.Contains(path, "{id}"), declared["path id"], id)
			if method == "get" || method == "delete" {
				require.Nil(t, o["requestBody"], id)
			}
		}
	}
	require.Equal(t, len(restapi.Routes), operations, "every route is in it, and nothing else")
	require.NotEmpty(t, d.refs(t, map[string]any(d)))
}

// refs follows every reference.
func (d document) refs(t testing.TB, v any) (n int) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			require.NotNil(t, d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...), ref)
			n++
		}
		for _, e := range v {
			n += d.refs(t, e)
		}
	case []any:
		for _, e := range v {
			n += d.refs(t, e)
		}
	}
	return n
}

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.do(t, request{method: "GET", path: "/api/openapi.json"})
	require.Equal(t, http.StatusOK, answer.Code)
	want, err := json.Marshal(restapi.Document("/api"))
	require.NoError(t, err)
	require.JSONEq(t, string(want), answer.Body.String())
	require.NotContains(t, answer.Body.String(), canary)
}

func TestTheCheckerFindsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	d := document{"components": map[string]any{"schemas": map[string]any{"A": map[string]any{
		"type": "object", "required": []any{"id"}, "properties": map[string]any{"id": map[string]any{"type": "string"}, "n": map[string]any{"type": []any{"integer", "null"}}, "at": map[string]any{"type": "string", "format": "date-time"}},
	}}}}
	schema := map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/A"}}
	for body, fits := range map[string]bool{
		`[{"id":"x","n":null,"at":"2026-11-23T09:00:00.000Z"}]`: true, `[]`: true, `{}`: false, `[{}]`: false, `[{"id":1}]`: false, `[{"id":"x","n":1.5}]`: false,
		`[{"id":"x","other":1}]`: false, `[{"id":"x","at":"2026-11-23T09:00:00Z"}]`: false, `null`: false,
	} {
		var v any
		require.NoError(t, json.Unmarshal([]byte(body), &v))
		require.Equal(t, fits, d.fits(schema, v, "") == nil, body)
	}
}
