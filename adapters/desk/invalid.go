package desk

import (
	"fmt"
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
	Message string // what is wrong and what to do about it
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
		c.fields = append(c.fields, FieldError{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
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
