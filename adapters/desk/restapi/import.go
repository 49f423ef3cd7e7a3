package restapi

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/openleads/leads/adapters/desk"
)

var importParams = []param{
	{"dryRun", "boolean", "reads and checks everything, and stores nothing"}, {"sourceId", "string", "the source that the leads came through"},
	{"id", "string", "names the import, so that it can be run again"}, {"fromLine", "integer", "skips the lines before it"},
	{"announce", "boolean", "has the team told and sequences begin"}, {"map", "string", `what becomes of a column, "Header:target", several times; "-" leaves it out`},
}

// maxImport bounds an import, in bytes.
const maxImport = 256 << 20

// importReport is what became of an import. One that was broken off says with what.
type importReport struct {
	desk.ImportReport
	Error *failureBody `json:"error,omitempty"`
}

func importLeads(c *call) (result, error) {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "text/csv" && kind != "text/tab-separated-values" || c.r.Header.Get("Content-Encoding") != "" {
		return result{}, &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send text/csv"}
	}
	q := c.query()
	opts := desk.ImportOptions{
		ID: q.text("id"), SourceID: q.text("sourceId"), DryRun: q.flag("dryRun"), Announce: q.flag("announce"),
		FromLine: q.number("fromLine", 0, 0, 1<<31-1), Mapping: map[string]string{},
	}
	for _, m := range q.values["map"] {
		i := strings.LastIndex(m, ":")
		if i < 0 {
			q.fault("map", `"Header:target"`)
			continue
		}
		opts.Mapping[strings.TrimSpace(m[:i])] = m[i+1:]
	}
	if err := q.err(); err != nil {
		return result{}, err
	}
	report, err := c.api.desk.Import(c.ctx(), c.user, http.MaxBytesReader(c.w, c.r.Body, maxImport), &opts)
	report.Refused = orEmpty(report.Refused)
	if err == nil || report.Rows == 0 {
		return ok(importReport{ImportReport: report}, importFailure(err))
	}
	f := c.api.told(c.r, importFailure(err)) // broken off: the report says where to go on
	if f.status == http.StatusServiceUnavailable {
		c.w.Header().Set("Retry-After", "5")
	}
	return result{status: f.status, body: importReport{report, f.body()}}, nil
}

// importFailure makes a fault of a file that is too large.
func importFailure(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &fault{status: http.StatusRequestEntityTooLarge, code: "too_large", message: "at most 256 MiB: cut the file in two"}
	}
	return err
}
