package restapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/internal/patient"
)

// errStop ends an export whose reader has gone away.
var errStop = errors.New("the reader has gone away")

func exportLeads(c *call) (result, error) {
	q := c.query()
	f := c.filter(q)
	format, raw := q.one("format", "csv", "json"), q.flag("raw")
	if err := q.err(); err != nil {
		return result{}, err
	}
	accept := c.r.Header.Get("Accept")
	if format == "" && strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/csv") {
		format = "json"
	}
	w := &counted{Writer: patient.Writer{ResponseWriter: c.w, Patience: c.api.patience}}
	h := c.w.Header()
	if format == "json" {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", `attachment; filename="leads.json"`)
		return c.streamed(w, c.exportJSON(w, f))
	}
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="leads.csv"`)
	_, err := c.api.desk.ExportCSV(c.ctx(), c.user, f, w, raw)
	return c.streamed(w, err)
}

// exportJSON writes an array of leads.
func (c *call) exportJSON(w *counted, f desk.Filter) error {
	named, err := c.sources()
	if err != nil {
		return err
	}
	between := "[\n"
	_, err = c.api.desk.Each(c.ctx(), c.user, f, func(lead leads.Lead) error {
		data, err := json.Marshal(shapeFull(lead, named))
		if err != nil {
			return err
		}
		if _, err := w.Write(append([]byte(between), data...)); err != nil {
			return errStop
		}
		between = ",\n"
		return nil
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if between == "[\n" {
		end = "[]\n"
	}
	_, err = w.Write([]byte(end))
	return err
}

// counted knows whether anything was written. Who stops reading would hold one of the few places for exports.
type counted struct {
	patient.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// streamed ends an answer that was streamed. What fails after the first byte can only break the connection, so that nobody takes half
// of it for the whole.
func (c *call) streamed(w *counted, err error) (result, error) {
	if err == nil {
		return written, nil
	}
	if w.n == 0 {
		c.w.Header().Del("Content-Disposition")
		return result{}, err
	}
	if c.ctx().Err() == nil && !errors.Is(err, errStop) {
		c.api.opts.Logger.ErrorContext(c.ctx(), "restapi: an export was broken off", "error", err)
	}
	panic(http.ErrAbortHandler)
}
