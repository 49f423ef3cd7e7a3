package sequence_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// moods are what a provider can do with a mail: how often it takes it and what the client sees.
var moods = []struct {
	name      string
	taken     int
	err       error
	ambiguous bool
}{
	{"500", 0, errors.New("500 internal server error"), false},
	{"429", 0, leads.After(errors.New("429 too many requests"), 30*time.Second), false},
	{"401", 0, errors.New("401 unauthorized"), false},
	{"refused connection", 0, errors.New("connection refused"), false},
	{"time-out after accept", 1, leads.Ambiguous(context.DeadlineExceeded), true},
	{"reset after accept", 1, leads.Ambiguous(errors.New("connection reset by peer")), true},
	{"reset before accept", 0, leads.Ambiguous(errors.New("connection reset by peer")), true},
	{"garbage after accept", 1, leads.Ambiguous(errors.New("200 with a body that is no answer")), true},
}

// lagging knows what it has taken only after a while.
type lagging struct {
	knowing
	lag   time.Duration
	never bool
}

func (l lagging) Sent(ctx context.Context, m leads.Email) (leads.Receipt, leads.Truth, error) {
	receipt, truth, err := l.knowing.Sent(ctx, m)
	for _, sent := range l.all() {
		if sent.MessageID == m.MessageID && time.Since(sent.at) < l.lag {
			truth = leads.Unknown
		}
	}
	if truth == leads.No && l.never || l.never { // it cannot tell "no" from "not yet"
		truth = leads.Unknown
	}
	return receipt, truth, err
}

// TestFaults sends to many leads through a provider that fails in every way, and looks at what it has really taken.
func TestFaults(t *testing.T) {
	t.Parallel()
	const people = 300
	for name, c := range map[string]struct {
		mailer    func(o *outbox) leads.Mailer
		resend    bool
		missing   bool // it may miss those whose outcome nobody knew
		duplicate bool // it may repeat those
	}{
		"can be asked":             {mailer: func(o *outbox) leads.Mailer { return knowing{o} }},
		"can be asked, lags":       {mailer: func(o *outbox) leads.Mailer { return lagging{knowing{o}, 5 * time.Minute, false} }},
		"can never tell, holds":    {mailer: func(o *outbox) leads.Mailer { return lagging{knowing{o}, 0, true} }, missing: true},
		"cannot be asked, holds":   {mailer: func(o *outbox) leads.Mailer { return o }, missing: true},
		"cannot be asked, resends": {mailer: func(o *outbox) leads.Mailer { return o }, resend: true, duplicate: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				var ambiguous atomic.Int64
				random := rand.New(rand.NewPCG(1, 2))
				lost := map[string]bool{} // those that may be missing
				out := &outbox{answer: func(_ int, m leads.Email) (int, error) {
					if random.IntN(2) == 0 {
						return 1, nil
					}
					mood := moods[random.IntN(len(moods))]
					if mood.ambiguous {
						ambiguous.Add(1)
						lost[m.MessageID] = lost[m.MessageID] || mood.taken == 0
					}
					return mood.taken, mood.err
				}}
				d := course()
				for i := range d.Steps {
					if d.Steps[i].Email != nil {
						d.Steps[i].Email.Resend = c.resend
					}
				}
				opts := options(d)
				opts.Caps = sequence.Caps{Minute: -1, Hour: -1}
				r := newRig(t, opts, parts{mailer: c.mailer(out)})
				r.out = out
				for i := range people {
					r.capture(ingest.Fields{Email: number("p%d@example.com", i)})
				}
				after(7 * 24 * time.Hour)
				taken := map[string]int{}
				bodies := map[string]string{}
				for _, m := range out.all() {
					taken[m.MessageID]++
					if first, ok := bodies[m.MessageID]; ok {
						require.Equal(t, first, m.HTML+m.Text, "a retry sends the same bytes")
					}
					bodies[m.MessageID] = m.HTML + m.Text
				}
				duplicates := 0
				for _, n := range taken {
					duplicates += n - 1
				}
				missing := 2*people - len(taken)
				t.Logf("%d mails taken, %d ambiguous, %d duplicates, %d missing", len(taken), ambiguous.Load(), duplicates, missing)
				require.Greater(t, ambiguous.Load(), int64(50))
				if !c.duplicate {
					require.Zero(t, duplicates)
				}
				require.LessOrEqual(t, int64(duplicates), ambiguous.Load())
				held := 0
				for id := range lost {
					if taken[id] == 0 {
						held++
					}
				}
				require.Equal(t, missing, held, "what is missing is what nobody knew of")
				if !c.missing {
					require.Zero(t, missing)
				}
				page, err := r.store.Enrollments(t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant, Limit: 1000})
				require.NoError(t, err)
				require.Len(t, page, people)
				for _, e := range page {
					require.Equal(t, sequence.Finished, e.State)
					require.Len(t, e.Passed, 3)
				}
			})
		})
	}
}

func TestRefusedMails(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		d := course()
		d.Steps = append(d.Steps, wait("more", "1d"), email("three", "Third"))
		out := &outbox{answer: func(int, leads.Email) (int, error) { return 0, leads.Permanent(errors.New("550 no such user")) }}
		r := newRig(t, options(d), parts{mailer: out})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(7 * 24 * time.Hour)
		e := r.only(id)
		require.Equal(t, sequence.ReasonBounce, e.Reason)
		require.Equal(t, "one:refused pause:done", outcomes(e))
		require.Equal(t, 2, out.calls)
		deliveries, err := r.store.Deliveries(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		require.Equal(t, "550 no such user", deliveries[0].Error)
	})
}

// TestAConfirmedSendingIsNotHeld shows that a provider's event settles what nobody could tell, before the mail is given up.
func TestAConfirmedSendingIsNotHeld(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		out := &outbox{answer: func(n int, _ leads.Email) (int, error) {
			if n == 1 {
				return 1, leads.Ambiguous(errors.New("reset"))
			}
			return 1, nil
		}}
		r := newRig(t, options(course()), parts{mailer: lagging{knowing{out}, 0, true}})
		r.out = out
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(5 * time.Minute)
		require.NoError(t, r.seq.MailEvent(t.Context(), leads.MailEvent{Kind: leads.MailAccepted, ID: "1", At: time.Now(), MessageID: out.all()[0].MessageID}))
		after(3 * 24 * time.Hour)
		require.Equal(t, "one:sent pause:done two:sent", outcomes(r.only(id)))
		require.Len(t, out.all(), 2)
	})
}

// TestEachStepHasItsTries fails every mail 15 times: more than a task has attempts in all, fewer than a step has.
func TestEachStepHasItsTries(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		out := &outbox{answer: func(n int, _ leads.Email) (int, error) {
			if n%16 != 0 {
				return 0, errors.New("450 later")
			}
			return 1, nil
		}}
		d := course()
		d.Steps = append(d.Steps, wait("more", "1d"), email("three", "Third"))
		r := newRig(t, options(d), parts{mailer: out})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(7 * 24 * time.Hour)
		require.Equal(t, "one:sent pause:done two:sent more:done three:sent", outcomes(r.only(id)))
		require.Empty(t, r.noted(leads.NotifyDead))
	})
}

// TestAStepThatNeverWorks is given up, visibly, and goes on when somebody replays it.
func TestAStepThatNeverWorks(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var works atomic.Bool
		out := &outbox{answer: func(int, leads.Email) (int, error) {
			if works.Load() {
				return 1, nil
			}
			return 0, errors.New("503 no\x00 way")
		}}
		r := newRig(t, options(course()), parts{mailer: out})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(24 * time.Hour)
		require.Equal(t, 20, out.calls)
		require.Len(t, r.noted(leads.NotifyDead), 1)
		tasks, err := r.store.Tasks(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		require.Equal(t, leads.TaskDead, tasks[0].State)
		require.Equal(t, "503 no way", tasks[0].LastError)
		require.Equal(t, sequence.Active, r.only(id).State)
		require.NoError(t, r.engine.Replay(t.Context(), leads.DefaultTenant, tasks[0].ID))
		after(time.Minute)
		works.Store(true)
		after(3 * 24 * time.Hour)
		require.Equal(t, "one:sent pause:done two:sent", outcomes(r.only(id)))
	})
}
