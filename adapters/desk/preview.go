package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/openleads/leads/ingest"
)

// previewToken is where a previewed body is posted to.
const previewToken = "preview-of-a-mapping"

// oneSource is a door's only source.
type oneSource ingest.Source

func (s oneSource) SourceByToken(context.Context, string) (ingest.Source, error) {
	return ingest.Source(s), nil
}

// preview puts a body through a door of its own, whose sink keeps what it takes. What the door refuses is an [*InvalidError].
func preview(ctx context.Context, s ingest.Source, contentType string, body []byte, now time.Time) (ingest.Submission, error) {
	var taken *ingest.Submission
	sink := ingest.SinkFunc(func(_ context.Context, sub ingest.Submission) error { taken = &sub; return nil })
	door := ingest.NewHandler(oneSource(s), sink, &ingest.Options{Clock: func() time.Time { return now }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/"+previewToken, bytes.NewReader(body))
	if err != nil {
		return ingest.Submission{}, err
	}
	r.Header.Set("Content-Type", contentType)
	r.RemoteAddr = "127.0.0.1:1"
	answer := recorder{header: make(http.Header), status: http.StatusOK}
	door.ServeHTTP(&answer, r)
	switch {
	case taken != nil:
		return *taken, nil
	case answer.status == http.StatusOK:
		return ingest.Submission{}, invalid("/payload", "the door took nothing of it")
	}
	var why struct{ Error struct{ Message string } }
	if json.Unmarshal(answer.body.Bytes(), &why) != nil || why.Error.Message == "" {
		why.Error.Message = answer.body.String()
	}
	return ingest.Submission{}, invalid("/payload", "the door answers %d: %s", answer.status, why.Error.Message)
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
