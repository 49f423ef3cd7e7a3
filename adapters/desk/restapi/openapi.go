package restapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// openAPI answers the description of the API. It needs no key: it tells of nobody.
func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "application/json", Document(a.opts.Prefix))
}

// Document is the description of the API (OpenAPI 3.1), made from the same table as its routes.
func Document(prefix string) map[string]any {
	s := &schemas{named: make(map[string]any)}
	paths := make(map[string]map[string]any)
	for _, r := range routes {
		if paths[r.Path] == nil {
			paths[r.Path] = make(map[string]any)
		}
		paths[r.Path][strings.ToLower(r.Method)] = s.operation(r)
	}
	return map[string]any{
		"openapi":  "3.1.0",
		"info":     map[string]any{"title": "Leads", "version": "1.0.0", "description": "Leads and what people and programs do with them."},
		"servers":  []any{map[string]any{"url": prefix}},
		"security": []any{map[string]any{"apiKey": []string{}}, map[string]any{"authorization": []string{}}},
		"paths":    paths,
		"components": map[string]any{
			"securitySchemes": map[string]any{
				"apiKey":        map[string]any{"type": "apiKey", "in": "header", "name": "X-API-Key"},
				"authorization": map[string]any{"type": "apiKey", "in": "header", "name": "Authorization", "description": "ApiKey KEY"},
			},
			"schemas": s.named,
		},
	}
}

// schemas makes JSON schemas of Go types.
type schemas struct{ named map[string]any }

func (s *schemas) operation(r route) map[string]any {
	name := operationID(r)
	op := map[string]any{"operationId": name, "summary": r.Summary, "tags": []string{strings.Split(r.Path, "/")[1]}, "x-role": r.Role, "responses": s.responses(r)}
	var params []any
	if strings.Contains(r.Path, "{id}") {
		params = append(params, map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	for _, p := range r.Query {
		params = append(params, map[string]any{"name": p.Name, "in": "query", "description": p.Text, "schema": map[string]any{"type": p.Kind}})
	}
	if r.Idempotent {
		params = append(params, map[string]any{"name": "Idempotency-Key", "in": "header", "schema": map[string]any{"type": "string", "maxLength": 200}})
	}
	if params != nil {
		op["parameters"] = params
	}
	switch {
	case r.Body != nil:
		op["requestBody"] = content("application/json", s.of(reflect.TypeOf(r.Body)), true)
	case r.Path == "/leads/import":
		op["requestBody"] = content("text/csv", map[string]any{"type": "string"}, true)
	}
	return op
}

// operationID makes "getLeadsIdEvents" of GET /leads/{id}/events.
func operationID(r route) string {
	name := strings.ToLower(r.Method)
	for _, word := range strings.FieldsFunc(r.Path, func(c rune) bool { return strings.ContainsRune("/{}-", c) }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func content(kind string, schema any, required bool) map[string]any {
	body := map[string]any{"content": map[string]any{kind: map[string]any{"schema": schema}}}
	if required {
		body["required"] = true
	}
	return body
}

func (s *schemas) responses(r route) map[string]any {
	status, success := "200", map[string]any{"description": "done"}
	switch r.Status {
	case http.StatusCreated:
		status = "201"
	case http.StatusNoContent:
		status = "204"
	}
	if r.Answer != nil {
		success["content"] = content("application/json", s.of(reflect.TypeOf(r.Answer)), false)["content"]
	} else if r.Path == "/leads/export" {
		success["content"] = map[string]any{"text/csv": map[string]any{"schema": map[string]any{"type": "string"}}, "application/json": map[string]any{"schema": map[string]any{"type": "array", "items": s.of(reflect.TypeFor[leadFull]())}}}
	}
	all := map[string]any{status: success}
	if r.Path == "/leads" && r.Method == "POST" {
		all["200"] = map[string]any{"description": "the person was known; the lead as it is now", "content": success["content"]}
	}
	failure := map[string]any{"description": "refused; the code says why", "content": map[string]any{"application/json": map[string]any{"schema": s.failure()}}}
	all["4XX"], all["503"] = failure, failure
	return all
}

// failure is the schema of an error.
func (s *schemas) failure() any {
	type one struct {
		Pointer string `json:"pointer"`
		Message string `json:"message"`
	}
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Fields  []one  `json:"fields,omitempty"`
	}
	type Failure struct {
		Success bool `json:"success"`
		Error   body `json:"error"`
	}
	return s.of(reflect.TypeFor[Failure]())
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	momentType  = reflect.TypeFor[moment]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	marshalType = reflect.TypeFor[json.Marshaler]()
)

// of returns the schema of a type; structs are named and referred to.
func (s *schemas) of(t reflect.Type) any {
	switch {
	case t == timeType:
		return map[string]any{"type": "string", "format": "date-time"}
	case t == momentType:
		return map[string]any{"type": []string{"string", "null"}, "format": "date-time"}
	case t == rawType:
		return map[string]any{} // any JSON value
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.orNull(t.Elem())
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if t.Implements(marshalType) {
			return map[string]any{"type": "string"}
		}
		return map[string]any{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice, reflect.Array:
		if t.Implements(marshalType) {
			return map[string]any{}
		}
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.object(t)
	}
	return map[string]any{}
}

func (s *schemas) orNull(t reflect.Type) any {
	schema := s.of(t)
	if m, ok := schema.(map[string]any); ok && m["type"] != nil {
		if kind, ok := m["type"].(string); ok {
			m["type"] = []string{kind, "null"}
			return m
		}
	}
	return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
}

// object names the schema of a struct and returns a reference to it.
func (s *schemas) object(t reflect.Type) any {
	if t.Implements(marshalType) {
		return map[string]any{"type": "string"} // those of ours are texts
	}
	name := strings.TrimSuffix(strings.TrimSuffix(t.Name(), "Shape"), "Full")
	if t.Name() != name {
		name = t.Name()
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	ref := map[string]any{"$ref": "#/components/schemas/" + name}
	if _, done := s.named[name]; done {
		return ref
	}
	schema := map[string]any{"type": "object"}
	s.named[name] = schema // before its fields: a type can hold itself
	properties, required := make(map[string]any), []string{}
	for _, f := range reflect.VisibleFields(t) {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || tag == "-" {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		properties[tag] = s.of(f.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, tag)
		}
	}
	schema["properties"] = properties
	if len(required) > 0 {
		schema["required"] = required
	}
	return ref
}
