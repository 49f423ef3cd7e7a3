package adaptertest

import (
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysLead          = "Lead returns one lead, or ErrNotFound."
	saysBadIDs        = "IDs that do not parse as a UUID are absent, not errors of their own."
	saysHistoryTenant = "Its methods return ErrNotFound for a lead, task or submission that the tenant does not have."
)

func tenantContracts() []contract {
	return []contract{
		{"tenants/one identity in two", "Within a tenant it is unique and belongs to one lead.", tenantIdentity},
		{"tenants/one submission ID in two", "It stores what it is given:", tenantSubmissionID},
		{"tenants/lead", saysLead, tenantLead},
		{"tenants/history", saysHistoryTenant, tenantHistory},
		{"tenants/requeue and release", saysHistoryTenant, tenantMend},
		{"tenants/settle", saysStale, tenantSettle},
		{"tenants/names compared byte by byte", saysLead, tenantNames},
		{"ids/lead", saysBadIDs, badLeadIDs},
		{"ids/history", saysBadIDs, badHistoryIDs},
		{"ids/settle", saysBadIDs, badTaskIDs},
	}
}

func tenantIdentity(r *rig) {
	other := r.as("other")
	mine, theirs := r.one(r.sub("ann@example.com")), other.one(other.sub("ann@example.com"))
	r.check(theirs.Created && theirs.LeadID != mine.LeadID, "another tenant's submission found the lead: %+v", theirs)
	r.check(r.one(r.sub("ann@example.com")).LeadID == mine.LeadID, "another tenant's submission took the identity away")
	r.check(other.one(other.sub("ann@example.com")).LeadID == theirs.LeadID, "the other tenant's lead is not found again")
	r.check(r.lead(mine.LeadID).Submissions == 2 && other.lead(theirs.LeadID).Tenant == "other", "the tenants' leads are mixed")
}

func tenantSubmissionID(r *rig) {
	other := r.as("other")
	mine, theirs := r.sub("ann@example.com"), other.sub("bob@example.com")
	theirs.ID = mine.ID
	c, d := r.one(mine), other.one(theirs)
	r.same("mine", r.submissions(c.LeadID), []ingest.Submission{mine})
	r.same("theirs", other.submissions(d.LeadID), []ingest.Submission{theirs})
}

func tenantLead(r *rig) {
	c := r.one(r.sub("ann@example.com"))
	r.as("other")
	for _, tenant := range []string{"other", "nobody", ""} {
		_, err := r.Lead(r.t.Context(), tenant, c.LeadID)
		r.fails(fmt.Sprintf("Lead of tenant %q", tenant), err, leads.ErrNotFound)
	}
	_, err := r.Lead(r.t.Context(), r.tenant, leads.NewID())
	r.fails("Lead with an unknown ID", err, leads.ErrNotFound)
}

func tenantHistory(r *rig) {
	c := r.one(r.sub("ann@example.com"))
	r.as("other")
	r.absentHistory("other", c.LeadID)
	r.absentHistory(r.tenant, leads.NewID())
}

// absentHistory checks that no method of History finds a lead.
func (r *rig) absentHistory(tenant, leadID string) {
	r.t.Helper()
	ctx, h := r.t.Context(), r.history()
	_, err := h.Submissions(ctx, tenant, leadID)
	r.fails("Submissions", err, leads.ErrNotFound)
	_, err = h.Events(ctx, tenant, leadID)
	r.fails("Events", err, leads.ErrNotFound)
	_, err = h.Tasks(ctx, tenant, leadID)
	r.fails("Tasks", err, leads.ErrNotFound)
}

// absentMend checks that a task or submission cannot be mended.
func (r *rig) absentMend(tenant, id string) {
	r.t.Helper()
	r.fails("Requeue", r.history().Requeue(r.t.Context(), tenant, id), leads.ErrNotFound)
	_, err := r.history().Release(r.t.Context(), tenant, id)
	r.fails("Release", err, leads.ErrNotFound)
}

func tenantMend(r *rig) {
	r.history()
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Dead})
	sub := r.sub("bob@example.com")
	sub.Verdict = ingest.Quarantined
	r.one(sub)
	r.as("other")
	for _, id := range []string{task.ID, sub.ID} {
		r.absentMend("other", id)
		r.absentMend("", id)
	}
	r.absentMend(r.tenant, leads.NewID())
	r.check(r.tasks(task.LeadID)[0].State == leads.TaskDead, "another tenant requeued the task")
}

func tenantSettle(r *rig) {
	task := r.begun()
	before := r.state(task.LeadID)
	r.as("other")
	foreign := task
	foreign.Tenant = "other"
	r.stale("the task of another tenant", foreign)
	r.unchanged("the lead", task.LeadID, before)
	r.settle(task, leads.Outcome{})
}

func tenantNames(r *rig) {
	names := append(hostile(), "a", "A", "a ", " a", "a\u0301", "\u00e1")
	seen := make(map[string]string)
	for _, name := range names {
		name = limited(name, 255)
		if seen[name] != "" {
			continue
		}
		tenant := r.as(name)
		c := tenant.one(tenant.sub("ann@example.com"))
		r.check(c.Created, "the tenant %s is taken for another", shown(name))
		r.check(tenant.lead(c.LeadID).Tenant == name, "the tenant %s has another name", shown(name))
		seen[name] = c.LeadID
	}
	for name, id := range seen {
		_, err := r.Lead(r.t.Context(), name+"x", id)
		r.fails("the lead of a tenant by another name", err, leads.ErrNotFound)
	}
}

// badIDs are no UUIDs.
func badIDs() []string {
	return append(hostile(), "", "7", "not-a-uuid", "\x00", "\xff", "00000000-0000-0000-0000-00000000000g", "%", "_")
}

func badLeadIDs(r *rig) {
	r.one(r.sub("ann@example.com"))
	for _, id := range badIDs() {
		_, err := r.Lead(r.t.Context(), r.tenant, id)
		r.fails("Lead("+shown(id)+")", err, leads.ErrNotFound)
	}
}

func badHistoryIDs(r *rig) {
	r.history()
	r.one(r.sub("ann@example.com"))
	for _, id := range badIDs() {
		r.absentHistory(r.tenant, id)
		r.absentMend(r.tenant, id)
	}
}

func badTaskIDs(r *rig) {
	task := r.begun()
	for _, id := range badIDs() {
		bad := task
		bad.ID = id
		r.stale("a task with the ID "+shown(id), bad)
	}
}
