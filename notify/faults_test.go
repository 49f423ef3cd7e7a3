package notify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// post office is a mail provider that fails in every way, and keeps a ledger of what it has really taken.
type postOffice struct {
	outbox
	rand      *rand.Rand
	taken     map[string]int       // by Message-ID
	tried     map[string]time.Time // when it was last given a mail
	ambiguous int                  // mails that were taken although an error came back, and those of which nobody can tell
}

func (p *postOffice) Send(_ context.Context, m leads.Email) (leads.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried[m.MessageID] = time.Now()
	switch p.rand.IntN(8) {
	case 0:
		return leads.Receipt{}, errors.New("500")
	case 1:
		return leads.Receipt{}, leads.After(errors.New("429"), 5*time.Second)
	case 2: // the time-out comes after it was taken
		p.ambiguous++
		p.taken[m.MessageID]++
		return leads.Receipt{}, leads.Ambiguous(errors.New("timed out"))
	case 3: // the connection breaks before
		p.ambiguous++
		return leads.Receipt{}, leads.Ambiguous(errors.New("reset"))
	}
	p.taken[m.MessageID]++
	return leads.Receipt{ID: m.MessageID}, nil
}

// asked is a postOffice that can be asked, and does not know for two minutes.
type asked struct{ *postOffice }

func (p asked) Sent(_ context.Context, m leads.Email) (leads.Receipt, leads.Truth, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.tried[m.MessageID]) < 2*time.Minute {
		return leads.Receipt{}, leads.Unknown, nil
	}
	if p.taken[m.MessageID] > 0 {
		return leads.Receipt{ID: m.MessageID}, leads.Yes, nil
	}
	return leads.Receipt{}, leads.No, nil
}

// No notification is lost. One comes twice only where a provider broke off in the middle, and not even then if it can be asked.
func TestNothingIsLostAndHardlyAnythingComesTwice(t *testing.T) {
	t.Parallel()
	for _, honest := range []bool{false, true} {
		t.Run(fmt.Sprintf("it can be asked: %t", honest), func(t *testing.T) {
			t.Parallel()
			simulate(t, func(t *testing.T) {
				p := &postOffice{rand: rand.New(rand.NewPCG(1, 2)), taken: make(map[string]int), tried: make(map[string]time.Time)}
				var mailer leads.Mailer = p
				if honest {
					mailer = asked{p}
				}
				team := notify.People{{ID: "a", Email: "a@example.com"}, {ID: "b", Email: "b@example.com"}, {ID: "c", Email: "c@example.com"}}
				s := start(t, func(*simulation) leads.Notifier { return notify.Team(mailer, team, nil) })
				const many = 150
				for i := range many {
					s.capture(t, fmt.Sprintf("x%d@acme.com", i))
				}
				pass(24 * time.Hour)
				s.settled(t)
				require.Len(t, p.taken, 3*many, "one is missing")
				twice := 0
				for _, n := range p.taken {
					twice += n - 1
				}
				require.Greater(t, p.ambiguous, 50)
				if honest {
					require.Zero(t, twice)
					return
				}
				require.LessOrEqual(t, twice, p.ambiguous)
				require.Positive(t, twice, "the provider is harmless")
			})
		})
	}
}
