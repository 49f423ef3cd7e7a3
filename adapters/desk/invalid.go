package desk

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/openleads/leads"
)

// InvalidError names every field that cannot be taken. It is also [leads.ErrInvalid].
type InvalidError struct {
	Fields []FieldError
}

// FieldError says what is wrong with one field.
type FieldError struct {
	Pointer string // a JSON pointer into what was given (RFC 6901): "/email", "/stages/2/name"
	Message string // what is wrong and what to do about it, in English
	// Format and Args are what Message was made of, for a catalogue that has Format in another language. Format is "" where Message comes from another
	// package, such as a mistake in a rubric.
	Format string
	Args   []any
}

// Error lists the fields.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		texts[i] = fmt.Sprintf("%s: %s", f.Pointer, f.Message)
	}
	return "desk: invalid: " + strings.Join(texts, "; ")
}

// Is makes an InvalidError known as [leads.ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == leads.ErrInvalid }

// check collects what is wrong with an input.
type check struct{ fields []FieldError }

// that notes a fault unless ok.
func (c *check) that(ok bool, pointer, format string, args ...any) {
	if !ok {
		c.fields = append(c.fields, FieldError{Pointer: pointer, Message: fmt.Sprintf(format, args...), Format: format, Args: args})
	}
}

// said notes a fault that another package has put into words.
func (c *check) said(pointer, message string) {
	c.fields = append(c.fields, FieldError{Pointer: pointer, Message: message})
}

// each notes the faults that err joins, one by one; place tells of a text of it at which pointer it is, and what it says.
func (c *check) each(err error, place func(text string) (pointer, message string)) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			c.each(one, place)
		}
		return
	}
	if err != nil {
		c.said(place(err.Error()))
	}
}

// err returns what was noted, or nil.
func (c *check) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &InvalidError{Fields: c.fields}
}

// invalid is the error of one field.
func invalid(pointer, format string, args ...any) error {
	c := check{}
	c.that(false, pointer, format, args...)
	return c.err()
}

// inJSON are the names that a source's fields have in JSON where they are not those of Go with a small first letter.
var inJSON = map[string]string{
	"Mappings": "fieldMappings", "Origins": "allowedOrigins", "PerMinute": "requestsPerMinute", "Spam.MinFill": "spam/minFillSeconds",
}

// sourceFault tells where a fault is that [ingest.Source.Validate] words as "ingest: Source.Origins[0] is no origin": at "/allowedOrigins/0".
func sourceFault(text string) (at, message string) {
	text = strings.TrimPrefix(text, "ingest: Source.")
	field, message, _ := strings.Cut(text, " ")
	name, _, keyed := strings.Cut(field, "[")
	// A key may hold anything, blanks too. The messages about mappings have no blank behind a bracket.
	find := strings.Index
	if name == "Mappings" {
		find = strings.LastIndex
	}
	if end := find(text, "] "); keyed && end > len(name) {
		return "/" + cmp.Or(inJSON[name], small(name)) + "/" + pointer(text[len(name)+1:end]), text[end+2:]
	}
	return "/" + cmp.Or(inJSON[field], small(field)), message
}

// small writes a path of Go as a pointer into JSON: "Signature.Secret" is signature/secret.
func small(path string) string {
	names := strings.Split(path, ".")
	for i, name := range names {
		names[i] = strings.ToLower(name[:min(len(name), 1)]) + name[min(len(name), 1):]
	}
	return strings.Join(names, "/")
}

// personFault tells where a fault is that [notify.Person.Validate] words as "notify: Preferences.DigestAt: …" or "notify: span 2: …".
func personFault(text string) (at, message string) {
	text = strings.TrimPrefix(text, "notify: ")
	path, message, found := strings.Cut(text, ": ")
	path = strings.TrimPrefix(path, "Person.")
	if !found || path == "" || path[0] < 'A' || path[0] > 'Z' {
		return "", text
	}
	return "/" + strings.NewReplacer("[", "/", "]", "").Replace(small(path)), message
}

// plainly takes our own names out of an error that a person reads, and the place where it is, which its pointer tells.
func plainly(err error) string {
	if err == nil {
		return ""
	}
	text := strings.NewReplacer("leads: invalid: ", "", "webhook: put: ", "", "ingest: Submission.Fields.", "", "ingest: Submission.", "", "ingest: ", "").Replace(err.Error())
	return metadataPlace.ReplaceAllString(text, "")
}

// metadataPlace is what an error about a value of the metadata begins with.
var metadataPlace = regexp.MustCompile(`^Metadata: (/.*: )?`)
