package proof_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/mailgun"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

const signingKey = "signing-key-of-the-proof"

// line is the whole program: the door, the engine, and the doors for links and for the provider's events.
type line struct {
	t        *testing.T
	url      string
	store    *bunstore.Store
	sequence *sequence.Sequencer
	provider *provider
}

func newLine(t *testing.T, where string) *line {
	t.Helper()
	l := &line{t: t, store: bun(t, where), provider: newProvider(t, 1, 0)}
	trusted := source()
	trusted.Trusted = true // the host's own server submits
	require.NoError(t, l.store.PutSource(t.Context(), trusted, token))
	mailer := mailgun.New("mg.example.com", "key-of-the-proof", &mailgun.Options{Base: l.provider.URL + "/v3"})
	day, err := sequence.ParseDuration("1d")
	require.NoError(t, err)
	l.sequence = sequence.New(l.store, mailer, &sequence.Options{
		Definitions: []sequence.Definition{{
			ID: "welcome", Name: "Welcome", Match: &sequence.Condition{Field: "qualification", Is: []string{"hot", "warm", "cold"}},
			Steps: []sequence.Step{
				{ID: "hello", Email: &sequence.EmailStep{Subject: "Hello {{firstName}}{{^firstName}}there{{/firstName}}", Body: "Which day would suit you?"}},
				{ID: "pause", Wait: &sequence.WaitStep{For: day}},
				{ID: "more", Email: &sequence.EmailStep{Subject: "Still there?", Body: "Hello again."}},
			},
		}},
		Sender:  sequence.Sender{From: mail.Address{Name: "Ann", Address: "ann@mg.example.com"}, Postal: "Example Ltd, 1 High Street"},
		BaseURL: "https://crm.example.com/mail",
	})
	engine, err := leads.New(leads.Config{
		Store: l.store, Scorer: score.DefaultRubric(), Notifier: notify.Email(mailer, team), Sequencer: l.sequence,
		Ingest: &ingest.Options{Limiter: unlimited{}}, Work: leads.Work{Poll: 50 * time.Millisecond},
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/api/webhooks/", engine.Handler())
	mux.Handle("/mail/", l.sequence.Handler())
	mux.Handle("/mailgun", mailgun.NewEvents(signingKey, l.sequence, nil))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l.url = server.URL
	l.run(engine)
	return l
}

// run has the engine work until the test ends.
func (l *line) run(engine *leads.Engine) {
	ctx, cancel := context.WithCancel(l.t.Context())
	ended := make(chan error, 1)
	go func() {
		err := engine.Run(ctx)
		if err != nil {
			l.t.Error(err) // now, and not when somebody has waited in vain
		}
		ended <- err
	}()
	l.t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// submit submits a person as the host's server would.
func (l *line) submit(email, message string) {
	l.t.Helper()
	body := fmt.Sprintf(`{"email":%q,"firstName":"Bea","company":"Acme","message":%q}`, email, message)
	status, err := post(http.DefaultClient, l.url+"/api/webhooks/"+token, body)
	require.NoError(l.t, err)
	require.Equal(l.t, http.StatusOK, status)
}

// mails waits until the provider has taken n mails to an address, and returns them in the order of time.
func (l *line) mails(to string, n int) []*letter {
	l.t.Helper()
	var found []*letter
	l.until(fmt.Sprintf("%d mails to %s", n, to), func() bool {
		found = l.provider.to(to)
		return len(found) >= n
	})
	require.Len(l.t, found, n)
	return found
}

func (l *line) until(what string, ok func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		require.False(l.t, l.t.Failed())
		require.True(l.t, time.Now().Before(deadline), "there are not: %s", what)
		<-time.After(20 * time.Millisecond)
	}
}

// enrollment is the one enrolment of the lead with that address.
func (l *line) enrollment(email string) (leads.Lead, sequence.Enrollment) {
	l.t.Helper()
	page, err := l.store.Leads(l.t.Context(), leads.LeadQuery{Tenant: leads.DefaultTenant})
	require.NoError(l.t, err)
	for _, lead := range page {
		if lead.Email == email {
			all, err := l.store.Enrollments(l.t.Context(), sequence.EnrollmentQuery{Tenant: lead.Tenant, LeadID: lead.ID})
			require.NoError(l.t, err)
			require.Len(l.t, all, 1)
			return lead, all[0]
		}
	}
	require.Fail(l.t, "no lead", email)
	return leads.Lead{}, sequence.Enrollment{}
}

// visit asks for the page of a link in a mail.
func (l *line) visit(method, link string) int {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, strings.Replace(link, "https://crm.example.com", l.url, 1), strings.NewReader("List-Unsubscribe=One-Click"))
	require.NoError(l.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(l.t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	require.NoError(l.t, resp.Body.Close())
	return resp.StatusCode
}

// forward gives a reply to the door of the events as one of Mailgun's routes does, signed with a key.
func (l *line) forward(key, token, answers, text string) int {
	l.t.Helper()
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + token))
	resp, err := http.PostForm(l.url+"/mailgun", url.Values{
		"timestamp": {timestamp}, "token": {token}, "signature": {hex.EncodeToString(mac.Sum(nil))},
		"sender": {"bea@acme.com"}, "from": {"Bea <bea@acme.com>"}, "recipient": {"ann@mg.example.com"}, "subject": {"Re: Hello"}, "stripped-text": {text},
		"message-headers": {fmt.Sprintf(`[["Message-Id","<%s@acme.com>"],["In-Reply-To","<%s>"]]`, token, answers)},
	})
	require.NoError(l.t, err)
	require.NoError(l.t, resp.Body.Close())
	return resp.StatusCode
}

// to returns the mails that were taken for an address.
func (p *provider) to(address string) []*letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []*letter
	for _, l := range p.letters {
		if bare(l.to) == address && len(l.taken) > 0 {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b *letter) int { return a.taken[0].at.Compare(b.taken[0].at) })
	return found
}

// A submission goes down the whole line: it is scored, the team is told and the person written to; a reply ends that and reaches the team.
func TestLineToReply(t *testing.T) {
	stores(t, func(t *testing.T, where string) {
		l := newLine(t, where)
		l.submit("bea@acme.com", "We need a demo for twelve people.")
		told := l.mails(team, 1)[0]
		require.Equal(t, "bea@acme.com", bare(told.replyTo), "a reply to the team's mail goes to the lead")
		require.Contains(t, told.text, "We need a demo for twelve people.")
		hello := l.mails("bea@acme.com", 1)[0]
		require.Equal(t, "Hello Bea", hello.subject)
		l.until("the first step is passed", func() bool { _, e := l.enrollment("bea@acme.com"); return len(e.Passed) > 0 })
		lead, e := l.enrollment("bea@acme.com")
		require.NotNil(t, lead.Score)
		require.Contains(t, told.text, fmt.Sprintf("%d of 100", lead.Score.Value))
		require.Equal(t, sequence.Active, e.State)

		require.Equal(t, http.StatusUnauthorized, l.forward("another key", "t1", hello.id, "Tuesday."))
		require.Equal(t, http.StatusOK, l.forward(signingKey, "t2", "unknown@mg.example.com", "Tuesday."), "a reply to no mail of ours")
		_, e = l.enrollment("bea@acme.com")
		require.Equal(t, sequence.Active, e.State, "neither of them counts")
		for range 2 {
			require.Equal(t, http.StatusOK, l.forward(signingKey, "t3", hello.id, "Tuesday would be fine."))
		}
		_, e = l.enrollment("bea@acme.com")
		require.Equal(t, sequence.Exited, e.State)
		require.Equal(t, sequence.ReasonReply, e.Reason)
		require.Contains(t, l.mails(team, 2)[1].text, "Tuesday would be fine.")
		finished(t, where, time.Minute)
		l.mails(team, 2)
		l.mails("bea@acme.com", 1)
	})
}

var stopLink = regexp.MustCompile(`https://crm\.example\.com/mail/u/[A-Za-z0-9_-]+`)

// The link in a mail changes nothing when it is looked at, and stops everything when it is used.
func TestLineToUnsubscribe(t *testing.T) {
	stores(t, func(t *testing.T, where string) {
		l := newLine(t, where)
		l.submit("bea@acme.com", "We need a demo.")
		hello := l.mails("bea@acme.com", 1)[0]
		l.until("the first step is passed", func() bool { _, e := l.enrollment("bea@acme.com"); return len(e.Passed) > 0 })
		link := stopLink.FindString(hello.text)
		require.Equal(t, "<"+link+">", hello.headers["List-Unsubscribe"])
		require.Equal(t, "List-Unsubscribe=One-Click", hello.headers["List-Unsubscribe-Post"])
		for range 3 {
			require.Equal(t, http.StatusOK, l.visit(http.MethodGet, link))
			require.Equal(t, http.StatusOK, l.visit(http.MethodHead, link))
		}
		_, e := l.enrollment("bea@acme.com")
		require.Equal(t, sequence.Active, e.State)
		require.Empty(t, l.suppressions())

		require.Equal(t, http.StatusNotFound, l.visit(http.MethodPost, link[:len(link)-1]), "a link that is not ours")
		for range 2 {
			require.Equal(t, http.StatusOK, l.visit(http.MethodPost, link))
		}
		lead, e := l.enrollment("bea@acme.com")
		require.Equal(t, sequence.Exited, e.State)
		require.Equal(t, sequence.ReasonUnsubscribed, e.Reason)
		require.Len(t, l.suppressions(), 1)
		_, err := l.sequence.EnrollLead(t.Context(), lead.Tenant, lead.ID, "welcome", "ann")
		require.ErrorIs(t, err, sequence.ErrSuppressed)
		l.submit("BEA@acme.com", "Once more.")
		l.mails(team, 2)
		finished(t, where, time.Minute)
		l.mails("bea@acme.com", 1)
	})
}

func (l *line) suppressions() []sequence.Suppression {
	l.t.Helper()
	stops, err := l.store.Suppressions(l.t.Context(), leads.DefaultTenant, "", "", 0)
	require.NoError(l.t, err)
	return stops
}
