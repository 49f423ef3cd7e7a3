package adaptertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

const (
	saysQueue       = "Queue counts the tenant's tasks, in one entry for each kind, state and Due that there is."
	saysQueueDue    = "they could be claimed now, by the Store's clock"
	saysQueueOldest = "Oldest is when the longest waiting of them was due."
	saysDeadTasks   = "DeadTasks returns up to limit dead tasks of the tenant with their deliveries, the newest first by ID, beginning behind after."
	saysTrail       = "Trail is the audit trail of a tenant."
	saysTrailAdded  = "It is only ever added to."
	saysAddEntry    = "AddEntry adds an entry."
	saysAddAgain    = "One whose ID the tenant has already is left as it is; a malformed ID is [leads.ErrInvalid]."
	saysEntries     = "Entries returns up to limit entries of the tenant, the newest first by ID, beginning behind after."
	saysEntryData   = "Data says more, as JSON text without personal data; nil for nothing."
)

func workContracts() []contract {
	return []contract{
		{"queue/kinds and states", saysQueue, queueCounts},
		{"queue/due", saysQueueDue, queueDue},
		{"queue/oldest", saysQueueOldest, queueOldest},
		{"dead tasks/pages", saysDeadTasks, deadPages},
		{"dead tasks/as they are", saysDeadTasks, deadWhole},
	}
}

func trailContracts() []contract {
	return []contract{
		{"trail/every field", saysAddEntry, trailFields},
		{"trail/hostile text", saysAddEntry, trailHostile},
		{"trail/data as it is", saysEntryData, trailData},
		{"trail/again", saysAddAgain, trailAgain},
		{"trail/of the tenant", saysTrail, trailTenants},
		{"trail/added to", saysTrailAdded, trailAdded},
		{"trail/pages", saysEntries, trailPages},
	}
}

func (r *rig) queue() []desk.QueueCount { return r.reading("").Queue }

// queued lists counts as text.
func queued(counts []desk.QueueCount) string {
	var all []string
	for _, c := range counts {
		all = append(all, fmt.Sprintf("%s %s %v %d", c.Kind, c.State, c.Due, c.Count))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func queueCounts(r *rig) {
	r.check(len(r.queue()) == 0, "an empty store counts %+v", r.queue())
	other := r.as("other")
	other.crowd(3)
	r.crowd(4)
	var tasks []leads.Task
	for _, task := range r.claim(10) {
		if task.Tenant == r.tenant {
			tasks = append(tasks, task)
		}
	}
	r.settle(tasks[0], leads.Outcome{Settlement: leads.Dead})
	r.settle(tasks[1], leads.Outcome{Settlement: leads.Dead})
	r.settle(tasks[2], leads.Outcome{Tasks: []leads.Task{
		{Kind: leads.TaskScore, CreatedAt: r.start}, {Kind: leads.TaskNotify, CreatedAt: r.start}, {Kind: leads.TaskScore, CreatedAt: r.start},
		{Kind: leads.TaskNotify, LeadID: leads.NoLead, CreatedAt: r.start},
	}})
	got := queued(r.queue())
	want := "enrich dead false 2, enrich running false 1, notify waiting true 2, score waiting true 2"
	r.check(got == want, "the queue is %s, want %s", got, want)
	got = queued(other.queue())
	r.check(got == "enrich running false 3", "another tenant's queue is %s", got)
}

func queueDue(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Tasks: []leads.Task{
		{Kind: leads.TaskScore, Due: r.start, CreatedAt: r.start}, {Kind: leads.TaskScore, Due: r.soon().Add(hour), CreatedAt: r.start},
		{Kind: leads.TaskStep, CreatedAt: r.start}, {Kind: leads.TaskNotify, CreatedAt: r.start},
	}})
	got := queued(r.queue())
	want := "notify waiting true 1, score waiting false 1, score waiting true 1, step waiting true 1"
	r.check(got == want, "the queue is %s, want %s", got, want)
	slots := map[leads.TaskKind]int{leads.TaskStep: 1}
	if _, err := r.Claim(r.t.Context(), leads.ClaimQuery{Slots: slots, Lease: time.Second, Now: r.start.Add(-hour)}); err != nil {
		r.t.Fatalf("Claim: %v", err)
	}
	r.settle(r.task(leads.TaskNotify), leads.Outcome{Settlement: leads.Dead})
	abandoned, err := r.Claim(r.t.Context(), leads.ClaimQuery{Slots: slots, Lease: -100 * hour, Now: r.soon()})
	if err != nil || len(abandoned) != 1 {
		r.t.Fatalf("Claim: %+v, %v", abandoned, err)
	}
	got = queued(r.queue())
	want = "notify dead false 1, score waiting false 1, score waiting true 1, step running true 1"
	r.check(got == want, "with an abandoned task the queue is %s, want %s", got, want)
}

func queueOldest(r *rig) {
	task := r.begun()
	oldest := r.start.Add(-3 * hour)
	var tasks []leads.Task
	for _, due := range []time.Time{oldest.Add(hour), oldest, oldest.Add(2 * hour)} {
		tasks = append(tasks, leads.Task{Kind: leads.TaskScore, Due: due, CreatedAt: r.start})
	}
	later := r.soon().Add(hour)
	r.settle(task, leads.Outcome{Tasks: append(tasks, leads.Task{Kind: leads.TaskNotify, Due: later, CreatedAt: r.start})})
	for _, c := range r.queue() {
		want := map[leads.TaskKind]time.Time{leads.TaskScore: oldest, leads.TaskNotify: later}[c.Kind]
		r.check(c.Oldest.Equal(want), "the oldest %s was due at %v, want %v", c.Kind, c.Oldest, want)
		r.stamped("the oldest", c.Oldest)
	}
}

func (r *rig) deadTasks(after string, limit int) []leads.Task {
	r.t.Helper()
	tasks, err := r.store().DeadTasks(r.t.Context(), r.tenant, after, limit)
	if err != nil {
		r.t.Fatalf("DeadTasks: %v", err)
	}
	return tasks
}

// deadPages reads the tasks that were given up page by page, in the order of their IDs.
func deadPages(r *rig) {
	r.check(len(r.deadTasks("", 10)) == 0, "an empty store has dead tasks: %+v", r.deadTasks("", 10))
	other := r.as("other")
	other.crowd(1)
	r.crowd(8)
	var want []string
	for i, task := range r.claim(9) {
		if i%4 == 3 {
			r.settle(task, leads.Outcome{Settlement: leads.Retry, Delay: hour})
			continue
		}
		r.settle(task, leads.Outcome{Settlement: leads.Dead})
		if task.Tenant == r.tenant {
			want = append(want, task.ID)
		}
	}
	slices.Sort(want)
	slices.Reverse(want)
	for _, limit := range []int{1, 2, len(want), len(want) + 1} {
		var got []string
		for after := ""; len(got) <= len(want); after = got[len(got)-1] {
			page := r.deadTasks(after, limit)
			for _, task := range page {
				got = append(got, task.ID)
			}
			if len(page) < limit {
				break
			}
		}
		r.check(slices.Equal(got, want), "%d at a time the dead tasks are %v, want %v", limit, got, want)
	}
}

func deadWhole(r *rig) {
	task := r.begun()
	first, second := r.delivery(task, "first"), r.delivery(task, "second")
	r.settle(task, leads.Outcome{
		Settlement: leads.Dead, Error: "it cannot be done", Payload: json.RawMessage(` {"a" : 1}`), Deliveries: []leads.Delivery{first, second},
	})
	got := r.deadTasks("", 10)
	if len(got) != 1 {
		r.t.Fatalf("%d dead tasks, want 1", len(got))
	}
	want := task
	want.State, want.LastError, want.Payload, want.Deliveries = leads.TaskDead, "it cannot be done", json.RawMessage(` {"a" : 1}`), []leads.Delivery{first, second}
	r.same("the dead task", got[0], want, "LeaseUntil", "Due")
	if err := r.history().Requeue(r.t.Context(), r.tenant, task.ID); err != nil {
		r.t.Fatalf("Requeue: %v", err)
	}
	r.check(len(r.deadTasks("", 10)) == 0, "a task that was made due again is dead")
}

func (r *rig) entries(after string, limit int) []desk.Entry {
	r.t.Helper()
	entries, err := r.store().Entries(r.t.Context(), r.tenant, after, limit)
	if err != nil {
		r.t.Fatalf("Entries: %v", err)
	}
	return entries
}

func trailFields(r *rig) {
	f := &filler{base: r.start}
	for _, want := range []desk.Entry{filled[desk.Entry](f), filled[desk.Entry](f), {ID: leads.NewID(), At: r.start}} {
		want.Tenant = r.tenant
		want.ID = leads.NewID()
		r.addEntry(want)
		r.same("entry", r.entries("", 1), []desk.Entry{want})
	}
	r.check(len(r.entries("", 10)) == 3, "%d entries, want 3", len(r.entries("", 10)))
}

func trailHostile(r *rig) {
	for _, text := range hostile() {
		want := r.entry(limited(text, 255))
		want.Who = limited(text, 255)
		r.addEntry(want)
		r.same("entry", r.entries("", 1), []desk.Entry{want})
	}
}

func trailData(r *rig) {
	for _, text := range append(exact(), ` { "a" : 1 } `) {
		want := r.entry("")
		want.Data = json.RawMessage(text)
		r.addEntry(want)
		got := r.entries("", 1)[0].Data
		r.check(string(got) == text, "the data %s became %s", shown(text), shown(string(got)))
	}
	none := r.entry("")
	none.Data = nil
	r.addEntry(none)
	r.check(r.entries("", 1)[0].Data == nil, "nothing became %s", r.entries("", 1)[0].Data)
}

func trailAgain(r *rig) {
	want := r.entry("first")
	r.addEntry(want)
	other := want
	other.Object, other.Who, other.At, other.Data = "second", "eve", r.tick(), nil
	r.addEntry(other)
	r.same("entries", r.entries("", 10), []desk.Entry{want})
	for _, id := range badIDs() {
		bad := r.entry("")
		bad.ID = id
		r.fails("AddEntry with the ID "+shown(id), r.store().AddEntry(r.t.Context(), bad), leads.ErrInvalid)
	}
	r.same("entries after malformed ones", r.entries("", 10), []desk.Entry{want})
}

func trailTenants(r *rig) {
	other := r.as("other")
	mine, theirs := r.entry("mine"), other.entry("theirs")
	theirs.ID = mine.ID
	r.addEntry(mine)
	other.addEntry(theirs)
	r.same("mine", r.entries("", 10), []desk.Entry{mine})
	r.same("theirs", other.entries("", 10), []desk.Entry{theirs})
}

// trailAdded removes everything that can be removed: the trail stays.
func trailAdded(r *rig) {
	lead := r.office()
	r.addEntry(r.entry(lead.ID))
	want := r.entries("", 10)
	r.eraseLead(lead.ID)
	r.expire(r.everythingOld(), 1000)
	r.same("entries", r.entries("", 10), want)
	r.check(len(want) == 2, "there are %d entries", len(want))
}

func trailPages(r *rig) {
	r.check(len(r.entries("", 10)) == 0, "an empty store has entries: %+v", r.entries("", 10))
	var want []desk.Entry
	for i := range 7 {
		e := r.entry("")
		e.At = r.start.Add(-time.Duration(i) * hour) // the order is that of the IDs
		want = append(want, e)
	}
	for _, i := range []int{3, 0, 6, 1, 5, 2, 4} {
		r.addEntry(want[i])
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 3, 7, 8} {
		after, rest := "", want
		for len(rest) > 0 {
			n := min(limit, len(rest))
			r.same("entries", r.entries(after, limit), rest[:n])
			after, rest = rest[n-1].ID, rest[n:]
		}
		r.check(len(r.entries(after, limit)) == 0, "behind the last one there are %d", len(r.entries(after, limit)))
	}
}
