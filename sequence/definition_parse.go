package sequence

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Parse reads a definition from JSON and validates it. Names are matched exactly; one that is not known, one that stands there twice, and everything that
// Validate finds are [Problems].
func Parse(data []byte) (Definition, error) {
	if len(data) > maxDefinition {
		return Definition{}, Problems{{Message: fmt.Sprintf("it has %d bytes of JSON: shorten it to %d", len(data), maxDefinition)}}
	}
	var d Definition
	if err := json.Unmarshal(data, &d, json.RejectUnknownMembers(true)); err != nil {
		return Definition{}, Problems{problemOf(err)}
	}
	return d, d.Validate()
}

// problemOf says in our words where JSON does not fit.
func problemOf(err error) Problem {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return Problem{pathOf(semantic.JSONPointer), "there is no such name: see the documentation for those there are"}
	case errors.As(err, &semantic) && semantic.Err != nil:
		return Problem{pathOf(semantic.JSONPointer), semantic.Err.Error()}
	case errors.As(err, &semantic):
		return Problem{pathOf(semantic.JSONPointer), fmt.Sprintf("a JSON %s does not fit here", semantic.JSONKind)}
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return Problem{pathOf(syntactic.JSONPointer), "the name stands there twice: take one away"}
	case errors.As(err, &syntactic):
		return Problem{pathOf(syntactic.JSONPointer), fmt.Sprintf("it is not JSON (at byte %d): %v", syntactic.ByteOffset, syntactic.Err)}
	}
	return Problem{Message: "it is not JSON: " + err.Error()}
}

// pathOf writes a JSON pointer as our paths: "/steps/2/email" is steps[2].email.
func pathOf(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", token)
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}
