package ingest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// success is the whole body of a 200.
var success = []byte(`{"success":true}`)

// begin sets the headers that every answer has. One allocation holds their values, because this is on the path of every request.
func begin(h http.Header) {
	values := [...]string{"no-store", "no-referrer", "nosniff", "*", exposeHeaders}
	for i, name := range [...]string{"Cache-Control", "Referrer-Policy", "X-Content-Type-Options", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"} {
		h[name] = values[i : i+1 : i+1]
	}
}

// setLimits sets the RateLimit headers (draft-ietf-httpapi-ratelimit-headers-10).
func setLimits(h http.Header, policy string, limit int, a Allowance) {
	var room [48]byte
	buf := append(append(append(room[:0], '"'), policy...), `";q=`...)
	buf = append(strconv.AppendInt(buf, int64(limit), 10), ";w=60"...)
	values := []string{string(buf), ""}
	buf = append(append(append(room[:0], '"'), policy...), `";r=`...)
	buf = strconv.AppendInt(buf, int64(max(0, a.Remaining)), 10)
	if a.Reset > 0 {
		buf = strconv.AppendInt(append(buf, ";t="...), int64(seconds(a.Reset)), 10)
	}
	values[1] = string(buf)
	h["Ratelimit-Policy"], h["Ratelimit"] = values[:1:1], values[1:]
}

// seconds rounds up to whole seconds, at least one.
func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }

// accept answers a submission that is stored: a form in a browser is sent on, or sees a page; everybody else gets success.
func accept(w http.ResponseWriter, r *http.Request, source *Source, wish string) {
	if formatOf(r.Header) != formatPage {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.WriteHeader(http.StatusOK) // said, since some routers have another status in mind
		_, _ = w.Write(success)
		return
	}
	if to := destination(r, source, wish); to != "" {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	writePage(w, http.StatusOK, thankYou)
}

// refuseWith answers a fault in the form that the sender understands.
func refuseWith(w http.ResponseWriter, r *http.Request, f *fault) {
	h := w.Header()
	if f.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(f.retry))
	}
	if f.hangUp {
		h.Set("Connection", "close")
	}
	if f.status == http.StatusMethodNotAllowed {
		h.Set("Allow", allowMethods)
	}
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Signature") // RFC 9110 wants one; the scheme is not told
	}
	switch formatOf(r.Header) {
	case formatPage:
		writePage(w, f.status, page{Title: "This did not work", Text: f.message + ".", Fields: f.fields})
	case formatProblem:
		writeJSON(w, "application/problem+json", f.status, problem{
			Type: "urn:leads:error:" + f.code, Title: http.StatusText(f.status), Status: f.status,
			Detail: f.message, Code: f.code, Fields: f.fields,
		})
	default:
		writeJSON(w, "application/json", f.status, failure{Error: failureError{f.code, f.message, f.fields}})
	}
}

// failure is the body of every error.
type failure struct {
	Success bool         `json:"success"`
	Error   failureError `json:"error"`
}

type failureError struct {
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Fields  []fieldFault `json:"fields,omitempty"`
}

// problem is the same by RFC 9457, with the code and the fields as extension members.
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Code   string       `json:"code"`
	Fields []fieldFault `json:"fields,omitempty"`
}

func writeJSON(w http.ResponseWriter, contentType string, status int, body any) {
	w.Header().Set("Content-Type", contentType)
	encoded, err := json.Marshal(body)
	if err != nil { // not with these types
		status, encoded = http.StatusInternalServerError, []byte(`{"success":false}`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(encoded)
}

func writePage(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy())
	w.WriteHeader(status)
	p.write(w)
}
