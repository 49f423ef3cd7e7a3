package leads

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"
)

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// Permanent marks an error as one that another attempt cannot mend. It returns nil for nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

// IsPermanent reports whether err, or an error it wraps, was marked by [Permanent].
func IsPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

type ambiguousError struct{ error }

func (e ambiguousError) Unwrap() error { return e.error }

// Ambiguous marks an error after which the effect may have happened all the same. It returns nil for nil.
func Ambiguous(err error) error {
	if err == nil {
		return nil
	}
	return ambiguousError{err}
}

// IsAmbiguous reports whether err, or an error it wraps, was marked by [Ambiguous].
func IsAmbiguous(err error) bool {
	var a ambiguousError
	return errors.As(err, &a)
}

// IsNotFound reports whether err says that something does not exist.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// IsStale reports whether err says that somebody else was quicker.
func IsStale(err error) bool { return errors.Is(err, ErrStale) }

type delayedError struct {
	error
	delay time.Duration
}

func (e delayedError) Unwrap() error { return e.error }

// After marks an error as one to be retried no sooner than after delay, as the other side asked. It returns nil for nil.
func After(err error, delay time.Duration) error {
	if err == nil {
		return nil
	}
	return delayedError{err, delay}
}

// RetryAfter returns the delay that an error was marked with by [After], or 0.
func RetryAfter(err error) time.Duration {
	var d delayedError
	if errors.As(err, &d) {
		return d.delay
	}
	return 0
}

// maxBackoff bounds the delay between two attempts, whoever asks for it.
const maxBackoff = time.Hour

// backoff returns the delay after the given number of attempts: base, doubled with each attempt up to an hour, with up to a
// fifth of jitter on top, and never less than the other side asked for (up to the same hour).
func backoff(base time.Duration, attempts int, asked time.Duration) time.Duration {
	delay := maxBackoff
	if shift := attempts - 1; shift < 32 && base<<shift > 0 {
		delay = min(base<<shift, maxBackoff)
	}
	delay = max(delay, min(asked, maxBackoff))
	return delay + rand.N(delay/5+1)
}

// failure is an error's text as it is kept: one line, at most 500 bytes.
func failure(err error) string {
	if err == nil {
		return ""
	}
	text := "timed out"
	if !errors.Is(err, context.DeadlineExceeded) {
		text = strings.ToValidUTF8(strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\x00", " ")), " "), "\uFFFD")
	}
	for len(text) > 500 {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
