package adaptertest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// reading is what a desk can read of a tenant without the ID of a lead, as far as source and address key do.
type reading struct {
	Page        desk.Page
	Count       int
	Changed     []leads.Lead
	Sources     []desk.SourceEntry
	Names       []desk.SourceName
	Payloads    []ingest.Submission
	Quarantined []ingest.Submission
	Queue       []desk.QueueCount
	Dead        []leads.Task
	Entries     []desk.Entry
	Days        []desk.DayCount
	Moves       []leads.Event
	Responses   []desk.ResponseRow
	Enrollments []sequence.Enrollment
	Consents    [2][]sequence.Consent
	Unassigned  []leads.Lead
}

// readings calls every read, each with its name.
func (r *rig) readings(ctx context.Context, v *reading, addressKey string) map[string]error {
	s, errs := r.store(), make(map[string]error)
	q := desk.ReportQuery{Tenant: r.tenant, By: desk.BySource}
	v.Page, errs["FindLeads"] = s.FindLeads(ctx, desk.Filter{Tenant: r.tenant, Limit: 1000})
	v.Count, errs["CountLeads"] = s.CountLeads(ctx, desk.Filter{Tenant: r.tenant}, 1000)
	v.Changed, errs["ChangedLeads"] = s.ChangedLeads(ctx, r.tenant, time.Time{}, 1000)
	v.Sources, errs["ListSources"] = s.ListSources(ctx, r.tenant)
	v.Names, errs["SourceNames"] = s.SourceNames(ctx, r.tenant)
	v.Payloads, errs["Payloads"] = s.Payloads(ctx, r.tenant, r.source, 1000)
	v.Quarantined, errs["Quarantined"] = s.Quarantined(ctx, r.tenant, "", 1000)
	v.Queue, errs["Queue"] = s.Queue(ctx, r.tenant)
	slices.SortFunc(v.Queue, compareQueue)
	v.Dead, errs["DeadTasks"] = s.DeadTasks(ctx, r.tenant, "", 1000)
	v.Entries, errs["Entries"] = s.Entries(ctx, r.tenant, "", 1000)
	v.Days, errs["LeadsByDay"] = s.LeadsByDay(ctx, q)
	v.Moves, errs["Moves"] = s.Moves(ctx, q, 1000)
	v.Responses, errs["Responses"] = s.Responses(ctx, q, 1000)
	v.Enrollments, errs["Enrollments"] = s.Enrollments(ctx, sequence.EnrollmentQuery{Tenant: r.tenant, Limit: 1000})
	for i, key := range []string{addressKey, ""} {
		v.Consents[i], errs["Consents of "+key] = s.Consents(ctx, r.tenant, key)
	}
	if d, ok := r.TestedStore.(notify.Desk); ok {
		v.Unassigned, errs["Unassigned"] = d.Unassigned(ctx, r.tenant, 1000)
	}
	return errs
}

// reading returns what a desk reads of the tenant.
func (r *rig) reading(addressKey string) reading {
	r.t.Helper()
	var v reading
	for what, err := range r.readings(r.t.Context(), &v, addressKey) {
		if err != nil {
			r.t.Fatalf("%s: %v", what, err)
		}
	}
	return v
}

// reads is the same, flattened.
func (r *rig) reads(addressKey string) map[string]string {
	r.t.Helper()
	return flatten(r.reading(addressKey))
}

// readsSame reads the tenant again.
func (r *rig) readsSame(what string, want map[string]string) {
	r.t.Helper()
	for _, difference := range differences(r.reads(""), want, nil) {
		r.t.Errorf("%s: %s", what, difference)
	}
}

func compareQueue(a, b desk.QueueCount) int {
	due := func(c desk.QueueCount) string { return fmt.Sprint(c.Kind, c.State, c.Due) }
	return cmp.Compare(due(a), due(b))
}
