package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/openleads/leads"
)

var (
	errTooLong = fmt.Errorf("%w: it is longer than 64 KiB", ErrReply)
	errCutOff  = fmt.Errorf("%w: it was cut off", ErrReply)
	errEmpty   = fmt.Errorf("%w: there is no text in it", ErrReply)
)

// statusError is an answer that is not 200.
type statusError struct {
	status int
	code   string // the server's own name for it, if that is a plain word
	format bool   // another format may do
}

// Error has nothing of the server's prose, which may repeat the lead or the key.
func (e *statusError) Error() string {
	text := fmt.Sprintf("the server answered %d", e.status)
	if e.code != "" {
		text += " (" + e.code + ")"
	}
	return text
}

// plainWord is what codes look like: "rate_limit_exceeded". The length keeps keys out.
var plainWord = regexp.MustCompile(`^[a-z][a-z_]{2,39}$`)

// refusal classifies an answer that is not 200.
func refusal(res *http.Response, text []byte) error {
	e := &statusError{status: res.StatusCode, code: codeOf(text)}
	switch e.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		e.format = true
	case http.StatusNotFound, http.StatusInternalServerError, http.StatusNotImplemented:
		e.format = aboutFormat(text)
	}
	switch status := e.status; {
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusConflict || status == http.StatusTooEarly || status >= 500:
		return leads.After(e, retryAfter(res.Header))
	case status >= 400:
		return leads.Permanent(e)
	}
	return e // a redirect elsewhere, or a success without content: a gateway in trouble
}

// codeOf reads the code or type of {"error": {"code": …, "type": …}}.
func codeOf(text []byte) string {
	var reply struct {
		Error struct {
			Code json.RawMessage `json:"code"`
			Type json.RawMessage `json:"type"`
		} `json:"error"`
	}
	_ = json.Unmarshal(text, &reply) // what cannot be read has no code
	for _, raw := range []json.RawMessage{reply.Error.Code, reply.Error.Type} {
		var word string
		if json.Unmarshal(raw, &word) == nil && plainWord.MatchString(word) {
			return word
		}
	}
	return ""
}

// aboutFormat reports whether a server's error speaks of the format that was asked for.
func aboutFormat(text []byte) bool {
	text = bytes.ToLower(text)
	for _, word := range []string{"response_format", "json_schema", "json_object", "json schema", "grammar", "requested parameters", "structured output"} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}

// retryAfter reads Retry-After in seconds or as a date (RFC 9110, 10.2.3), at most a day.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 86400) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), 24*time.Hour)
	}
	return 0
}

// unreachable hides the address, which the errors of net/http repeat, and tells a time-out from the rest.
func unreachable(ctx context.Context, err error) error {
	var op *net.OpError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("no answer in time: %w", ctx.Err())
	case errors.As(err, &op):
		return &networkError{op}
	}
	return errors.New("the connection failed")
}

// networkError is a failure below HTTP.
type networkError struct{ *net.OpError }

// Error says what failed but not where.
func (e *networkError) Error() string { return "the server cannot be reached (" + e.Op + ")" }

// Unwrap returns the failure, for errors.As.
func (e *networkError) Unwrap() error { return e.OpError }
