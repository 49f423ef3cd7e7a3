package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

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

// LeadsByDay is described by [desk.Reports]. It goes from day to day on which there are leads, because SQLite knows no zones, and counts each one's by
// the index.
func (s *Store) LeadsByDay(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error) {
	over, err := s.unlisted(ctx, q.Tenant)
	if err != nil || !validTenant(q.Tenant) {
		return nil, err
	}
	counts := make(map[desk.DayCount]int) // by day and group
	zone := cmp.Or(q.Zone, time.UTC)
	from, to := spanOf(q)
	for from < to {
		first, err := s.firstCreated(ctx, q.Tenant, from, to)
		if err != nil {
			return nil, err
		}
		if first == nil {
			break
		}
		day := time.UnixMicro(*first).In(zone)
		end := min(to, nextDay(day).UnixMicro())
		if err := s.countDay(ctx, q, *first, end, func(group string, n int) {
			counts[desk.DayCount{Day: day.Format(time.DateOnly), Group: group}] += n
		}); err != nil {
			return nil, err
		}
		from = end
	}
	if err := s.correct(ctx, q, over, counts); err != nil {
		return nil, err
	}
	return sortedDays(counts), nil
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

func (s *Store) firstCreated(ctx context.Context, tenant string, from, to int64) (first *int64, err error) {
	err = s.read(ctx, "leads by day", s.engine.statements().firstCreated, true, []any{tenant, from, to}, func(scan scanFunc) error { return scan(&first) })
	return first, err
}

// countDay counts the leads of a day in the listing by their group.
func (s *Store) countDay(ctx context.Context, q desk.ReportQuery, from, to int64, add func(group string, n int)) error {
	column := groups[q.By]
	text := `SELECT count(*) FROM {p}listing AS l WHERE tenant_id = ?1 AND created_at >= ?2 AND created_at < ?3`
	if column != "" {
		text = `SELECT count(*), ` + column + ` FROM {p}listing AS l WHERE tenant_id = ?1 AND created_at >= ?2 AND created_at < ?3 GROUP BY ` + column
	}
	return s.read(ctx, "leads by day", s.engine.text(text), true, []any{q.Tenant, from, to}, func(scan scanFunc) error {
		n, group, id := 0, "", uid{}
		to := []any{&n}
		switch {
		case q.By == desk.BySource && column != "":
			to = append(to, &id)
		case column != "":
			to = append(to, &group)
		}
		err := scan(to...)
		add(cmp.Or(id.String(), group), n)
		return err
	})
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
	for id, lead := range over {
		old, there, err := s.listedAs(ctx, q.Tenant, id)
		if err != nil {
			return err
		}
		if there {
			count(&old, -1)
		}
		count(rowOfListing(id, lead), 1)
	}
	return nil
}

// listedAs reads what the listing says of a lead that reports count by.
func (s *Store) listedAs(ctx context.Context, tenant string, lead uid) (r listingRow, there bool, err error) {
	err = s.read(ctx, "listing", s.engine.statements().listedAs, true, []any{tenant, s.engine.id(lead)}, func(scan scanFunc) error {
		there = true
		return scan(&r.created, &r.source, &r.channel, &r.qualification, &r.status)
	})
	return r, there, err
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
