package openai

import "log/slog"

const redacted = "[redacted]"

// secret is a key that prints as [redacted] however it is printed. The value is behind a function, since fmt reads the unexported fields of
// the structs around it without asking for methods.
type secret struct{ reveal func() string }

func newSecret(value string) secret { return secret{func() string { return value }} }

func (s secret) isSet() bool { return s.reveal() != "" }

// String returns "[redacted]".
func (secret) String() string { return redacted }

// GoString returns "[redacted]".
func (secret) GoString() string { return redacted }

// MarshalText returns "[redacted]", for JSON too.
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (secret) LogValue() slog.Value { return slog.StringValue(redacted) }
