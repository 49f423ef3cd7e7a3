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
	lead    string // whom it is about, or ""
}

func (f *fault) Error() string { return f.message }

var (
	errUnauthorized = &fault{status: http.StatusUnauthorized, code: "unauthorized", message: "send a valid key as X-API-Key or as Authorization: ApiKey"}
	errForbidden    = &fault{status: http.StatusForbidden, code: "forbidden", message: "the key or role does not allow this"}
	errOrigin       = &fault{status: http.StatusForbidden, code: "cross_origin", message: "the request comes from another origin"}
	errNotFound     = &fault{status: http.StatusNotFound, code: "not_found", message: "there is no such thing"}
	errStale        = &fault{status: http.StatusPreconditionFailed, code: "stale", message: "it was changed since: read it again"}
	errConflict     = &fault{status: http.StatusConflict, code: "conflict", message: "somebody else was quicker: read it again"}
	errTooMany      = &fault{status: http.StatusTooManyRequests, code: "too_many", message: "too many exports at once: come back when one has ended"}

	errNotAcceptable = &fault{status: http.StatusNotAcceptable, code: "not_acceptable", message: "this path answers application/json"}
	errBusy          = &fault{status: http.StatusServiceUnavailable, code: "unavailable", message: "come back later"}
)

// faultOf maps every error to what the caller is told. An error that is not known is our own fault.
func faultOf(err error) *fault {
	var f *fault
	var invalid *desk.InvalidError
	var taken *leads.TakenError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &taken):
		return &fault{
			status: http.StatusConflict, code: "taken", message: "another lead has this " + string(taken.Kind), lead: taken.LeadID,
			fields: []desk.FieldError{{Pointer: "/" + string(taken.Kind), Message: "it belongs to lead " + taken.LeadID}},
		}
	case errors.As(err, &invalid):
		return &fault{status: http.StatusBadRequest, code: "invalid", message: "some fields cannot be taken", fields: invalid.Fields}
	case errors.Is(err, desk.ErrForbidden):
		return errForbidden
	case errors.Is(err, leads.ErrNotFound), errors.Is(err, desk.ErrNoSequences), errors.Is(err, desk.ErrNoWebhooks):
		return errNotFound
	case errors.Is(err, leads.ErrStale):
		return errConflict
	case errors.Is(err, desk.ErrBusy):
		return errTooMany
	case errors.Is(err, desk.ErrFromProgram):
		return &fault{status: http.StatusConflict, code: "from_program", message: "the sequence comes with the program, which alone can change it: pause it, or create a copy under another id"}
	case errors.Is(err, sequence.ErrSuppressed):
		return &fault{status: http.StatusConflict, code: "suppressed", message: "the address may not be written to"}
	case errors.Is(err, sequence.ErrEnrolled):
		return &fault{status: http.StatusConflict, code: "enrolled", message: "the lead is or was in the sequence"}
	case errors.Is(err, leads.ErrInvalid):
		return &fault{status: http.StatusBadRequest, code: "invalid", message: strings.ReplaceAll(err.Error(), "leads: invalid: ", "")}
	case errors.Is(err, ingest.ErrBusy):
		return errBusy
	}
	return nil
}

// told is what the caller is told of an error. What is our own fault is logged.
func (a *API) told(r *http.Request, err error) *fault {
	f := faultOf(err)
	if f == errConflict && r.Header.Get("If-Match") != "" {
		f = errStale
	}
	if f == nil && r.Context().Err() != nil {
		f = errBusy // the caller has gone away
	} else if f == nil {
		a.opts.Logger.ErrorContext(r.Context(), "restapi: a request failed", "method", r.Method, "error", err)
		f = errBusy
	}
	return f
}

// refuse answers an error.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := a.told(r, err)
	switch f.status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "5")
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `ApiKey realm="leads"`)
	}
	w.Header().Del("ETag")
	f.write(w, r)
}

// failure is a fault as JSON.
type failure struct {
	Success bool        `json:"success"`
	Error   failureBody `json:"error"`
}

type failureBody struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Fields  []failureField `json:"fields,omitempty"`
	LeadID  string         `json:"leadId,omitempty"` // with the code "taken": whose it is
}

type failureField struct {
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

// problem is a fault by RFC 9457.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   string         `json:"code"`
	Fields []failureField `json:"fields,omitempty"`
	LeadID string         `json:"leadId,omitempty"`
}

func (f *fault) body() *failureBody {
	return &failureBody{f.code, f.message, each(f.fields, func(e desk.FieldError) failureField { return failureField{e.Pointer, e.Message} }), f.lead}
}

// write answers in the form that the caller takes.
func (f *fault) write(w http.ResponseWriter, r *http.Request) {
	body := f.body()
	if strings.Contains(r.Header.Get("Accept"), "application/problem+json") {
		answer(w, f.status, "application/problem+json", problem{
			Type: "urn:leads:error:" + f.code, Title: http.StatusText(f.status), Status: f.status, Detail: f.message, Code: f.code, Fields: body.Fields, LeadID: f.lead,
		})
		return
	}
	answer(w, f.status, "application/json", failure{Error: *body})
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
