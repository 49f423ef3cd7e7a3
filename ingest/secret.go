package ingest

import "log/slog"

const redacted = "[redacted]"

// Secret is a key that prints as [redacted] however it is printed, as JSON too. It has to be stored as it is, because signatures are
// calculated with it: a Store writes Reveal and reads back with NewSecret. The zero Secret is empty. Two Secrets are compared by
// Reveal.
type Secret struct{ text *string } // behind a pointer: fmt reads unexported fields without asking for methods, but follows no pointers

// NewSecret returns a Secret; the zero one for "".
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the key.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether the key is not empty.
func (s Secret) IsSet() bool { return s.text != nil }

// String returns "[redacted]", or "" for an empty Secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return redacted
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// MarshalText returns what String does, for JSON too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
