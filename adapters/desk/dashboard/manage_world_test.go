package dashboard_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	rubrics "github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// newOffice is a world whose dashboard has everything that a host can give it.
func newOffice(t *testing.T, change ...func(*dashboard.Options)) *world {
	t.Helper()
	return newOfficeWith(t, nil, change...)
}

// newOfficeWith is newOffice with sequences that come with the program.
func newOfficeWith(t *testing.T, given []sequence.Definition, change ...func(*dashboard.Options)) *world {
	t.Helper()
	w := newWorld(t)
	follow := sequence.New(w.store, mailerFunc(func(context.Context, leads.Email) (leads.Receipt, error) { return leads.Receipt{ID: "1"}, nil }), &sequence.Options{
		Sender:  sequence.Sender{From: mail.Address{Name: "Sales", Address: "sales@team.example"}, Postal: "1 Main Street, 10115 Berlin"},
		BaseURL: "http://crm.example/mail", Secret: []byte(strings.Repeat("s", 32)), AllowUnconfirmed: true, Definitions: given,
	})
	var err error
	w.desk, err = desk.New(desk.Config{Engine: w.engine, Store: w.store, Sequencer: follow, BaseURL: "http://crm.example", Webhooks: &hooks{},
		HandOut: notify.Route(w.store, &notify.RouteOptions{People: notify.People{{ID: "ben", Weight: 1}}}, nil).HandOut})
	require.NoError(t, err)
	rules := desk.NewRubrics(w.store, rubrics.DefaultRubric())
	opts := &dashboard.Options{
		Authorize: authorize,
		People: desk.Directory(w.store, notify.People{
			{ID: "ann", Name: "Ann Archer", Email: "ann@team.example", Weight: 1},
			{ID: "ben", Name: "Ben Bauer", Email: "ben@team.example", Weight: 2, Capacity: 40, Hours: notify.Weekdays("09:00", "17:00")},
			{ID: "cleo", Name: "Cleo Costa", Email: "cleo@team.example"},
		}),
		Rubric: rules.Rubric, RubricSaved: func(context.Context, string, *rubrics.Rubric) error { return nil },
		Routing: &notify.RouteOptions{Rules: []notify.Rule{{Name: "German", Countries: []string{"DE"}, To: []string{"ben"}}}, ResponseTime: time.Hour},
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
	return w
}

// hooks are webhooks in memory.
type hooks struct {
	mu   sync.Mutex
	made []desk.Webhook
}

func (h *hooks) Webhooks(_ context.Context, tenant string) ([]desk.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.made), func(w desk.Webhook) bool { return w.Tenant != tenant }), nil
}

func (h *hooks) PutWebhook(_ context.Context, w desk.Webhook) (desk.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.HasPrefix(w.URL, "https://") {
		return desk.Webhook{}, fmt.Errorf("webhook: put: %w: the URL must begin with https://", leads.ErrInvalid)
	}
	for i, old := range h.made {
		if old.ID == w.ID && old.Tenant == w.Tenant {
			h.made[i] = w
			return w, nil
		}
	}
	w.ID, w.Secret = cmp.Or(w.ID, fmt.Sprintf("hook-%d", len(h.made)+1)), "whsec_first"
	kept := w
	kept.Secret = ""
	h.made = append(h.made, kept)
	return w, nil
}

func (h *hooks) RotateWebhook(_ context.Context, tenant, id string) (desk.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.made {
		if w.ID == id && w.Tenant == tenant {
			w.Secret = "whsec_second"
			return w, nil
		}
	}
	return desk.Webhook{}, leads.ErrNotFound
}

func (h *hooks) DeleteWebhook(_ context.Context, tenant, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.made = slices.DeleteFunc(h.made, func(w desk.Webhook) bool { return w.ID == id && w.Tenant == tenant })
	return nil
}

// quarantine takes in a submission that waits for a person, and returns its ID.
func (w *world) quarantine(fields ingest.Fields, raw string, reasons ...string) string {
	w.t.Helper()
	captured, err := w.engine.Capture(w.t.Context(), ingest.Submission{
		Tenant: leads.DefaultTenant, SourceID: w.source.ID, Fields: fields, Raw: []byte(raw), ContentType: "application/json", Verdict: ingest.Quarantined,
		Reasons: reasons, Client: netip.MustParseAddr("203.0.113.9"), UserAgent: "curl/8.5.0",
	})
	require.NoError(w.t, err)
	return captured.SubmissionID
}

// furnish fills all that this half of the dashboard shows, and returns the addresses of its pages.
func (w *world) furnish() []string {
	w.t.Helper()
	ctx, now := w.t.Context(), time.Now().UTC()
	require.NoError(w.t, w.desk.SetShadow(ctx, ann, candidate()))
	ids := w.fill()
	for i := range 24 { // leads of the weeks before
		w.capture(ingest.Fields{Email: fmt.Sprintf("old%d@example.com", i), FirstName: "Old", LastName: fmt.Sprint(i)}, []string{"hot", "warm", "hi", ""}[i%4], func(s *ingest.Submission) {
			s.Received = now.AddDate(0, 0, -(i*i)%29).Add(-time.Hour)
			s.Metadata.SetText("contact_mail", s.Fields.Email)
			s.Metadata.SetText("your-company", "Acme")
			s.Raw, s.ContentType = []byte(`{"contact_mail":"old@example.com","your-company":"Acme","message":"hi"}`), "application/json"
		})
	}
	str := func(s string) *string { return &s }
	for i, stage := range []string{"converted", "closed"} {
		_, err := w.desk.Update(ctx, ann, ids[4+i*2], desk.Patch{Stage: str(stage)})
		require.NoError(w.t, err)
	}
	w.quarantine(ingest.Fields{Email: "bot@spam.example", FirstName: "BUY NOW"}, `{"email":"bot@spam.example","firstName":"BUY NOW","_hp":"x","message":"cheap pills"}`, "honeypot")
	w.quarantine(ingest.Fields{Email: "quick@example.com"}, `{"email":"quick@example.com"}`, "fill_time", "captcha_missing")
	second, err := w.desk.CreateSource(ctx, ann, ingest.Source{
		Name: "Typeform: product survey", Preset: "typeform", Trusted: true, Mappings: map[string]string{"answers[0].text": "message", "work_mail": "email"},
		Origins: []string{"https://example.com"}, Signature: ingest.Signature{Secret: ingest.NewSecret("secret")}, Consent: ingest.Consent{Purpose: "marketing", Wording: "Yes, write to me."},
	})
	require.NoError(w.t, err)
	def, err := sequence.Parse([]byte(longSequence))
	require.NoError(w.t, err)
	_, err = w.desk.SaveSequence(ctx, ann, def)
	require.NoError(w.t, err)
	for _, id := range ids[1:4] {
		_, err := w.desk.Enroll(ctx, ann, id, "trial")
		require.NoError(w.t, err)
	}
	_, _, err = w.desk.CreateKey(ctx, ann, desk.Key{Label: "Our Zapier key", Scope: desk.ScopeFull})
	require.NoError(w.t, err)
	_, err = w.desk.CreateWebhook(ctx, ann, desk.Webhook{URL: "https://hooks.example.com/leads", Description: "The CRM", Events: []string{"lead.new", "lead.hot"}})
	require.NoError(w.t, err)
	require.NoError(w.t, w.desk.Suppress(ctx, ann, "stop@example.com", "marketing"))
	return []string{
		"/overview", "/overview?days=365", "/sources", "/sources/" + w.source.ID, "/sources/" + second.ID, "/sources/" + w.source.ID + "/mapping",
		"/sources/" + second.ID + "/mapping?payload=preset:typeform", "/sequences", "/new-sequence", "/sequences/trial", "/sequences/trial/edit", "/sequences/trial/json",
		"/sequences/trial/preview", "/quarantine", "/work", "/work/trail", "/settings", "/settings/team", "/settings/scoring", "/settings/scoring?edit=1", "/settings/keys",
		"/settings/webhooks", "/settings/suppressions", "/settings/retention", "/settings/check",
	}
}

// candidate are rules that are tried beside the live ones.
func candidate() *rubrics.Rubric {
	rubric := rubrics.DefaultRubric()
	rubric.Name, rubric.Thresholds = "b2b, small companies too", rubrics.Thresholds{Hot: 30, Warm: 20}
	for i := range rubric.Criteria {
		if levels := rubric.Criteria[i].Levels; levels[0].Points > 1 {
			levels[0].Points /= 2
		}
	}
	return rubric
}

// given comes with the program.
func given() []sequence.Definition {
	return []sequence.Definition{{
		ID: "given", Name: "Thanks for asking", Match: &sequence.Condition{Field: "qualification", Is: []string{"cold"}}, Steps: []sequence.Step{
			{ID: "thanks", Email: &sequence.EmailStep{Subject: "Thanks{{#firstName}}, {{firstName}}{{/firstName}}", Body: "We got your message.\n\n[Stop these mails]({{unsubscribe}})"}},
			{ID: "pause", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 2}}}, {ID: "tell", Notify: &sequence.NotifyStep{Note: "Call them"}},
		},
	}}
}

// longSequence has a step of every kind.
const longSequence = `{"id":"trial","name":"After the trial","delay":"1h","reEnter":"6mo","purpose":"marketing","needsConsent":true,
"match":{"all":[{"field":"qualification","is":["hot","warm"]},{"not":{"field":"status","is":["closed"]}},{"field":"score","min":40}]},
"goal":{"any":[{"all":[{"field":"status","is":["converted"]},{"field":"score","min":70}]},{"field":"tag","is":["customer"]}]},
"hours":{"days":["mon","tue","wed","thu","fri"],"from":"09:00","to":"17:30"},
"steps":[
{"id":"hello","email":{"subject":"Hello {{firstName}}{{^firstName}}there{{/firstName}}","body":"Hello {{firstName}}{{^firstName}}there{{/firstName}},\n\nthank you for your interest. **Shall we talk?**\n\n- about your plans\n- about ours\n\n[Stop these mails]({{unsubscribe}})"}},
{"id":"pause","wait":{"for":"2d","until":{"days":["tue","thu"],"at":"09:00"}}},
{"id":"which","branch":{"if":{"field":"opened","is":["hello"]},"then":"call","else":"ways"}},
{"id":"ways","split":{"arms":[{"name":"short","weight":2,"next":"again"},{"name":"none","weight":1,"next":"call"}]}},
{"id":"again","email":{"subject":"Still there?","body":"Hello again.\n\n[Stop these mails]({{unsubscribe}})"}},
{"id":"call","notify":{"note":"Call them","to":"ben"}},
{"id":"mine","assign":{"to":"ben"}},
{"id":"move","status":{"to":"contacted"}},
{"id":"mark","tag":{"add":"followed-up"}},
{"id":"post","webhook":{"endpoint":"","event":"sequence.step"}}]}`

// act posts a form as the owner and expects to be sent on; it returns where.
func (w *world) act(path string, form url.Values) string {
	w.t.Helper()
	status, body, header := w.post("owner", "/dashboard"+path, form)
	require.Equal(w.t, http.StatusSeeOther, status, body)
	return strings.TrimPrefix(header.Get("Location"), "/dashboard")
}

// formOf reads the fields of the form in which the text begins, or of the first one in it, as a browser would send them without pressing a button.
func formOf(t *testing.T, text string) url.Values {
	t.Helper()
	if i := strings.Index(text, "</form>"); i >= 0 {
		text = text[:i]
	}
	root, err := html.Parse(strings.NewReader("<form " + strings.TrimPrefix(text, "<form ")))
	require.NoError(t, err)
	form := make(url.Values)
	for n := range root.Descendants() {
		name, named := attr(n, "name")
		if n.Type != html.ElementNode || !named || name == "" {
			continue
		}
		switch kind, _ := attr(n, "type"); {
		case n.Data == "textarea":
			form.Add(name, inner(n))
		case n.Data == "select":
			form.Add(name, chosen(n))
		case n.Data == "input" && (kind == "checkbox" || kind == "radio"):
			if _, on := attr(n, "checked"); on {
				value, _ := attr(n, "value")
				form.Add(name, value)
			}
		case n.Data == "input":
			value, _ := attr(n, "value")
			form.Add(name, value)
		}
	}
	return form
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func inner(n *html.Node) string {
	text := ""
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return text
}

func chosen(sel *html.Node) string {
	first, value := "", ""
	found := false
	for n := range sel.Descendants() {
		if n.Type != html.ElementNode || n.Data != "option" {
			continue
		}
		v, ok := attr(n, "value")
		if !ok {
			v = inner(n)
		}
		if _, on := attr(n, "selected"); on {
			return v
		}
		if !found {
			first, found = v, true
		}
	}
	return value + first
}
