package sequence

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cbroglie/mustache"
)

// The limits of templates, in bytes.
const (
	maxTemplate = 64 << 10
	maxSubject  = 255
	maxNote     = 2000
	maxTags     = 200 // in one template
	maxNesting  = 10
)

// unsubscribeName is the variable that only the target of a link may be: the person's own page for saying stop.
const unsubscribeName = "unsubscribe"

// variable is something that a template can name.
type variable struct {
	about string
	value func(v View, f Frame) string
}

// Variables returns the names that templates can use, each with what it is, for a dashboard and the documentation. Beside them there is "field:NAME", a
// known field or one of the metadata. Any of them may be empty, so that a template must say what stands there then:
//
//	Hello {{firstName}}{{^firstName}}there{{/firstName}},
//	{{#company}}How is {{company}} doing?{{/company}}
//
// A value is stripped of what mail programs make links of and of characters that cannot be seen, and cut to 60 characters. "unsubscribe" is
// for the target of a link only: [stop these mails]({{unsubscribe}}).
func Variables() map[string]string {
	about := map[string]string{unsubscribeName: "the page for saying stop; only as the target of a link"}
	for name, v := range variables {
		about[name] = v.about
	}
	return about
}

var variables = map[string]variable{
	"firstName": {"the first name", func(v View, _ Frame) string { return v.Lead.FirstName }},
	"lastName":  {"the last name", func(v View, _ Frame) string { return v.Lead.LastName }},
	"name":      {"both names", func(v View, _ Frame) string { return v.Lead.FirstName + " " + v.Lead.LastName }},
	"company": {"the name of the organisation, as given or found out", func(v View, _ Frame) string {
		return cmp.Or(v.Lead.Company, v.Lead.Enrichment.Value("company.name"))
	}},
	"city":     {"the city the person was seen in", func(v View, _ Frame) string { return v.Lead.Enrichment.Value("geo.city") }},
	"region":   {"the region of the country", func(v View, _ Frame) string { return v.Lead.Enrichment.Value("geo.region") }},
	"country":  {"the code of the country, like DE", func(v View, _ Frame) string { return v.Lead.Enrichment.Value("geo.country") }},
	"assignee": {"who is responsible, as the host names people", func(v View, _ Frame) string { return v.Lead.Assignee }},
	"sender":   {"the name that the mail comes from", func(_ View, f Frame) string { return f.From.Name }},
}

// known reports whether a template may name it.
func known(name string) bool {
	if given, ok := strings.CutPrefix(name, fieldPrefix); ok {
		return nameable(given)
	}
	_, ok := variables[name]
	return ok || name == unsubscribeName
}

// nameable reports whether a field's name can stand in a template: no dots, which mustache takes for a path, and no signs of its own.
func nameable(name string) bool {
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return r < ' ' || r == utf8.RuneError || strings.ContainsRune("{}.#^/!&>=<\"'`\u007f", r)
	}) && strings.TrimSpace(name) == name
}

// tag is one {{…}} of a template.
type tag struct {
	kind     byte // '#', '^', '/', '!' or 0 for a variable
	name     string
	from, to int // where it stands in the source
	parent   int // the index of the section it is in, or -1
}

func (t tag) String() string {
	if t.kind == 0 {
		return "{{" + t.name + "}}"
	}
	return "{{" + string(t.kind) + t.name + "}}"
}

// parseTags finds the tags of a template and everything that is wrong with them.
func parseTags(source string) ([]tag, []string) {
	var tags []tag
	for at := 0; ; {
		i := strings.Index(source[at:], "{{")
		if i < 0 {
			break
		}
		from := at + i
		end := strings.Index(source[from:], "}}")
		if end < 0 {
			return nil, []string{"a {{ has no }}: close it"}
		}
		at = from + end + 2
		t, problem := parseTag(source[from+2 : at-2])
		if problem != "" {
			return nil, []string{problem}
		}
		t.from, t.to = from, at
		if tags = append(tags, t); len(tags) > maxTags {
			return nil, []string{fmt.Sprintf("more than %d variables and sections: shorten it", maxTags)}
		}
	}
	if problem := nest(tags); problem != "" {
		return nil, []string{problem}
	}
	return tags, checkUse(tags)
}

// parseTag reads what stands between the braces. Only variables, sections and comments pass.
func parseTag(inside string) (tag, string) {
	text := strings.TrimSpace(inside)
	if text == "" {
		return tag{}, "{{}} names nothing: put a name into it"
	}
	t := tag{name: text}
	switch text[0] {
	case '#', '^', '/', '!':
		t.kind, t.name = text[0], strings.TrimSpace(text[1:])
	case '{', '&':
		return tag{}, "{{{…}}} and {{&…}} would put unescaped text into the mail: write {{name}}"
	case '>':
		return tag{}, "{{>…}} includes are not supported: write the text here"
	case '=':
		return tag{}, "{{=…=}} other delimiters are not supported: keep to {{ and }}"
	}
	if t.kind == '!' {
		t.name = ""
		return t, ""
	}
	if !known(t.name) {
		return tag{}, fmt.Sprintf("{{%s}} is not a variable: use one of %s, or field:NAME for a field of your form", text, names(variables))
	}
	if t.name == unsubscribeName && t.kind != 0 {
		return tag{}, fmt.Sprintf("{{%s}} is no section: {{unsubscribe}} is for the target of a link, [stop]({{unsubscribe}})", text)
	}
	return t, ""
}

// nest finds the section of every tag.
func nest(tags []tag) (problem string) {
	open := []int{}
	for i := range tags {
		t := &tags[i]
		t.parent = -1
		if len(open) > 0 {
			t.parent = open[len(open)-1]
		}
		switch t.kind {
		case '#', '^':
			if open = append(open, i); len(open) > maxNesting {
				return fmt.Sprintf("sections are nested more than %d deep", maxNesting)
			}
		case '/':
			if t.parent < 0 || tags[t.parent].name != t.name {
				return fmt.Sprintf("%s closes nothing that is open: open it with {{#%s}} or {{^%s}}, and close sections in the reverse order", t, t.name, t.name)
			}
			open = open[:len(open)-1]
			t.parent = tags[t.parent].parent
		}
	}
	if len(open) > 0 {
		t := tags[open[len(open)-1]]
		return fmt.Sprintf("%s is not closed: put {{/%s}} where it ends", t, t.name)
	}
	return ""
}

// checkUse finds variables that would leave a hole in the text when they are empty.
func checkUse(tags []tag) (problems []string) {
	said := make(map[string]bool)
	for _, t := range tags {
		if t.kind == 0 && t.name != unsubscribeName && !said[t.name] && !hasDefault(tags, t) {
			said[t.name] = true
			problems = append(problems, fmt.Sprintf("{{%[1]s}} has no default and may be empty: write {{%[1]s}}{{^%[1]s}}something else{{/%[1]s}}, or put {{#%[1]s}} … {{/%[1]s}} around what needs it", t.name))
		}
	}
	return problems
}

// hasDefault reports whether a variable stands in a section of its own name, or beside an inverted one or in something beside one.
func hasDefault(tags []tag, t tag) bool {
	for at := t.parent; ; at = tags[at].parent {
		for _, other := range tags {
			if other.kind == '^' && other.name == t.name && other.parent == at {
				return true
			}
		}
		if at < 0 {
			return false
		}
		if tags[at].kind == '#' && tags[at].name == t.name {
			return true
		}
	}
}

// parseMustache compiles a source whose tags have been checked. There are no partials, and the data is a map of strings, which has no methods
// to be called.
func parseMustache(source string, escape mustache.EscapeFunc) (*mustache.Template, error) {
	t, err := mustache.ParseStringPartials(source, &mustache.StaticProvider{})
	if err != nil {
		return nil, err
	}
	t.Escape(escape)
	return t, nil
}

// plain leaves a value as it is, for texts without markup.
func plain(value string) string { return value }

// plainTemplate compiles a template of plain text: a subject or a note.
func plainTemplate(source string, limit int) (*mustache.Template, []string) {
	problems := checkText(source, limit)
	tags, more := parseTags(source)
	for _, t := range tags {
		if t.name == unsubscribeName {
			more = append(more, "{{unsubscribe}} can only be the target of a link in a body")
		}
	}
	if problems = append(problems, more...); len(problems) > 0 {
		return nil, problems
	}
	t, err := parseMustache(source, plain)
	if err != nil {
		return nil, []string{err.Error()}
	}
	if empty, err := t.Render(map[string]string{}); err != nil || strings.TrimSpace(empty) == "" {
		return nil, []string{"it is empty when nothing is known of a lead: put some text outside of the sections"}
	}
	return t, nil
}

// checkText refuses what no template may contain.
func checkText(source string, limit int) (problems []string) {
	if strings.TrimSpace(source) == "" {
		problems = append(problems, "it is empty: write something")
	}
	if len(source) > limit {
		problems = append(problems, fmt.Sprintf("it has %d bytes: shorten it to %d", len(source), limit))
	}
	if !utf8.ValidString(source) || strings.ContainsFunc(source, forbidden) {
		problems = append(problems, "it has characters that cannot be seen or are not text: type them anew")
	}
	return problems
}

// forbidden are control characters, and the private-use ones that stand for tags while Markdown is rendered.
func forbidden(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f || r == tagStart || r == tagEnd
}
