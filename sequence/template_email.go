package sequence

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cbroglie/mustache"
	lru "github.com/hashicorp/golang-lru/v2"
)

// emailTemplate is a compiled step. It may be used concurrently.
type emailTemplate struct {
	subject *mustache.Template
	body    body
	names   []string // the variables that it uses
}

// compile checks and compiles a step's templates. It returns what is wrong by the name of the field.
func (e EmailStep) compile() (*emailTemplate, map[string][]string) {
	subject, inSubject := plainTemplate(e.Subject, maxSubject)
	if strings.ContainsAny(e.Subject, "\r\n") {
		inSubject = append(inSubject, "it has more than one line")
	}
	compiled, inBody := compileBody(e.Body)
	if len(inSubject)+len(inBody) > 0 {
		return nil, map[string][]string{"subject": inSubject, "body": inBody}
	}
	t := &emailTemplate{subject: subject, body: compiled}
	for _, source := range []string{e.Subject, e.Body} {
		tags, _ := parseTags(source)
		for _, one := range tags {
			if one.name != "" && !slices.Contains(t.names, one.name) {
				t.names = append(t.names, one.name)
			}
		}
	}
	return t, nil
}

func (e EmailStep) compiled() (*emailTemplate, error) {
	t, problems := e.compile()
	var errs []error
	for _, name := range []string{"subject", "body"} {
		for _, problem := range problems[name] {
			errs = append(errs, fmt.Errorf("sequence: %s: %s", name, problem))
		}
	}
	return t, errors.Join(errs...)
}

// templates keeps compiled steps by their texts: to compile one takes twice as long as to fill it in.
type templates struct {
	compiled *lru.Cache[[2]string, *emailTemplate]
}

// maxTemplates is how many are kept.
const maxTemplates = 256

func newTemplates() templates {
	compiled, _ := lru.New[[2]string, *emailTemplate](maxTemplates) // fails for a size below 1 only
	return templates{compiled}
}

// of returns the compiled templates of a step.
func (c templates) of(e EmailStep) (*emailTemplate, error) {
	texts := [2]string{e.Subject, e.Body}
	if t, ok := c.compiled.Get(texts); ok {
		return t, nil
	}
	t, err := e.compiled()
	if err == nil {
		c.compiled.Add(texts, t)
	}
	return t, err
}

// values returns what the variables of the template stand for.
func (t *emailTemplate) values(v View, f Frame) map[string]string { return valuesOf(t.names, v, f) }

func valuesOf(names []string, v View, f Frame) map[string]string {
	values := make(map[string]string, len(names))
	for _, name := range names {
		switch given, isField := strings.CutPrefix(name, fieldPrefix); {
		case name == unsubscribeName:
			values[name] = f.UnsubscribeURL
		case isField:
			values[name] = personal(v.given(given))
		default:
			values[name] = personal(variables[name].value(v, f))
		}
	}
	return values
}

// fill makes the note of a NotifyStep.
func (n NotifyStep) fill(v View) (string, error) {
	t, problems := plainTemplate(n.Note, maxNote)
	if len(problems) > 0 {
		return "", fmt.Errorf("sequence: note: %s", strings.Join(problems, "; "))
	}
	tags, _ := parseTags(n.Note)
	var names []string
	for _, one := range tags {
		if one.name != "" {
			names = append(names, one.name)
		}
	}
	note, err := t.Render(valuesOf(names, v, Frame{}))
	if err != nil {
		return "", fmt.Errorf("sequence: note: %w", err)
	}
	return strings.TrimSpace(note), nil
}
