package restapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// schemas makes JSON schemas (draft 2020-12) of Go types. Structs are named and referred to.
type schemas struct {
	named map[string]any
	types map[reflect.Type]string // their names
}

func newSchemas() *schemas {
	return &schemas{named: make(map[string]any), types: make(map[reflect.Type]string)}
}

// known are types that are written otherwise than they are made up.
var known = map[reflect.Type]map[string]any{
	reflect.TypeFor[time.Time]():         {"type": "string", "format": "date-time"},
	reflect.TypeFor[moment]():            {"type": "string", "format": "date-time"},
	reflect.TypeFor[sometime]():          {"type": []string{"string", "null"}, "format": "date-time"},
	reflect.TypeFor[orNobody]():          {"type": []string{"string", "null"}, "description": "an id, or null for nobody"},
	reflect.TypeFor[json.RawMessage]():   {"description": "any JSON value"},
	reflect.TypeFor[leads.Status]():      {"type": "string", "enum": desk.Statuses()},
	reflect.TypeFor[sequence.Duration](): {"type": "string", "examples": []string{"2d", "90m"}},
	reflect.TypeFor[sequence.Days]():     {"type": "array", "items": map[string]any{"type": "string", "enum": []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}},
	reflect.TypeFor[ingest.BlockKind]():  {"type": "string", "enum": []ingest.BlockKind{ingest.BlockEmail, ingest.BlockDomain, ingest.BlockNetwork}},
	reflect.TypeFor[desk.Scope]():        {"type": "string", "enum": []desk.Scope{desk.ScopeRead, desk.ScopeFull}},
}

var marshaler = reflect.TypeFor[json.Marshaler]()

func (s *schemas) ofValue(v any) map[string]any { return s.of(reflect.TypeOf(v)) }

// of returns the schema of a type.
func (s *schemas) of(t reflect.Type) map[string]any {
	if schema, ok := known[t]; ok {
		return schema
	}
	if t.Kind() != reflect.Pointer && t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler) && t.Kind() == reflect.Struct {
		return map[string]any{} // it says itself how it is written
	}
	switch t.Kind() {
	case reflect.Pointer:
		return orNullSchema(s.of(t.Elem()))
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice, reflect.Array:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.object(t)
	}
	return map[string]any{}
}

// orNullSchema lets a schema be null too.
func orNullSchema(schema map[string]any) map[string]any {
	kind, ok := schema["type"].(string)
	if !ok {
		return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
	}
	wider := map[string]any{"type": []string{kind, "null"}}
	for name, value := range schema {
		if name == "enum" {
			delete(wider, "type")
			return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
		}
		if name != "type" {
			wider[name] = value
		}
	}
	return wider
}

// object names the schema of a struct and returns a reference to it.
func (s *schemas) object(t reflect.Type) map[string]any {
	name, done := s.types[t]
	if !done {
		name = s.nameOf(t)
		s.types[t] = name
		schema := map[string]any{"type": "object"}
		s.named[name] = schema // before its fields: a type can hold itself
		s.members(t, schema)
	}
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

// nameOf names a type: leadShape is Lead, and the second Lead its package's.
func (s *schemas) nameOf(t reflect.Type) string {
	name := strings.TrimSuffix(t.Name(), "Shape")
	name = strings.ToUpper(name[:1]) + name[1:]
	if _, taken := s.named[name]; taken {
		pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	return name
}

func (s *schemas) members(t reflect.Type, schema map[string]any) {
	properties, required := make(map[string]any), []string{}
	for _, f := range reflect.VisibleFields(t) {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || tag == "-" {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		properties[tag] = s.member(f)
		if !strings.Contains(options, "omit") {
			required = append(required, tag)
		}
	}
	schema["properties"] = properties
	if len(required) > 0 {
		schema["required"] = required
	}
}

// member is the schema of a field. A pointer that is left out when it is nil is never null.
func (s *schemas) member(f reflect.StructField) map[string]any {
	if f.Type.Kind() == reflect.Pointer && strings.Contains(f.Tag.Get("json"), ",omit") {
		return s.of(f.Type.Elem())
	}
	return s.of(f.Type)
}
