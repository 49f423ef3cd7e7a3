package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/browser"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

const (
	patience = 20 * time.Second
	pause    = 10 * time.Millisecond
)

var (
	ann = desk.User{Tenant: leads.DefaultTenant, ID: "ann", Name: "Ann Archer", Email: "ann@team.example", Role: desk.Owner}
	ben = desk.User{Tenant: leads.DefaultTenant, ID: "ben", Name: "Ben Bauer", Email: "ben@team.example", Role: desk.Member}
	eve = desk.User{Tenant: "other", ID: "eve", Name: "Eve Elsewhere", Role: desk.Owner}
)

// world is a dashboard over a memstore with an engine at work, behind a server that takes the user from a header or a cookie named "user".
type world struct {
	t      *testing.T
	store  *memstore.Store
	engine *leads.Engine
	desk   *desk.Desk
	board  *dashboard.Dashboard
	server *httptest.Server
	source desk.Source
}

// users are who the server knows, by the value of the header or cookie.
var users = map[string]desk.User{
	"owner":  ann,
	"admin":  {Tenant: leads.DefaultTenant, ID: "ada", Name: "Ada Admin", Role: desk.Admin},
	"member": ben,
	"reader": {Tenant: leads.DefaultTenant, ID: "rea", Name: "Rea Reader", Role: desk.Reader},
	"eve":    eve,
}

func authorize(r *http.Request) (desk.User, error) {
	name := r.Header.Get("User")
	if c, err := r.Cookie("user"); err == nil {
		name = c.Value
	}
	if u, ok := users[name]; ok {
		return u, nil
	}
	return desk.User{}, errors.New("who is that")
}

// newWorld starts everything. Its engine finds out and scores with fakes: a message with "hot" makes a hot lead; "broken" has scoring fail.
func newWorld(t *testing.T, change ...func(*dashboard.Options)) *world {
	t.Helper()
	w := &world{t: t, store: memstore.New(nil)}
	mailer := mailerFunc(func(context.Context, leads.Email) (leads.Receipt, error) { return leads.Receipt{ID: "1"}, nil })
	seq := sequence.New(w.store, mailer, &sequence.Options{
		Sender:  sequence.Sender{From: mail.Address{Name: "Sales", Address: "sales@team.example"}, Postal: "1 Main Street, 10115 Berlin"},
		BaseURL: "http://crm.example/mail", Secret: []byte(strings.Repeat("s", 32)), AllowUnconfirmed: true,
	})
	var err error
	w.engine, err = leads.New(leads.Config{
		Store: w.store, Enricher: leads.EnricherFunc(enrich), Scorer: leads.ScorerFunc(score), Sequencer: seq,
		Work: leads.Work{MaxAttempts: 2, Backoff: time.Millisecond, Patience: time.Millisecond, Poll: 20 * time.Millisecond},
	})
	require.NoError(t, err)
	w.desk, err = desk.New(desk.Config{Engine: w.engine, Store: w.store, Sequencer: seq, BaseURL: "http://crm.example"})
	require.NoError(t, err)
	w.source, err = w.desk.CreateSource(t.Context(), ann, ingest.Source{Name: "Contact form"})
	require.NoError(t, err)
	opts := &dashboard.Options{
		Authorize: authorize,
		People:    notify.People{{ID: "ann", Name: "Ann Archer"}, {ID: "ben", Name: "Ben Bauer"}, {ID: "cleo", Name: "Cleo Costa"}},
	}
	for _, c := range change {
		c(opts)
	}
	w.board = dashboard.New(w.desk, opts)
	mux := http.NewServeMux()
	mux.Handle("/", w.board)
	mux.HandleFunc("GET /signin", func(rw http.ResponseWriter, r *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "user", Value: r.FormValue("as"), HttpOnly: true, SameSite: http.SameSiteLaxMode})
	})
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	t.Cleanup(w.board.Close)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.engine.Run(ctx) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-ended) })
	return w
}

type mailerFunc func(context.Context, leads.Email) (leads.Receipt, error)

func (f mailerFunc) Send(ctx context.Context, m leads.Email) (leads.Receipt, error) { return f(ctx, m) }

func enrich(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	now := time.Now().UTC()
	return []leads.Fact{
		{Key: "email.deliverable", Truth: leads.Yes, Reason: "the server of the domain takes mail", Source: "dns", At: now, Expires: now.AddDate(0, 1, 0)},
		{Key: "company.name", Truth: leads.Yes, Value: lead.Company, Reason: "title of the home page", Source: "homepage", At: now.AddDate(-1, 0, 0), Expires: now.AddDate(0, -1, 0)},
		{Key: "geo.country", Truth: leads.Yes, Value: "DE", Source: "iploc", At: now},
		{Key: "phone.valid", Truth: leads.Unknown, Reason: "no number was given", Source: "libphonenumber", At: now},
	}, nil
}

func score(_ context.Context, lead leads.Lead) (leads.Score, error) {
	text := lead.Metadata.Text("message")
	if strings.Contains(text, "broken") {
		return leads.Score{}, leads.Permanent(errors.New("the model answers nonsense"))
	}
	s := leads.Score{Value: 34, Qualification: leads.Cold, By: "rules", Rubric: "3f2a91bc77d0aa11", At: time.Now().UTC()}
	s.Summary, s.NextStep = "Asks in general; no time or budget is named.", "Send the price list."
	if strings.Contains(text, "hot") {
		s.Value, s.Qualification = 87, leads.Hot
		s.Summary, s.NextStep = "Wants to buy for a team of forty within two weeks.", "Call today."
		s.Model = leads.ModelUse{Name: "gpt-small", Prompt: "v4"}
	} else if strings.Contains(text, "warm") {
		s.Value, s.Qualification = 58, leads.Warm
	}
	s.Evidence = []leads.Evidence{
		{Criterion: "intent", Level: "wants to buy", Points: s.Value / 2, Max: 45, Reason: "says what and when", Quote: text, By: "model"},
		{Criterion: "company", Level: "41 to 200 people", Points: s.Value / 4, Max: 25, Reason: lead.Company, By: "rule"},
		{Criterion: "email", Level: "private", Points: -6, Max: 15, Reason: "a free mail provider", By: "rule"},
		{Criterion: "country", Level: "served", Points: 0, Max: 10, By: "rule"},
	}
	return s, nil
}

// capture takes a submission in and waits until the line is done with it. It returns the lead's ID.
func (w *world) capture(fields ingest.Fields, message string, more ...func(*ingest.Submission)) string {
	w.t.Helper()
	sub := ingest.Submission{Tenant: leads.DefaultTenant, SourceID: w.source.ID, Fields: fields, Metadata: ingest.Metadata{}}
	if message != "" {
		sub.Metadata.SetText("message", message)
	}
	for _, m := range more {
		m(&sub)
	}
	captured, err := w.engine.Capture(w.t.Context(), sub)
	require.NoError(w.t, err)
	w.settled(captured.LeadID)
	return captured.LeadID
}

func (w *world) settled(id string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		x, err := w.engine.Explain(w.t.Context(), leads.DefaultTenant, id)
		if err != nil {
			return false
		}
		for _, task := range x.Tasks {
			if task.State != leads.TaskDead && task.Kind != leads.TaskStep {
				return false
			}
		}
		return true
	}, patience, pause, "the line is not done")
}

// fill makes a desk that looks like one in use.
func (w *world) fill() (ids []string) {
	w.t.Helper()
	for _, l := range []struct {
		first, last, email, company, message string
	}{
		{"Grace", "Hopper", "grace@navy.example", "Navy Computing", "We need this hot, for forty people, by next month"},
		{"Alan", "Turing", "alan@bletchley.example", "Bletchley Park", "A warm hello: could you send a quote?"},
		{"Katherine", "Johnson", "kj@orbit.example", "Orbit GmbH", "What does it cost?"},
		{"", "", "info@anonymous.example", "", "broken"},
		{"Радуга", "Иванова", "raduga@example.ru", "ООО Радуга", "warm and hot, please call back"},
		{"Maximilian-Alexander", "von und zu Hohenstein-Wittgenstein", "maximilian.alexander.hohenstein@a-rather-long-company-name.example", "A Rather Long Company Name for a Small Column GmbH & Co. KG", "Just looking"},
		{"Linus", "", "linus@kernel.example", "", "warm"},
	} {
		ids = append(ids, w.capture(ingest.Fields{Email: l.email, FirstName: l.first, LastName: l.last, Company: l.company, Phone: "+4930123456"[:0]}, l.message, func(s *ingest.Submission) {
			s.Raw, s.ContentType = []byte(`{"email":"`+l.email+`","message":"`+l.message+`"}`), "application/json"
			s.Attribution.UTM = ingest.UTM{Source: "google", Medium: "cpc", Campaign: "spring"}
			s.Attribution.Referrer, s.Attribution.Landing = "https://www.google.com/", "https://shop.example/pricing"
			s.UserAgent = "Mozilla/5.0 (X11; Linux x86_64)"
		}))
	}
	str := func(s string) *string { return &s }
	update := func(i int, p desk.Patch) {
		_, err := w.desk.Update(w.t.Context(), ann, ids[i], p)
		require.NoError(w.t, err)
	}
	update(0, desk.Patch{Assignee: str("ann"), AddTags: []string{"enterprise", "berlin"}, Note: "Called: wants an offer for forty seats.\nBack on Monday."})
	update(1, desk.Patch{Assignee: str("ben"), Stage: str("contacted")})
	update(2, desk.Patch{Stage: str("qualified"), AddTags: []string{"newsletter"}})
	update(5, desk.Patch{Stage: str("closed"), Assignee: str("cleo")})
	w.sequence("welcome")
	_, err := w.desk.Enroll(w.t.Context(), ann, ids[0], "welcome")
	require.NoError(w.t, err)
	return ids
}

func (w *world) sequence(id string) {
	w.t.Helper()
	var def sequence.Definition
	require.NoError(w.t, json.Unmarshal([]byte(`{"id":"`+id+`","name":"Welcome","steps":[
		{"id":"hello","email":{"subject":"Hello","body":"Hello {{name}}{{^name}}there{{/name}}"}},
		{"id":"wait","wait":{"for":"72h"}},
		{"id":"again","email":{"subject":"Still there?","body":"Hello again"}}]}`), &def))
	_, err := w.desk.SaveSequence(w.t.Context(), ann, def)
	require.NoError(w.t, err)
}

// get asks for a page as a user.
func (w *world) get(user, path string) (int, string, http.Header) {
	return w.do(user, http.MethodGet, path, nil, nil)
}

// post sends a form as a user's browser does from a page of the dashboard, and does not follow where it is sent.
func (w *world) post(user, path string, form url.Values) (int, string, http.Header) {
	return w.do(user, http.MethodPost, path, form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

func (w *world) do(user, method, path string, form url.Values, header http.Header) (int, string, http.Header) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	for k, v := range header {
		r.Header[k] = v
	}
	r.Header.Set("User", user)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	require.NoError(w.t, err)
	defer answer.Body.Close()
	var body strings.Builder
	_, err = io.Copy(&body, answer.Body)
	require.NoError(w.t, err)
	return answer.StatusCode, body.String(), answer.Header
}

func (w *world) lead(id string) leads.Lead {
	w.t.Helper()
	lead, err := w.store.Lead(w.t.Context(), leads.DefaultTenant, id)
	require.NoError(w.t, err)
	return lead
}

// shared is the one Chromium of all tests of the package: each test has tabs of its own, which share nothing.
var shared struct {
	sync.Once
	browser *browser.Browser
	err     error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.browser != nil {
		shared.browser.Close()
	}
	os.Exit(code)
}

// chromium starts it for the first test that needs it.
func chromium(t *testing.T) *browser.Browser {
	t.Helper()
	shared.Do(func() { shared.browser, shared.err = browser.Start(context.Background()) })
	if errors.Is(shared.err, browser.ErrAbsent) && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: ", shared.err)
	}
	require.NoError(t, shared.err)
	return shared.browser
}

// tab opens a tab in which somebody has signed in.
func (w *world) tab(b *browser.Browser, user string) *browser.Tab {
	w.t.Helper()
	tab, err := b.Tab()
	require.NoError(w.t, err)
	w.t.Cleanup(tab.Close)
	require.NoError(w.t, tab.Open(w.server.URL+"/signin?as="+user))
	return tab
}

// pages are the addresses of all pages of this half of the dashboard, with leads that fill has made.
func (w *world) pages(ids []string) []string {
	w.t.Helper()
	made, err := w.desk.CreatePipeline(w.t.Context(), ann, desk.Pipeline{Name: "Partners", Stages: []desk.Stage{
		{Name: "Found", Color: "#3b82f6"}, {Name: "Signed", Color: "#22c55e", Order: 1, IsWin: true},
	}})
	require.NoError(w.t, err)
	return []string{
		"/dashboard", "/dashboard/?q=nobody", "/dashboard/?qualification=hot&owner=me", "/dashboard/leads/" + ids[0], "/dashboard/leads/" + ids[3],
		"/dashboard/leads/" + ids[0] + "/edit", "/dashboard/leads/new", "/dashboard/board", "/dashboard/pipelines", "/dashboard/pipelines/default",
		"/dashboard/pipelines/" + made.ID, "/dashboard/board?pipeline=" + made.ID, "/dashboard/import", "/dashboard/nothing",
	}
}
