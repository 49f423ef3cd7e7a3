package ingest

import (
	"net/http"
	"strconv"
	"strings"
)

// format is how the door answers.
type format uint8

const (
	formatJSON    format = iota
	formatProblem        // RFC 9457, for who asks for it
	formatPage           // a page or a redirect, for a browser that navigates by submitting a form
)

// formatOf says how to answer a request. Only a form in a browser gets a page: it names text/html in Accept, which machines do not
// unless they want one.
func formatOf(h http.Header) format {
	accept := h["Accept"]
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == "application/json") {
		return formatJSON
	}
	html, plain, problem := 0.0, 0.0, 0.0
	for _, line := range accept {
		for entry := range strings.SplitSeq(line, ",") {
			switch name, q := quality(entry); name {
			case "text/html":
				html = max(html, q)
			case "application/json":
				plain = max(plain, q)
			case "application/problem+json":
				problem = max(problem, q)
			}
		}
	}
	switch {
	case html > 0 && html >= plain && isFormType(h.Get("Content-Type")):
		return formatPage
	case problem > 0 && problem >= plain:
		return formatProblem
	}
	return formatJSON
}

// quality splits an entry of Accept into its media type and weight (RFC 9110, section 12.4.2).
func quality(entry string) (name string, q float64) {
	name, params, _ := strings.Cut(entry, ";")
	q = 1
	for param := range strings.SplitSeq(params, ";") {
		if key, value, ok := strings.Cut(strings.TrimSpace(param), "="); ok && strings.EqualFold(key, "q") {
			q, _ = strconv.ParseFloat(value, 64)
		}
	}
	return strings.ToLower(strings.TrimSpace(name)), q
}

func isFormType(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	return name == "application/x-www-form-urlencoded" || name == "multipart/form-data"
}
