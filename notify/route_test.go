package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
)

type records = leads.Records

// table is a Desk of one lead, on which a decision is tried.
type table struct {
	records // of which it has none

	book     notify.Book
	decision notify.Decision
	err      error
}

func (d *table) Route(_ context.Context, _, _ string, decide func(notify.Book) (notify.Decision, error)) (leads.Lead, error) {
	if d.err != nil {
		return leads.Lead{}, d.err
	}
	var err error
	if d.decision, err = decide(d.book); err != nil {
		return leads.Lead{}, err
	}
	lead := d.book.Lead
	if to := d.decision.Assign.To; to != "" {
		lead.Assignee = to
	}
	if d.decision.State != nil {
		d.book.State = d.decision.State
	}
	return lead, nil
}

func (d *table) PutRecord(_ context.Context, r leads.Record) (leads.Record, error) { return r, nil }

func (d *table) Records(context.Context, string, string, string, int) ([]leads.Record, error) {
	return nil, nil
}

func (d *table) Unassigned(context.Context, string, int) ([]leads.Lead, error) { return nil, nil }

// routed returns who takes a lead, and why.
func routed(t *testing.T, d *table, opts notify.RouteOptions) (string, string) {
	t.Helper()
	var told leads.Lead
	router := notify.Route(d, &opts, leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
		told = n.Lead
		return nil
	}))
	require.NoError(t, router.Notify(t.Context(), leads.Notification{Kind: leads.NotifyNew, Tenant: "acme", Lead: d.book.Lead, At: noon}))
	require.Equal(t, told.Assignee, d.decision.Assign.To, "the next one hears of it")
	return d.decision.Assign.To, d.decision.Assign.Reason
}

func TestWhoTakesALead(t *testing.T) {
	t.Parallel()
	people := notify.People{{ID: "ann", Weight: 1}, {ID: "ben", Weight: 1}, {ID: "cy"}}
	business := leads.Enrichment{"email.class": {Key: "email.class", Truth: leads.Yes, Value: "business"}, "geo.country": {Key: "geo.country", Truth: leads.Yes, Value: "DE"}}
	personal := leads.Enrichment{"email.class": {Key: "email.class", Truth: leads.Yes, Value: "personal"}}
	unknown := leads.Enrichment{"email.class": {Key: "email.class", Value: "business"}}
	lead := func(e leads.Enrichment) leads.Lead {
		return leads.Lead{ID: "x", Fields: ingest.Fields{Email: "x@Acme.com"}, Enrichment: e, Tags: []string{"vip"}, Last: leads.Touch{SourceID: "form"}}
	}
	german := notify.Rule{Name: "German", Countries: []string{"AT", "DE"}, To: []string{"ben"}}
	for name, test := range map[string]struct {
		book   notify.Book
		opts   notify.RouteOptions
		to     string
		reason string
	}{
		"the first in turn":            {notify.Book{Lead: lead(nil)}, notify.RouteOptions{}, "ann", "in turn"},
		"the owner":                    {notify.Book{Lead: lead(business), Owner: "cy"}, notify.RouteOptions{Rules: []notify.Rule{german}}, "cy", "looks after acme.com"},
		"the owner has left":           {notify.Book{Lead: lead(business), Owner: "zoe"}, notify.RouteOptions{}, "ann", "in turn"},
		"a domain of strangers":        {notify.Book{Lead: lead(personal), Owner: "cy"}, notify.RouteOptions{}, "ann", "in turn"},
		"a domain of which is unknown": {notify.Book{Lead: lead(unknown), Owner: "cy"}, notify.RouteOptions{}, "ann", "in turn"},
		"the host knows the domain":    {notify.Book{Lead: lead(nil), Owner: "cy"}, notify.RouteOptions{Shared: func(d string) bool { return d != "acme.com" }}, "cy", "looks after acme.com"},
		"a rule":                       {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{german}}, "ben", "rule German"},
		"another country":              {notify.Book{Lead: lead(nil)}, notify.RouteOptions{Rules: []notify.Rule{german}}, "ann", "in turn"},
		"the first rule that matches": {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{
			{Sources: []string{"fair"}, To: []string{"ann"}}, {Tags: []string{"vip"}, To: []string{"ben"}}, german}}, "ben", "rule 2"},
		"every condition": {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{
			{Sources: []string{"form"}, Qualifications: []leads.Qualification{leads.Hot}, To: []string{"ben"}}}}, "ann", "in turn"},
		"a channel": {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{{Channels: []string{"paid"}, To: []string{"ben"}}}}, "ann", "in turn"},
		"a function": {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{
			{If: func(l leads.Lead) bool { return l.Email != "" }, To: []string{"ben"}}}}, "ben", "rule 1"},
		"a rule for somebody without weight":      {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{{To: []string{"cy"}}}}, "ann", "in turn"},
		"a rule only for somebody without weight": {notify.Book{Lead: lead(business)}, notify.RouteOptions{Rules: []notify.Rule{{To: []string{"cy"}, Only: true}, german}}, "", ""},
		"no weights at all":                       {notify.Book{Lead: lead(nil)}, notify.RouteOptions{People: notify.People{{ID: "ann"}, {ID: "ben", Weight: -1}}}, "", ""},
		"nobody at all":                           {notify.Book{Lead: lead(nil)}, notify.RouteOptions{People: notify.People{}}, "", ""},
		"the first is full": {notify.Book{Lead: lead(nil), Open: map[string]int{"ann": 3}}, notify.RouteOptions{
			People: notify.People{{ID: "ann", Weight: 1, Capacity: 3}, {ID: "ben", Weight: 1}}}, "ben", "in turn"},
		"the first has gone home": {notify.Book{Lead: lead(nil)}, notify.RouteOptions{
			People: notify.People{{ID: "ann", Weight: 1, Hours: notify.Weekdays("09:00", "17:00"), Zone: "Asia/Tokyo"}, {ID: "ben", Weight: 1, Hours: notify.Weekdays("09:00", "17:00")}}}, "ben", "in turn"},
		"a state that cannot be read": {notify.Book{Lead: lead(nil), State: json.RawMessage(`[1]`)}, notify.RouteOptions{}, "ann", "in turn"},
		"huge weights": {notify.Book{Lead: lead(nil), State: json.RawMessage(`{"ann":-9223372036854775808}`)}, notify.RouteOptions{
			People: notify.People{{ID: "ann", Weight: math.MaxInt}, {ID: "ben", Weight: math.MaxInt}}}, "ben", "in turn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.opts.People == nil {
				test.opts.People = people
			}
			to, reason := routed(t, &table{book: test.book}, test.opts)
			require.Equal(t, test.to, to)
			require.Equal(t, test.reason, reason)
		})
	}
}

func TestALeadThatHasSomebodyKeepsThem(t *testing.T) {
	t.Parallel()
	d := &table{book: notify.Book{Lead: leads.Lead{ID: "x", Assignee: "zoe"}}}
	opts := &notify.RouteOptions{People: notify.People{{ID: "ann", Weight: 1}}}
	n := leads.Notification{Kind: leads.NotifyReturned, Lead: leads.Lead{ID: "x"}, At: noon} // what was read before
	require.NoError(t, notify.Route(d, opts, nil).Notify(t.Context(), n))
	require.Equal(t, "zoe", d.decision.Assign.To)
	require.Nil(t, d.decision.State, "it costs nobody a turn")
	for _, status := range []leads.Status{leads.StatusConverted, leads.StatusClosed} {
		d := &table{book: notify.Book{Lead: leads.Lead{ID: "x", Status: status}}}
		require.NoError(t, notify.Route(d, opts, nil).Notify(t.Context(), n))
		require.Empty(t, d.decision.Assign.To)
	}
}

// The turns are spread as evenly as can be, not in runs.
func TestTurnsAreSmooth(t *testing.T) {
	t.Parallel()
	d := &table{book: notify.Book{Lead: leads.Lead{ID: "x"}}}
	opts := notify.RouteOptions{People: notify.People{{ID: "a", Weight: 5}, {ID: "b", Weight: 1}, {ID: "c", Weight: 1}, {ID: "d"}}}
	order := ""
	for range 14 {
		to, _ := routed(t, d, opts)
		order += to
	}
	require.Equal(t, "aabacaaaabacaa", order)
}

func TestHugeWeightsTakeTurnsToo(t *testing.T) {
	t.Parallel()
	d := &table{book: notify.Book{Lead: leads.Lead{ID: "x"}, State: json.RawMessage(`{"gone": 12}`)}}
	opts := notify.RouteOptions{People: notify.People{{ID: "a", Weight: math.MaxInt}, {ID: "b", Weight: math.MaxInt}}}
	order := ""
	for range 4 {
		to, _ := routed(t, d, opts)
		order += to
	}
	require.Equal(t, "abab", order)
	require.NotContains(t, string(d.book.State), "gone", "who has left is forgotten")
}

// A backlog that is about to be handed out may not see a lead that comes now; it is offered in the next one.
func TestALeadJustBeforeTheBacklog(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, routedTeam(notify.RouteOptions{UnassignedAfter: -1}, notify.Person{ID: "ann", Email: "ann@example.com"}))
		until(12, 59)
		pass(50 * time.Second)
		s.capture(t, "x@mail.example")
		due := func(after time.Duration) int {
			q := leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskNotify: 9}, Lease: time.Minute, Now: time.Now().Add(after)}
			tasks, err := s.store.Claim(t.Context(), q)
			require.NoError(t, err)
			return len(tasks)
		}
		require.Zero(t, due(time.Minute))
		require.Equal(t, 1, due(6*time.Minute))
	})
}

// With hours, room and rules that change from lead to lead, the state stays small, and everybody gets their share in the end.
func TestTurnsAreFairOverTime(t *testing.T) {
	t.Parallel()
	d := &table{book: notify.Book{Lead: leads.Lead{ID: "x"}, Open: map[string]int{}}}
	people := notify.People{{ID: "a", Weight: 3, Capacity: 1}, {ID: "b", Weight: 2, Capacity: 1}, {ID: "c", Weight: 1}}
	got := map[string]int{}
	for i := range 6000 {
		d.book.Open = map[string]int{"a": i % 2, "b": i / 2 % 2} // away half of the time
		to, _ := routed(t, d, notify.RouteOptions{People: people})
		got[to]++
	}
	var state map[string]int
	require.NoError(t, json.Unmarshal(d.book.State, &state))
	sum := 0
	for _, v := range state {
		require.Less(t, v, 100)
		require.Greater(t, v, -100)
		sum += v
	}
	require.Zero(t, sum)
	require.Greater(t, got["a"], got["b"])
	require.Greater(t, got["b"], 1000)
	require.Greater(t, got["c"], 1000)
}

// Many workers at once hand out no lead twice and take turns exactly.
func TestRoutingIsAtomic(t *testing.T) {
	t.Parallel()
	store := memstore.New(nil)
	router := notify.Route(store, &notify.RouteOptions{People: notify.People{{ID: "a", Weight: 3}, {ID: "b", Weight: 2}, {ID: "c", Weight: 1}, {ID: "d"}}}, nil)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 30 {
				sub := ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: fmt.Sprintf("x%d-%d@mail.example", worker, i)}}
				sub.ID, sub.Received = leads.NewID(), time.Now()
				captured, err := store.Capture(t.Context(), []ingest.Submission{sub})
				if err != nil || captured[0].Err != nil {
					t.Errorf("capture: %v %v", err, captured)
					return
				}
				lead, err := store.Lead(t.Context(), "acme", captured[0].LeadID)
				if err != nil {
					t.Errorf("lead: %v", err)
					return
				}
				for range 2 { // two attempts that began before either ended
					wg.Go(func() {
						if err := router.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: leads.NotifyNew, Lead: lead, At: noon}); err != nil {
							t.Errorf("notify: %v", err)
						}
					})
				}
			}
		})
	}
	wg.Wait()
	all, got := 0, map[string]int{}
	for after := ""; ; {
		page, err := store.Leads(t.Context(), leads.LeadQuery{Tenant: "acme", Limit: 100, After: after})
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			got[l.Assignee]++
			all++
			events, err := store.Events(t.Context(), "acme", l.ID)
			require.NoError(t, err)
			assigned := 0
			for _, e := range events {
				if e.Kind == leads.EventAssigned {
					assigned++
				}
			}
			require.Equal(t, 1, assigned)
		}
		after = page[len(page)-1].ID
	}
	require.Equal(t, 240, all)
	require.Equal(t, map[string]int{"a": 120, "b": 80, "c": 40}, got)
}

func TestALeadThatCannotBeRoutedIsAnnounced(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	d := &table{err: errors.New("the database is away")}
	people := notify.People{{ID: "ann", Weight: 1, Email: "ann@example.com"}}
	router := notify.Route(d, &notify.RouteOptions{People: people}, notify.Team(box, people, nil))
	n := notification()
	n.Lead.Assignee = ""
	err := router.Notify(t.Context(), n)
	require.ErrorContains(t, err, "the database is away")
	require.False(t, leads.IsPermanent(err))
	require.Len(t, box.mails, 1)
}

func TestARouterThatIsSetUpWrong(t *testing.T) {
	t.Parallel()
	store, people := memstore.New(nil), notify.People{{ID: "a", Weight: 1}}
	for name, test := range map[string]struct {
		router *notify.Router
		want   string
	}{
		"no desk":       {notify.Route(nil, &notify.RouteOptions{People: people}, nil), "the desk is required"},
		"no options":    {notify.Route(store, nil, nil), "RouteOptions.People is required"},
		"rule":          {notify.Route(store, &notify.RouteOptions{People: people, Rules: []notify.Rule{{}}}, nil), "Rules[0].To is required"},
		"zone":          {notify.Route(store, &notify.RouteOptions{People: people, Zone: "x"}, nil), "RouteOptions.Zone"},
		"hours":         {notify.Route(store, &notify.RouteOptions{People: people, Hours: notify.Hours{{From: "x"}}}, nil), "span 1"},
		"response time": {notify.Route(store, &notify.RouteOptions{People: people, ResponseTime: -1}, nil), "ResponseTime"},
		"no weights":    {notify.Route(store, &notify.RouteOptions{People: notify.People{{ID: "a"}}}, nil), "nobody has a Weight"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := test.router.Check(t.Context())
			require.Len(t, findings, 1)
			require.Contains(t, findings[0].Message, test.want)
			require.Equal(t, name != "no weights", findings[0].Fatal)
			if findings[0].Fatal {
				require.True(t, leads.IsPermanent(test.router.Notify(t.Context(), notification())))
			}
		})
	}
}

// routedTeam is a router before a team of the same people.
func routedTeam(opts notify.RouteOptions, people ...notify.Person) func(s *simulation) leads.Notifier {
	return func(s *simulation) leads.Notifier {
		opts.People = notify.People(people)
		return notify.Route(s.store, &opts, notify.Team(s.box, opts.People, &notify.TeamOptions{Store: s.store}))
	}
}

// What comes in at night waits for the morning and is then handed out, the oldest first.
func TestTheBacklog(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		own := notify.Preferences{OwnOnly: true}
		s := start(t, routedTeam(notify.RouteOptions{UnassignedAfter: -1},
			notify.Person{ID: "ann", Email: "ann@example.com", Weight: 1, Capacity: 2, Hours: notify.Weekdays("09:00", "17:00"), Preferences: own},
			notify.Person{ID: "ben", Email: "ben@example.com", Weight: 1, Capacity: 1, Hours: notify.Weekdays("09:30", "17:00"), Preferences: own}))
		until(18, 0)
		for i := range 5 {
			s.capture(t, fmt.Sprintf("x%d@mail.example", i))
		}
		require.Empty(t, s.taken(), "nobody is responsible, and nobody wants to hear of it")
		until(9, 1)
		require.ElementsMatch(t, []string{"ann@example.com: Your lead: x0@mail.example (50)", "ann@example.com: Your lead: x1@mail.example (50)"}, s.taken())
		until(9, 36)
		require.Equal(t, []string{"ben@example.com: Your lead: x2@mail.example (50)"}, s.taken())
		require.Empty(t, s.lead(t, s.ids[3]).Assignee)

		s.edit(t, s.ids[0], func(l *leads.Lead) { l.Status = leads.StatusClosed }) // room for one more
		pass(6 * time.Minute)
		require.Equal(t, []string{"ann@example.com: Your lead: x3@mail.example (50)"}, s.taken())
		s.edit(t, s.ids[1], func(l *leads.Lead) { l.Status = leads.StatusConverted })
		pass(6 * time.Minute)
		require.Len(t, s.taken(), 1)
		pass(24 * time.Hour)
		require.Empty(t, s.taken())
		s.settled(t)
		left, err := s.store.Records(t.Context(), leads.DefaultTenant, notify.RecordUnassigned, "", 10)
		require.NoError(t, err)
		require.Empty(t, left, "the backlog is over")
	})
}

// Leads that wait for somebody by a rule do not keep the others behind them waiting.
func TestTheBacklogGoesPastThoseThatWait(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		morning := notify.Weekdays("09:00", "17:00")
		s := start(t, routedTeam(notify.RouteOptions{
			UnassignedAfter: -1, Rules: []notify.Rule{{If: func(l leads.Lead) bool { return strings.HasPrefix(l.Email, "vip") }, To: []string{"boss"}, Only: true}},
		}, notify.Person{ID: "ann", Weight: 1, Hours: morning}, notify.Person{ID: "boss"}))
		until(18, 0)
		for i := range 120 {
			s.capture(t, fmt.Sprintf("vip%d@mail.example", i))
		}
		s.capture(t, "x@mail.example")
		until(9, 1)
		require.Equal(t, "ann", s.lead(t, s.ids[120]).Assignee)
		require.Empty(t, s.lead(t, s.ids[0]).Assignee)
	})
}

// What was imported, or there before, is handed out only when somebody says so.
func TestOnlyWhatCameInIsInTheBacklog(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		var router *notify.Router
		s := start(t, func(s *simulation) leads.Notifier {
			people := notify.People{{ID: "ann", Email: "ann@example.com", Weight: 1, Capacity: 3, Hours: notify.Weekdays("09:00", "17:00"), Preferences: notify.Preferences{OwnOnly: true}}}
			router = notify.Route(s.store, &notify.RouteOptions{People: people, UnassignedAfter: -1}, notify.Team(s.box, people, nil))
			return router
		})
		old, err := s.store.Capture(t.Context(), []ingest.Submission{{ID: leads.NewID(), Tenant: leads.DefaultTenant, Fields: ingest.Fields{Email: "old@mail.example"}, Flags: []ingest.Flag{ingest.FlagImported}, Received: time.Now()}})
		require.NoError(t, err)
		require.NoError(t, old[0].Err)
		s.ids = append(s.ids, old[0].LeadID)
		until(18, 0)
		fresh := s.capture(t, "fresh@mail.example")
		lost := s.capture(t, "lost@mail.example")
		s.edit(t, lost, func(l *leads.Lead) { l.Status = leads.StatusClosed })
		until(9, 1)
		require.Equal(t, "ann", s.lead(t, fresh).Assignee)
		require.Empty(t, s.lead(t, lost).Assignee)
		require.Empty(t, s.lead(t, s.ids[0]).Assignee)
		require.Len(t, s.taken(), 1)
		left, err := s.store.Records(t.Context(), leads.DefaultTenant, notify.RecordUnassigned, "", 10)
		require.NoError(t, err)
		require.Empty(t, left)

		taken, err := router.HandOut(t.Context(), leads.DefaultTenant, 0)
		require.NoError(t, err)
		require.Equal(t, 1, taken)
		pass(time.Minute)
		require.Equal(t, []string{"ann@example.com: Your lead: old@mail.example (50)"}, s.taken())
		s.settled(t)
	})
}

func TestTheAlarmAboutALeadThatNobodyTakes(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, routedTeam(notify.RouteOptions{},
			notify.Person{ID: "ann", Email: "ann@example.com", Preferences: notify.Preferences{Modes: modes{leads.NotifyNew: notify.Off}}}))
		id := s.capture(t, "x@mail.example")
		pass(14 * time.Minute)
		require.Empty(t, s.taken())
		pass(2 * time.Minute)
		mails := s.box.mails
		require.Equal(t, []string{"ann@example.com: Waiting: x@mail.example (50)"}, s.taken())
		require.Contains(t, mails[0].Text, notify.Unassigned)
		second := s.capture(t, "y@mail.example")
		s.edit(t, second, func(l *leads.Lead) { l.Assign(leads.Change{To: "zoe"}, time.Now()) })
		pass(time.Hour)
		require.Empty(t, s.taken(), "somebody has taken it")
		require.Empty(t, s.lead(t, id).Assignee)
	})
}

func TestTheResponseTime(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, routedTeam(notify.RouteOptions{ResponseTime: 30 * time.Minute, Hours: notify.Weekdays("09:00", "17:00")},
			notify.Person{ID: "ann", Email: "ann@example.com", Weight: 1, Preferences: notify.Preferences{OwnOnly: true}}, notify.Person{ID: "ben", Email: "ben@example.com", Preferences: notify.Preferences{OwnOnly: true}}))
		until(16, 50)
		slow := s.capture(t, "slow@mail.example")
		quick := s.capture(t, "quick@mail.example")
		lost := s.capture(t, "lost@mail.example")
		_ = s.taken()
		until(9, 10)
		s.edit(t, quick, func(l *leads.Lead) { l.SetStatus(leads.Change{To: string(leads.StatusContacted)}, time.Now()) })
		s.edit(t, lost, func(l *leads.Lead) { l.SetStatus(leads.Change{To: string(leads.StatusClosed)}, time.Now()) })
		until(9, 19)
		require.Empty(t, s.taken())
		until(9, 21)
		require.Equal(t, []string{"ann@example.com: Waiting: slow@mail.example (50)"}, s.taken())
		require.True(t, s.lead(t, slow).Response.Contacted.IsZero())
		pass(48 * time.Hour)
		require.Empty(t, s.taken(), "once")
		s.settled(t)
	})
}

// The owner of an organisation's leads gets the next one of it, through the whole line.
func TestTheOwnerThroughTheEngine(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, routedTeam(notify.RouteOptions{}, notify.Person{ID: "ann", Weight: 1}, notify.Person{ID: "ben", Weight: 1}))
		for _, email := range []string{"a@acme.com", "b@ACME.com", "c@mail.example", "d@mail.example", "e@acme.com"} {
			s.capture(t, email)
		}
		var got []string
		for _, id := range s.ids {
			got = append(got, s.lead(t, id).Assignee)
		}
		require.Equal(t, []string{"ann", "ann", "ben", "ann", "ann"}, got)
		require.False(t, s.lead(t, s.ids[0]).Response.Assigned.IsZero())
	})
}
