package mailgun_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
)

const (
	testKey    = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
	signingKey = "signing-5f4dcc3b5aa765d61d8327deb882cf99"
)

func letter() leads.Email {
	return leads.Email{
		From: mail.Address{Name: "Leads", Address: "leads@mg.example.com"}, To: []mail.Address{{Name: "Größe", Address: "ann@acme.example"}},
		ReplyTo: []mail.Address{{Name: "Bob", Address: "bob@example.com"}}, Subject: "Your demo: Größe", Text: "the text\n", HTML: "<p>the html</p>\n",
		MessageID: "id1@mg.example.com", Headers: map[string]string{"List-Unsubscribe": "<https://example.com/u/1>", "Auto-Submitted": "auto-generated"},
		Tags: []string{"sequence"}, Variables: map[string]string{"lead": "l1"},
	}
}

// taken is a mail that the server has taken.
type taken struct {
	path, user, key string
	form            map[string][]string
}

// server captures what is sent to it, keeps a ledger of the mails that it has taken, and answers events from it.
type server struct {
	*httptest.Server
	// fail is called after a mail was taken, with the request; true means that it has answered.
	fail func(w http.ResponseWriter, r *http.Request) bool
	// refuse is called before a mail is taken.
	refuse func(w http.ResponseWriter, r *http.Request) bool
	events func(w http.ResponseWriter, r *http.Request) bool

	mu     sync.Mutex
	ledger []taken
	calls  atomic.Int32
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := new(server)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/{domain}/messages", s.messages)
	mux.HandleFunc("GET /v3/{domain}/events", s.list)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *server) mailer(opts mailgun.Options) *mailgun.Mailer {
	opts.Base = cmp.Or(opts.Base, s.URL+"/v3")
	return mailgun.New("mg.example.com", testKey, &opts)
}

func (s *server) messages(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	if s.refuse != nil && s.refuse(w, r) {
		return
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	user, key, _ := r.BasicAuth()
	s.mu.Lock()
	s.ledger = append(s.ledger, taken{r.URL.Path, user, key, maps.Clone(r.MultipartForm.Value)})
	s.mu.Unlock()
	if s.fail != nil && s.fail(w, r) {
		return
	}
	id := r.FormValue("h:Message-Id")
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "message": "Queued. Thank you."})
}

// list answers the events of a mail, by its Message-ID.
func (s *server) list(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	if s.events != nil && s.events(w, r) {
		return
	}
	items := []any{}
	for _, m := range s.got() {
		id := strings.Trim(m.form["h:Message-Id"][0], "<>")
		if r.FormValue("page") == "" && id == r.FormValue("message-id") {
			items = append(items, map[string]any{"event": "accepted", "id": "e", "timestamp": 1795435200.0, "message": map[string]any{"headers": map[string]any{"message-id": id}}})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "paging": map[string]string{"next": s.URL + r.URL.Path + "?page=2"}})
}

func (s *server) got() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ledger)
}

// status answers with a status, a message and headers.
func status(code int, message string, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
		return true
	}
}

// reset breaks the connection.
func reset(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
	return true
}

// clock is a time that a test moves.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.now.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time       { return time.Unix(0, c.now.Load()).UTC() }
func (c *clock) move(d time.Duration) { c.now.Add(int64(d)) }

// collector is a Sink that keeps what it gets.
type collector struct {
	mu   sync.Mutex
	got  []leads.MailEvent
	fail error
}

func (c *collector) MailEvent(_ context.Context, e leads.MailEvent) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	c.got = append(c.got, e)
	return nil
}

func (c *collector) events() []leads.MailEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

var tokens atomic.Int64

// newToken is a token that no other request has.
func newToken() string { return "token" + strconv.FormatInt(tokens.Add(1), 10) }

// sign signs as Mailgun does: HMAC-SHA256 of timestamp and token, in hex.
func sign(key string, at time.Time, token string) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + token))
	return timestamp, hex.EncodeToString(mac.Sum(nil))
}

// payload reads a recorded payload and signs it.
func payload(t testing.TB, name string, at time.Time, token string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/events/" + name + ".json")
	require.NoError(t, err)
	var hook map[string]any
	require.NoError(t, json.Unmarshal(raw, &hook))
	timestamp, signature := sign(signingKey, at, token)
	hook["signature"] = map[string]string{"timestamp": timestamp, "token": token, "signature": signature}
	out, err := json.Marshal(hook)
	require.NoError(t, err)
	return string(out)
}

// post sends a body to the door.
func post(h http.Handler, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/mailgun", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
