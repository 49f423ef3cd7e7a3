package mailgun

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 1 << 20

// call is what is seen of one call on its way: the library itself gives neither the header of an answer nor how far a request had come.
type call struct {
	handed     atomic.Bool // the whole request was handed to the connection
	status     int         // of the answer, or 0
	retryAfter time.Duration
}

type callKey struct{}

// watcher is an http.RoundTripper that notes in the call of a request's context what becomes of it. It bounds answers, and sends nothing, and so
// no key, anywhere but below base: the pages of the events come with URLs of their own.
type watcher struct {
	next http.RoundTripper
	base string
}

// RoundTrip sends one request.
func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(req.URL.String(), w.base+"/") {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errors.New("the request would go elsewhere")
	}
	c, ok := req.Context().Value(callKey{}).(*call)
	if !ok {
		c = new(call)
	}
	res, err := w.next.RoundTrip(watched(req, c))
	if err != nil {
		return nil, err
	}
	c.status, c.retryAfter = res.StatusCode, retryAfter(res.Header)
	res.Body = &bounded{Reader: io.LimitReader(res.Body, maxAnswer), Closer: res.Body}
	return res, nil
}

// bounded is a body of which only the beginning is read.
type bounded struct {
	io.Reader
	io.Closer
}

// watched returns the request with a body that tells when it has been read to its end. What has not been read to its end has not arrived
// whole, and a request that has not arrived whole is not carried out.
func watched(req *http.Request, c *call) *http.Request {
	if req.Body == nil || req.Body == http.NoBody {
		return req
	}
	req = req.WithContext(req.Context()) // a copy, since a RoundTripper leaves its request alone
	left := req.ContentLength
	req.Body = &body{ReadCloser: req.Body, call: c, left: left}
	if again := req.GetBody; again != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			next, err := again()
			return &body{ReadCloser: next, call: c, left: left}, err
		}
	}
	return req
}

// body counts what is still to be read of a request's body. A body of unknown length is over at its end.
type body struct {
	io.ReadCloser
	call *call
	left int64
}

// Read reads on, and notes the end before the last bytes are given away.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left == 0 || errors.Is(err, io.EOF) {
		b.call.handed.Store(true)
	}
	return n, err
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
