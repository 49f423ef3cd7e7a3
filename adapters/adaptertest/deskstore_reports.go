package adaptertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

const (
	saysSpan      = "From is included and To is not, and a zero one leaves its end open; days begin at midnight in Zone."
	saysZone      = "nil means UTC"
	saysByDay     = "LeadsByDay counts the leads created on each day of the span, by day and what By names, in the order of day and group."
	saysNoDays    = "Days without leads are left out."
	saysNoGroup   = "Leads that have not what By names count under \"\"."
	saysMoves     = "Moves returns the changes of status (events of kind EventStatus) within the span, oldest first, ties in the order of their IDs, at most limit."
	saysResponses = "Responses returns when leads created within the span were created, assigned, viewed and contacted, at most limit, the newest first, ties by ID in the same direction."
)

func reportContracts() []contract {
	return []contract{
		{"report/days", saysByDay, reportDays},
		{"report/zones", saysSpan, reportZones},
		{"report/UTC", saysZone, reportUTC},
		{"report/the span", saysSpan, reportSpan},
		{"report/days without leads", saysNoDays, reportGaps},
		{"report/groups", saysByDay, reportGroups},
		{"report/leads of no group", saysNoGroup, reportNoGroup},
		{"report/moves", saysMoves, reportMoves},
		{"report/moves of the span", saysMoves, reportMovesSpan},
		{"report/responses", saysResponses, reportResponses},
	}
}

// cameAt captures somebody at a time.
func (r *rig) cameAt(at time.Time) leads.Lead {
	r.t.Helper()
	sub := r.sub(leads.NewID() + "@example.com")
	sub.Received = at
	return r.lead(r.one(sub).LeadID)
}

func (r *rig) days(what string, q desk.ReportQuery, want ...desk.DayCount) {
	r.t.Helper()
	q.Tenant = r.tenant
	got, err := r.store().LeadsByDay(r.t.Context(), q)
	if err != nil {
		r.t.Fatalf("LeadsByDay: %v", err)
	}
	r.check(slices.Equal(got, want), "%s: the days are %+v, want %+v", what, got, want)
}

func day(name, group string, n int) desk.DayCount {
	return desk.DayCount{Day: name, Group: group, Count: n}
}

// date is a time in 2026.
func date(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
}

func reportDays(r *rig) {
	r.days("an empty store", desk.ReportQuery{})
	other := r.as("other")
	for _, at := range []time.Time{date(11, 23, 23, 59), date(11, 22, 0, 0), date(11, 23, 0, 0), date(11, 22, 12, 0), date(11, 23, 12, 0)} {
		r.cameAt(at)
		other.cameAt(at)
	}
	r.days("two days", desk.ReportQuery{}, day("2026-11-22", "", 2), day("2026-11-23", "", 3))
}

// reportZones counts in zones whose days begin at other times, and on the days on which clocks are changed.
func reportZones(r *rig) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			r.t.Skipf("the zone %s is not known here: %v", name, err)
		}
		return z
	}
	for _, at := range []time.Time{
		date(3, 28, 22, 59), date(3, 28, 23, 0), date(3, 29, 21, 59), date(3, 29, 22, 0), // Berlin's day of 23 hours
		date(10, 24, 21, 59), date(10, 24, 22, 0), date(10, 25, 22, 59), date(10, 25, 23, 0), // and that of 25
	} {
		r.cameAt(at)
	}
	r.days("in Berlin", desk.ReportQuery{Zone: zone("Europe/Berlin")},
		day("2026-03-28", "", 1), day("2026-03-29", "", 2), day("2026-03-30", "", 1), day("2026-10-24", "", 1), day("2026-10-25", "", 2), day("2026-10-26", "", 1))
	r.days("in Kathmandu", desk.ReportQuery{Zone: zone("Asia/Kathmandu")},
		day("2026-03-29", "", 2), day("2026-03-30", "", 2), day("2026-10-25", "", 2), day("2026-10-26", "", 2))
	r.days("in a zone without a name", desk.ReportQuery{Zone: time.FixedZone("", -11*3600)},
		day("2026-03-28", "", 2), day("2026-03-29", "", 2), day("2026-10-24", "", 2), day("2026-10-25", "", 2))
}

func reportUTC(r *rig) {
	r.cameAt(date(11, 22, 23, 59))
	r.cameAt(date(11, 23, 0, 0))
	want := []desk.DayCount{day("2026-11-22", "", 1), day("2026-11-23", "", 1)}
	r.days("without a zone", desk.ReportQuery{}, want...)
	r.days("in UTC", desk.ReportQuery{Zone: time.UTC}, want...)
}

func reportSpan(r *rig) {
	from, to := date(11, 22, 6, 0), date(11, 24, 6, 0)
	for _, at := range []time.Time{from.Add(-time.Microsecond), from, date(11, 23, 0, 0), to.Add(-time.Microsecond), to} {
		r.cameAt(at)
	}
	r.days("from and to", desk.ReportQuery{From: from, To: to}, day("2026-11-22", "", 1), day("2026-11-23", "", 1), day("2026-11-24", "", 1))
	r.days("from", desk.ReportQuery{From: from}, day("2026-11-22", "", 1), day("2026-11-23", "", 1), day("2026-11-24", "", 2))
	r.days("to", desk.ReportQuery{To: to}, day("2026-11-22", "", 2), day("2026-11-23", "", 1), day("2026-11-24", "", 1))
	r.days("of no length", desk.ReportQuery{From: from, To: from})
}

func reportGaps(r *rig) {
	r.cameAt(date(11, 1, 0, 0))
	r.cameAt(date(11, 23, 0, 0))
	r.days("with a gap", desk.ReportQuery{From: date(10, 1, 0, 0), To: date(12, 31, 0, 0)}, day("2026-11-01", "", 1), day("2026-11-23", "", 1))
}

func reportGroups(r *rig) {
	first, at := r.source, date(11, 23, 12, 0)
	channel := func(name string) leads.Enrichment {
		return leads.Enrichment{"attribution.first.channel": {Key: "attribution.first.channel", Truth: leads.Yes, Value: name, Source: "test"}}
	}
	r.made(r.cameAt(at).ID, func(l *leads.Lead) {
		l.Status, l.Score, l.Enrichment = leads.StatusQualified, &leads.Score{Value: 90, Qualification: leads.Hot}, channel("paid")
	})
	r.made(r.cameAt(at).ID, func(l *leads.Lead) {
		l.Score, l.Enrichment = &leads.Score{Qualification: leads.Cold}, channel("direct")
	})
	r.source = r.newSource(r.tenant)
	r.made(r.cameAt(at).ID, func(l *leads.Lead) {
		l.Score, l.Enrichment = &leads.Score{Qualification: leads.Cold}, channel("direct")
	})
	r.cameAt(at.Add(-24 * hour))
	for by, want := range map[desk.ReportBy][]desk.DayCount{
		desk.ByNothing:       {day("2026-11-22", "", 1), day("2026-11-23", "", 3)},
		desk.BySource:        {day("2026-11-22", r.source, 1), day("2026-11-23", first, 2), day("2026-11-23", r.source, 1)},
		desk.ByChannel:       {day("2026-11-22", "", 1), day("2026-11-23", "direct", 2), day("2026-11-23", "paid", 1)},
		desk.ByQualification: {day("2026-11-22", "", 1), day("2026-11-23", "cold", 2), day("2026-11-23", "hot", 1)},
		desk.ByStatus:        {day("2026-11-22", "new", 1), day("2026-11-23", "new", 2), day("2026-11-23", "qualified", 1)},
	} {
		r.days(fmt.Sprintf("by %q", by), desk.ReportQuery{By: by}, want...)
	}
}

func reportNoGroup(r *rig) {
	id := r.cameAt(date(11, 23, 12, 0)).ID
	sub := r.sub(leads.NewID() + "@example.com")
	sub.Received, sub.SourceID = date(11, 23, 12, 0), ""
	r.one(sub)
	r.days("by channel", desk.ReportQuery{By: desk.ByChannel}, day("2026-11-23", "", 2))
	r.days("by qualification", desk.ReportQuery{By: desk.ByQualification}, day("2026-11-23", "", 2))
	r.days("by source", desk.ReportQuery{By: desk.BySource}, day("2026-11-23", "", 1), day("2026-11-23", r.source, 1))
	for _, truth := range []leads.Truth{leads.Unknown, leads.No} { // a fact that is not established says nothing
		r.made(id, func(l *leads.Lead) {
			l.Enrichment = leads.Enrichment{"attribution.first.channel": {Key: "attribution.first.channel", Truth: truth, Value: "paid", Source: "test"}}
		})
		r.days("by a channel that is "+truth.String(), desk.ReportQuery{By: desk.ByChannel}, day("2026-11-23", "", 2))
	}
}

func (r *rig) moves(q desk.ReportQuery, limit int) []leads.Event {
	r.t.Helper()
	q.Tenant = r.tenant
	moves, err := r.store().Moves(r.t.Context(), q, limit)
	if err != nil {
		r.t.Fatalf("Moves: %v", err)
	}
	return moves
}

// moved adds an event of a kind to a lead.
func (r *rig) moved(leadID string, kind leads.EventKind, at time.Time) leads.Event {
	r.t.Helper()
	e := leads.Event{Tenant: r.tenant, ID: leads.NewID(), LeadID: leadID, Kind: kind, At: at, Data: json.RawMessage(`{"from":"new","to":"contacted", "by":"ann"}`)}
	r.edit(leadID, func(*leads.Lead) ([]leads.Event, []leads.Task, error) { return []leads.Event{e}, nil, nil })
	return e
}

func reportMoves(r *rig) {
	r.check(len(r.moves(desk.ReportQuery{}, 10)) == 0, "an empty store has moves: %+v", r.moves(desk.ReportQuery{}, 10))
	other := r.as("other")
	other.moved(other.person("ann@example.com"), leads.EventStatus, r.tick())
	ann, bob := r.person("ann@example.com"), r.person("bob@example.com")
	at := r.tick()
	third, first := r.moved(ann, leads.EventStatus, at), r.moved(bob, leads.EventStatus, at.Add(-time.Minute))
	r.moved(ann, leads.EventNoted, at)
	fourth, second := r.moved(bob, leads.EventStatus, at), r.moved(ann, leads.EventStatus, at.Add(-time.Second))
	want := []leads.Event{first, second, third, fourth}
	for _, limit := range []int{1, 2, 4, 5} {
		r.same(fmt.Sprintf("at most %d", limit), r.moves(desk.ReportQuery{}, limit), want[:min(limit, 4)])
	}
}

func reportMovesSpan(r *rig) {
	id, at := r.person("ann@example.com"), r.tick()
	early, late := r.moved(id, leads.EventStatus, at), r.moved(id, leads.EventStatus, at.Add(time.Minute))
	for _, c := range []struct {
		from, to time.Time
		want     []leads.Event
	}{
		{at, time.Time{}, []leads.Event{early, late}}, {at.Add(time.Microsecond), time.Time{}, []leads.Event{late}},
		{time.Time{}, late.At, []leads.Event{early}}, {early.At, late.At.Add(time.Microsecond), []leads.Event{early, late}}, {late.At, late.At, nil},
	} {
		r.same(fmt.Sprintf("from %v to %v", c.from, c.to), r.moves(desk.ReportQuery{From: c.from, To: c.to}, 10), c.want)
	}
}

func reportResponses(r *rig) {
	other := r.as("other")
	other.cameAt(date(11, 23, 12, 0))
	var want []desk.ResponseRow
	for i := range 5 {
		response := leads.Response{}
		if i > 0 {
			response = leads.Response{Assigned: r.tick(), Viewed: r.tick(), Contacted: r.tick()}
		}
		lead := r.made(r.cameAt(date(11, 20+i/2, 12, 0)).ID, func(l *leads.Lead) { l.Assignee, l.Response = fmt.Sprint("person", i), response })
		want = append(want, desk.ResponseRow{LeadID: lead.ID, Assignee: lead.Assignee, Created: lead.CreatedAt, Response: lead.Response})
	}
	slices.Reverse(want)
	rows := func(q desk.ReportQuery, limit int) []desk.ResponseRow {
		r.t.Helper()
		q.Tenant = r.tenant
		got, err := r.store().Responses(r.t.Context(), q, limit)
		if err != nil {
			r.t.Fatalf("Responses: %v", err)
		}
		return got
	}
	for _, limit := range []int{1, 3, 5, 6} {
		r.same(fmt.Sprintf("at most %d", limit), rows(desk.ReportQuery{}, limit), want[:min(limit, 5)])
	}
	r.same("of a span", rows(desk.ReportQuery{From: date(11, 20, 12, 0), To: date(11, 22, 12, 0)}, 10), want[1:])
	r.same("from the second day", rows(desk.ReportQuery{From: date(11, 21, 12, 0)}, 10), want[:3])
}
