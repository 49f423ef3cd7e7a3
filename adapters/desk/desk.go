// Package desk is what people and programs do with leads: list and search them, assign and move them, look after sources, keys, pipelines,
// sequences and what was quarantined. It is written once, with validation, roles and events; desk/restapi and desk/dashboard are its two faces
// and only translate.
//
//	d, err := desk.New(desk.Config{Engine: engine, Store: store})
//	mux.Handle("/api/", restapi.New(d, nil))
//	mux.Handle("/dashboard/", dashboard.New(d, &dashboard.Options{Authorize: authorize}))
//
// Every method takes the [User] who acts. It reaches only the User's tenant, whatever the arguments say, and only what the User's Role
// allows: [ErrForbidden] otherwise. What another tenant has does not exist: [leads.ErrNotFound]. Bad input is an [*InvalidError] that names
// every field.
package desk

import (
	"errors"
	"fmt"
	"strings"
)

// ErrForbidden says that the user's role does not allow the action.
var ErrForbidden = errors.New("desk: the role does not allow this")

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

// User is who acts: a person, or a program with a key. The host's authorizer makes it; nothing of it comes from a request's body or query.
type User struct {
	Tenant string
	ID     string // as the host names people; assignees are these
	Name   string
	Email  string
	Role   Role
}

// Role is what a User may do.
type Role string

// The roles, each of which may what those after it may.
const (
	Owner  Role = "owner"  // everything, also erasing a tenant's data and the retention rules
	Admin  Role = "admin"  // sources, keys, pipelines, sequences, settings, suppressions, erasing and exporting
	Member Role = "member" // work with leads
	Reader Role = "reader" // look
)
