package mailgun_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
)

var _ leads.Reconciler = (*mailgun.Mailer)(nil)

func TestSentFindsTheMail(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fail = status(500, "")
	m := s.mailer(mailgun.Options{})
	_, err := m.Send(t.Context(), letter())
	require.True(t, leads.IsAmbiguous(err))
	receipt, truth, err := m.Sent(t.Context(), letter())
	require.NoError(t, err)
	require.Equal(t, leads.Yes, truth, "at once, where there is an event already")
	require.Equal(t, "id1@mg.example.com", receipt.ID)
}

func TestSentWaitsForTheEvents(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]bool{"after an attempt of this process": true, "after a restart": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := newServer(t), newClock()
			s.refuse = status(500, "")
			m := s.mailer(mailgun.Options{Clock: c.Now})
			if send {
				_, err := m.Send(t.Context(), letter())
				require.True(t, leads.IsAmbiguous(err))
			}
			_, truth, err := m.Sent(t.Context(), letter())
			require.Equal(t, leads.Unknown, truth)
			require.Equal(t, 2*time.Minute, leads.RetryAfter(err))
			require.False(t, leads.IsPermanent(err))
			c.move(90 * time.Second)
			_, truth, err = m.Sent(t.Context(), letter())
			require.Equal(t, leads.Unknown, truth)
			require.Equal(t, 30*time.Second, leads.RetryAfter(err))
			c.move(30 * time.Second)
			_, truth, err = m.Sent(t.Context(), letter())
			require.NoError(t, err)
			require.Equal(t, leads.No, truth)
		})
	}
}

// TestAnotherAttemptBeginsTheWaitAnew since what it did cannot be known yet either.
func TestAnotherAttemptBeginsTheWaitAnew(t *testing.T) {
	t.Parallel()
	s, c := newServer(t), newClock()
	s.refuse = status(500, "")
	m := s.mailer(mailgun.Options{Clock: c.Now, EventsDelay: time.Minute})
	for range 2 {
		_, err := m.Send(t.Context(), letter())
		require.True(t, leads.IsAmbiguous(err))
		_, truth, err := m.Sent(t.Context(), letter())
		require.Equal(t, leads.Unknown, truth)
		require.Equal(t, time.Minute, leads.RetryAfter(err))
		c.move(time.Minute)
		_, truth, err = m.Sent(t.Context(), letter())
		require.NoError(t, err)
		require.Equal(t, leads.No, truth)
	}
}

func TestSentAndEvents(t *testing.T) {
	t.Parallel()
	item := func(event, id string) string {
		return `{"event":"` + event + `","id":"e","timestamp":1795435200.1,"message":{"headers":{"message-id":"` + id + `"}}}`
	}
	const id = "id1@mg.example.com"
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the key has gone elsewhere: %s", r.URL)
		_, _ = w.Write([]byte(`{"items":[]}`))
	}))
	t.Cleanup(elsewhere.Close)
	for name, test := range map[string]struct {
		body string
		want leads.Truth
		fail bool
	}{
		"delivered":               {`{"items":[` + item("delivered", id) + `]}`, leads.Yes, false},
		"failed":                  {`{"items":[` + item("failed", id) + `]}`, leads.Yes, false},
		"in angle brackets":       {`{"items":[` + item("accepted", "<"+id+">") + `]}`, leads.Yes, false},
		"beside an unknown one":   {`{"items":[` + item("brand-new", "x") + `,` + item("accepted", id) + `]}`, leads.Yes, false},
		"rejected":                {`{"items":[` + item("rejected", id) + `],"paging":{"next":"NEXT"}}`, leads.No, false},
		"another's":               {`{"items":[` + item("accepted", "id2@mg.example.com") + `],"paging":{"next":"NEXT"}}`, leads.No, false},
		"none":                    {`{"items":[]}`, leads.No, false},
		"null":                    {`{"items":null}`, leads.No, false},
		"no JSON":                 {`<html>`, leads.Unknown, true},
		"another type":            {`{"items":7}`, leads.Unknown, true},
		"an item of another type": {`{"items":[7]}`, leads.Unknown, true},
		"a page elsewhere":        {`{"items":[` + item("accepted", "x") + `],"paging":{"next":"ELSEWHERE/v3/steal"}}`, leads.Unknown, true},
		"pages without end":       {`{"items":[` + item("accepted", "x") + `],"paging":{"next":"AGAIN"}}`, leads.Unknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := newServer(t), newClock()
			s.events = func(w http.ResponseWriter, r *http.Request) bool {
				body := test.body
				if r.FormValue("page") == "end" {
					body = `{"items":[]}`
				}
				body = strings.ReplaceAll(strings.ReplaceAll(body, "NEXT", s.URL+r.URL.Path+"?page=end"), "AGAIN", s.URL+r.URL.Path+"?page=1")
				body = strings.ReplaceAll(body, "ELSEWHERE", elsewhere.URL)
				_, _ = w.Write([]byte(body))
				return true
			}
			m := s.mailer(mailgun.Options{Clock: c.Now})
			_, _, _ = m.Sent(t.Context(), letter())
			c.move(time.Hour)
			_, truth, err := m.Sent(t.Context(), letter())
			require.Equal(t, test.want, truth, "%v", err)
			require.Equal(t, test.fail, err != nil, "%v", err)
			require.False(t, leads.IsPermanent(err))
		})
	}
}

func TestSentWhenItCannotTell(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code int
		fail bool
	}{"a key that only sends": {401, false}, "forbidden": {403, false}, "away": {503, true}, "too often": {429, true}, "no such domain": {404, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := newServer(t), newClock()
			s.events = status(test.code, "no", "Retry-After", "9")
			m := s.mailer(mailgun.Options{Clock: c.Now})
			_, _, _ = m.Sent(t.Context(), letter())
			c.move(time.Hour)
			_, truth, err := m.Sent(t.Context(), letter())
			require.Equal(t, leads.Unknown, truth)
			require.Equal(t, test.fail, err != nil)
			if test.fail {
				require.Equal(t, 9*time.Second, leads.RetryAfter(err))
				require.NotContains(t, err.Error(), testKey)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewServer(nil)
		s.Close()
		_, truth, err := mailgun.New("mg.example.com", testKey, &mailgun.Options{Base: s.URL}).Sent(t.Context(), letter())
		require.Equal(t, leads.Unknown, truth)
		require.Error(t, err)
	})
	t.Run("no Message-ID", func(t *testing.T) {
		t.Parallel()
		m := letter()
		m.MessageID = ""
		_, truth, err := newServer(t).mailer(mailgun.Options{}).Sent(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, leads.Unknown, truth)
	})
}

func TestTheQuestion(t *testing.T) {
	t.Parallel()
	s, c := newServer(t), newClock()
	asked := make(chan *http.Request, 1)
	s.events = func(_ http.ResponseWriter, r *http.Request) bool {
		_ = r.ParseForm()
		asked <- r
		return false
	}
	_, _, err := s.mailer(mailgun.Options{Clock: c.Now}).Sent(t.Context(), letter())
	require.Error(t, err, "too early")
	r := <-asked
	require.Equal(t, "id1@mg.example.com", r.Form.Get("message-id"))
	require.Equal(t, "yes", r.Form.Get("ascending"))
	begin, err := time.Parse("Mon, 02 Jan 2006 15:04:05 -0700", r.Form.Get("begin"))
	require.NoError(t, err)
	require.WithinDuration(t, c.Now().Add(-72*time.Hour), begin, time.Second)
}
