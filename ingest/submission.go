package ingest

import (
	"encoding/json"
	"net/netip"
	"slices"
	"time"
)

// Submission is one delivery to the door, as it arrived and as it was understood. It is immutable once stored.
//
// A program that captures from Go fills Tenant, SourceID and Fields or Metadata; Prepare fills the rest.
type Submission struct {
	// Tenant and SourceID name the source that the token belongs to.
	Tenant   string
	SourceID string
	// ID is a UUIDv7 in its canonical text form, given at the door.
	ID string
	// Received is the server's time of arrival, UTC, in whole microseconds.
	Received time.Time

	// Raw is the body verbatim, byte for byte; ContentType is its media type with parameters. Digest is the SHA-256 of
	// Raw. A multipart body keeps its text fields in Raw as they arrived, while file parts are recorded in Metadata by name, type
	// and size only.
	Raw         []byte
	ContentType string
	Digest      [32]byte

	// Fields, Metadata and Attribution are what the body meant after the source's mappings: valid UTF-8 without NUL, within
	// the documented limits.
	Fields      Fields
	Metadata    Metadata
	Attribution Attribution

	// Client is the address of the sender behind trusted proxies, and UserAgent its User-Agent header cut to 512 bytes.
	Client    netip.Addr
	UserAgent string
	// Place is where the client was, from the headers of a CDN that is a trusted proxy; see [ClientPlace].
	Place Place `json:",omitzero"`

	// Key is the idempotency key the sender gave, at most 255 bytes, or "". It is scoped to tenant and source.
	Key string
	// Flags says what was noticed while decoding, in a fixed order.
	Flags []Flag
	// Verdict is empty for an accepted submission. A quarantined one has no effects until a person releases it.
	Verdict Verdict
	Reasons []string
	// DuplicateOf is the ID of the submission that this one repeats (a double click). The Store sets it.
	DuplicateOf string
}

// Fields are the known fields. All are optional; an empty string means that the sender did not give one.
type Fields struct {
	Email     string `json:"email,omitempty"`
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Company   string `json:"company,omitempty"`
}

// KnownFields are the names of the fields of Fields as they appear in JSON, in the order in which they are declared.
func KnownFields() []string { return []string{"email", "firstName", "lastName", "phone", "company"} }

// Field returns the known field with that JSON name, or nil if there is none. The name is matched exactly, by case.
func (f *Fields) Field(name string) *string {
	switch name {
	case "email":
		return &f.Email
	case "firstName":
		return &f.FirstName
	case "lastName":
		return &f.LastName
	case "phone":
		return &f.Phone
	case "company":
		return &f.Company
	}
	return nil
}

// Metadata holds everything that is not a known field: JSON values by name, in canonical text (no insignificant space,
// numbers as they were typed).
type Metadata map[string]json.RawMessage

// Text returns the value under name as text: a string without its quotes, anything else as its JSON. It returns "" when
// there is none.
func (m Metadata) Text(name string) string {
	raw, ok := m[name]
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// SetText stores a string under name.
func (m Metadata) SetText(name, value string) {
	raw, _ := json.Marshal(value) // a string always encodes
	m[name] = raw
}

// Attribution says how the sender of a submission came to the form.
type Attribution struct {
	UTM      UTM    `json:"utm,omitzero"`
	Referrer string `json:"referrer,omitempty"`
	// Page is the address of the page with the form, Landing that of the first page of the visit.
	Page    string `json:"page,omitempty"`
	Landing string `json:"landing,omitempty"`
	// ClickIDs holds ad click identifiers by parameter name (gclid, fbclid, …).
	ClickIDs map[string]string `json:"clickIds,omitempty"`
	// Touches is the visit history as the snippet sent it, JSON text, unverified.
	Touches json.RawMessage `json:"touches,omitempty"`
}

// IsZero reports whether nothing is known.
func (a Attribution) IsZero() bool {
	return a.UTM == (UTM{}) && a.Referrer == "" && a.Page == "" && a.Landing == "" && len(a.ClickIDs) == 0 && len(a.Touches) == 0
}

// UTM holds the five campaign parameters.
type UTM struct {
	Source   string `json:"utm_source,omitempty"`
	Medium   string `json:"utm_medium,omitempty"`
	Campaign string `json:"utm_campaign,omitempty"`
	Term     string `json:"utm_term,omitempty"`
	Content  string `json:"utm_content,omitempty"`
}

// Verdict is what the spam gate decided.
type Verdict string

// The verdicts.
const (
	Accepted    Verdict = ""
	Quarantined Verdict = "quarantined"
)

// Flag names something unusual that was noticed and mended while decoding.
type Flag string

// The flags, in the order in which they appear.
const (
	FlagDuplicateKeys Flag = "duplicate_keys" // an object had a name twice; the last won
	FlagSanitised     Flag = "sanitised"      // NUL, invalid UTF-8 or a lone surrogate became U+FFFD
	FlagNotScalar     Flag = "not_scalar"     // a known field held an object or list, which went to the metadata
	FlagMappingCut    Flag = "mapping_cut"    // the body was too large to follow all the paths of the mappings in it
	FlagSigned        Flag = "signed"         // the sender's signature was checked and is good
	FlagNoCaptcha     Flag = "no_captcha"     // taken in although the captcha could not be verified, as the source wants it
	FlagKeyConflict   Flag = "key_conflict"   // the idempotency key was used before with another body
	FlagKeyInvalid    Flag = "key_invalid"    // the idempotency key was unusable and ignored
	FlagImported      Flag = "imported"       // it came with an import: the lead is enriched and scored, but nobody is told and nothing is begun
)

// HasFlag reports whether the submission carries f.
func (s *Submission) HasFlag(f Flag) bool { return slices.Contains(s.Flags, f) }
