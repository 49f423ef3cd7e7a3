package ingest

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// fault is a refusal: what the sender is told and with which status. Codes are stable; messages may change and never quote what was
// sent.
type fault struct {
	status  int
	code    string
	message string
	fields  []fieldFault
	retry   int // seconds, for Retry-After; 0 means no such header
	hangUp  bool
}

// fieldFault names the part of the body that a fault is about, by JSON Pointer (RFC 6901).
type fieldFault struct {
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

func (f *fault) Error() string { return "ingest: " + f.message }

const codeMalformed = "malformed_payload"

// The refusals that need nothing of the request. Those of what a body holds are made by refuse and malformed.
var (
	errInvalidToken = &fault{status: http.StatusNotFound, code: "invalid_token", message: "no form or webhook has this address"}
	errMethod       = &fault{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "send the submission with POST"}
	errOrigin       = &fault{status: http.StatusForbidden, code: "origin_not_allowed", message: "this page may not submit here"}
	errMedia        = &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send application/json, application/x-www-form-urlencoded or multipart/form-data"}
	errCharset      = &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_charset", message: "send UTF-8"}
	errEncoding     = &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_encoding", message: "send the body without Content-Encoding"}
	errTooLarge     = &fault{status: http.StatusRequestEntityTooLarge, code: "payload_too_large", message: "the body is larger than 256 KiB", hangUp: true}
	errSlow         = &fault{status: http.StatusRequestTimeout, code: "body_timeout", message: "the body did not arrive in time", hangUp: true}
	errCutOff       = &fault{status: http.StatusBadRequest, code: "incomplete_body", message: "the body ended before its announced length", hangUp: true}
	errEmpty        = &fault{status: http.StatusBadRequest, code: "empty_payload", message: "the body has no fields"}
	errShed         = &fault{status: http.StatusServiceUnavailable, code: "overloaded", message: "too much at once; try again", retry: 1}
	errUnavailable  = &fault{status: http.StatusServiceUnavailable, code: "unavailable", message: "not available at the moment; try again", retry: 2}
	errInternal     = &fault{status: http.StatusInternalServerError, code: "internal_error", message: "something went wrong on our side; try again"}
)

// malformed refuses a body that cannot be read, at the place the pointer names ("" for the whole of it).
func malformed(message, pointer string) *fault { return refuse(codeMalformed, message, pointer) }

// refuse refuses a body for what it holds at the pointer.
func refuse(code, message, pointer string) *fault {
	f := &fault{status: http.StatusBadRequest, code: code, message: message}
	if pointer != "" {
		f.fields = []fieldFault{{Pointer: pointer, Message: message}}
	}
	return f
}

// pointerTo returns the JSON Pointer to a member of the outermost object.
func pointerTo(name []byte) string { return string(jsontext.Pointer("").AppendToken(string(name))) }
