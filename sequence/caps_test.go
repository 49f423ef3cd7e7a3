package sequence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// none is without any cap.
func none() sequence.Caps {
	return sequence.Caps{Address: -1, Domain: -1, Sender: -1, Day: -1, Hour: -1, Minute: -1, ConfirmDomain: -1, ConfirmTenant: -1}
}

// most is the largest number of mails within any calendar period.
func most(mails []sentMail, period time.Duration) int {
	count, largest := map[time.Time]int{}, 0
	for _, m := range mails {
		at := m.at.UTC().Truncate(period)
		count[at]++
		largest = max(largest, count[at])
	}
	return largest
}

// TestCaps sends 60 mails under each cap: none is lost, and no period has more than its own.
func TestCaps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cap    func(c *sequence.Caps)
		period time.Duration
		within time.Duration
	}{
		"address": {func(c *sequence.Caps) { c.Address = 1 }, 0, 3 * 24 * time.Hour},
		"domain":  {func(c *sequence.Caps) { c.Domain = 10 }, 24 * time.Hour, 14 * 24 * time.Hour},
		"sender":  {func(c *sequence.Caps) { c.Sender = 10 }, 24 * time.Hour, 14 * 24 * time.Hour},
		"day":     {func(c *sequence.Caps) { c.Day = 10 }, 24 * time.Hour, 14 * 24 * time.Hour},
		"hour":    {func(c *sequence.Caps) { c.Hour = 10 }, time.Hour, 2 * 24 * time.Hour},
		"minute":  {func(c *sequence.Caps) { c.Minute = 3 }, time.Minute, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				d := sequence.Definition{ID: "s", Name: "S", Match: always, Steps: []sequence.Step{email("one", "First"), email("two", "Second")}}
				opts := options(d)
				opts.Caps = none()
				c.cap(&opts.Caps)
				r := newRig(t, opts, parts{})
				for i := range 30 {
					r.capture(ingest.Fields{Email: number("p%d@example.com", i)})
				}
				after(c.within)
				perPerson := map[string][]sentMail{}
				for _, m := range r.out.all() {
					perPerson[m.To[0].Address] = append(perPerson[m.To[0].Address], m)
				}
				require.Len(t, perPerson, 30)
				for _, mails := range perPerson {
					require.Len(t, mails, 2)
					if c.period == 0 {
						require.Equal(t, 1, most(mails, 24*time.Hour))
					}
				}
				if c.period > 0 {
					require.LessOrEqual(t, most(r.out.all(), c.period), 10)
				}
			})
		})
	}
}

// TestCappedMailsKeepTheHours puts off what is beyond a cap to the hours of the next day.
func TestCappedMailsKeepTheHours(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		d := course()
		d.Steps = d.Steps[:1]
		d.Hours = &sequence.Hours{Days: sequence.Workdays(), From: "09:00", To: "17:00"}
		opts := options(d)
		opts.Caps = none()
		opts.Caps.Day = 5
		r := newRig(t, opts, parts{})
		for i := range 30 {
			r.capture(ingest.Fields{Email: number("p%d@example.com", i)})
		}
		after(21 * 24 * time.Hour)
		require.Len(t, r.out.all(), 30)
		require.Equal(t, 5, most(r.out.all(), 24*time.Hour))
		for _, m := range r.out.all() {
			at := m.at.UTC()
			require.True(t, at.Weekday() != time.Saturday && at.Weekday() != time.Sunday && at.Hour() >= 9 && at.Hour() < 17, at)
		}
	})
}

// TestDowntime has a program with 500 people in a sequence, 200 unless LEADS_PROOF is set, stand still for 30 days in its middle. Nothing comes in a
// burst, is left out or sent twice.
func TestDowntime(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		people := count(200, 500)
		d := course()
		d.Hours = &sequence.Hours{From: "08:00", To: "20:00"}
		d.Steps = append(d.Steps, wait("more", "3d"), email("three", "Third"))
		r := newRig(t, options(d), parts{})
		for i := range people {
			r.capture(ingest.Fields{Email: fmt.Sprintf("p%d@d%d.example", i, i%40)})
		}
		after(24 * time.Hour)
		require.Len(t, r.out.all(), people)
		r.stop()
		after(30*24*time.Hour + 12*time.Hour)
		back := time.Now()
		r.start()
		after(14 * 24 * time.Hour)
		mails := r.out.all()
		require.Len(t, mails, 3*people)
		require.LessOrEqual(t, most(mails[people:], time.Minute), 60)
		require.LessOrEqual(t, most(mails[people:], time.Hour), 1000)
		last := map[string]time.Time{}
		seen := map[string]int{}
		for _, m := range mails {
			to := m.To[0].Address
			if m.at.After(back) {
				require.GreaterOrEqual(t, m.at.Sub(last[to]), 2*24*time.Hour, "the distance is kept")
			}
			require.True(t, m.at.Hour() >= 8 && m.at.Hour() < 20, m.at)
			last[to] = m.at
			seen[to+m.Subject]++
			require.Equal(t, 1, seen[to+m.Subject])
		}
		page, err := r.store.Enrollments(t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant, Limit: people})
		require.NoError(t, err)
		for _, e := range page {
			require.Equal(t, sequence.Finished, e.State)
		}
	})
}

// TestClockJumps moves the clock by a day in either direction in the middle of a sequence.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"on": 24 * time.Hour, "back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				opts := options(course())
				var offset time.Duration
				opts.Clock = func() time.Time { return time.Now().Add(offset) }
				r := newRig(t, opts, parts{})
				id := r.capture(ingest.Fields{Email: "bob@example.com"})
				after(24 * time.Hour)
				r.stop()
				offset = jump
				r.start()
				after(7 * 24 * time.Hour)
				require.Equal(t, []string{"First", "Second"}, r.out.subjects())
				require.Equal(t, sequence.Finished, r.only(id).State)
			})
		})
	}
}
