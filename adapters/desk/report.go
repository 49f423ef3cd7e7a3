package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
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

// Stages reports how leads went through the statuses. Leads that were created within the span have entered "new" then. For readers.
func (d *Desk) Stages(ctx context.Context, u User, q ReportQuery) (StageReport, error) {
	if err := may(u, Reader); err != nil {
		return StageReport{}, err
	}
	q.Tenant = u.Tenant
	moves, err := d.store.Moves(ctx, q, reportRows)
	if err != nil {
		return StageReport{}, wrap("stages", err)
	}
	came, err := d.store.Responses(ctx, q, reportRows)
	if err != nil {
		return StageReport{}, wrap("stages", err)
	}
	report := StageReport{Partial: len(moves) == reportRows || len(came) == reportRows}
	flow := flowOf(came, moves)
	for _, status := range Statuses() {
		now, err := d.store.CountLeads(ctx, Filter{Tenant: u.Tenant, Statuses: []leads.Status{status}}, 10_000)
		if err != nil {
			return StageReport{}, wrap("stages", err)
		}
		report.Stages = append(report.Stages, StageCount{
			Status: status, Now: now, Entered: flow.entered[status], Left: flow.left[status], Median: median(flow.stays[status]),
		})
	}
	return report, nil
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
