package ingest

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"
)

// read reads the body into the document, within the size and the time that the door gives it.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, d *document) error {
	d.body = d.body[:0]
	if r.ContentLength > MaxBody {
		return errTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	// net/http takes the deadline back when it has read the body and before the next request.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.timeout)); err != nil {
		h.deadlineWarning.Do(func() {
			h.log.LogAttrs(r.Context(), slog.LevelWarn, "ingest: a middleware hides the read deadline (its ResponseWriter has no Unwrap): slow bodies are left behind by a timer")
		})
		return h.readBeside(r, d)
	}
	var err error
	d.body, err = readAll(d.body, r.Body)
	return err
}

// readBeside reads the body in a goroutine of its own, which is left behind when the time is over: it ends when the server
// closes the connection.
func (h *Handler) readBeside(r *http.Request, d *document) error {
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		body, err := readAll(nil, r.Body)
		done <- result{body, err}
	}()
	timer := time.NewTimer(h.timeout)
	defer timer.Stop()
	select {
	case res := <-done:
		d.body = append(d.body, res.body...)
		return res.err
	case <-timer.C:
		return errSlow
	}
}

// readAll appends what body gives to buf, up to MaxBody.
func readAll(buf []byte, body io.Reader) ([]byte, error) {
	for {
		if len(buf) > MaxBody {
			return buf, errTooLarge
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(512, min(len(buf), MaxBody+1-len(buf))))
		}
		n, err := body.Read(buf[len(buf):min(cap(buf), MaxBody+1)])
		buf = buf[:len(buf)+n]
		switch {
		case err == nil:
		case err == io.EOF && len(buf) <= MaxBody:
			return buf, nil
		case err == io.EOF:
			return buf, errTooLarge
		case errors.Is(err, os.ErrDeadlineExceeded):
			return buf, errSlow
		default:
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok { // a limit of the host's own
				return buf, errTooLarge
			}
			return buf, errCutOff
		}
	}
}
