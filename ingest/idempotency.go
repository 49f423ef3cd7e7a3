package ingest

import (
	"net/http"
	"unicode/utf8"
)

// idempotencyKey returns the key by which a retry is known: the Idempotency-Key header (draft-ietf-httpapi-idempotency-key), the
// webhook-id header (Standard Webhooks) or the member _id of the body, the first that is usable. One that is not is ignored, because an
// error would lose the lead; invalid then says so.
func idempotencyKey(h http.Header, member string) (key string, invalid bool) {
	for _, name := range [...]string{"Idempotency-Key", "Webhook-Id"} {
		values := h[name]
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			continue
		}
		if len(values) == 1 && usableKey(values[0]) {
			return values[0], invalid
		}
		invalid = true
	}
	if member != "" && !usableKey(member) {
		return "", true
	}
	return member, invalid
}

// usableKey reports whether a key is at most MaxKey bytes of UTF-8 without control characters.
func usableKey(key string) bool {
	for i := range len(key) {
		if key[i] < ' ' || key[i] == 0x7F {
			return false
		}
	}
	return len(key) <= MaxKey && utf8.ValidString(key)
}
