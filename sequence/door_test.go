package sequence_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// mailed is a rig on which n leads have got their first mail.
func mailed(t *testing.T, n int, pending bool) *rig {
	t.Helper()
	opts := options(course())
	opts.Caps = sequence.Caps{Day: -1, Hour: -1, Minute: -1, Sender: -1, Domain: -1, ConfirmDomain: -1, ConfirmTenant: -1}
	r := newRig(t, opts, parts{idle: true})
	sub := ingest.Submission{Tenant: leads.DefaultTenant}
	if pending {
		sub.SourceID = r.source(ingest.Source{})
	}
	for i := range n {
		sub.Fields.Email = number("p%d@example.com", i)
		one, err := ingest.Prepare(sub, time.Now())
		require.NoError(t, err)
		captured, err := r.store.Capture(t.Context(), []ingest.Submission{one})
		require.NoError(t, err)
		lead, err := r.store.Lead(t.Context(), leads.DefaultTenant, captured[0].LeadID)
		require.NoError(t, err)
		_, err = r.seq.Enroll(t.Context(), lead)
		require.NoError(t, err)
	}
	step(t, r)
	require.Len(t, r.out.all(), n)
	return r
}

// step runs every step that is due.
func step(t *testing.T, r *rig) {
	t.Helper()
	for {
		tasks, err := r.store.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: 1000}, Lease: time.Hour})
		require.NoError(t, err)
		if len(tasks) == 0 {
			return
		}
		for _, task := range tasks {
			o, err := r.seq.Step(t.Context(), task)
			require.NoError(t, err)
			require.NoError(t, r.store.Settle(t.Context(), task, o))
		}
	}
}

// state is everything that a link could change.
func (r *rig) state(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for after := ""; ; {
		page, err := r.store.Enrollments(t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant, After: after, Limit: 1000})
		require.NoError(t, err)
		for _, e := range page {
			b.WriteString(e.ID + string(e.State) + number(" %d\n", int(e.Revision)))
			after = e.ID
		}
		if len(page) < 1000 {
			break
		}
	}
	stops, err := r.store.Suppressions(t.Context(), leads.DefaultTenant, "", "", 1000)
	require.NoError(t, err)
	return b.String() + number("%d stops", len(stops))
}

// TestScanners follows every link of 10,000 mails as link scanners do, of a tenth of them unless LEADS_PROOF is set.
func TestScanners(t *testing.T) {
	t.Parallel()
	mails := 0
	for i := range count(4, 40) { // a store that has no index is quicker so
		r := mailed(t, 250, i%2 == 1)
		before := r.state(t)
		for _, m := range r.out.all() {
			found := links(m.Email)
			require.NotEmpty(t, found)
			for _, l := range found {
				for _, method := range []string{http.MethodHead, http.MethodGet} {
					require.Equal(t, http.StatusOK, r.visit(method, l, "").Code)
				}
			}
			mails++
		}
		require.Equal(t, before, r.state(t))
	}
	require.Equal(t, count(1_000, 10_000), mails)
}

// TestOneClick unsubscribes 10,000 people as RFC 8058 has it, each twice, at once; a tenth of them unless LEADS_PROOF is set.
func TestOneClick(t *testing.T) {
	t.Parallel()
	for range count(4, 40) {
		const n = 250
		r := mailed(t, n, false)
		mails := r.out.all()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := i; j < n; j += 8 {
					oneClick(t, r, mails[j].Email)
					oneClick(t, r, mails[j].Email)
				}
			})
		}
		wg.Wait()
		require.Equal(t, n, strings.Count(r.state(t), string(sequence.Exited)))
		stops, err := r.store.Suppressions(t.Context(), leads.DefaultTenant, "", "", 1000)
		require.NoError(t, err)
		require.Len(t, stops, n)
		for _, s := range stops {
			require.Equal(t, "marketing", s.Purpose)
			require.Equal(t, sequence.ReasonUnsubscribed, s.Reason)
		}
	}
}

// oneClick does what a mail program does.
func oneClick(t *testing.T, r *rig, m leads.Email) {
	header := m.Headers["List-Unsubscribe"]
	if m.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || len(header) < 2 {
		t.Errorf("headers: %v", m.Headers)
		return
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, header[1:len(header)-1], strings.NewReader("List-Unsubscribe=One-Click"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	if r.seq.Handler().ServeHTTP(w, req); w.Code != http.StatusOK || len(w.Result().Cookies()) > 0 {
		t.Errorf("%d", w.Code)
	}
}

func TestDoorAtAnyPrefix(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, false)
	l := linkTo(t, r.out.all()[0].Email, "u")
	for _, prefix := range []string{"", "/mail", "/a/b/c", "/u", "/c/u"} {
		for _, end := range []string{"", "/"} {
			require.Equal(t, http.StatusOK, r.visit(http.MethodGet, prefix+l+end, "").Code, prefix)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/mail/", http.StripPrefix("/mail", r.seq.Handler()))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mail"+l, nil))
	require.Equal(t, http.StatusOK, w.Code)
}

func TestDoorPages(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, false)
	l := linkTo(t, r.out.all()[0].Email, "u")
	w := r.visit(http.MethodGet, l, "")
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
	} {
		require.Equal(t, value, w.Header().Get(name))
	}
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
	require.Empty(t, w.Header().Get("Set-Cookie"))
	doc, err := html.Parse(w.Body)
	require.NoError(t, err)
	var tags []string
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			tags = append(tags, n.Data)
		}
	}
	require.Equal(t, "html head meta meta meta title style body main h1 p form button button", strings.Join(tags, " "))

	w = r.visit(http.MethodDelete, l, "")
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD, POST", w.Header().Get("Allow"))
	before := r.state(t)
	require.Equal(t, http.StatusOK, r.visit(http.MethodPost, l, "all=1").Code)
	stops, err := r.store.Suppressions(t.Context(), leads.DefaultTenant, "", "", 10)
	require.NoError(t, err)
	require.Equal(t, "", stops[0].Purpose, "all mails")
	require.NotEqual(t, before, r.state(t))
}

func TestTextsOfThePages(t *testing.T) {
	t.Parallel()
	opts := options()
	opts.Texts = sequence.Texts{Lang: "de", Unknown: sequence.PageText{Title: "Unbekannt <b>"}}
	w := httptest.NewRecorder()
	sequence.New(memstore.New(nil), nil, opts).Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/u/x", nil))
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), `<html lang="de">`)
	require.Contains(t, w.Body.String(), "Unbekannt &lt;b&gt;")
}

// TestForgedTokens answers everything that is no token of ours alike, and 404.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, false)
	good := linkTo(t, r.out.all()[0].Email, "u")
	before := r.state(t)
	want := r.visit(http.MethodGet, "/u/x", "")
	require.Equal(t, http.StatusNotFound, want.Code)
	forged := []string{"/", "/u", "/u/", "//", "/x/" + good[3:], "/c/" + good[3:], "/U/" + good[3:], good + "A", good[:len(good)-1], good + "=", good + "/u", "/u/" + strings.Repeat("A", 5000)}
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := 3; i < len(good); i++ { // every character in turn
		b := []byte(good)
		for b[i] == good[i] {
			b[i] = alphabet[random.IntN(64)]
		}
		forged = append(forged, string(b))
	}
	other := *options(course())
	other.Secret = []byte("another secret of thirty-two bytes!")
	for _, path := range forged {
		w := r.visit(http.MethodPost, path, "")
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Equal(t, want.Body.String(), w.Body.String())
		foreign := httptest.NewRecorder()
		sequence.New(r.store, r.out, &other).Handler().ServeHTTP(foreign, httptest.NewRequestWithContext(t.Context(), http.MethodPost, good, nil))
		require.Equal(t, http.StatusNotFound, foreign.Code)
	}
	require.Equal(t, before, r.state(t))
	require.NotContains(t, good, "example")
}

// TestTokensTellNothing shows that neither tenant nor purpose can be read from a token, and that tenants do not share hashes.
func TestTokensTellNothing(t *testing.T) {
	t.Parallel()
	store := memstore.New(nil)
	seq := sequence.New(store, nil, nil)
	one, err := seq.AddressKey(t.Context(), "a", "Bob@Example.com")
	require.NoError(t, err)
	same, err := seq.AddressKey(t.Context(), "a", "bob@example.com")
	require.NoError(t, err)
	two, err := seq.AddressKey(t.Context(), "b", "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, one, same)
	require.NotEqual(t, one, two)
	require.Len(t, one, 64)
	again, err := sequence.New(store, nil, nil).AddressKey(t.Context(), "a", "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, one, again, "the secret is kept")
	_, err = seq.AddressKey(t.Context(), "a", "nonsense")
	require.ErrorIs(t, err, leads.ErrInvalid)
	_, err = sequence.New(store, nil, &sequence.Options{Secret: []byte("short")}).AddressKey(t.Context(), "a", "bob@example.com")
	require.Error(t, err)
}

// TestAnOutageAtTheDoor answers so that the person, or the provider, tries again.
func TestAnOutageAtTheDoor(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, false)
	seq := sequence.New(&down{Store: r.store}, r.out, options(course()))
	w := httptest.NewRecorder()
	seq.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, linkTo(t, r.out.all()[0].Email, "u"), nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.NotContains(t, w.Body.String(), errCrash.Error())
}

type down struct{ *memstore.Store }

func (*down) Suppress(context.Context, sequence.Suppression) error { return errCrash }

// TestStopsOutliveTheLead unsubscribes somebody whose data is gone.
func TestStopsOutliveTheLead(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, false)
	l := linkTo(t, r.out.all()[0].Email, "u")
	opts := options(course())
	fresh := memstore.New(nil)
	w := httptest.NewRecorder()
	seq := sequence.New(fresh, r.out, opts)
	seq.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, l, nil))
	require.Equal(t, http.StatusOK, w.Code)
	key, err := seq.AddressKey(t.Context(), leads.DefaultTenant, "p0@example.com")
	require.NoError(t, err)
	stops, err := fresh.Suppressed(t.Context(), leads.DefaultTenant, key)
	require.NoError(t, err)
	require.Len(t, stops, 1)
}

// TestLinksComeFromBaseURLOnly shows that no request can change where links lead.
func TestLinksComeFromBaseURLOnly(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, true)
	for _, m := range r.out.all() {
		for _, word := range strings.FieldsFunc(m.Text+m.HTML, func(r rune) bool { return strings.ContainsRune(" \n\"<>()", r) }) {
			if strings.Contains(word, "://") {
				require.True(t, strings.HasPrefix(word, "https://crm.example.com/mail/"), word)
			}
		}
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://evil.example"+linkTo(t, r.out.all()[0].Email, "c"), nil)
	w := httptest.NewRecorder()
	r.seq.Handler().ServeHTTP(w, req)
	require.NotContains(t, w.Body.String(), "evil")
}

func TestHeadersOfMails(t *testing.T) {
	t.Parallel()
	r := mailed(t, 1, false)
	m := r.out.all()[0]
	require.Equal(t, "auto-generated", m.Headers["Auto-Submitted"])
	require.Equal(t, "OOF, AutoReply", m.Headers["X-Auto-Response-Suppress"])
	require.NotContains(t, m.Headers, "Precedence")
	require.Equal(t, mail.Address{Name: "Ann", Address: "ann@sender.example"}, m.From)
	require.True(t, strings.HasSuffix(m.MessageID, "@sender.example"))
	require.Contains(t, m.Text, "1 High Street")
	require.Len(t, m.Headers, 4)
}
