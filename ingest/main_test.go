package ingest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/openleads/leads/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	goodToken   = "lc_pub_good_token"
	listedToken = "lc_pub_listed_token" // of a source that lists origins
	ownToken    = "lc_pub_own_limit"    // of a source with a limit of its own
)

// sources finds sources in a map, and fails with err if that is set.
type sources struct {
	mu     sync.Mutex
	byName map[string]ingest.Source
	err    error
	calls  int
}

func newSources() *sources {
	return &sources{byName: map[string]ingest.Source{
		goodToken:   {Tenant: "t1", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "Contact form"},
		listedToken: {Tenant: "t1", ID: "01890a5d-ac96-774b-bcce-b302099a8058", Name: "Listed", Origins: []string{"https://example.com"}},
		ownToken:    {Tenant: "t1", ID: "01890a5d-ac96-774b-bcce-b302099a8059", Name: "Trusted", PerMinute: 150},
	}}
}

func (s *sources) SourceByToken(_ context.Context, token string) (ingest.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.err != nil {
		return ingest.Source{}, s.err
	}
	source, ok := s.byName[token]
	if !ok {
		return ingest.Source{}, ingest.ErrNotFound
	}
	return source, nil
}

func (s *sources) change(change func(s *sources)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// sink keeps what it is given, and fails with err if that is set.
type sink struct {
	mu   sync.Mutex
	subs []ingest.Submission
	err  error
}

func (s *sink) Capture(_ context.Context, sub ingest.Submission) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.subs = append(s.subs, sub)
	return nil
}

func (s *sink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.subs)
}

// door is a handler with its surroundings.
type door struct {
	*sources
	*sink
	http.Handler
}

func newDoor(opts *ingest.Options) *door {
	d := &door{sources: newSources(), sink: &sink{}}
	d.Handler = ingest.NewHandler(d.sources, d.sink, opts)
	return d
}

// with changes the source of goodToken.
func (d *door) with(change func(s *ingest.Source)) *door {
	d.sources.change(func(s *sources) {
		source := s.byName[goodToken]
		change(&source)
		s.byName[goodToken] = source
	})
	return d
}

// request makes a POST with the headers given as name, value, name, value …
func request(path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://door.example", strings.NewReader(body))
	r.URL.Path = path
	r.RemoteAddr = "203.0.113.9:4711"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (d *door) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// post sends a body to goodToken.
func (d *door) post(body string, headers ...string) *httptest.ResponseRecorder {
	return d.do(request("/api/webhooks/"+goodToken, body, headers...))
}

// last returns the newest submission.
func (d *door) last(t *testing.T) ingest.Submission {
	t.Helper()
	d.sink.mu.Lock()
	defer d.sink.mu.Unlock()
	if len(d.subs) == 0 {
		t.Fatal("nothing was captured")
	}
	return d.subs[len(d.subs)-1]
}
