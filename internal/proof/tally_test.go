package proof_test

import (
	"net/mail"
	"testing"

	"github.com/stretchr/testify/require"
)

// tally compares the ledger of a provider with the mails that n leads should have caused.
type tally struct {
	n       int
	asked   bool
	changed int // requests that sent other bytes than the first of the mail
	early   int // requests that came sooner than the provider had asked
	mails   map[string][]*letter
	foreign int // mails that nobody had asked for

	missing, unsure int
	doubled, theirs int         // mails that were taken again because we sent them again, and because the provider doubled them
	killed          map[int]int // of those doubled by us the ones that a kill explains, by the process that was killed
}

// mailName tells the mails apart that leads cause: the team's by the lead whom a reply would go to, a sequence's by recipient and subject.
func mailName(to, replyTo, subject string) string {
	if to == team {
		return "team about " + replyTo
	}
	return subject + " to " + to
}

func bare(address string) string {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return ""
	}
	return a.Address
}

func newTally(t *testing.T, p *provider, n int, asked bool) *tally {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &tally{n: n, asked: asked, changed: p.changed, early: p.early, mails: map[string][]*letter{}, foreign: len(p.letters), killed: map[int]int{}}
	for _, l := range p.letters {
		name := mailName(bare(l.to), bare(l.replyTo), l.subject)
		c.mails[name] = append(c.mails[name], l)
	}
	for i := range n {
		c.count(t, mailName(team, person(i), ""), false)
		c.count(t, mailName(person(i), "", first), !asked)
		c.count(t, mailName(person(i), "", second), false)
	}
	return c
}

// count looks at one mail that should have been sent. held says that it was not to be repeated when nobody knew of it.
func (c *tally) count(t *testing.T, name string, held bool) {
	t.Helper()
	letters := c.mails[name]
	c.foreign -= len(letters)
	require.LessOrEqualf(t, len(letters), 1, "%s has had several Message-IDs", name)
	if len(letters) == 0 || len(letters[0].taken) == 0 {
		require.Truef(t, held, "%s is missing", name)
		c.missing++
		return
	}
	taken := letters[0].taken
	if c.asked || held {
		require.Lenf(t, taken, 1, "%s was sent twice", name)
	}
	for i, one := range taken {
		c.theirs += one.copies - 1
		if one.unsure {
			c.unsure++
		}
		if i == 0 {
			continue
		}
		before := taken[i-1]
		c.doubled++
		switch {
		case before.unsure:
		case before.life < one.life:
			c.killed[before.life]++
		default:
			require.Failf(t, "doubled", "%s was sent again although the answer had been that it was taken", name)
		}
	}
}

// check compares the tally with what became of the steps.
func (c *tally) check(t *testing.T, outcomes map[string]int) {
	t.Helper()
	t.Logf("leads %d, mails %d, missing %d (held %d), unsure %d, doubled by us %d (%d processes killed too soon), by the provider %d",
		c.n, 3*c.n, c.missing, outcomes["one held"], c.unsure, c.doubled, len(c.killed), c.theirs)
	require.Zero(t, c.changed, "another attempt sent other bytes")
	require.Zero(t, c.early, "the provider had asked to wait")
	require.Zero(t, c.foreign, "there are mails that nobody has asked for")
	for life, n := range c.killed {
		require.LessOrEqual(t, n, 2*slots, "process %d had no more mails under way when it was killed", life)
	}
	require.Equal(t, c.n, outcomes["two sent"], "%v", outcomes)
	if c.asked {
		require.Equal(t, c.n, outcomes["one sent"], "%v", outcomes)
		require.Zero(t, c.missing+c.doubled)
		return
	}
	require.Equal(t, c.n, outcomes["one sent"]+outcomes["one held"], "%v", outcomes)
	require.LessOrEqual(t, c.missing, outcomes["one held"], "a mail that was held may be missing, no other")
	require.NotZero(t, outcomes["one held"])
	require.NotZero(t, c.doubled)
}
