package ingest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// complete fills what the assembly's submission has besides the content of its body.
func (h *Handler) complete(r *http.Request, a *assembly) error {
	sub := a.sub
	sub.Tenant, sub.SourceID = a.source.Tenant, a.source.ID
	sub.Raw = a.raw
	if sub.Raw == nil {
		sub.Raw = bytes.Clone(a.body)
	}
	sub.ContentType = shorten(r.Header.Get("Content-Type"), maxContentType, &a.flags)
	sub.UserAgent = shorten(r.Header.Get("User-Agent"), maxUserAgent, &a.flags)
	var invalid bool
	if sub.Key, invalid = a.key(r.Header); invalid {
		a.flags.set(FlagKeyInvalid)
	}
	if isFormType(sub.ContentType) {
		a.referer(r.Header.Get("Referer"))
	}
	sub.Flags = a.flags.list()
	a.asides.blocked = a.blocked.names(sub.Fields.Email, sub.Client)
	h.judge(sub, a.asides.evidence, a.source.Spam)
	return stamp(sub, sub.Received)
}

// stamp gives a submission its ID, if it has none, its time, if it has none, and its digest.
func stamp(sub *Submission, now time.Time) error {
	if sub.Received.IsZero() {
		sub.Received = now
	}
	sub.Received = sub.Received.UTC().Truncate(time.Microsecond)
	sub.Digest = sha256.Sum256(sub.Raw)
	if sub.ID != "" {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("ingest: id: %w", err)
	}
	sub.ID = id.String()
	return nil
}

// mended returns the text with U+FFFD for NUL and invalid UTF-8, and notes that in seen.
func mended(text string, seen *flags) string {
	if strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) {
		return text
	}
	seen.set(FlagSanitised)
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// shorten mends a text and cuts it to most bytes, between two characters.
func shorten(text string, most int, seen *flags) string {
	text = mended(text, seen)
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
