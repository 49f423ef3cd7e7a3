package restapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/restapi"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// canary stands in everything of the tenant acme.
const canary = "CANARY"

// users are who the host's sessions know, by the value of the cookie "user".
var users = map[string]desk.User{
	"owner":  {Tenant: "acme", ID: "ann", Role: desk.Owner},
	"admin":  {Tenant: "acme", ID: "ada", Role: desk.Admin},
	"member": {Tenant: "acme", ID: "ben", Role: desk.Member},
	"reader": {Tenant: "acme", ID: "rita", Role: desk.Reader},
	"eve":    {Tenant: "other", ID: "eve", Role: desk.Owner},
	"nobody": {ID: "nobody", Role: desk.Owner},
}

// world is an API over a memstore with one of everything, of acme.
type world struct {
	store  *memstore.Store
	engine *leads.Engine
	desk   *desk.Desk
	api    *restapi.API
	logged *syncBuffer
	keys   map[string]string // the secrets of API keys, by "full", "read" and "eve"
	ids    map[string]string // by the first segment of the path
	stage  string
	token  string
}

// syncBuffer is a log that is written to from several goroutines.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newWorld(t testing.TB, change ...func(*restapi.Options)) *world {
	t.Helper()
	w := &world{store: memstore.New(nil), logged: &syncBuffer{}, keys: map[string]string{}, ids: map[string]string{}}
	w.makeDesk(t)
	opts := &restapi.Options{Authorize: authorize, Logger: slog.New(slog.NewTextHandler(w.logged, nil))}
	for _, c := range change {
		c(opts)
	}
	w.api = restapi.New(w.desk, opts)
	w.fill(t)
	return w
}

func (w *world) makeDesk(t testing.TB) {
	t.Helper()
	mailer := leads.MailerFunc(func(context.Context, leads.Email) (leads.Receipt, error) { return leads.Receipt{ID: "1"}, nil })
	follow := sequence.New(w.store, mailer, &sequence.Options{
		Sender: sequence.Sender{From: mail.Address{Address: "sales@acme.example"}, Postal: "1 Main Street, Bath"}, Secret: []byte(strings.Repeat("s", 32)), BaseURL: "https://crm.example/mail",
	})
	var err error
	w.engine, err = leads.New(leads.Config{Store: w.store, Sequencer: follow, Enricher: leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) { return nil, nil })})
	require.NoError(t, err)
	w.desk, err = desk.New(desk.Config{Engine: w.engine, Store: w.store, Sequencer: follow, Webhooks: &hooks{all: map[string]desk.Webhook{}}, BaseURL: "https://crm.example"})
	require.NoError(t, err)
}

// apiOf makes an API of another desk, that logs to the same place.
func (w *world) apiOf(d *desk.Desk) *restapi.API {
	return restapi.New(d, &restapi.Options{Authorize: authorize, Logger: slog.New(slog.NewTextHandler(w.logged, nil))})
}

// raw posts what a reader brings, as JSON and as the admin.
func (w *world) raw(t testing.TB, method, path string, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, body)
	r.Header.Set("Content-Type", "application/json")
	r.AddCookie(&http.Cookie{Name: "user", Value: "admin"})
	answer := httptest.NewRecorder()
	w.api.ServeHTTP(answer, r)
	return answer
}

// fill makes one of everything.
func (w *world) fill(t testing.TB) {
	t.Helper()
	ctx, ada, ben := t.Context(), users["admin"], users["member"]
	source, err := w.desk.CreateSource(ctx, ada, ingest.Source{Name: canary + " form", Mappings: map[string]string{"mail": "email"}})
	require.NoError(t, err)
	w.ids["sources"], w.token = source.ID, source.Tokens[0]
	sub := ingest.Submission{Tenant: "acme", SourceID: source.ID, Fields: ingest.Fields{Email: "ann@example.com", LastName: canary}, Metadata: ingest.Metadata{"size": []byte("3")}}
	captured, err := w.engine.Capture(ctx, sub)
	require.NoError(t, err)
	w.ids["leads"] = captured.LeadID
	sub.Fields.Email, sub.Verdict, sub.Reasons = "spam@example.com", ingest.Quarantined, []string{"honeypot"}
	captured, err = w.engine.Capture(ctx, sub)
	require.NoError(t, err)
	w.ids["quarantine"] = captured.SubmissionID
	pipeline, err := w.desk.CreatePipeline(ctx, ada, desk.Pipeline{Name: canary, Stages: []desk.Stage{{Name: "First"}}})
	require.NoError(t, err)
	w.ids["pipelines"], w.stage = pipeline.ID, pipeline.Stages[0].ID
	for scope, who := range map[string]desk.User{"full": ada, "read": ada, "eve": users["eve"]} {
		k := desk.Key{Label: canary, Scope: desk.ScopeFull}
		if scope == "eve" {
			k.Label = "Eve's"
		}
		if scope == "read" {
			k.Scope = desk.ScopeRead
		}
		k, w.keys[scope], err = w.desk.CreateKey(ctx, who, k)
		require.NoError(t, err)
		if scope == "read" {
			w.ids["api-keys"] = k.ID
		}
	}
	w.follow(t)
	tasks, err := w.store.Claim(ctx, leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: time.Minute})
	require.NoError(t, err)
	score := &leads.Score{Value: 81, Qualification: leads.Hot, Evidence: []leads.Evidence{{Criterion: "fit", Level: "high", Points: 5, Max: 5, Reason: canary}}, By: "rules", At: time.Now()}
	delivery := leads.Delivery{Key: "k", Channel: "email", Recipient: canary + "@acme.example", State: leads.DeliveryFailed, CreatedAt: time.Now(), UpdatedAt: time.Now()}
	stage := leads.Event{Kind: leads.EventStage, At: time.Now().UTC(), Data: json.RawMessage(`{"stage":"enrich","adapter":"x","attempt":1,"outcome":"dead","ms":1.5}`)}
	require.NoError(t, w.store.Settle(ctx, tasks[0], leads.Outcome{
		Settlement: leads.Dead, Error: canary, Change: func(l *leads.Lead) { l.Score = score }, Deliveries: []leads.Delivery{delivery}, Events: []leads.Event{stage},
	}))
	w.ids["tasks"] = tasks[0].ID
	hook, err := w.desk.CreateWebhook(ctx, ada, desk.Webhook{URL: "https://hooks.example/" + canary})
	require.NoError(t, err)
	w.ids["webhooks"] = hook.ID
	_, err = w.desk.Update(ctx, ben, w.ids["leads"], desk.Patch{AddTags: []string{canary}, Note: canary})
	require.NoError(t, err)
	require.NoError(t, w.desk.Suppress(ctx, ben, "stop@example.com", "marketing"))
}

// follow makes a sequence that the lead is in, and one that it is not.
func (w *world) follow(t testing.TB) {
	t.Helper()
	ctx, ada := t.Context(), users["admin"]
	for _, id := range []string{"welcome", "other"} {
		_, err := w.desk.SaveSequence(ctx, ada, sequence.Definition{
			ID: id, Name: canary, Hours: &sequence.Hours{Days: sequence.Workdays()}, Steps: []sequence.Step{{ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 2}}}},
		})
		require.NoError(t, err)
	}
	w.ids["sequences"] = "welcome"
	e, err := w.desk.Enroll(ctx, ada, w.ids["leads"], "welcome")
	require.NoError(t, err)
	w.ids["enrollments"] = e.ID
}

func authorize(r *http.Request) (desk.User, error) {
	if c, err := r.Cookie("user"); err == nil {
		if u, ok := users[c.Value]; ok {
			return u, nil
		}
	}
	return desk.User{}, errors.New("who is that")
}

// request is one call of the API.
type request struct {
	method, path, body string
	as                 string // a user, or "key:" and the name of a key
	header             map[string]string
}

func (w *world) do(t testing.TB, q request) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), q.method, "/", strings.NewReader(q.body))
	u, err := url.ParseRequestURI(q.path)
	if err != nil {
		t.Fatalf("%q: %v", q.path, err)
	}
	r.URL, r.RequestURI = u, q.path
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key, ok := strings.CutPrefix(q.as, "key:"); ok {
		r.Header.Set("X-API-Key", w.keys[key])
	} else if q.as != "" {
		r.AddCookie(&http.Cookie{Name: "user", Value: q.as})
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	w.api.ServeHTTP(answer, r)
	return answer
}

// get calls as the owner and decodes the answer.
func (w *world) get(t testing.TB, path string, v any) {
	t.Helper()
	answer := w.do(t, request{method: "GET", path: path, as: "owner"})
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), v))
}

// code returns the code of a refusal.
func code(t testing.TB, answer *httptest.ResponseRecorder) string {
	t.Helper()
	var f struct {
		Success *bool
		Error   struct{ Code, Message string }
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &f), answer.Body.String())
	require.NotNil(t, f.Success)
	require.False(t, *f.Success)
	require.NotEmpty(t, f.Error.Message)
	return f.Error.Code
}

// hooks keeps endpoints in memory.
type hooks struct {
	mu  sync.Mutex
	all map[string]desk.Webhook
}

func (h *hooks) Webhooks(_ context.Context, tenant string) ([]desk.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []desk.Webhook
	for _, w := range h.all {
		if w.Tenant == tenant {
			found = append(found, w)
		}
	}
	return found, nil
}

func (h *hooks) PutWebhook(_ context.Context, w desk.Webhook) (desk.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.HasPrefix(w.URL, "https://") {
		return desk.Webhook{}, leads.ErrInvalid
	}
	if w.ID == "" {
		w.ID, w.Secret = leads.NewID(), "whsec_1"
	}
	h.all[w.ID] = w
	return w, nil
}

func (h *hooks) RotateWebhook(_ context.Context, _, id string) (desk.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.all[id]
	w.Secret = "whsec_2"
	h.all[id] = w
	return w, nil
}

func (h *hooks) DeleteWebhook(_ context.Context, _, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, id)
	return nil
}
