package mailgun_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
)

// TestEveryMailOnce sends mails through a server that fails in every way there is, before and after it takes a mail, and asks it what it has
// taken before a mail is sent again. In the server's ledger each mail stands exactly once.
func TestEveryMailOnce(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name   string
		fault  func(http.ResponseWriter, *http.Request) bool
		taken  bool
		events bool // it is the events that fail
	}{
		{"500 and taken", status(500, ""), true, false}, {"500 and not", status(500, ""), false, false},
		{"429", status(429, "", "Retry-After", "1"), false, false}, {"401", status(401, ""), false, false},
		{"reset and taken", reset, true, false}, {"reset and not", reset, false, false}, {"garbage", garbage("<html>"), true, false},
		{"cut off", cutOff, true, false}, {"503 of the events", status(503, ""), false, true}, {"502 and taken", status(502, ""), true, false},
	}
	s, c := newServer(t), newClock()
	var mu sync.Mutex
	var before, after, events func(http.ResponseWriter, *http.Request) bool
	next := func(f *func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			fault := *f
			*f = nil
			mu.Unlock()
			return fault != nil && fault(w, r)
		}
	}
	s.refuse, s.fail, s.events = next(&before), next(&after), next(&events)
	m := s.mailer(mailgun.Options{Clock: c.Now, EventsDelay: time.Minute})
	ambiguous := 0
	const mails = 200
	for i := range mails {
		mu.Lock()
		switch f := faults[i%len(faults)]; {
		case f.events:
			before, events = status(500, ""), f.fault
		case f.taken:
			after = f.fault
		default:
			before = f.fault
		}
		mu.Unlock()
		mail := letter()
		mail.MessageID = fmt.Sprintf("id%d@mg.example.com", i)
		ambiguous += deliver(t, m, c, mail)
	}
	count := make(map[string]int)
	for _, taken := range s.got() {
		count[taken.form["h:Message-Id"][0]]++
	}
	require.Len(t, count, mails, "missing")
	for id, n := range count {
		require.Equal(t, 1, n, id)
	}
	require.Equal(t, mails*8/10, ambiguous)
}

// deliver does what leads.Ledger does: it sends until the mail is sent, and asks before it sends again where it is not known. It returns how often
// that was so.
func deliver(t *testing.T, m *mailgun.Mailer, c *clock, mail leads.Email) (ambiguous int) {
	t.Helper()
	for range 10 {
		_, err := m.Send(t.Context(), mail)
		if err == nil {
			return ambiguous
		}
		require.False(t, leads.IsPermanent(err))
		for leads.IsAmbiguous(err) {
			_, truth, asked := m.Sent(t.Context(), mail)
			if truth == leads.Yes {
				return ambiguous + 1
			}
			if truth == leads.No {
				ambiguous++
				break
			}
			require.Error(t, asked)
			c.move(max(leads.RetryAfter(asked), time.Second))
		}
	}
	t.Fatal("it never gets through")
	return 0
}
