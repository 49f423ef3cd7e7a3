package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// spanOf is the span of a report in microseconds; an open end is beyond every time.
func spanOf(q desk.ReportQuery) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !q.From.IsZero() {
		from = ceilMicro(q.From)
	}
	if !q.To.IsZero() {
		to = ceilMicro(q.To)
	}
	return from, to
}

// groups are the columns that leads can be counted by.
var groups = map[desk.ReportBy]string{
	desk.BySource: "source_id", desk.ByChannel: "channel", desk.ByQualification: "qualification", desk.ByStatus: "status",
}

// groupOf is what a lead counts under.
func groupOf(by desk.ReportBy, r *listingRow) string {
	switch by {
	case desk.BySource:
		return r.source.String()
	case desk.ByChannel:
		return r.channel
	case desk.ByQualification:
		return r.qualification
	case desk.ByStatus:
		return r.status
	}
	return ""
}

// LeadsByDay is described by [desk.Reports]. Whole hours have been counted as their leads were listed; what is not whole, at the ends and where days do
// not begin with an hour, is counted by the index.
func (s *Store) LeadsByDay(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error) {
	over, err := s.unlisted(ctx, q.Tenant)
	if err != nil || !validTenant(q.Tenant) {
		return nil, err
	}
	counts, err := s.tally(ctx, q, over, func(from, to int64) (days []string, spans daySpans) {
		return daysOf(from, to, cmp.Or(q.Zone, time.UTC))
	})
	if err != nil {
		return nil, err
	}
	return sortedDays(counts), nil
}

// tally counts the leads of the query by day and group; divide makes days of the time in which there are any.
func (s *Store) tally(ctx context.Context, q desk.ReportQuery, over map[uid]leads.Lead, divide func(from, to int64) ([]string, daySpans)) (map[desk.DayCount]int, error) {
	first, last, err := s.hoursOf(ctx, q.Tenant)
	if err != nil {
		return nil, err
	}
	from, to := spanOf(q)
	days, spans := divide(max(from, first), min(to, last))
	counts := make(map[desk.DayCount]int)
	for _, part := range spans.parts() {
		if err := s.countDays(ctx, q, part, func(day int, group string, n int) {
			counts[desk.DayCount{Day: days[day], Group: group}] += n
		}); err != nil {
			return nil, err
		}
	}
	return counts, s.correct(ctx, q, over, counts)
}

// hour is what is counted ahead, in microseconds.
const hour = int64(time.Hour / time.Microsecond)

// hoursOf returns when the first hour with leads of a tenant begins and the last one ends.
func (s *Store) hoursOf(ctx context.Context, tenant string) (first, last int64, err error) {
	err = s.read(ctx, "leads by day", s.engine.statements().hours, true, []any{tenant}, func(scan scanFunc) error {
		var from, to *int64
		err := scan(&from, &to)
		if from != nil && to != nil {
			first, last = *from*hour, (*to+1)*hour
		}
		return err
	})
	return first, last, err
}

// daySpan is a span of a day: in hours, or in microseconds.
type daySpan struct {
	day      int
	from, to int64
}

// daySpans are those of several days.
type daySpans struct{ hours, rest []daySpan }

// daysOf names the days of a span, and divides each into whole hours and the rest.
func daysOf(from, to int64, zone *time.Location) (days []string, spans daySpans) {
	for from < to {
		day := time.UnixMicro(from).In(zone)
		end := min(to, nextDay(day).UnixMicro())
		spans.add(len(days), from, end)
		days, from = append(days, day.Format(time.DateOnly)), end
	}
	return days, spans
}

// add divides a span of a day.
func (d *daySpans) add(day int, from, to int64) {
	rest := func(from, to int64) {
		if from < to {
			d.rest = append(d.rest, daySpan{day, from, to})
		}
	}
	first, last := floorHour(from+hour-1), floorHour(to)
	if first >= last {
		rest(from, to)
		return
	}
	d.hours = append(d.hours, daySpan{day, first, last})
	rest(from, first*hour)
	rest(last*hour, to)
}

// floorHour is the hour since 1970 in which a time lies.
func floorHour(micros int64) int64 { return (micros - (micros%hour+hour)%hour) / hour }

// manySpans is how many spans are counted at once. For a hundred, PostgreSQL would compile the statement, at the price of ten executions.
const manySpans = 50

// part of the spans of several days, which are counted at once.
type spanPart struct {
	spans []daySpan
	whole bool // they are hours
}

func (d *daySpans) parts() (parts []spanPart) {
	for some := range slices.Chunk(d.hours, manySpans) {
		parts = append(parts, spanPart{some, true})
	}
	for some := range slices.Chunk(d.rest, manySpans) {
		parts = append(parts, spanPart{some, false})
	}
	return parts
}

// countDays counts the leads of some spans by their group.
func (s *Store) countDays(ctx context.Context, q desk.ReportQuery, part spanPart, add func(day int, group string, n int)) error {
	c := &condition{args: []any{q.Tenant}}
	var values []string
	for _, d := range part.spans { // numbers of our own
		values = append(values, fmt.Sprintf("(%d, %d, %d)", d.day, d.from, d.to))
	}
	column := groups[q.By]
	group := cmp.Or(column, "''")
	text := "WITH d (day, since, until) AS (VALUES " + strings.Join(values, ", ") + ") "
	if part.whole {
		rows := "{p}hours AS h"
		where := "h.tenant_id = ?1 AND h.kind = " + c.arg(column) + " AND h.hour >= d.since AND h.hour < d.until"
		text += "SELECT d.day, h.value, CAST(sum(h.n) AS BIGINT) FROM d" + s.engine.ofEach(rows, "h", where) + " GROUP BY d.day, h.value"
	} else {
		if q.By == desk.BySource {
			group = s.engine.plainID("l.source_id")
		}
		rows := "{p}listing AS l" + s.engine.index("created")
		where := "l.tenant_id = ?1 AND l.created_at >= d.since AND l.created_at < d.until"
		text += "SELECT d.day, " + group + ", count(*) FROM d" + s.engine.ofEach(rows, "l", where) + " GROUP BY 1, 2"
	}
	return s.loosely(ctx, "leads by day", text, c, func(scan scanFunc) error {
		day, n, group := 0, 0, ""
		if err := scan(&day, &group, &n); err != nil {
			return err
		}
		if q.By == desk.BySource && column != "" {
			id, err := uuid.Parse(group)
			if group = uid(id).String(); err != nil {
				return err
			}
		}
		add(day, group, n)
		return nil
	})
}

func sortedDays(counts map[desk.DayCount]int) []desk.DayCount {
	var days []desk.DayCount
	for day, n := range counts {
		if day.Count = n; n > 0 {
			days = append(days, day)
		}
	}
	slices.SortFunc(days, func(a, b desk.DayCount) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Group, b.Group)) })
	return days
}

// nextDay is when the day after that of t begins, in its zone, where there may be no midnight.
func nextDay(t time.Time) time.Time {
	day := t.Format(time.DateOnly)
	later := sort.Search(50*60*60, func(seconds int) bool {
		return t.Truncate(time.Second).Add(time.Duration(seconds)*time.Second).Format(time.DateOnly) > day
	})
	return t.Truncate(time.Second).Add(time.Duration(later) * time.Second)
}

// correct takes from the counts what the listing says of leads that have changed since, and adds what is true of them.
func (s *Store) correct(ctx context.Context, q desk.ReportQuery, over map[uid]leads.Lead, counts map[desk.DayCount]int) error {
	if len(over) == 0 {
		return nil
	}
	zone := cmp.Or(q.Zone, time.UTC)
	count := func(r *listingRow, n int) {
		if at := time.UnixMicro(r.created).UTC(); within(at, q.From, q.To) {
			counts[desk.DayCount{Day: at.In(zone).Format(time.DateOnly), Group: groupOf(q.By, r)}] += n
		}
	}
	listed, err := s.listedAs(ctx, q.Tenant, over)
	if err != nil {
		return err
	}
	for i := range listed {
		count(&listed[i], -1)
	}
	for id, lead := range over {
		count(rowOfListing(id, lead), 1)
	}
	return nil
}

// manyIDs is how many leads are read at once by their IDs.
const manyIDs = 400

// listedAs reads what the listing says of leads that are not listed as they are, by what reports count them by.
func (s *Store) listedAs(ctx context.Context, tenant string, over map[uid]leads.Lead) (rows []listingRow, err error) {
	for some := range slices.Chunk(slices.Collect(maps.Keys(over)), manyIDs) {
		c := &condition{args: []any{tenant}}
		var marks []string
		for _, id := range some {
			marks = append(marks, c.arg(s.engine.id(id)))
		}
		text := "SELECT created_at, source_id, channel, qualification, status FROM {p}listing WHERE tenant_id = ?1 AND lead_id IN (" + strings.Join(marks, ", ") + ")"
		err := s.loosely(ctx, "listing", text, c, func(scan scanFunc) error {
			var r listingRow
			err := scan(&r.created, &r.source, &r.channel, &r.qualification, &r.status)
			rows = append(rows, r)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Moves is described by [desk.Reports].
func (s *Store) Moves(ctx context.Context, q desk.ReportQuery, limit int) (moves []leads.Event, err error) {
	from, to := q.From, q.To
	if from.IsZero() {
		from = time.Date(-4000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if to.IsZero() {
		to = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	args := []any{q.Tenant, s.engine.at(upMicro(from)), s.engine.at(upMicro(to)), limit}
	err = s.read(ctx, "moves", s.engine.statements().moves, validTenant(q.Tenant) && limit > 0, args, func(scan scanFunc) error {
		var r eventRow
		err := scan(&r.TenantID, &r.LeadID, &r.ID, &r.Kind, &r.At, &r.SubmissionID, &r.TaskID, &r.Data)
		moves = append(moves, r.event())
		return err
	})
	return moves, err
}

func upMicro(t time.Time) time.Time { return micro(t.UTC().Add(time.Microsecond - 1)) }

// Responses is described by [desk.Reports].
func (s *Store) Responses(ctx context.Context, q desk.ReportQuery, limit int) ([]desk.ResponseRow, error) {
	over, err := s.unlisted(ctx, q.Tenant)
	if err != nil || !validTenant(q.Tenant) || limit <= 0 {
		return nil, err
	}
	var rows []desk.ResponseRow
	from, to := spanOf(q)
	err = s.read(ctx, "responses", s.engine.statements().responses, true, []any{q.Tenant, from, to, limit + len(over)}, func(scan scanFunc) error {
		var id uid
		var row desk.ResponseRow
		var created, assigned, viewed, contacted *int64
		if err := scan(&id, &row.Assignee, &created, &assigned, &viewed, &contacted); err != nil {
			return err
		}
		if _, stale := over[id]; stale {
			return nil
		}
		row.LeadID, row.Created = id.String(), timeOf(created)
		row.Response = leads.Response{Assigned: timeOf(assigned), Viewed: timeOf(viewed), Contacted: timeOf(contacted)}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, lead := range over {
		if within(lead.CreatedAt, q.From, q.To) {
			rows = append(rows, desk.ResponseRow{LeadID: lead.ID, Assignee: lead.Assignee, Created: lead.CreatedAt, Response: lead.Response})
		}
	}
	slices.SortFunc(rows, func(a, b desk.ResponseRow) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.LeadID, a.LeadID))
	})
	return rows[:min(len(rows), limit)], nil
}

// wrapped says in which operation an error came up.
func wrapped(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("bunstore: %s: %w", operation, err)
}
