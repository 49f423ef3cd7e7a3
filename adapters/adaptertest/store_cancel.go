package adaptertest

import (
	"errors"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const saysEnded = "A method whose context has ended returns an error and changes nothing."

func cancelContracts() []contract {
	return []contract{
		{"ended context/claim", saysEnded, cancelClaim},
		{"ended context/settle", saysEnded, cancelSettle},
		{"ended context/reads", saysEnded, cancelReads},
		{"ended context/requeue and release", saysEnded, cancelMend},
	}
}

func cancelClaim(r *rig) {
	r.one(r.sub("ann@example.com"))
	tasks, err := r.Claim(ended(r.t), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: hour, Now: r.soon()})
	r.check(err != nil && len(tasks) == 0, "Claim with an ended context gave %d tasks, %v", len(tasks), err)
	r.check(r.task().Attempts == 1, "an attempt was counted for it")
}

func cancelSettle(r *rig) {
	task := r.begun()
	before := r.state(task.LeadID)
	for _, settlement := range []leads.Settlement{leads.Done, leads.Retry, leads.Dead, leads.Extend} {
		err := r.Settle(ended(r.t), task, r.everything(settlement))
		r.check(err != nil, "Settle with an ended context returned no error")
	}
	r.unchanged("the lead", task.LeadID, before)
	r.check(len(r.claim(10, leads.TaskEnrich, leads.TaskScore)) == 0, "a task was stored or released")
	r.settle(task, leads.Outcome{})
}

func cancelReads(r *rig) {
	c := r.one(r.sub("ann@example.com"))
	ctx := ended(r.t)
	_, err := r.Lead(ctx, r.tenant, c.LeadID)
	r.check(err != nil, "Lead with an ended context returned no error")
	_, err = r.SourceByToken(ctx, "token-"+r.source)
	r.check(err != nil && !errors.Is(err, leads.ErrNotFound), "SourceByToken with an ended context returned the error %v", err)
	if h, ok := r.TestedStore.(leads.History); ok {
		_, err = h.Submissions(ctx, r.tenant, c.LeadID)
		r.check(err != nil, "Submissions with an ended context returned no error")
		_, err = h.Events(ctx, r.tenant, c.LeadID)
		r.check(err != nil, "Events with an ended context returned no error")
		_, err = h.Tasks(ctx, r.tenant, c.LeadID)
		r.check(err != nil, "Tasks with an ended context returned no error")
	}
	if l, ok := r.TestedStore.(leads.Lister); ok {
		_, err = l.Leads(ctx, leads.LeadQuery{Tenant: r.tenant})
		r.check(err != nil, "Leads with an ended context returned no error")
	}
}

func cancelMend(r *rig) {
	h := r.history()
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Dead})
	before := r.state(task.LeadID)
	r.check(h.Requeue(ended(r.t), r.tenant, task.ID) != nil, "Requeue with an ended context returned no error")

	sub := r.sub("ann@example.com")
	sub.Verdict = ingest.Quarantined
	r.one(sub)
	_, err := h.Release(ended(r.t), r.tenant, sub.ID)
	r.check(err != nil, "Release with an ended context returned no error")
	r.unchanged("the lead", task.LeadID, before)
}
