package snippet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

const tokenPrefix = "lc_pub_case_"

// visit is one page of one visitor: what it is to show, how the door treats it, and what came of it.
type visit struct {
	head    string      // put before the script
	tag     string      // further attributes of the script's tag
	body    string      // {{endpoint}} is the address of its door
	plan    string      // for driver.js, JSON
	header  http.Header // of the page
	failure string      // of the door, "" for none

	submissions []ingest.Submission
	natives     []native
	scripts     int      // how often the script was fetched
	hanging     int      // requests that are never answered
	requests    []string // the bodies of what was posted to the door
}

// native is a submission that the browser made, or the page's own script.
type native struct{ method, path, body string }

// keys are the different idempotency keys of what was captured.
func (v *visit) keys() map[string]bool {
	keys := make(map[string]bool)
	for _, sub := range v.submissions {
		keys[sub.Key] = true
	}
	return keys
}

// world is a site and a door on two origins. Every visit has host names of its own on both, so that storage and connections are its own.
type world struct {
	site, door *httptest.Server
	handler    http.Handler
	gone       context.Context

	mu     sync.Mutex
	visits map[string]*visit
	change chan struct{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	gone, leave := context.WithCancel(context.Background())
	w := &world{visits: make(map[string]*visit), change: make(chan struct{}), gone: gone}
	w.handler = ingest.NewHandler(w, ingest.SinkFunc(w.capture), nil)
	w.site = httptest.NewServer(http.HandlerFunc(w.serveSite))
	w.door = httptest.NewServer(http.HandlerFunc(w.serveDoor))
	t.Cleanup(func() {
		leave()
		w.site.CloseClientConnections()
		w.door.CloseClientConnections()
		w.site.Close()
		w.door.Close()
	})
	return w
}

// add makes a visit and returns its name, which is the first label of its hosts and the end of its token.
func (w *world) add(v *visit) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := fmt.Sprintf("c%05d", len(w.visits))
	w.visits[name] = v
	return name
}

// at runs f while nobody else looks at the visits.
func (w *world) at(name string, f func(v *visit)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.visits[name]; v != nil {
		f(v)
	}
}

// note is at, for what is worth looking at again.
func (w *world) note(name string, f func(v *visit)) {
	w.at(name, f)
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.change)
	w.change = make(chan struct{})
}

// until waits until a visit is as wanted, and reports whether it became so in time.
func (w *world) until(name string, patience time.Duration, wanted func(v *visit) bool) bool {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		w.mu.Lock()
		ok, change := wanted(w.visits[name]), w.change
		w.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-change:
		case <-late.C:
			return false
		}
	}
}

func (w *world) SourceByToken(_ context.Context, token string) (ingest.Source, error) {
	if !strings.HasPrefix(token, tokenPrefix) {
		return ingest.Source{}, ingest.ErrNotFound
	}
	return ingest.Source{Tenant: "t1", ID: strings.TrimPrefix(token, tokenPrefix), PerMinute: 1000}, nil
}

func (w *world) capture(_ context.Context, sub ingest.Submission) error {
	w.note(sub.SourceID, func(v *visit) { v.submissions = append(v.submissions, sub) })
	return nil
}

func port(s *httptest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':'):] }

// page returns the address of a visit's page.
func (w *world) page(name string) string {
	return "http://" + name + ".localhost" + port(w.site) + "/form"
}

// doorOf returns the address under which the door is mounted for a visit.
func (w *world) doorOf(name string) string {
	return "http://" + name + ".localhost" + port(w.door) + "/api/webhooks/"
}

func label(r *http.Request) string {
	name, _, _ := strings.Cut(r.Host, ".")
	return name
}

func (w *world) serveSite(rw http.ResponseWriter, r *http.Request) {
	name := label(r)
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.URL.Path == "/favicon.ico":
		return
	case r.URL.Path == "/harness":
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, "<!doctype html><title>harness</title><body>")
		return
	case r.URL.Path == "/driver.js":
		rw.Header().Set("Content-Type", "text/javascript")
		driver, _ := os.ReadFile("testdata/driver.js")
		_, _ = rw.Write(driver)
		return
	case r.Method == http.MethodGet && r.URL.Path == "/form" && (r.URL.RawQuery == "" || r.URL.Query().Has("visit")):
		w.serveForm(rw, name)
		return
	}
	w.note(name, func(v *visit) {
		v.natives = append(v.natives, native{r.Method, r.URL.Path, r.URL.RawQuery + string(body)})
	})
	rw.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(rw, "<!doctype html><title>thanks</title><p>Thank you.")
}

func (w *world) serveForm(rw http.ResponseWriter, name string) {
	var v visit
	w.at(name, func(known *visit) { v = *known })
	for key, values := range v.header {
		rw.Header()[key] = values
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	plan := v.plan
	if plan == "" {
		plan = `{"fill":{},"wait":true}`
	}
	timeout := 6000
	if v.failure == "time-out" {
		timeout = 400
	}
	door := w.doorOf(name)
	_, _ = fmt.Fprintf(rw, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>form</title>
<script>window.plan=%s;function own(form){return fetch("/own",{method:"POST",body:new URLSearchParams(new FormData(form))})}</script>%s
<script src="%sleads.js" data-token="%s" data-timeout="%d" defer %s></script><script src="/driver.js" defer></script></head><body><main><h1>Form</h1>%s</main></body></html>`,
		plan, v.head, door, tokenPrefix+name, timeout, v.tag, strings.ReplaceAll(v.body, "{{endpoint}}", door+tokenPrefix+name))
}

func (w *world) serveDoor(rw http.ResponseWriter, r *http.Request) {
	name, failure := label(r), ""
	if strings.HasSuffix(r.URL.Path, "/hang") {
		w.note(name, func(v *visit) { v.hanging++ })
		<-r.Context().Done()
		return
	}
	if r.Method != http.MethodPost {
		w.at(name, func(v *visit) { v.scripts++ })
		w.handler.ServeHTTP(rw, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	w.note(name, func(v *visit) {
		failure = v.failure
		v.requests = append(v.requests, string(body))
		if r.Header.Get("Sec-Fetch-Mode") == "navigate" {
			v.natives = append(v.natives, native{r.Method, "door", string(body)})
		}
	})
	w.fail(rw, r, failure)
}

// fail treats a request to the door as the failure says.
func (w *world) fail(rw http.ResponseWriter, r *http.Request, failure string) {
	switch failure {
	case "preflight refused": // what a gateway in front does that knows nothing of other origins
		http.Error(rw, "forbidden", http.StatusForbidden)
	case "404", "413", "429", "500", "503":
		rw.Header().Set("Access-Control-Allow-Origin", "*")
		var status int
		_, _ = fmt.Sscan(failure, &status)
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_ = json.NewEncoder(rw).Encode(map[string]any{"success": false})
	case "time-out":
		select {
		case <-w.gone.Done():
		case <-r.Context().Done():
		}
	case "offline":
		hangUp(rw, "")
	case "reset mid-answer":
		w.handler.ServeHTTP(httptest.NewRecorder(), r)
		hangUp(rw, "HTTP/1.1 200 OK\r\nContent-Ty")
	default:
		w.handler.ServeHTTP(rw, r)
	}
}

// hangUp writes something and resets the connection.
func hangUp(rw http.ResponseWriter, first string) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, first)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// last returns the newest submission of a visit.
func (w *world) last(t *testing.T, name string) ingest.Submission {
	t.Helper()
	var subs []ingest.Submission
	w.at(name, func(v *visit) { subs = append(subs, v.submissions...) })
	require.NotEmpty(t, subs, "nothing was captured")
	return subs[len(subs)-1]
}
