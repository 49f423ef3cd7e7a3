package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"unicode/utf8"
)

// key returns the idempotency key of a submission: the one the sender gave on purpose, else its own name for the event. Of a signed
// request what is signed comes first, so that nobody who has seen it can send it once more under another key.
func (a *assembly) key(h http.Header) (key string, invalid bool) {
	event := a.event(h)
	switch {
	case !a.signed():
	case a.source.scheme() == StandardWebhooks:
		return idempotencyKey(http.Header{"Webhook-Id": h["Webhook-Id"]}, "")
	case event != "":
		return event, false
	default:
		if s := schemes[a.source.scheme()]; s.unit != 0 { // then no two requests have the same signature
			sum := sha256.Sum256([]byte(h.Get(s.header)))
			return hex.EncodeToString(sum[:]), false
		}
	}
	if key, invalid = idempotencyKey(h, a.asides.id); key == "" {
		key = event
	}
	return key, invalid
}

// event returns the sender's name for the event as a key, or "".
func (a *assembly) event(h http.Header) string {
	event := a.asides.event
	if a.preset != nil && a.preset.idHeader != "" {
		event = h.Get(a.preset.idHeader)
	}
	if usableKey(event) {
		return event
	}
	sum := sha256.Sum256([]byte(event))
	return hex.EncodeToString(sum[:])
}

// signed reports whether the sender's signature is good.
func (a *assembly) signed() bool {
	for i, flag := range flagOrder {
		if flag == FlagSigned {
			return a.flags&(1<<i) != 0
		}
	}
	return false
}

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
