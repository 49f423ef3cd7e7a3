package restapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// fault is an error as the caller sees it.
type fault struct {
	status  int
	code    string // stable
	message string
	fields  []desk.FieldError
}

func (f *fault) Error() string { return f.message }

var (
	errUnauthorized = &fault{status: http.StatusUnauthorized, code: "unauthorized", message: "send a valid key as X-API-Key or as Authorization: ApiKey"}
	errForbidden    = &fault{status: http.StatusForbidden, code: "forbidden", message: "the key or role does not allow this"}
	errOrigin       = &fault{status: http.StatusForbidden, code: "cross_origin", message: "the request comes from another origin"}
	errNotFound     = &fault{status: http.StatusNotFound, code: "not_found", message: "there is no such thing"}
	errStale        = &fault{status: http.StatusPreconditionFailed, code: "stale", message: "somebody else was quicker: read it again"}
	errBusy         = &fault{status: http.StatusServiceUnavailable, code: "unavailable", message: "come back later"}
)

// faultOf maps every error to what the caller is told. An error that is not known is our own fault.
func faultOf(err error) *fault {
	var f *fault
	var invalid *desk.InvalidError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &invalid):
		return &fault{status: http.StatusBadRequest, code: "invalid", message: "some fields cannot be taken", fields: invalid.Fields}
	case errors.Is(err, desk.ErrForbidden):
		return errForbidden
	case errors.Is(err, leads.ErrNotFound), errors.Is(err, desk.ErrNoSequences):
		return errNotFound
	case errors.Is(err, leads.ErrStale):
		return errStale
	case errors.Is(err, sequence.ErrEnrolled):
		return &fault{status: http.StatusConflict, code: "enrolled", message: "the lead is or was in the sequence"}
	case errors.Is(err, leads.ErrInvalid):
		return &fault{status: http.StatusBadRequest, code: "invalid", message: err.Error()}
	case errors.Is(err, ingest.ErrBusy):
		return errBusy
	}
	return nil
}

// refuse answers an error.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	if f == nil {
		a.opts.Logger.ErrorContext(r.Context(), "restapi: a request failed", "method", r.Method, "error", err)
		f = errBusy
	}
	switch f.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `ApiKey realm="leads"`)
	}
	fields := make([]map[string]string, 0, len(f.fields))
	for _, field := range f.fields {
		fields = append(fields, map[string]string{"pointer": field.Pointer, "message": field.Message})
	}
	if strings.Contains(r.Header.Get("Accept"), "application/problem+json") {
		problem := map[string]any{"type": "about:blank#" + f.code, "title": f.message, "status": f.status}
		if len(fields) > 0 {
			problem["errors"] = fields
		}
		answer(w, f.status, "application/problem+json", problem)
		return
	}
	body := map[string]any{"code": f.code, "message": f.message}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	answer(w, f.status, "application/json", map[string]any{"success": false, "error": body})
}

// answer writes JSON, whole or not at all.
func answer(w http.ResponseWriter, status int, contentType string, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusServiceUnavailable, []byte(`{"success":false,"error":{"code":"unavailable","message":"come back later"}}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // a client that has gone away needs no answer
}
