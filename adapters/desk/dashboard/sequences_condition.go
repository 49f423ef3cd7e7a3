package dashboard

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openleads/leads/sequence"
)

// condition is a condition as the form shows it: rows of which all or any must be so, or, for everything else, JSON.
type condition struct {
	Name string // of its fields in the form
	Mode string // "none", "all", "any" or "json"
	Rows []conditionRow
	JSON string
	Ops  []string
}

// conditionRow is one comparison.
type conditionRow struct{ Field, Op, Value string }

// ops are what a row can say of a field.
var ops = []string{"is", "not", "contains", "min", "max", "known", "unknown"}

func fieldNames() []string    { return slices.Sorted(maps.Keys(sequence.Fields())) }
func variableNames() []string { return slices.Sorted(maps.Keys(sequence.Variables())) }

// conditionOf shows a condition in rows if it can be.
func conditionOf(name string, c *sequence.Condition) condition {
	x := condition{Name: name, Mode: "none", Ops: ops}
	if c == nil || isZero(*c) {
		x.Rows = []conditionRow{{}}
		return x
	}
	encoded, _ := json.MarshalIndent(c, "", "  ") // it was read from a form or a store, so it can be written
	x.JSON = string(encoded)
	parts := []sequence.Condition{*c}
	x.Mode = "all"
	switch {
	case len(c.All) > 0:
		parts = c.All
	case len(c.Any) > 0:
		x.Mode, parts = "any", c.Any
	}
	for _, part := range parts {
		row, ok := rowOf(part)
		if !ok {
			x.Mode, x.Rows = "json", []conditionRow{{}}
			return x
		}
		x.Rows = append(x.Rows, row)
	}
	x.Rows = append(x.Rows, conditionRow{})
	return x
}

func isZero(c sequence.Condition) bool {
	return c.Field == "" && c.Not == nil && len(c.All)+len(c.Any)+len(c.Is)+len(c.Contains) == 0 && c.Min == nil && c.Max == nil
}

// rowOf is false for a condition that says more than a row can.
func rowOf(c sequence.Condition) (conditionRow, bool) {
	if c.Not != nil {
		row, ok := rowOf(*c.Not)
		negated := map[string]string{"is": "not", "known": "unknown"}[row.Op]
		row.Op = negated
		return row, ok && negated != ""
	}
	row := conditionRow{Field: c.Field, Op: "known"}
	said := 0
	if len(c.Is) > 0 {
		said, row.Op, row.Value = said+1, "is", strings.Join(c.Is, ", ")
	}
	if len(c.Contains) > 0 {
		said, row.Op, row.Value = said+1, "contains", strings.Join(c.Contains, ", ")
	}
	if c.Min != nil {
		said, row.Op, row.Value = said+1, "min", strconv.FormatFloat(*c.Min, 'f', -1, 64)
	}
	if c.Max != nil {
		said, row.Op, row.Value = said+1, "max", strconv.FormatFloat(*c.Max, 'f', -1, 64)
	}
	commas := slices.ContainsFunc(slices.Concat(c.Is, c.Contains), func(v string) bool { return strings.Contains(v, ",") || strings.TrimSpace(v) != v })
	return row, c.Field != "" && said <= 1 && !commas
}

// condition reads a condition from the form; nil if there is none.
func (f *reader) condition(name, pointer string) *sequence.Condition {
	mode := f.page.form(name + ".mode")
	if mode == "none" || mode == "" {
		return nil
	}
	if mode == "json" {
		return f.rawCondition(name, pointer)
	}
	form := f.page.r.PostForm
	fields, chosen, values := form[name+".field"], form[name+".op"], form[name+".value"]
	var parts []sequence.Condition
	for i := range min(len(fields), len(chosen), len(values), maxMappings) {
		if field := strings.TrimSpace(fields[i]); field != "" {
			parts = append(parts, f.part(conditionRow{field, chosen[i], strings.TrimSpace(values[i])}, pointer))
		}
	}
	switch {
	case len(parts) == 0:
		return nil
	case mode == "any":
		return &sequence.Condition{Any: parts}
	case len(parts) == 1:
		return &parts[0]
	}
	return &sequence.Condition{All: parts}
}

func (f *reader) part(row conditionRow, pointer string) sequence.Condition {
	c := sequence.Condition{Field: row.Field}
	switch row.Op {
	case "is":
		c.Is = values(row.Value)
	case "not":
		c.Is = values(row.Value)
		return sequence.Condition{Not: &c}
	case "contains":
		c.Contains = values(row.Value)
	case "unknown":
		return sequence.Condition{Not: &c}
	case "min", "max":
		n, err := strconv.ParseFloat(row.Value, 64)
		if err != nil {
			f.say(pointer, f.page.say("sequences.number.wrong", row.Value))
		}
		if row.Op == "min" {
			c.Min = &n
		} else {
			c.Max = &n
		}
	}
	return c
}

// values are the parts of a text between commas.
func values(text string) []string {
	var found []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			found = append(found, part)
		}
	}
	return found
}

// rawCondition reads a condition that stands in the form as JSON.
func (f *reader) rawCondition(name, pointer string) *sequence.Condition {
	text := f.text(name + ".json")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var c sequence.Condition
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		f.say(pointer, f.page.say("sequences.json.wrong", err.Error()))
		return nil
	}
	return &c
}
