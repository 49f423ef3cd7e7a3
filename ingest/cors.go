package ingest

import (
	"net/http"
	"slices"
)

const (
	allowMethods = "POST, OPTIONS"
	// A "*" lets through what monitoring scripts in the page add to every request; the others are for browsers that do not know it.
	allowHeaders  = "*, Content-Type, Idempotency-Key, webhook-id, webhook-timestamp, webhook-signature, X-Requested-With"
	exposeHeaders = "Retry-After, RateLimit, RateLimit-Policy"
)

// preflight answers the question of a browser whether a page of another origin may submit. It says yes to all: which origins a
// source takes is known only when the token is looked up, and the submission itself is then refused. A preflight is not counted, so that a
// look-up for it would let anybody ask the store as often as they like.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Allow", allowMethods)
	h.Set("Access-Control-Allow-Methods", allowMethods)
	h.Set("Access-Control-Allow-Headers", allowHeaders)
	h.Set("Access-Control-Max-Age", "7200")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
}

// restrict narrows the answer to the origins that the source lists, and reports whether the request comes from one of them.
// Servers send no Origin and are let in.
func restrict(w http.ResponseWriter, r *http.Request, origins []string) bool {
	if len(origins) == 0 {
		return true
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	h.Del("Access-Control-Allow-Origin")
	sent := r.Header["Origin"]
	if len(sent) == 0 {
		return true
	}
	if len(sent) > 1 || !slices.Contains(origins, sent[0]) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", sent[0])
	return true
}
