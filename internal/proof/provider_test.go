package proof_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is one way in which a provider, or the network before it, can fail.
type fault struct {
	name   string
	copies int  // of the mail that are taken all the same
	told   bool // the answer says what has happened
	answer func(w http.ResponseWriter, r *http.Request)
}

var (
	fine   = fault{name: "none", copies: 1, told: true, answer: queued}
	faults = []fault{
		{"500, not taken", 0, false, code(500)},
		{"500, taken", 1, false, code(500)},
		{"429", 0, true, code(429, "Retry-After", "1")},
		{"time-out, taken", 1, false, hang},
		{"reset, not taken", 0, false, cut},
		{"reset, taken", 1, false, cut},
		{"taken twice", 2, true, queued},
		{"200 with garbage, taken", 1, false, garbage},
		{"401", 0, true, code(401)},
	}
)

func queued(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]string{"id": r.FormValue("h:Message-Id"), "message": "Queued. Thank you."})
}

func code(status int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

func garbage(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "<html>\x00 it works!")
}

// hang answers nothing until the sender has given up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// cut resets the connection.
func cut(w http.ResponseWriter, _ *http.Request) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// taking is one time that the provider took a mail.
type taking struct {
	at     time.Time
	life   int  // which of the processes that were started had sent it
	copies int  // more than one if the provider doubled it itself
	unsure bool // the sender cannot know of it
}

// letter is what the provider knows of one mail, by its Message-ID.
type letter struct {
	id, to, replyTo, subject, text string
	headers                        map[string]string
	failures                       int
	notBefore                      time.Time // when the sender was asked to come back
	taken                          []taking
}

// provider is a Mailgun that fails as providers and networks do, and that keeps a ledger of the mails that it has really taken.
type provider struct {
	*httptest.Server
	share    float64       // of the requests that fail
	failures int           // of one mail, at most
	lag      time.Duration // until the events of a mail can be found

	mu       sync.Mutex
	random   *rand.Rand
	letters  map[string]*letter
	injected map[string]int
	changed  int // requests that differ from the first of their mail
	early    int // requests that came sooner than they were asked to
	life     int
	trap     *trap
}

// trap is sprung when the mail is taken that brings left to 0.
type trap struct {
	left     int
	answered bool // the mail is answered before the trap is sprung
	sprung   chan struct{}
	over     chan struct{}
}

func newProvider(t *testing.T, seed uint64, share float64) *provider {
	t.Helper()
	p := &provider{
		share: share, failures: 2, lag: 100 * time.Millisecond,
		random: rand.New(rand.NewPCG(seed, 2)), letters: map[string]*letter{}, injected: map[string]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/{domain}/messages", p.messages)
	mux.HandleFunc("GET /v3/{domain}/events", p.events)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// messages takes a mail, or fails.
func (p *provider) messages(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return // it did not arrive whole
	}
	f, l := p.meet(r)
	if f.copies == 0 {
		f.answer(w, r)
		return
	}
	trap, n := p.take(l, f)
	if trap != nil && !trap.answered {
		trap.spring()
	}
	f.answer(w, r)
	if trap != nil && trap.answered {
		if flusher, ok := w.(http.Flusher); ok && f.told { // what was cut off cannot be flushed
			flusher.Flush()
		}
		trap.spring()
	}
	if r.Context().Err() != nil { // who has gone away has not read the answer
		p.mu.Lock()
		l.taken[n].unsure = true
		p.mu.Unlock()
	}
}

// spring has the process killed, and waits until it is dead.
func (t *trap) spring() {
	t.sprung <- struct{}{}
	<-t.over
}

// meet finds the letter of a request and decides what becomes of that.
func (p *provider) meet(r *http.Request) (fault, *letter) {
	id := strings.Trim(r.FormValue("h:Message-Id"), "<>")
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.letters[id]
	if l == nil {
		l = &letter{id: id, to: r.FormValue("to"), replyTo: r.FormValue("h:Reply-To"), subject: r.FormValue("subject"), text: r.FormValue("text"), headers: map[string]string{}}
		for name, values := range r.MultipartForm.Value {
			if header, ok := strings.CutPrefix(name, "h:"); ok {
				l.headers[header] = values[0]
			}
		}
		p.letters[id] = l
	}
	if time.Now().Before(l.notBefore) {
		p.early++
	}
	if l.text != r.FormValue("text") || l.to != r.FormValue("to") {
		p.changed++
	}
	if l.failures >= p.failures || p.random.Float64() >= p.share {
		return fine, l
	}
	f := faults[p.random.IntN(len(faults))]
	l.failures++
	p.injected[f.name]++
	if f.name == "429" {
		l.notBefore = time.Now().Add(950 * time.Millisecond)
	}
	return f, l
}

// failed returns how many requests have met a fault.
func (p *provider) failed() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, times := range p.injected {
		n += times
	}
	return n
}

// take enters a mail into the ledger, before it is answered, and returns the trap if that is sprung now.
func (p *provider) take(l *letter, f fault) (*trap, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.taken = append(l.taken, taking{time.Now(), p.life, f.copies, !f.told})
	n := len(l.taken) - 1
	if p.trap == nil {
		return nil, n
	}
	if p.trap.left--; p.trap.left > 0 {
		return nil, n
	}
	sprung := p.trap
	p.trap = nil
	return sprung, n
}

// set has the process that is started next killed when the n-th mail from now on is taken: before that is answered, or right after.
func (p *provider) set(n int, answered bool) *trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.life++
	p.trap = &trap{left: n, answered: answered, sprung: make(chan struct{}), over: make(chan struct{})}
	return p.trap
}

// disarm has the next process live on.
func (p *provider) disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.life++
	p.trap = nil
}

// events tells of the mails that were taken a while ago, and fails now and then too.
func (p *provider) events(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	l, items := p.letters[r.FormValue("message-id")], []any{}
	if l != nil && r.FormValue("page") == "" {
		for _, t := range l.taken {
			if time.Since(t.at) >= p.lag {
				items = append(items, map[string]any{"event": "accepted", "id": "e", "timestamp": t.at.Unix(), "message": map[string]any{"headers": map[string]any{"message-id": l.id}}})
			}
		}
	}
	broken := p.random.Float64() < p.share/4
	p.mu.Unlock()
	if broken {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "paging": map[string]string{"next": p.URL + r.URL.Path + "?page=2"}})
}
