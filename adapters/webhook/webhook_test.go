package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/adapters/webhook"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

var _ sequence.Poster = (*webhook.Sender)(nil)

const tenant = leads.DefaultTenant

// loopback is what a test's server needs.
var loopback = webhook.Options{
	Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, AnyPort: true, Plain: true,
}

// receiver is a program that is called: it verifies every call with the public library.
type receiver struct {
	mu     sync.Mutex
	calls  []call
	answer func(r *http.Request, body []byte) (int, error)
}

type call struct {
	host, id string
	header   http.Header
	body     string
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call{req.URL.Host, req.Header.Get("webhook-id"), req.Header.Clone(), string(body)})
	status := http.StatusOK
	if r.answer != nil {
		if status, err = r.answer(req, body); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: http.NoBody, Request: req}, nil
}

func (r *receiver) taken() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// open returns a sender into a receiver, with endpoints by their IDs.
func open(t *testing.T, r *receiver, clock func() time.Time, ids ...string) *webhook.Sender {
	t.Helper()
	s := webhook.New(memstore.New(nil), &webhook.Options{Transport: r, Clock: clock})
	for _, id := range ids {
		_, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: id, URL: "https://" + id + ".example.com/hook"})
		require.NoError(t, err)
	}
	return s
}

func notification() leads.Notification {
	at := time.Date(2026, 11, 23, 12, 5, 0, 123456000, time.UTC)
	lead := leads.Lead{
		Tenant: tenant, ID: "0193a000-0000-7000-8000-000000000001", Status: leads.StatusNew, Assignee: "ben", Tags: []string{"vip"},
		Fields:     ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee", Company: "Acme"},
		Metadata:   ingest.Metadata{"seats": json.RawMessage("40"), "_hp": json.RawMessage(`""`)},
		Last:       leads.Touch{SourceID: "0193a000-0000-7000-8000-00000000000f", Attribution: ingest.Attribution{UTM: ingest.UTM{Source: "google"}}},
		Enrichment: leads.Enrichment{"email.class": {Truth: leads.Yes, Value: "business"}, "email.deliverable": {Truth: leads.Yes}, "geo.country": {Truth: leads.Unknown, Value: "DE"}},
		Score:      &leads.Score{Value: 87, Qualification: leads.Hot, Summary: "Asks for a demo.", NextStep: "Call today.", By: "rules"},
		CreatedAt:  at, UpdatedAt: at,
	}
	lead.Metadata.SetText("g-recaptcha-response", "03AFcWeA6captchatoken")
	return leads.Notification{Tenant: tenant, Kind: leads.NotifyNew, Lead: lead, SubmissionID: "0193a000-0000-7000-8000-000000000002", URL: "https://crm.example.com/leads/1", At: at}
}

func TestThePayload(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	require.NoError(t, open(t, r, nil, "crm").Notify(t.Context(), notification()))
	calls := r.taken()
	require.Len(t, calls, 1)
	require.JSONEq(t, `{
		"type": "lead.new", "timestamp": "2026-11-23T12:05:00.123Z",
		"data": {
			"tenant": "default", "submissionId": "0193a000-0000-7000-8000-000000000002", "url": "https://crm.example.com/leads/1",
			"lead": {
				"id": "0193a000-0000-7000-8000-000000000001", "firstName": "Ann", "lastName": "Lee", "email": "ann@acme.com", "company": "Acme",
				"status": "new", "assignedTo": "ben", "tags": ["vip"], "sourceId": "0193a000-0000-7000-8000-00000000000f", "metadata": {"seats": 40},
				"enrichment": {"email.class": "business", "email.deliverable": "yes"},
				"score": {"value": 87, "qualification": "hot", "summary": "Asks for a demo.", "nextStep": "Call today."},
				"lastTouch": {"utm": {"utm_source": "google"}},
				"createdAt": "2026-11-23T12:05:00.123Z", "updatedAt": "2026-11-23T12:05:00.123Z"
			}
		}
	}`, calls[0].body)
	require.Equal(t, "application/json", calls[0].header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(calls[0].id, "msg_"))
}

func TestAPayloadAboutNoLead(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	s := open(t, r, nil, "crm")
	at := time.Date(2026, 11, 23, 12, 5, 0, 0, time.UTC)
	require.NoError(t, s.Notify(t.Context(), leads.Notification{Tenant: tenant, Kind: leads.NotifyCustom, Note: "hello", URL: "https://crm.example.com/leads/", At: at}))
	require.JSONEq(t, `{"type": "notice", "timestamp": "2026-11-23T12:05:00Z", "data": {"tenant": "default", "note": "hello"}}`, r.taken()[0].body)
}

// The vector is that of the public library's own tests, which all languages share.
func TestTheSignatureOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	at := time.Unix(1614265330, 0)
	store := memstore.New(nil)
	s := webhook.New(store, &webhook.Options{Transport: r, Clock: func() time.Time { return at }})
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	_, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: "crm", URL: "https://crm.example.com/", Secrets: []webhook.Secret{{Key: key}}})
	require.NoError(t, err)
	require.NoError(t, s.Post(t.Context(), tenant, "crm", "x", "msg_p5jXN8AQM9LWM0D4loKWxJek", map[string]int{"test": 1}))
	got := r.taken()[0]
	require.Equal(t, "msg_p5jXN8AQM9LWM0D4loKWxJek", got.id)
	require.Equal(t, "1614265330", got.header.Get("webhook-timestamp"))
	public, err := standardwebhooks.NewWebhook(key)
	require.NoError(t, err)
	require.NoError(t, public.VerifyIgnoringTimestamp([]byte(got.body), got.header))
	require.Error(t, public.VerifyIgnoringTimestamp([]byte(got.body+" "), got.header))
	want, err := webhook.Sign([]webhook.Secret{{Key: key}}, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", want)
}

// While a secret is being replaced, receivers with either can verify the calls; with a time stamp of now.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := &receiver{}
	s := open(t, r, func() time.Time { return now }, "crm")
	verified := func(secret webhook.Secret) bool {
		require.NoError(t, s.Notify(t.Context(), notification()))
		got := r.taken()[0]
		public, err := standardwebhooks.NewWebhook(secret.Key)
		require.NoError(t, err)
		err = public.VerifyIgnoringTimestamp([]byte(got.body), got.header)
		if err == nil && time.Until(now) < time.Minute {
			require.NoError(t, public.Verify([]byte(got.body), got.header))
		}
		return err == nil
	}
	first, err := s.Endpoint(t.Context(), tenant, "crm")
	require.NoError(t, err)
	require.True(t, verified(first.Secrets[0]))
	second, err := s.Rotate(t.Context(), tenant, "crm", time.Hour)
	require.NoError(t, err)
	require.Len(t, second.Secrets, 2)
	require.NotEqual(t, first.Secrets[0].Key, second.Secrets[0].Key)
	require.True(t, verified(first.Secrets[0]))
	require.True(t, verified(second.Secrets[0]))
	now = now.Add(time.Hour)
	require.False(t, verified(first.Secrets[0]), "the overlap is over")
	require.True(t, verified(second.Secrets[0]))
	third, err := s.Rotate(t.Context(), tenant, "crm", -1)
	require.NoError(t, err)
	require.Len(t, third.Secrets, 1)
	require.False(t, verified(second.Secrets[0]), "it has leaked")
	_, err = s.Rotate(t.Context(), tenant, "nobody", 0)
	require.True(t, leads.IsNotFound(err))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.TestNotifierEffects(t, func(t *testing.T, world *adaptertest.World) leads.Notifier {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			err := world.Attempt(r.Header.Get("webhook-id"), body) // the id is the same over all attempts
			switch {
			case leads.IsPermanent(err):
				w.WriteHeader(http.StatusGone)
			case leads.RetryAfter(err) > 0:
				w.Header().Set("Retry-After", fmt.Sprint(int(leads.RetryAfter(err).Seconds())))
				w.WriteHeader(http.StatusServiceUnavailable)
			case err != nil:
				w.WriteHeader(http.StatusNotFound) // which is worth another attempt
			}
		}))
		t.Cleanup(server.Close)
		opts := loopback
		s := webhook.New(memstore.New(nil), &opts)
		for _, id := range []string{"a", "b"} {
			_, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: id, URL: server.URL})
			require.NoError(t, err)
		}
		return s
	})
	adaptertest.TestNotifier(t, open(t, &receiver{}, nil, "crm"))
}

func TestEndpointsGetWhatTheyWant(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	s := open(t, r, nil, "all")
	for _, e := range []webhook.Endpoint{
		{ID: "hot", Events: []string{"lead.hot", "x.y"}}, {ID: "off", Disabled: true}, {ID: "other", Tenant: "acme"},
	} {
		e.URL = "https://" + e.ID + ".example.com/"
		if e.Tenant == "" {
			e.Tenant = tenant
		}
		_, err := s.Put(t.Context(), e)
		require.NoError(t, err)
	}
	hosts := func() []string {
		found := []string{}
		for _, c := range r.taken() {
			found = append(found, strings.TrimSuffix(c.host, ".example.com"))
		}
		return found
	}
	n := notification()
	require.NoError(t, s.Notify(t.Context(), n))
	require.Equal(t, []string{"all"}, hosts())
	n.Kind = leads.NotifyHot
	require.NoError(t, s.Notify(t.Context(), n))
	require.ElementsMatch(t, []string{"all", "hot"}, hosts())
	for _, kind := range []leads.NotificationKind{leads.NotifyDigest, leads.NotifyBacklog} {
		require.NoError(t, s.Notify(t.Context(), leads.Notification{Tenant: tenant, Kind: kind}))
	}
	require.Empty(t, hosts())

	require.NoError(t, s.Post(t.Context(), tenant, "hot", "anything", "msg_1", nil), "by name an endpoint gets what it did not ask for")
	require.Equal(t, []string{"hot"}, hosts())
	require.NoError(t, s.Post(t.Context(), tenant, "", "x.y", "msg_1", map[string]string{"a": "b"}))
	require.ElementsMatch(t, []string{"all", "hot"}, hosts())
	for _, name := range []string{"off", "nobody"} {
		err := s.Post(t.Context(), tenant, name, "x.y", "msg_1", nil)
		require.True(t, leads.IsPermanent(err), name)
	}
	require.True(t, leads.IsPermanent(s.Post(t.Context(), tenant, "hot", "x.y", "msg_1", func() {})))
	require.Empty(t, hosts())
	require.NoError(t, s.Delete(t.Context(), tenant, "all"))
	require.NoError(t, s.Notify(t.Context(), notification()))
	require.Empty(t, hosts())
}

func TestPutIsChecked(t *testing.T) {
	t.Parallel()
	s := open(t, &receiver{}, nil)
	for name, e := range map[string]webhook.Endpoint{
		"no URL":        {},
		"no host":       {URL: "https:///x"},
		"plain":         {URL: "http://crm.example.com/"},
		"another door":  {URL: "file:///etc/passwd"},
		"credentials":   {URL: "https://a:b@crm.example.com/"},
		"fragment":      {URL: "https://crm.example.com/#x"},
		"long":          {URL: "https://crm.example.com/" + strings.Repeat("x", 2048)},
		"ID":            {ID: "A/B", URL: "https://crm.example.com/"},
		"event":         {URL: "https://crm.example.com/", Events: []string{"a b"}},
		"secret":        {URL: "https://crm.example.com/", Secrets: []webhook.Secret{{Key: "whsec_c2hvcnQ="}}},
		"broken secret": {URL: "https://crm.example.com/", Secrets: []webhook.Secret{{Key: "whsec_???"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Put(t.Context(), e)
			require.ErrorIs(t, err, leads.ErrInvalid)
		})
	}
	e, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, URL: "https://crm.example.com/", Description: "ours"})
	require.NoError(t, err)
	require.NotEmpty(t, e.ID)
	require.Len(t, e.Secrets, 1)
	again, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: e.ID, URL: "https://crm2.example.com/", Secrets: []webhook.Secret{{Key: webhook.NewSecret()}}})
	require.NoError(t, err)
	require.Equal(t, e.Secrets, again.Secrets, "only Rotate changes secrets")
	require.Equal(t, "https://crm2.example.com/", again.URL)
	all, err := s.Endpoints(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, []webhook.Endpoint{again}, all)
}

// What people type into a page or a program sends is refused by its field.
func TestAnEndpointIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	s := open(t, &receiver{}, nil)
	for pointer, w := range map[string]desk.Webhook{
		"/url":         {URL: "http://crm.example.com/"},
		"/description": {URL: "https://crm.example.com/", Description: strings.Repeat("x", 501)},
		"/events":      {URL: "https://crm.example.com/", Events: slices.Repeat([]string{"lead.new"}, 51)},
		"/events/1":    {URL: "https://crm.example.com/", Events: []string{"lead.new", "a b"}},
	} {
		_, err := s.PutWebhook(t.Context(), w)
		var wrong *desk.InvalidError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, pointer, wrong.Fields[0].Pointer)
		require.NotEmpty(t, wrong.Fields[0].Message)
	}
}

// By default nothing inside can be called, whatever the address is called, and no redirect leads there.
func TestNothingInsideIsCalled(t *testing.T) {
	t.Parallel()
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called = called || r.URL.Path == "/inside"
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	opts := loopback
	s := webhook.New(memstore.New(nil), &opts)
	_, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: "redirects", URL: server.URL})
	require.NoError(t, err)
	require.ErrorContains(t, s.Post(t.Context(), tenant, "redirects", "x", "1", nil), "307")
	require.False(t, called, "the redirect was followed")

	s = webhook.New(memstore.New(nil), &webhook.Options{Plain: true})
	for i, address := range []string{
		server.URL, "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/",
		"https://2130706433/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://[64:ff9b::7f00:1]/",
	} {
		id := fmt.Sprint(i)
		_, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: id, URL: address})
		require.NoError(t, err)
		err = s.Post(t.Context(), tenant, id, "x", "1", nil)
		require.Error(t, err, address)
		if !strings.Contains(err.Error(), "no such host") && !strings.Contains(err.Error(), "lookup") {
			require.ErrorContains(t, err, "may not be reached", address)
			require.True(t, leads.IsPermanent(err), address)
		}
	}
	require.False(t, called)
}

// In an engine: an endpoint that fails for days is tried with the same id and bytes, does not repeat the other's calls, is switched off, the team is told once, and
// what was given up can be replayed.
func TestAnEndpointThatFailsForDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(nil)
		down := true
		r := &receiver{answer: func(req *http.Request, _ []byte) (int, error) {
			if down && req.URL.Host == "bad.example.com" {
				return http.StatusInternalServerError, nil
			}
			return http.StatusNoContent, nil
		}}
		s := webhook.New(store, &webhook.Options{Transport: r})
		for _, id := range []string{"good", "bad"} {
			_, err := s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: id, URL: "https://" + id + ".example.com/"})
			require.NoError(t, err)
		}
		var mu sync.Mutex
		var notes []leads.Notification
		team := leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			mu.Lock()
			defer mu.Unlock()
			if n.Kind == leads.NotifyCustom {
				notes = append(notes, n)
			}
			return nil
		})
		engine, err := leads.New(leads.Config{Store: store, Notifier: notify.All(team, s), Work: leads.Work{Poll: 10 * time.Second}})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- engine.Run(ctx) }()
		defer func() {
			stop()
			require.NoError(t, <-ended)
		}()
		var first leads.Captured
		for i := range 6 {
			c, err := engine.Capture(t.Context(), ingest.Submission{Fields: ingest.Fields{Email: fmt.Sprintf("x%d@acme.com", i)}})
			require.NoError(t, err)
			if i == 0 {
				first = c
			}
			time.Sleep(24 * time.Hour)
		}
		good, bad := map[string]int{}, map[string]string{}
		for _, c := range r.taken() {
			if c.host == "good.example.com" {
				good[c.body]++
				continue
			}
			if body, ok := bad[c.id]; ok {
				require.Equal(t, body, c.body, "the same bytes")
			}
			bad[c.id] = c.body
		}
		delete(good, notice(t, good))
		require.Len(t, good, 6)
		for _, n := range good {
			require.Equal(t, 1, n)
		}
		require.Len(t, bad, 6, "one id a lead, over all attempts")
		e, err := s.Endpoint(t.Context(), tenant, "bad")
		require.NoError(t, err)
		require.True(t, e.Disabled)
		require.True(t, e.Announced)
		require.Len(t, notes, 1)
		require.Contains(t, notes[0].Note, `The webhook "bad" was switched off.`)
		require.Contains(t, notes[0].Note, "500")
		require.Empty(t, notes[0].Lead.ID)

		tasks, err := store.Tasks(t.Context(), tenant, first.LeadID)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		require.Equal(t, leads.TaskDead, tasks[0].State)
		down = false
		_, err = s.Put(t.Context(), webhook.Endpoint{Tenant: tenant, ID: "bad", URL: e.URL})
		require.NoError(t, err)
		require.NoError(t, engine.Replay(t.Context(), tenant, tasks[0].ID))
		time.Sleep(time.Minute)
		calls := r.taken()
		require.Len(t, calls, 1)
		require.Equal(t, bad[calls[0].id], calls[0].body, "with the id and the bytes of the first attempt")
		require.Contains(t, calls[0].body, "x0@acme.com")
	})
}

// notice returns the body that is about no lead.
func notice(t *testing.T, bodies map[string]int) string {
	t.Helper()
	for body := range bodies {
		if strings.Contains(body, `"type":"notice"`) {
			return body
		}
	}
	t.Fatal("the other endpoint was not told")
	return ""
}

func TestFailuresAreCountedAndForgotten(t *testing.T) {
	t.Parallel()
	now := time.Now()
	status, broken := http.StatusBadRequest, error(nil)
	r := &receiver{answer: func(*http.Request, []byte) (int, error) { return status, broken }}
	s := open(t, r, func() time.Time { return now }, "crm")
	post := func() error { return s.Post(t.Context(), tenant, "crm", "x", "1", nil) }
	endpoint := func() webhook.Endpoint {
		e, err := s.Endpoint(t.Context(), tenant, "crm")
		require.NoError(t, err)
		return e
	}
	err := post()
	require.ErrorContains(t, err, "400")
	require.False(t, leads.IsPermanent(err), "the receiver may be mended")
	status, broken = 0, errors.New("connection refused")
	require.ErrorContains(t, post(), "connection refused")
	require.Equal(t, 2, endpoint().Failures)
	status, broken = http.StatusOK, nil
	require.NoError(t, post())
	require.Zero(t, endpoint().Failures)
	require.True(t, endpoint().FailingSince.IsZero())

	status = http.StatusBadGateway
	require.Error(t, post())
	now = now.Add(5*24*time.Hour - time.Minute)
	require.Error(t, post())
	require.False(t, endpoint().Disabled)
	now = now.Add(time.Minute)
	require.Error(t, post())
	require.True(t, endpoint().Disabled)
	require.Contains(t, endpoint().DisabledFor, "failed 3 times")
	e, err := s.Put(t.Context(), endpointOnly(endpoint()))
	require.NoError(t, err)
	require.False(t, e.Disabled)
	require.Zero(t, e.Failures)

	status = http.StatusGone
	require.True(t, leads.IsPermanent(post()))
	require.True(t, endpoint().Disabled, "at once")
}

// endpointOnly is what somebody edits.
func endpointOnly(e webhook.Endpoint) webhook.Endpoint {
	return webhook.Endpoint{Tenant: e.Tenant, ID: e.ID, URL: e.URL, Events: e.Events}
}

func TestASenderWithoutRecords(t *testing.T) {
	t.Parallel()
	s := webhook.New(nil, nil)
	require.True(t, s.Check(t.Context())[0].Fatal)
	require.True(t, leads.IsPermanent(s.Notify(t.Context(), notification())))
	require.True(t, leads.IsPermanent(s.Post(t.Context(), tenant, "", "x", "1", nil)))
	require.Empty(t, webhook.New(memstore.New(nil), nil).Check(t.Context()))
}
