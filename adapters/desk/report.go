package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/openleads/leads"
)

// reportRows bounds how many events and leads a report looks at.
const reportRows = 20_000

// LeadsByDay counts the leads created on each day of the span; q.Tenant is the user's whatever it says. For readers.
func (d *Desk) LeadsByDay(ctx context.Context, u User, q ReportQuery) ([]DayCount, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	q.Tenant, q.Zone = u.Tenant, cmp.Or(q.Zone, time.UTC)
	return d.store.LeadsByDay(ctx, q)
}

// StageReport is how leads went through the statuses within a span.
type StageReport struct {
	Stages []StageCount
	// Partial is set when there was more than a report looks at.
	Partial bool
}

// StageCount is what happened at one status.
type StageCount struct {
	Status leads.Status
	// Now is how many leads stand there, whenever they came, counted up to 10,000.
	Now int
	// Entered and Left count the moves within the span; a lead that came back counts again.
	Entered, Left int
	// Median is the time that leads which left had stood there, as far as both moves lie within the span.
	Median time.Duration
}

// reports keeps large reports for a while: people look at them again and again.
type reports struct {
	mu   sync.Mutex
	kept map[reportKey]keptReport
}

// reportKey is a report of a span, to the minute.
type reportKey struct {
	tenant   string
	from, to int64
}

type keptReport struct {
	report StageReport
	until  time.Time
}

const (
	largeReport = 5000 // moves or leads that were looked at
	keepReport  = 30 * time.Second
	keptReports = 256
)

func keyOf(q ReportQuery) reportKey {
	return reportKey{q.Tenant, q.From.Truncate(time.Minute).Unix(), q.To.Truncate(time.Minute).Unix()}
}

func (r *reports) get(q ReportQuery, now time.Time) (StageReport, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.kept[keyOf(q)]
	if !ok || !now.Before(kept.until) {
		return StageReport{}, false
	}
	kept.report.Stages = slices.Clone(kept.report.Stages)
	return kept.report, true
}

func (r *reports) put(q ReportQuery, report StageReport, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= keptReports {
		r.kept = make(map[reportKey]keptReport)
	}
	report.Stages = slices.Clone(report.Stages)
	r.kept[keyOf(q)] = keptReport{report, now.Add(keepReport)}
}

// Stages reports how leads went through the statuses. Leads that were created within the span have entered "new" then. A report of more than 5,000
// moves or leads may be half a minute old. For readers.
func (d *Desk) Stages(ctx context.Context, u User, q ReportQuery) (StageReport, error) {
	if err := may(u, Reader); err != nil {
		return StageReport{}, err
	}
	q.Tenant = u.Tenant
	now := d.now()
	if report, ok := d.reports.get(q, now); ok {
		return report, nil
	}
	report, looked, err := d.stageReport(ctx, q)
	if err == nil && looked > largeReport {
		d.reports.put(q, report, now)
	}
	return report, err
}

// stageReport makes the report, and tells how much it looked at.
func (d *Desk) stageReport(ctx context.Context, q ReportQuery) (StageReport, int, error) {
	moves, err := d.store.Moves(ctx, q, reportRows)
	if err != nil {
		return StageReport{}, 0, wrap("stages", err)
	}
	came, err := d.store.Responses(ctx, q, reportRows)
	if err != nil {
		return StageReport{}, 0, wrap("stages", err)
	}
	report := StageReport{Partial: len(moves) == reportRows || len(came) == reportRows}
	flow := flowOf(came, moves)
	for _, status := range Statuses() {
		now, err := d.store.CountLeads(ctx, Filter{Tenant: q.Tenant, Statuses: []leads.Status{status}}, 10_000)
		if err != nil {
			return StageReport{}, 0, wrap("stages", err)
		}
		report.Stages = append(report.Stages, StageCount{
			Status: status, Now: now, Entered: flow.entered[status], Left: flow.left[status], Median: median(flow.stays[status]),
		})
	}
	return report, len(moves) + len(came), nil
}

// flow is how leads moved.
type flow struct {
	entered, left map[leads.Status]int
	stays         map[leads.Status][]time.Duration
}

func flowOf(came []ResponseRow, moves []leads.Event) flow {
	f := flow{make(map[leads.Status]int), make(map[leads.Status]int), make(map[leads.Status][]time.Duration)}
	since := make(map[string]time.Time) // by lead: when it came to where it stands
	for _, row := range came {
		since[row.LeadID] = row.Created
		f.entered[leads.StatusNew]++
	}
	for _, e := range moves {
		var c leads.Change
		if json.Unmarshal(e.Data, &c) != nil || c.From == c.To {
			continue
		}
		from := leads.Status(c.From)
		f.left[from]++
		f.entered[leads.Status(c.To)]++
		if came, ok := since[e.LeadID]; ok {
			f.stays[from] = append(f.stays[from], e.At.Sub(came))
		}
		since[e.LeadID] = e.At
	}
	return f
}

func median(stays []time.Duration) time.Duration {
	if len(stays) == 0 {
		return 0
	}
	slices.Sort(stays)
	return stays[len(stays)/2]
}

// Responses returns how soon the leads created within the span were taken care of, the newest first, at most 20,000. For readers.
func (d *Desk) Responses(ctx context.Context, u User, q ReportQuery) ([]ResponseRow, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	q.Tenant = u.Tenant
	return d.store.Responses(ctx, q, reportRows)
}
