// Package secret keeps keys and passwords out of logs, errors and dumps.
package secret

import "log/slog"

const redacted = "[redacted]"

// Secret is a key that prints as [redacted] however it is printed. The value is behind a function, since fmt reads the unexported fields of
// the structs around it without asking for methods. The zero Secret is empty.
type Secret struct{ reveal func() string }

// New returns a Secret.
func New(value string) Secret { return Secret{func() string { return value }} }

// Reveal returns the value.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsSet reports whether the value is not empty.
func (s Secret) IsSet() bool { return s.Reveal() != "" }

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// MarshalText returns "[redacted]", for JSON too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
