package sequence_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// count is how often a test does something: in full with LEADS_PROOF=1, as make proof has it, and enough to see it fail otherwise.
func count(ci, proof int) int {
	if os.Getenv("LEADS_PROOF") != "" {
		return proof
	}
	return ci
}

// outbox is a mail server that remembers what it has taken.
type outbox struct {
	mu    sync.Mutex
	mails []sentMail
	// answer, if not nil, says what the client is told; by default that the mail was taken.
	answer func(n int, m leads.Email) (taken int, err error)
	asked  int
	calls  int
}

type sentMail struct {
	leads.Email
	at time.Time
}

func (o *outbox) Send(_ context.Context, m leads.Email) (leads.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls++
	taken, err := 1, error(nil)
	if o.answer != nil {
		taken, err = o.answer(o.calls, m)
	}
	for range taken {
		o.mails = append(o.mails, sentMail{m, time.Now()})
	}
	return leads.Receipt{ID: m.MessageID}, err
}

func (o *outbox) all() []sentMail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]sentMail(nil), o.mails...)
}

func (o *outbox) subjects() []string {
	var subjects []string
	for _, m := range o.all() {
		subjects = append(subjects, m.Subject)
	}
	return subjects
}

// knowing is an outbox that can be asked what it has taken.
type knowing struct{ *outbox }

func (k knowing) Sent(_ context.Context, m leads.Email) (leads.Receipt, leads.Truth, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	for _, sent := range k.mails {
		if sent.MessageID == m.MessageID {
			return leads.Receipt{ID: m.MessageID}, leads.Yes, nil
		}
	}
	return leads.Receipt{}, leads.No, nil
}

var always = &sequence.Condition{Not: &sequence.Condition{Field: "tag", Is: []string{"never"}}}

func email(id, subject string) sequence.Step {
	return sequence.Step{ID: id, Email: &sequence.EmailStep{Subject: subject, Body: "Hello, this is " + id + "."}}
}

func wait(id, length string) sequence.Step {
	d, err := sequence.ParseDuration(length)
	if err != nil {
		panic(err)
	}
	return sequence.Step{ID: id, Wait: &sequence.WaitStep{For: d}}
}

// course is a sequence of two mails, two days apart.
func course() sequence.Definition {
	return sequence.Definition{
		ID: "welcome", Name: "Welcome", Match: always,
		Steps: []sequence.Step{email("one", "First"), wait("pause", "2d"), email("two", "Second")},
	}
}

func options(definitions ...sequence.Definition) *sequence.Options {
	return &sequence.Options{
		Definitions: definitions,
		Sender:      sequence.Sender{From: mail.Address{Name: "Ann", Address: "ann@sender.example"}, Postal: "Example Ltd, 1 High Street"},
		BaseURL:     "https://crm.example.com/mail",
		Secret:      []byte("0123456789abcdef0123456789abcdef"),
	}
}

// rig is an engine that runs sequences on a memstore in a synctest bubble.
type rig struct {
	t      *testing.T
	store  *memstore.Store
	out    *outbox
	seq    *sequence.Sequencer
	engine *leads.Engine
	stop   func()

	mu      sync.Mutex
	notices []leads.Notification
}

type parts struct {
	mailer leads.Mailer
	store  interface {
		leads.Store
		sequence.Store
	}
	idle     bool          // do not run the engine
	poll     time.Duration // how often it looks for work; 0 means every five minutes
	observer leads.Observer
}

func newRig(t *testing.T, opts *sequence.Options, p parts) *rig {
	t.Helper()
	r := &rig{t: t, out: &outbox{}}
	if o, ok := p.mailer.(*outbox); ok {
		r.out = o
	}
	if k, ok := p.mailer.(knowing); ok {
		r.out = k.outbox
	}
	if p.mailer == nil {
		p.mailer = r.out
	}
	if p.store == nil {
		r.store = memstore.New(nil)
		p.store = r.store
	}
	r.seq = sequence.New(p.store, p.mailer, opts)
	var err error
	r.engine, err = leads.New(leads.Config{
		Store: p.store, Sequencer: r.seq,
		Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.notices = append(r.notices, n)
			return nil
		}),
		Work: leads.Work{Poll: cmp.Or(p.poll, 5*time.Minute)}, Observer: p.observer,
	})
	require.NoError(t, err)
	r.stop = func() {}
	if !p.idle {
		r.start()
	}
	return r
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	})
	r.t.Cleanup(r.stop)
}

// noted are the notices of a kind.
func (r *rig) noted(kind leads.NotificationKind) []leads.Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []leads.Notification
	for _, n := range r.notices {
		if n.Kind == kind {
			found = append(found, n)
		}
	}
	return found
}

// after lets the bubble's time pass, and everybody in it do what they do then.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// capture takes a lead in that Go code vouches for.
func (r *rig) capture(fields ingest.Fields) string {
	r.t.Helper()
	return r.submit(ingest.Submission{Fields: fields})
}

func (r *rig) submit(sub ingest.Submission) string {
	r.t.Helper()
	captured, err := r.engine.Capture(r.t.Context(), sub)
	require.NoError(r.t, err)
	return captured.LeadID
}

func (r *rig) source(s ingest.Source) string {
	r.t.Helper()
	s.Tenant, s.ID = leads.DefaultTenant, leads.NewID()
	require.NoError(r.t, r.store.PutSource(r.t.Context(), s))
	return s.ID
}

func (r *rig) enrollments(leadID string) []sequence.Enrollment {
	r.t.Helper()
	all, err := r.store.Enrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant, LeadID: leadID})
	require.NoError(r.t, err)
	return all
}

// only is the one enrolment of a lead.
func (r *rig) only(leadID string) sequence.Enrollment {
	r.t.Helper()
	all := r.enrollments(leadID)
	require.Len(r.t, all, 1)
	return all[0]
}

func outcomes(e sequence.Enrollment) string {
	var all []string
	for _, p := range e.Passed {
		all = append(all, p.Step+":"+p.Outcome)
	}
	return strings.Join(all, " ")
}

// events are the timeline's entries of a kind, as JSON.
func (r *rig) events(leadID string, kind leads.EventKind) []string {
	r.t.Helper()
	all, err := r.store.Events(r.t.Context(), leads.DefaultTenant, leadID)
	require.NoError(r.t, err)
	var data []string
	for _, ev := range all {
		if ev.Kind == kind {
			data = append(data, string(ev.Data))
		}
	}
	return data
}

var linkPattern = regexp.MustCompile(`https://crm\.example\.com/mail(/[uc]/[A-Za-z0-9_-]+)`)

// links are the paths of our own links in a mail, in its text and its headers.
func links(m leads.Email) []string {
	var found []string
	raw, _ := json.Marshal(m.Headers)
	for _, match := range linkPattern.FindAllStringSubmatch(m.Text+" "+string(raw), -1) {
		found = append(found, match[1])
	}
	return found
}

// linkTo is the first link of a kind.
func linkTo(t *testing.T, m leads.Email, kind string) string {
	t.Helper()
	for _, l := range links(m) {
		if strings.HasPrefix(l, "/"+kind+"/") {
			return l
		}
	}
	require.Failf(t, "no link", "%s in %s", kind, m.Text)
	return ""
}

// visit asks the door for a page.
func (r *rig) visit(method, path, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.t.Context(), method, "https://crm.example.com"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	r.seq.Handler().ServeHTTP(w, req)
	return w
}

func (r *rig) post(path string) int {
	return r.visit(http.MethodPost, path, "List-Unsubscribe=One-Click").Code
}

var errCrash = errors.New("the process ends here")

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func number(format string, n int) string { return fmt.Sprintf(format, n) }
