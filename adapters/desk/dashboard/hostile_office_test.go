package dashboard_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	rubrics "github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// spoiltOffice is an office whose store, people, webhooks, rules and findings answer with hostile texts, see poison, once some are dealt.
type spoiltOffice struct {
	*world
	poison *poison
	ids    []string // of leads, the first one with the most to show
	pages  []visit

	mu   sync.Mutex
	body []byte // of the page that the server gave last
}

// last returns the page that the server gave last.
func (o *spoiltOffice) last() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.body
}

// visit is a way to see a page.
type visit struct {
	name, path string
	form       url.Values // is posted, if it is not nil
	status     int        // of the answer to harmless texts; 0 means 200
	upload     bool       // a file whose cells are texts is posted
	// loose pages suggest, sort out and refuse: what elements they have depends on the texts, and is held against what any harmless page has.
	loose bool
	// mailed pages need an address that is one.
	mailed bool
	// few are places with a text on the page, so that a browser is spared most texts: another page of the same kind has them all, or it shows nothing
	// but who looks.
	few bool
}

// newSpoilt makes an office with so much of everything.
func newSpoilt(t *testing.T, much int) *spoiltOffice {
	t.Helper()
	o := &spoiltOffice{world: newOfficeWith(t, given()), poison: new(poison)}
	o.crowd(much)
	store := spoilt{o.store, o.poison}
	follow := sequence.New(store, mailerFunc(func(context.Context, leads.Email) (leads.Receipt, error) { return leads.Receipt{ID: "1"}, nil }), &sequence.Options{
		Sender:  sequence.Sender{From: mail.Address{Name: "Sales", Address: "sales@team.example"}, Postal: "1 Main Street, 10115 Berlin"},
		BaseURL: "http://crm.example/mail", Secret: []byte(strings.Repeat("s", 32)), AllowUnconfirmed: true, Definitions: given(),
	})
	engine, err := leads.New(leads.Config{Store: store, Enricher: spoiltCheck{enrich, o.poison, 5 * much}, Scorer: leads.ScorerFunc(score), Sequencer: follow})
	require.NoError(t, err)
	webhooks := &hooks{}
	for i := range 2 * much {
		webhooks.made = append(webhooks.made, desk.Webhook{Tenant: leads.DefaultTenant, ID: fmt.Sprintf("hook-%d", i), Events: []string{"x"}, Disabled: i%2 == 0, Failures: i})
	}
	d, err := desk.New(desk.Config{Engine: engine, Store: store, Sequencer: follow, BaseURL: "http://crm.example", Webhooks: spoiltHooks{webhooks, o.poison}})
	require.NoError(t, err)
	team := notify.People{{ID: "ann"}, {ID: "ben"}}
	for i := range 2 * much {
		team = append(team, notify.Person{ID: fmt.Sprint("p", i)})
	}
	o.board = dashboard.New(d, &dashboard.Options{
		Authorize: authorize, People: desk.Directory(store, spoiltPeople{team, o.poison}), RubricSaved: func(context.Context, string, *rubrics.Rubric) error { return nil },
		Rubric:  func(context.Context, string) (*rubrics.Rubric, error) { return spoiltRubric(o.poison), nil },
		Routing: &notify.RouteOptions{Rules: []notify.Rule{{Name: "German", Countries: []string{"DE"}, To: []string{"ben"}}}},
	})
	o.serve()
	return o
}

// serve puts the dashboard behind a server.
func (o *spoiltOffice) serve() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Dest") != "document" {
			o.board.ServeHTTP(w, r)
			return
		}
		var body bytes.Buffer
		o.board.ServeHTTP(copied{w, &body}, r)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.body = body.Bytes()
	})
	mux.HandleFunc("GET /signin", func(rw http.ResponseWriter, r *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "user", Value: r.FormValue("as"), HttpOnly: true, SameSite: http.SameSiteLaxMode})
	})
	o.server = httptest.NewServer(mux)
	o.t.Cleanup(o.server.Close)
	o.t.Cleanup(o.board.Close)
}

// crowd fills the office with so much of everything that a page shows.
func (o *spoiltOffice) crowd(much int) {
	ctx := o.t.Context()
	paths := o.furnish()
	rich := o.capture(ingest.Fields{Email: "rich@example.com", FirstName: "Rich", Phone: "1", Company: "C"}, "hot", func(s *ingest.Submission) {
		for i := range 4 * much {
			s.Metadata.SetText(fmt.Sprintf("m%02d", i), "x")
		}
		s.Raw, s.ContentType = []byte("x"), "text/plain"
		s.Attribution = ingest.Attribution{
			UTM: ingest.UTM{Source: "x", Medium: "x", Campaign: "x", Term: "x", Content: "x"}, Referrer: "x", Page: "x", Landing: "x", ClickIDs: map[string]string{"a": "x", "b": "x"}, Touches: []byte(`["x"]`),
		}
	})
	for i := range much {
		tags := []string{fmt.Sprint("t", i)}
		_, err := o.desk.Update(ctx, ann, rich, desk.Patch{AddTags: tags, Note: "n"})
		require.NoError(o.t, err)
		lead := o.capture(ingest.Fields{Email: fmt.Sprintf("dead%d@example.com", i), FirstName: "D"}, "broken")
		_, err = o.desk.Update(ctx, ann, lead, desk.Patch{AddTags: tags})
		require.NoError(o.t, err)
		require.NoError(o.t, o.desk.SaveView(ctx, ann, desk.SavedView{Name: fmt.Sprint("v", i), Query: fmt.Sprint("tag=v", i)}))
		o.quarantine(ingest.Fields{Email: fmt.Sprintf("q%d@example.com", i)}, "{}", "honeypot")
	}
	for i := range 5 * much {
		_, err := o.desk.CreateSource(ctx, ann, ingest.Source{Name: fmt.Sprint("S", i)})
		require.NoError(o.t, err)
		_, _, err = o.desk.CreateKey(ctx, ann, desk.Key{Label: "k", Scope: desk.ScopeRead})
		require.NoError(o.t, err)
		require.NoError(o.t, o.desk.Suppress(ctx, ann, fmt.Sprintf("stop%d@example.com", i), "marketing"))
		o.sequence(fmt.Sprint("seq-", i))
	}
	long := o.long(much)
	o.ids = append(o.ids, rich)
	o.visits(paths, long.source, long.pipeline)
}

// long makes a source, a pipeline and a sequence with much in each.
func (o *spoiltOffice) long(much int) (made struct{ source, pipeline string }) {
	ctx := o.t.Context()
	var stages []desk.Stage
	for i := range 3 + much {
		stages = append(stages, desk.Stage{Name: fmt.Sprint("Stage ", i), Color: "#ff0000", Order: i})
	}
	pipeline, err := o.desk.CreatePipeline(ctx, ann, desk.Pipeline{Name: "Long", Stages: stages})
	require.NoError(o.t, err)
	for range 1 + much/4 {
		_, err := o.desk.CreatePipeline(ctx, ann, desk.Pipeline{Name: "More", Stages: stages})
		require.NoError(o.t, err)
	}
	for i, stage := range pipeline.Stages {
		page, err := o.desk.Leads(ctx, ann, desk.Filter{Offset: i, Limit: 1})
		require.NoError(o.t, err)
		_, err = o.desk.Update(ctx, ann, page.Leads[0].ID, desk.Patch{Stage: &stage.ID})
		require.NoError(o.t, err)
	}
	src := ingest.Source{Name: "Long", Mappings: map[string]string{}, Consent: ingest.Consent{Purpose: "marketing", Wording: "w", Field: "f"}, Spam: ingest.Spam{Honeypot: "h"}, Captcha: ingest.CaptchaSettings{Field: "c"}}
	def := sequence.Definition{ID: "long", Name: "Long", Match: &sequence.Condition{Field: "tag", Is: []string{"x"}}}
	for i := range 2 * much {
		src.Origins, src.Redirects = append(src.Origins, fmt.Sprintf("https://o%d.example", i)), append(src.Redirects, fmt.Sprintf("https://r%d.example/", i))
		src.Mappings[fmt.Sprint("a", i)] = fmt.Sprint("b", i)
		def.Steps = append(def.Steps,
			sequence.Step{ID: fmt.Sprint("tag-", i), Tag: &sequence.TagStep{Add: "x", Remove: "y"}},
			sequence.Step{ID: fmt.Sprint("mail-", i), Email: &sequence.EmailStep{Subject: "s", Body: "b [stop]({{unsubscribe}})"}},
			sequence.Step{ID: fmt.Sprint("tell-", i), Notify: &sequence.NotifyStep{Note: "n", To: "ben"}},
		)
	}
	source, err := o.desk.CreateSource(ctx, ann, src)
	require.NoError(o.t, err)
	_, err = o.desk.SaveSequence(ctx, ann, def)
	require.NoError(o.t, err)
	made.source, made.pipeline = source.ID, pipeline.ID
	return made
}

// visits lists the pages: those of leads and pipelines, those that furnish knows, and those of what long has made.
func (o *spoiltOffice) visits(furnished []string, source, pipeline string) {
	rich := "/leads/" + o.ids[0]
	paths := append([]string{
		"/", "/?q=e&owner=@ben&tag=x&source=" + source, rich, rich + "/edit", "/leads/new", "/board", "/board?pipeline=" + pipeline, "/pipelines", "/pipelines/" + pipeline, "/pipelines/default",
		"/import", "/sources/" + source, "/sources/" + source + "/mapping", "/sequences/long", "/sequences/long/edit", "/sequences/long/json", "/sequences/long/preview",
		"/sequences/trial/mail?step=hello&lead=" + o.ids[0], "/sequences/given", "/sequences/given/json", "/sequences/given/copy", "/settings/scoring?edit=shadow",
	}, furnished...)
	has := func(path string, parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(path, part) })
	}
	for _, path := range paths {
		o.pages = append(o.pages, visit{
			name: path, path: path, loose: has(path, "/mapping", "preview", "/edit", "/mail", "/overview", "/check", "/quarantine", "/scoring"), mailed: has(path, "/mail"),
			few: has(path, "/default", "/mail", "/retention", "/trial", "/given", "?days=", "=shadow") || has(path, "/sources/") && !has(path, source),
		})
	}
	o.pages = append(o.pages,
		visit{name: "nothing", path: "/nothing", status: http.StatusNotFound, few: true},
		visit{name: "erase", path: "/leads/bulk", form: url.Values{"do": {"erase"}, "id": o.ids}},
		visit{name: "erase one", path: rich + "/erase", form: url.Values{}},
		visit{name: "import report", path: "/import", upload: true, loose: true},
		visit{name: "mapping preview", path: "/sources/" + o.source.ID + "/preview", form: url.Values{"contentType": {"application/json"}, "payload": {""}}, loose: true},
	)
}

// see asks for a page as the owner. Forms and files are made of texts.
func (o *spoiltOffice) see(v visit, texts []string) (int, string) {
	o.t.Helper()
	r := httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, "/dashboard"+v.path, nil)
	switch {
	case v.upload:
		kind, body := upload(o.t, texts)
		r = httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, "/dashboard"+v.path, body)
		r.Header.Set("Content-Type", kind)
	case v.form != nil:
		form := url.Values{}
		for name, values := range v.form {
			if form[name] = values; name == "payload" {
				form[name] = []string{object(texts)}
			}
		}
		r = httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, "/dashboard"+v.path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User", "owner")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	o.board.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// upload is a CSV file with texts as the names of its columns, as cells, and as addresses that are refused.
func upload(t *testing.T, texts []string) (string, *bytes.Buffer) {
	t.Helper()
	body := new(bytes.Buffer)
	form := multipart.NewWriter(body)
	require.NoError(t, form.WriteField("do", "try"))
	file, err := form.CreateFormFile("file", "leads.csv")
	require.NoError(t, err)
	rows := csv.NewWriter(file)
	head := []string{"email", "first name"}
	for i, s := range texts {
		head = append(head, fmt.Sprint(s, " ", i))
	}
	require.NoError(t, rows.Write(head))
	for range 2 {
		require.NoError(t, rows.Write(append([]string{"a@example.com", "x"}, texts...)))
	}
	for _, s := range texts {
		require.NoError(t, rows.Write(append([]string{s, s}, texts...)))
	}
	rows.Flush()
	require.NoError(t, form.Close())
	return form.FormDataContentType(), body
}
