package adaptertest

import (
	"fmt"
	"time"

	"github.com/openleads/leads"
)

const (
	saysLeases   = "Claim leases due tasks to this caller: nobody else is given them until the lease ends, unless they are settled before."
	saysAttempts = "It counts the attempt in the same transaction and gives each task a new Fence."
	saysExpiry   = "A running task whose lease has ended is due again."
	saysTurns    = "Tenants take turns: within a kind, one tenant's backlog does not keep another's tasks from being claimed."
	saysEachTurn = "Within a kind they take turns from claim to claim too."
	saysNoneDue  = "It returns no task, and no error, when none is due."
	saysSlots    = "Slots is how many tasks of each kind are wanted at most."
	saysDue      = "Due is when the task may run."
)

func claimContracts() []contract {
	return []contract{
		{"claim/leased to one caller", saysLeases, claimLease},
		{"claim/lease of its length", "Lease is how long the tasks are leased for.", claimLeaseLength},
		{"claim/settled before the lease ends", saysLeases, claimSettled},
		{"claim/attempts and fences", saysAttempts, claimCounts},
		{"claim/lease has ended", saysExpiry, claimExpiry},
		{"claim/nothing due", saysNoneDue, claimNothing},
		{"claim/slots of each kind", saysSlots, claimSlots},
		{"claim/not before it is due", saysDue, claimFuture},
		{"claim/the store's clock", "Now stands in for the Store's own clock when it is not zero.", claimClock},
		{"claim/turns in one claim", saysTurns, claimTurns},
		{"claim/turns from claim to claim", saysEachTurn, claimTurnsOneByOne},
	}
}

func claimLease(r *rig) {
	c := r.one(r.sub("ann@example.com"))
	task := r.task()
	r.check(task.Tenant == r.tenant && task.LeadID == c.LeadID && task.SubmissionID == c.SubmissionID, "the task is another: %+v", task)
	r.check(task.State == leads.TaskRunning, "a claimed task is %q", task.State)
	r.check(len(r.claim(10)) == 0, "a claimed task was given again at once")
	r.check(len(r.claimAt(task.LeaseUntil.Add(-time.Microsecond), 10)) == 0, "a claimed task was given again before its lease ended")
}

func claimLeaseLength(r *rig) {
	r.one(r.sub("ann@example.com"))
	r.one(r.sub("bob@example.com"))
	now := r.soon()
	for _, lease := range []time.Duration{time.Second, 90 * time.Minute} {
		tasks, err := r.Claim(r.t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: lease, Now: now})
		if err != nil || len(tasks) != 1 {
			r.t.Fatalf("Claim: %d tasks, %v", len(tasks), err)
		}
		r.check(tasks[0].LeaseUntil.Equal(now.Add(lease)), "a lease of %v from %v ends %v", lease, now, tasks[0].LeaseUntil)
	}
}

func claimSettled(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Settlement: leads.Retry})
	second := r.task()
	r.check(second.ID == task.ID, "another task: %+v", second)
	r.settle(second, leads.Outcome{})
	r.check(len(r.claimAt(r.soon().Add(100*hour), 10)) == 0, "a task that is done was given again")
}

func claimCounts(r *rig) {
	r.one(r.sub("ann@example.com"))
	var fence int64
	for attempt := 1; attempt <= 4; attempt++ {
		task := r.task()
		r.check(task.Attempts == attempt, "claim %d is attempt %d", attempt, task.Attempts)
		r.check(task.Fence > fence, "claim %d has fence %d after %d", attempt, task.Fence, fence)
		fence = task.Fence
		r.settle(task, leads.Outcome{Settlement: leads.Retry})
	}
}

func claimExpiry(r *rig) {
	r.one(r.sub("ann@example.com"))
	now := r.soon()
	task := r.taskAt(now)
	for attempt := 2; attempt <= 3; attempt++ {
		now = now.Add(hour + time.Second)
		next := r.taskAt(now)
		r.check(next.ID == task.ID && next.Attempts == attempt && next.Fence > task.Fence, "after the lease: %+v, before: %+v", next, task)
		task = next
	}
	r.settle(task, leads.Outcome{})
}

func claimNothing(r *rig) {
	kinds := []leads.TaskKind{leads.TaskEnrich, leads.TaskScore, leads.TaskNotify, leads.TaskEnroll, leads.TaskStep, "unheard of"}
	r.check(len(r.claim(10, kinds...)) == 0, "an empty store gave a task")
	r.one(r.sub("ann@example.com"))
	r.check(len(r.claim(10, kinds[1:]...)) == 0, "a task of another kind was given")
	r.check(len(r.claim(0, kinds...)) == 0, "a task was given without a slot")
	tasks, err := r.Claim(r.t.Context(), leads.ClaimQuery{Lease: hour, Now: r.soon()})
	r.check(len(tasks) == 0 && err == nil, "without slots: %v, %v", tasks, err)
	r.task()
	r.check(len(r.claim(10, kinds...)) == 0, "a claimed task was given again")
}

// follow settles the task of a new lead and queues others after it.
func (r *rig) follow(email string, tasks ...leads.Task) leads.Task {
	r.t.Helper()
	r.one(r.sub(email))
	task := r.task()
	r.settle(task, leads.Outcome{Tasks: tasks})
	return task
}

func claimSlots(r *rig) {
	r.follow("ann@example.com", leads.Task{Kind: leads.TaskScore}, leads.Task{Kind: leads.TaskScore}, leads.Task{Kind: leads.TaskStep})
	for i := range 5 {
		r.one(r.sub(fmt.Sprintf("person%d@example.com", i)))
	}
	tasks, err := r.Claim(r.t.Context(), leads.ClaimQuery{
		Slots: map[leads.TaskKind]int{leads.TaskEnrich: 3, leads.TaskScore: 1, leads.TaskNotify: 4}, Lease: hour, Now: r.soon(),
	})
	r.check(err == nil, "Claim: %v", err)
	got := make(map[leads.TaskKind]int)
	for _, task := range tasks {
		got[task.Kind]++
	}
	r.check(len(got) == 2 && got[leads.TaskEnrich] == 3 && got[leads.TaskScore] == 1, "claimed %v, want 3 of enrich and 1 of score", got)
	r.check(len(r.claim(10, leads.TaskEnrich, leads.TaskScore, leads.TaskStep)) == 4, "the rest cannot be claimed")
}

func claimFuture(r *rig) {
	due := r.soon().Add(3 * hour).Add(123 * time.Microsecond)
	r.follow("ann@example.com", leads.Task{Kind: leads.TaskStep, Due: due, CreatedAt: r.start})
	r.check(len(r.claim(10, leads.TaskStep)) == 0, "a task was given three hours early")
	r.check(len(r.claimAt(due.Add(-time.Microsecond), 10, leads.TaskStep)) == 0, "a task was given a microsecond early")
	task := r.taskAt(due.Add(time.Microsecond), leads.TaskStep)
	r.check(task.Due.Equal(due), "the task is due %v, want %v", task.Due, due)
}

func claimClock(r *rig) {
	r.one(r.sub("ann@example.com"))
	before := time.Now()
	task := r.taskAt(time.Time{})
	r.check(task.LeaseUntil.Sub(before.Add(hour)).Abs() < 2*time.Minute, "by the store's clock a lease of an hour ends %v", task.LeaseUntil)
	r.stamped("the lease", task.LeaseUntil)
	r.stamped("the due time", task.Due)
	r.check(len(r.claimAt(time.Time{}, 10)) == 0, "the task was given again at once")
	r.taskAt(task.LeaseUntil.Add(time.Second))
}

// backlog gives the tenant in the middle many tasks, and then the others two each.
func (r *rig) backlog() {
	for i := range 30 {
		r.one(r.sub(fmt.Sprintf("person%d@example.com", i)))
	}
	for _, tenant := range []string{"aaa", "zzz"} {
		other := r.as(tenant)
		other.ticks = 100
		other.one(other.sub("ann@example.com"))
		other.one(other.sub("bob@example.com"))
	}
}

func claimTurns(r *rig) {
	r.backlog()
	got := make(map[string]int)
	for _, task := range r.claim(6) {
		got[task.Tenant]++
	}
	r.check(got["aaa"] == 2 && got["zzz"] == 2 && got["acme"] == 2, "six slots went to %v, want two to each tenant", got)
	r.check(len(r.claim(100)) == 28, "the backlog cannot be claimed when nobody else waits")
}

func claimTurnsOneByOne(r *rig) {
	r.backlog()
	got := make(map[string]int)
	for range 8 {
		task := r.claim(1)
		if len(task) != 1 {
			r.t.Fatalf("Claim gave %d tasks for one slot", len(task))
		}
		got[task[0].Tenant]++
		r.settle(task[0], leads.Outcome{})
	}
	r.check(got["aaa"] == 2 && got["zzz"] == 2, "eight claims of one task went to %v, want two to each small tenant", got)
}
