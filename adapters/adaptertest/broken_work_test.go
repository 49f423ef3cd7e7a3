package adaptertest_test

import (
	"context"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// work are the methods of a memstore that a desk needs, each of which can be replaced.
type work struct {
	findLeads         func(ctx context.Context, f desk.Filter) (desk.Page, error)
	countLeads        func(ctx context.Context, f desk.Filter, most int) (int, error)
	changedLeads      func(ctx context.Context, tenant string, since time.Time, limit int) ([]leads.Lead, error)
	eraseLead         func(ctx context.Context, tenant, leadID string) error
	expire            func(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error)
	listSources       func(ctx context.Context, tenant string) ([]desk.SourceEntry, error)
	sourceNames       func(ctx context.Context, tenant string) ([]desk.SourceName, error)
	payloads          func(ctx context.Context, tenant, sourceID string, limit int) ([]ingest.Submission, error)
	quarantined       func(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error)
	deleteQuarantined func(ctx context.Context, tenant, submissionID string) error
	queue             func(ctx context.Context, tenant string) ([]desk.QueueCount, error)
	deadTasks         func(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error)
	addEntry          func(ctx context.Context, e desk.Entry) error
	entries           func(ctx context.Context, tenant, after string, limit int) ([]desk.Entry, error)
	leadsByDay        func(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error)
	moves             func(ctx context.Context, q desk.ReportQuery, limit int) ([]leads.Event, error)
	responses         func(ctx context.Context, q desk.ReportQuery, limit int) ([]desk.ResponseRow, error)
}

func workOn(s *memstore.Store) work {
	return work{
		findLeads:         s.FindLeads,
		countLeads:        s.CountLeads,
		changedLeads:      s.ChangedLeads,
		eraseLead:         s.EraseLead,
		expire:            s.Expire,
		listSources:       s.ListSources,
		sourceNames:       s.SourceNames,
		payloads:          s.Payloads,
		quarantined:       s.Quarantined,
		deleteQuarantined: s.DeleteQuarantined,
		queue:             s.Queue,
		deadTasks:         s.DeadTasks,
		addEntry:          s.AddEntry,
		entries:           s.Entries,
		leadsByDay:        s.LeadsByDay,
		moves:             s.Moves,
		responses:         s.Responses,
	}
}

func (h *hooked) FindLeads(ctx context.Context, f desk.Filter) (desk.Page, error) {
	return h.work.findLeads(ctx, f)
}

func (h *hooked) CountLeads(ctx context.Context, f desk.Filter, most int) (int, error) {
	return h.work.countLeads(ctx, f, most)
}

func (h *hooked) ChangedLeads(ctx context.Context, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
	return h.work.changedLeads(ctx, tenant, since, limit)
}

func (h *hooked) EraseLead(ctx context.Context, tenant, leadID string) error {
	return h.work.eraseLead(ctx, tenant, leadID)
}

func (h *hooked) Expire(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
	return h.work.expire(ctx, tenant, before, limit)
}

func (h *hooked) ListSources(ctx context.Context, tenant string) ([]desk.SourceEntry, error) {
	return h.work.listSources(ctx, tenant)
}

func (h *hooked) SourceNames(ctx context.Context, tenant string) ([]desk.SourceName, error) {
	return h.work.sourceNames(ctx, tenant)
}

func (h *hooked) Payloads(ctx context.Context, tenant, sourceID string, limit int) ([]ingest.Submission, error) {
	return h.work.payloads(ctx, tenant, sourceID, limit)
}

func (h *hooked) Quarantined(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error) {
	return h.work.quarantined(ctx, tenant, after, limit)
}

func (h *hooked) DeleteQuarantined(ctx context.Context, tenant, submissionID string) error {
	return h.work.deleteQuarantined(ctx, tenant, submissionID)
}

func (h *hooked) Queue(ctx context.Context, tenant string) ([]desk.QueueCount, error) {
	return h.work.queue(ctx, tenant)
}

func (h *hooked) DeadTasks(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error) {
	return h.work.deadTasks(ctx, tenant, after, limit)
}

func (h *hooked) AddEntry(ctx context.Context, e desk.Entry) error { return h.work.addEntry(ctx, e) }

func (h *hooked) Entries(ctx context.Context, tenant, after string, limit int) ([]desk.Entry, error) {
	return h.work.entries(ctx, tenant, after, limit)
}

func (h *hooked) LeadsByDay(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error) {
	return h.work.leadsByDay(ctx, q)
}

func (h *hooked) Moves(ctx context.Context, q desk.ReportQuery, limit int) ([]leads.Event, error) {
	return h.work.moves(ctx, q, limit)
}

func (h *hooked) Responses(ctx context.Context, q desk.ReportQuery, limit int) ([]desk.ResponseRow, error) {
	return h.work.responses(ctx, q, limit)
}
