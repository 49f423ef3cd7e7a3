package adaptertest

import "github.com/openleads/leads"

const (
	saysUpsert = "Deliveries are inserted, or updated where the task's tenant has one with the same Key."
	saysKept   = "An update keeps ID and CreatedAt, and one that was sent stays sent, whatever the update says:"
	saysNamed  = "A delivery's empty ID is made; its empty tenant, lead ID and task ID are filled from the task."
	saysBare   = "What is about no lead, and may name several, is kept without its Body once it is sent."
	saysGone   = "An update does not bring back a Body that is gone."
	saysBegun  = "Deliveries are the effects that earlier attempts of this task have begun, oldest first. Claim fills it."
)

func deliveryContracts() []contract {
	return []contract{
		{"deliveries/handed to the next attempt", saysBegun, deliveryHandedOn},
		{"deliveries/oldest first", saysBegun, deliveryOrder},
		{"deliveries/of this task only", saysBegun, deliveryOfOthers},
		{"deliveries/updated by key", saysUpsert, deliveryUpdate},
		{"deliveries/what an update keeps", saysKept, deliveryKept},
		{"deliveries/what was sent stays sent", saysKept, deliverySent},
		{"deliveries/empty names are filled", saysNamed, deliveryNamed},
		{"deliveries/sent and about no lead", saysBare, deliveryBare},
		{"deliveries/a body that is gone", saysGone, deliveryGone},
		{"deliveries/one key in two tenants", saysUpsert, deliveryTenants},
		{"deliveries/keys compared byte by byte", saysUpsert, deliveryKeys},
	}
}

// delivery makes a delivery of a task.
func (r *rig) delivery(task leads.Task, key string) leads.Delivery {
	at := r.tick()
	return leads.Delivery{
		Tenant: task.Tenant, ID: leads.NewID(), LeadID: task.LeadID, TaskID: task.ID, Key: key, Channel: "email",
		Recipient: "team@example.com", Body: []byte("Hello"), State: leads.DeliveryBegun, Attempts: 1, CreatedAt: at, UpdatedAt: at,
	}
}

// record stores deliveries while the task goes on.
func (r *rig) record(task leads.Task, deliveries ...leads.Delivery) {
	r.t.Helper()
	r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Deliveries: deliveries})
}

// retried settles a task as to be tried again, and claims it anew.
func (r *rig) retried(task leads.Task) leads.Task {
	r.t.Helper()
	r.settle(task, leads.Outcome{Settlement: leads.Retry})
	return r.task()
}

func deliveryHandedOn(r *rig) {
	task := r.begun()
	r.check(len(task.Deliveries) == 0, "the first attempt has deliveries: %+v", task.Deliveries)
	delivery := r.delivery(task, "email/team@example.com")
	r.record(task, delivery)
	after := r.taskAt(r.soon().Add(3 * hour)) // after a crash
	r.same("after a crash", after.Deliveries, []leads.Delivery{delivery})
	r.same("after a retry", r.retried(after).Deliveries, []leads.Delivery{delivery})
}

func deliveryOrder(r *rig) {
	task := r.begun()
	var want []leads.Delivery
	for _, key := range []string{"c", "a", "b", "d"} {
		want = append(want, r.delivery(task, key))
	}
	r.record(task, want[0])
	r.record(task, want[1], want[2])
	want[0].State, want[0].UpdatedAt = leads.DeliverySent, r.tick()
	r.record(task, want[3], want[0])
	r.same("deliveries", r.retried(task).Deliveries, want)
}

func deliveryOfOthers(r *rig) {
	task := r.begun()
	r.record(task, r.delivery(task, "key"))
	r.one(r.sub("ann@example.com"))
	other := r.task()
	r.check(other.ID != task.ID && len(other.Deliveries) == 0, "another task of the lead has the deliveries %+v", other.Deliveries)
}

func deliveryUpdate(r *rig) {
	task := r.begun()
	first := r.delivery(task, "key")
	r.record(task, first)

	second := r.delivery(task, "key")
	second.Channel, second.Recipient, second.Body = "slack", "#leads", []byte("Hello again")
	second.State, second.Attempts, second.Provider, second.Error = leads.DeliveryFailed, 2, "<id@example.com>", "refused"
	r.record(task, second)

	want := second
	want.ID, want.CreatedAt = first.ID, first.CreatedAt
	r.same("deliveries", r.retried(task).Deliveries, []leads.Delivery{want})
}

// deliveryKept updates a delivery from outcomes that name it otherwise, or not at all.
func deliveryKept(r *rig) {
	task := r.begun()
	first := r.delivery(task, "key")
	r.record(task, first)
	for _, id := range []string{leads.NewID(), ""} {
		update := r.delivery(task, "key")
		update.ID, update.State, update.Attempts = id, leads.DeliverySent, first.Attempts+1
		r.record(task, update)
		first.State, first.Attempts, first.UpdatedAt = update.State, update.Attempts, update.UpdatedAt
		task = r.retried(task)
		r.same("deliveries", task.Deliveries, []leads.Delivery{first})
	}
}

// deliverySent settles a delivery as sent, and has a worker that knows nothing of it say otherwise.
func deliverySent(r *rig) {
	task := r.begun()
	sent := r.delivery(task, "key")
	sent.State = leads.DeliverySent
	r.record(task, sent)
	for _, state := range []leads.DeliveryState{leads.DeliveryAmbiguous, leads.DeliveryFailed, leads.DeliveryBegun, leads.DeliverySent} {
		late := sent
		late.State, late.UpdatedAt = state, r.tick()
		r.record(task, late)
		task = r.retried(task)
		got := task.Deliveries[0].State
		r.check(got == leads.DeliverySent, "what was sent is %s, because an update said %s", got, state)
	}
}

func deliveryNamed(r *rig) {
	task := r.begun()
	want := r.delivery(task, "key")
	unnamed := want
	unnamed.ID, unnamed.Tenant, unnamed.LeadID, unnamed.TaskID = "", "", "", ""
	r.record(task, unnamed)
	got := r.retried(task).Deliveries
	if len(got) != 1 || len(got[0].ID) != 36 {
		r.t.Fatalf("no ID was made: %+v", got)
	}
	r.same("delivery", got[0], want, "ID")
}

func deliveryTenants(r *rig) {
	mine := r.begun()
	r.record(mine, r.delivery(mine, "key"))
	other := r.as("other")
	theirs := other.begun()
	delivery := other.delivery(theirs, "key")
	delivery.State, delivery.Recipient = leads.DeliverySent, "them@example.com"
	other.record(theirs, delivery)
	r.same("theirs", other.retried(theirs).Deliveries, []leads.Delivery{delivery})
	got := r.retried(mine).Deliveries
	r.check(len(got) == 1 && got[0].State == leads.DeliveryBegun && got[0].Tenant == r.tenant, "mine: %+v", got)
}

func deliveryKeys(r *rig) {
	task := r.begun()
	var want []leads.Delivery
	seen := make(map[string]bool)
	for _, key := range append(hostile(), "key", "KEY", "key ", " key") {
		if key = limited(key, 500); !seen[key] {
			seen[key] = true
			want = append(want, r.delivery(task, key))
		}
	}
	r.record(task, want...)
	r.same("deliveries", r.retried(task).Deliveries, want)
}

// leadless claims a task that is about no lead.
func (r *rig) leadless() leads.Task {
	r.t.Helper()
	task := r.begun()
	r.settle(task, leads.Outcome{Tasks: []leads.Task{{Kind: leads.TaskNotify, LeadID: leads.NoLead, CreatedAt: r.tick()}}})
	return r.task(leads.TaskNotify)
}

// deliveryBare sends one thing that is about no lead at the second attempt, and another at once.
func deliveryBare(r *rig) {
	task := r.leadless()
	later := r.mailed(task, "later", leads.DeliveryBegun)
	for _, state := range []leads.DeliveryState{leads.DeliveryAmbiguous, leads.DeliveryFailed, leads.DeliveryBegun} {
		later.State = state
		r.record(task, later)
		r.same("what is not sent yet", r.byMessage(later.MessageID), later)
	}
	atOnce := r.mailed(task, "at once", leads.DeliverySent)
	later.State = leads.DeliverySent
	r.record(task, later)
	for _, want := range []leads.Delivery{later, atOnce} {
		want.Body = nil
		r.same("what was sent", r.byMessage(want.MessageID), want)
	}
	late := later
	late.State = leads.DeliveryFailed
	r.record(task, late)
	r.check(len(r.byMessage(later.MessageID).Body) == 0, "an update has brought the body back")
	r.settle(task, leads.Outcome{Settlement: leads.Retry})
	for _, d := range r.task(leads.TaskNotify).Deliveries {
		r.check(len(d.Body) == 0, "the next attempt gets %+v", d)
	}
}

func deliveryGone(r *rig) {
	task := r.begun()
	d := r.delivery(task, "key")
	d.Body, d.MessageID = nil, leads.NewID()+"@example.com"
	r.record(task, d)
	update := d
	update.Body, update.State, update.Error = []byte("Hello"), leads.DeliveryFailed, "busy"
	r.record(task, update)
	update.Body = nil
	r.same("delivery", r.byMessage(d.MessageID), update)
}
