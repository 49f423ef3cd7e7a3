package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/safehttp"
)

// hookTime bounds one request; it leaves room within the ten seconds of an attempt.
const hookTime = 8 * time.Second

// Hook is an address to which JSON is posted for a notification: the incoming webhook of a chat. It is a value; adapters are made of it.
type Hook struct {
	// Channel names the way in deliveries: "slack".
	Channel string
	// URL is the address. It is https. It mostly holds a secret, and so is in no error and no delivery.
	URL string
	// Client makes the requests; nil means one that reaches public addresses only, follows no redirects and gives up after 8 seconds. Another one should
	// not follow redirects either.
	Client *http.Client
}

// NewHook makes a Hook of its address as it was typed. Its error does not show the address.
func NewHook(channel, address string, client *http.Client) (Hook, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return Hook{}, fmt.Errorf("%s: the address of the webhook is none", channel)
	case u.Scheme != "https":
		return Hook{}, fmt.Errorf("%s: the address of the webhook must begin with https://", channel)
	case u.User != nil:
		return Hook{}, fmt.Errorf("%s: the address of the webhook must hold no credentials", channel)
	}
	if client == nil {
		client = safehttp.Client(&safehttp.Options{Timeout: hookTime})
	}
	return Hook{Channel: channel, URL: address, Client: client}, nil
}

// Post sends payload as JSON, once; a retry sends the same bytes. Its errors are those of [Deliver].
func (h Hook) Post(ctx context.Context, n leads.Notification, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return leads.Permanent(fmt.Errorf("%s: encode: %w", h.Channel, err))
	}
	digest := sha256.Sum256([]byte(h.URL))
	d := leads.Delivery{Channel: h.Channel, Recipient: "webhook " + hex.EncodeToString(digest[:6]), Body: body}
	return n.Once(ctx, d, func(ctx context.Context, d leads.Delivery) (leads.Receipt, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(d.Body))
		if err != nil {
			return leads.Receipt{}, leads.Permanent(fmt.Errorf("%s: the address of the webhook is none", h.Channel))
		}
		req.Header.Set("Content-Type", "application/json")
		if err := Deliver(h.Client, req); err != nil {
			return leads.Receipt{}, fmt.Errorf("%s: %w", h.Channel, err)
		}
		return leads.Receipt{}, nil
	})
}

// StatusError is an answer that is no success.
type StatusError struct{ Code int }

// Error names the status.
func (e StatusError) Error() string {
	return fmt.Sprintf("the answer was %d %s", e.Code, http.StatusText(e.Code))
}

// Deliver makes a request and reads its answer. Statuses from 200 to 299 are a success; any other is a [StatusError]: permanent from 300 to 499, but for
// 408, 425 and 429, and with what Retry-After asks for. An error on the way is ambiguous once the request was written, and permanent where the address leads
// to a place that may not be reached. Errors do not show the address.
func Deliver(client *http.Client, req *http.Request) error {
	var written atomic.Bool
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) { written.Store(info.Err == nil) }}
	resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return broken(err, written.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return nil
	}
	err = leads.After(StatusError{resp.StatusCode}, retryAfter(resp.Header.Get("Retry-After")))
	switch code := resp.StatusCode; {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return err
	case code < 500:
		return leads.Permanent(err)
	}
	return err
}

// broken says what an error on the way means.
func broken(err error, written bool) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address
	}
	switch {
	case safehttp.Refused(err):
		return leads.Permanent(errors.New("the address leads to a place that may not be reached"))
	case written:
		return leads.Ambiguous(err)
	}
	return err
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(s string) time.Duration {
	if seconds, err := strconv.ParseInt(s, 10, 32); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
