package score

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
)

// Mistake is one thing wrong with a rubric and where, so that an editor can show it there. [Rubric.Validate] and [ParseRubric] return them
// joined; errors.As finds the first, [Mistakes] all.
type Mistake struct {
	Pointer string // RFC 6901, in the rubric as JSON: "/criteria/0/levels/1/points"
	Message string // "is -101; it must be -100 to 100"
	text    string
}

// Error returns the place and the message.
func (m *Mistake) Error() string { return m.text }

// Mistakes returns the mistakes that err holds, in their order.
func Mistakes(err error) []*Mistake {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Mistake
		for _, err := range joined.Unwrap() {
			all = append(all, Mistakes(err)...)
		}
		return all
	}
	var m *Mistake
	if errors.As(err, &m) {
		return []*Mistake{m}
	}
	return nil
}

// maxRubric is the longest rubric in JSON, in bytes.
const maxRubric = 1 << 20

// ParseRubric reads a rubric from JSON, as json.Marshal writes it. It returns every mistake at once, each a [Mistake]: a field that does not exist, or is
// given twice, or has the wrong type, and all that [Rubric.Validate] finds. A text that is not JSON, or longer than 1 MiB, is one mistake.
func ParseRubric(text []byte) (*Rubric, error) {
	if len(text) > maxRubric {
		return nil, inJSON("", "is longer than 1 MiB")
	}
	var raw any
	if err := jsonv2.Unmarshal(text, &raw); err != nil { // refuses names that are given twice
		var at *jsonv2.SemanticError
		if errors.As(err, &at) {
			return nil, inJSON(string(at.JSONPointer), "is not valid")
		}
		return nil, inJSON("", "is not valid JSON: "+clean(strings.TrimPrefix(err.Error(), "jsontext: ")))
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, inJSON("", "is not valid JSON")
	}
	var rubric Rubric
	var l loading
	l.load("", tree, reflect.ValueOf(&rubric).Elem())
	for _, m := range Mistakes(rubric.Validate()) {
		if !l.covers(m.Pointer) { // what has the wrong type was left empty, which is not another mistake
			l.errs = append(l.errs, inJSON(m.Pointer, m.Message))
		}
	}
	if len(l.errs) > 0 {
		return nil, errors.Join(l.errs...)
	}
	return &rubric, nil
}

func inJSON(pointer, message string) *Mistake {
	where := pointer
	if where == "" {
		where = "it"
	}
	return &Mistake{Pointer: pointer, Message: message, text: "score: rubric: " + where + " " + message}
}

// loading is the state of reading a rubric.
type loading struct{ errs []error }

func (l *loading) add(pointer, message string) { l.errs = append(l.errs, inJSON(pointer, message)) }

// covers reports whether there is a mistake at the place, within it or around it already.
func (l *loading) covers(pointer string) bool {
	return slices.ContainsFunc(l.errs, func(err error) bool {
		at := Mistakes(err)[0].Pointer
		return strings.HasPrefix(pointer+"/", at+"/") || strings.HasPrefix(at+"/", pointer+"/")
	})
}

// load puts a JSON value into a Go value of the rubric's types: structs, slices, texts and whole numbers.
func (l *loading) load(at string, value any, into reflect.Value) {
	switch v := value.(type) {
	case map[string]any:
		if into.Kind() == reflect.Struct {
			l.loadStruct(at, v, into)
			return
		}
	case []any:
		if into.Kind() == reflect.Slice {
			into.Set(reflect.MakeSlice(into.Type(), len(v), len(v)))
			for i := range v {
				l.load(at+"/"+strconv.Itoa(i), v[i], into.Index(i))
			}
			return
		}
	case string:
		if into.Kind() == reflect.String {
			into.SetString(v)
			return
		}
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil && into.Kind() == reflect.Int {
			into.SetInt(int64(n))
			return
		}
	}
	l.add(at, "must be "+map[reflect.Kind]string{reflect.Struct: "an object", reflect.Slice: "a list", reflect.String: "a text", reflect.Int: "a whole number"}[into.Kind()])
}

func (l *loading) loadStruct(at string, object map[string]any, into reflect.Value) {
	fields := make(map[string]reflect.Value)
	for _, f := range reflect.VisibleFields(into.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "-" {
			fields[name] = into.FieldByIndex(f.Index)
		}
	}
	for _, name := range sortedKeys(object) {
		pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if field, ok := fields[name]; ok {
			l.load(pointer, object[name], field)
		} else {
			l.add(pointer, "is no field of a rubric")
		}
	}
}

// pointerOf makes a JSON pointer of a Go path: "Criteria[0].Axis" is /criteria/0/axis.
func pointerOf(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.ReplaceAll(path, "[", "."), ".") {
		if part = strings.TrimSuffix(part, "]"); part != "" {
			fmt.Fprintf(&b, "/%s", strings.ToLower(part[:1])+part[1:])
		}
	}
	return b.String()
}
