package adaptertest

import (
	"errors"
	"time"

	"github.com/openleads/leads"
)

const (
	saysChange    = "Outcome.Change is applied to the lead as it is then, under lock, and may be called more than once."
	saysImmovable = "The Store applies it to the lead as it is when the outcome is stored, counts Version up and stores the result; ID, Tenant, Version and CreatedAt stay as they are whatever it does."
)

func changeContracts() []contract {
	return []contract{
		{"change/of the lead as it is then", saysChange, changeAsItIs},
		{"change/what names a lead stays", saysImmovable, changeImmovable},
		{"change/the time of the update", "UpdatedAt is what Change sets.", changeUpdatedAt},
		{"change/version counts", saysImmovable, changeVersion},
		{"change/none", "Nil means no change.", changeNone},
		{"change/with every settlement", saysImmovable, changeSettlements},
		{"change/lead is gone", "When the lead is gone it is not called.", changeLeadGone},
	}
}

func changeAsItIs(r *rig) {
	task := r.begun()
	sub := r.sub("ann@example.com")
	sub.Fields.Company = "Example Ltd"
	r.one(sub) // between the claim and its outcome
	r.settle(task, leads.Outcome{Change: func(lead *leads.Lead) {
		r.check(lead.Company == "Example Ltd" && lead.Submissions == 2 && lead.Version == 2, "Change was given a lead that is out of date: %+v", lead)
		r.check(lead.ID == task.LeadID && lead.Tenant == r.tenant, "Change was given another lead")
		lead.Tags = []string{"vip"}
	}})
	lead := r.lead(task.LeadID)
	r.check(lead.Company == "Example Ltd" && lead.Submissions == 2 && lead.Last.SubmissionID == sub.ID, "the submission in between is lost: %+v", lead)
	r.check(len(lead.Tags) == 1 && lead.Version == 3, "tags %v and version %d, want [vip] and 3", lead.Tags, lead.Version)

	other := r.sub("ann@example.com")
	r.one(other)
	lead = r.lead(task.LeadID)
	r.check(len(lead.Tags) == 1 && lead.Submissions == 3, "the next submission undid the change: %+v", lead)
}

func changeImmovable(r *rig) {
	task := r.begun()
	before := r.lead(task.LeadID)
	r.settle(task, leads.Outcome{Change: func(lead *leads.Lead) {
		*lead = leads.Lead{Tenant: "other", ID: leads.NewID(), Version: 77, CreatedAt: lead.CreatedAt.Add(hour), Assignee: "bob"}
	}})
	r.same("lead", r.lead(task.LeadID), leads.Lead{
		Tenant: before.Tenant, ID: before.ID, Version: 2, CreatedAt: before.CreatedAt, Assignee: "bob",
	}, "UpdatedAt")
	_, err := r.Lead(r.t.Context(), "other", task.LeadID)
	r.fails("the lead under the other tenant", err, leads.ErrNotFound)
}

func changeUpdatedAt(r *rig) {
	task := r.begun()
	for i, at := range []time.Time{r.tick(), r.start.Add(-hour), {}} { // the zero time leaves it as it is
		want := r.lead(task.LeadID).UpdatedAt
		if !at.IsZero() {
			want = at
		}
		r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Change: func(lead *leads.Lead) {
			lead.Assignee = "bob"
			lead.UpdatedAt = want
		}})
		got := r.lead(task.LeadID).UpdatedAt
		r.check(got.Equal(want), "change %d was made %v, want %v", i, got, want)
	}
}

func changeVersion(r *rig) {
	task := r.begun()
	for want := int64(2); want < 6; want++ {
		r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Change: func(lead *leads.Lead) { lead.Version = 100 }})
		got := r.lead(task.LeadID).Version
		r.check(got == want, "version %d, want %d", got, want)
	}
	r.one(r.sub("ann@example.com"))
	r.check(r.lead(task.LeadID).Version == 6, "the next submission did not count on")
}

func changeNone(r *rig) {
	task := r.begun()
	before := r.lead(task.LeadID)
	r.settle(task, leads.Outcome{Settlement: leads.Retry, Error: "an error", Events: []leads.Event{{Kind: leads.EventStage, At: r.tick()}}})
	r.same("lead", r.lead(task.LeadID), before)
}

func changeSettlements(r *rig) {
	task := r.begun()
	for i, settlement := range []leads.Settlement{leads.Extend, leads.Retry, leads.Dead} {
		r.settle(task, leads.Outcome{Settlement: settlement, Delay: hour, Change: func(lead *leads.Lead) { lead.Tags = append(lead.Tags, "x") }})
		r.check(len(r.lead(task.LeadID).Tags) == i+1, "the change with settlement %d is not stored", settlement)
		if settlement == leads.Retry {
			task = r.taskAt(r.soon().Add(2 * hour))
		}
	}
}

// changeLeadGone settles a task whose lead is not there. A store may refuse to store such a task in the first place.
func changeLeadGone(r *rig) {
	r.one(r.sub("ann@example.com"))
	err := r.Settle(r.t.Context(), r.task(), leads.Outcome{Tasks: []leads.Task{{LeadID: leads.NewID(), Kind: leads.TaskScore, CreatedAt: r.start}}})
	if errors.Is(err, leads.ErrInvalid) {
		r.t.Skip("the store takes no task for a lead that is not there")
	}
	r.check(err == nil, "Settle: %v", err)
	r.settle(r.task(leads.TaskScore), leads.Outcome{Change: func(*leads.Lead) {
		r.t.Error("Change was called for a lead that is not there")
	}})
	r.check(len(r.claimAt(r.soon().Add(100*hour), 10, leads.TaskScore)) == 0, "the task is not done")
}
