package adaptertest

import (
	"github.com/openleads/leads"
)

const (
	saysMail      = "Delivery returns the delivery of the mail with that MessageID, whose ever it is, or ErrNotFound."
	saysMailOwner = "The caller takes the tenant from it."
	saysEffects   = "Deliveries returns those of a lead, oldest first, whether or not their tasks are there still."
	saysNoEffects = "It is ErrNotFound for a lead that the tenant does not have."
	saysConfirm   = "ConfirmDelivery settles a delivery whose outcome was not known (begun or ambiguous) as sent."
	saysProvider  = "It sets Provider to the receipt's ID, if that has one, and clears Error; of what is about no lead, it drops the Body."
	saysSettled   = "Any other is left as it is, and one that is not there is no error."
)

func effectContracts() []contract {
	return []contract{
		{"effects/by message ID", saysMail, effectByMessage},
		{"effects/no such message", saysMail, effectNoMessage},
		{"effects/of any tenant", saysMailOwner, effectOwner},
		{"effects/of a lead", saysEffects, effectsOfLead},
		{"effects/after their tasks", saysEffects, effectsAfterTask},
		{"effects/no such lead", saysNoEffects, effectsAbsent},
		{"effects/malformed IDs", saysBadIDs, effectsBadIDs},
		{"effects/confirmed", saysConfirm, effectConfirmed},
		{"effects/with its receipt", saysProvider, effectReceipt},
		{"effects/confirmed, about no lead", saysProvider, effectLeadless},
		{"effects/settled before", saysSettled, effectSettled},
		{"effects/nothing to confirm", saysSettled, effectNothing},
		{"effects/ended context", saysEnded, effectEnded},
		{"effects/memory", saysMemory, effectMemory},
	}
}

// mailed stores a mail of a task, in a state.
func (r *rig) mailed(task leads.Task, key string, state leads.DeliveryState) leads.Delivery {
	r.t.Helper()
	d := r.delivery(task, key)
	d.MessageID, d.State = leads.NewID()+"@example.com", state
	r.record(task, d)
	return d
}

func (r *rig) effects(leadID string) []leads.Delivery {
	r.t.Helper()
	found, err := ability[leads.Deliveries](r).Deliveries(r.t.Context(), r.tenant, leadID)
	if err != nil {
		r.t.Fatalf("Deliveries: %v", err)
	}
	return found
}

// effect is the delivery with a key.
func (r *rig) effect(leadID, key string) leads.Delivery {
	r.t.Helper()
	for _, d := range r.effects(leadID) {
		if d.Key == key {
			return d
		}
	}
	r.t.Fatalf("there is no delivery %q", key)
	return leads.Delivery{}
}

func (r *rig) byMessage(id string) leads.Delivery {
	r.t.Helper()
	d, err := ability[leads.Deliveries](r).Delivery(r.t.Context(), id)
	if err != nil {
		r.t.Fatalf("Delivery(%s): %v", id, err)
	}
	return d
}

func effectByMessage(r *rig) {
	task := r.begun()
	first, second := r.mailed(task, "first", leads.DeliveryBegun), r.mailed(task, "second", leads.DeliveryFailed)
	r.same("first", r.byMessage(first.MessageID), first)
	r.same("second", r.byMessage(second.MessageID), second)
	second.State, second.Attempts, second.Provider, second.UpdatedAt = leads.DeliverySent, 2, "id", r.tick()
	r.record(task, second)
	r.settle(task, leads.Outcome{})
	r.same("updated", r.byMessage(second.MessageID), second)
}

func effectNoMessage(r *rig) {
	task := r.begun()
	r.record(task, r.delivery(task, "no mail"))
	mail := r.mailed(task, "mail", leads.DeliverySent)
	for _, id := range append(hostile(), "", "\x00", "\xff", mail.ID, mail.Key, "<"+mail.MessageID+">", mail.MessageID+" ", mail.MessageID[1:], "%") {
		_, err := ability[leads.Deliveries](r).Delivery(r.t.Context(), id)
		r.fails("Delivery("+shown(id)+")", err, leads.ErrNotFound)
	}
}

func effectOwner(r *rig) {
	other := r.as("other")
	mine := r.begun()
	theirs := other.begun()
	a, b := r.mailed(mine, "key", leads.DeliverySent), other.mailed(theirs, "key", leads.DeliverySent)
	r.same("mine", r.byMessage(a.MessageID), a)
	r.same("theirs", r.byMessage(b.MessageID), b)
	r.check(a.Tenant != b.Tenant, "the tenants are one")
}

func effectsOfLead(r *rig) {
	task := r.begun()
	f := &filler{base: r.start}
	r.check(len(r.effects(task.LeadID)) == 0, "there are deliveries: %+v", r.effects(task.LeadID))
	var want []leads.Delivery
	for range 3 {
		want = append(want, r.outcomeOf(f, task).Deliveries...)
	}
	want[0].ID, want[2].ID = want[2].ID, want[0].ID // age is not in the ID
	for _, i := range []int{2, 0, 1} {
		r.record(task, want[i])
	}
	bob := r.person("bob@example.com")
	theirs := r.task()
	r.mailed(theirs, "another lead's", leads.DeliverySent)
	r.same("deliveries", r.effects(task.LeadID), want)
	r.check(len(r.effects(bob)) == 1, "the other lead has %+v", r.effects(bob))
}

// effectsAfterTask has deliveries of two tasks of one lead, of which one is done and one is dead.
func effectsAfterTask(r *rig) {
	task := r.begun()
	first := r.mailed(task, "first", leads.DeliverySent)
	r.settle(task, leads.Outcome{Tasks: []leads.Task{{Kind: leads.TaskScore, CreatedAt: r.start}}})
	follow := r.task(leads.TaskScore)
	second := r.mailed(follow, "second", leads.DeliveryAmbiguous)
	r.settle(follow, leads.Outcome{Settlement: leads.Dead})
	r.same("deliveries", r.effects(task.LeadID), []leads.Delivery{first, second})
	r.same("by message ID", r.byMessage(first.MessageID), first)
}

func (r *rig) noEffects(tenant, leadID string) {
	r.t.Helper()
	_, err := ability[leads.Deliveries](r).Deliveries(r.t.Context(), tenant, leadID)
	r.fails("Deliveries of "+shown(leadID), err, leads.ErrNotFound)
}

func effectsAbsent(r *rig) {
	task := r.begun()
	r.mailed(task, "key", leads.DeliverySent)
	r.as("other")
	r.noEffects("other", task.LeadID)
	r.noEffects("", task.LeadID)
	r.noEffects(r.tenant, leads.NewID())
}

func effectsBadIDs(r *rig) {
	for _, id := range badIDs() {
		r.noEffects(r.tenant, id)
	}
}

func (r *rig) confirm(tenant, key string) {
	r.t.Helper()
	if err := ability[leads.Deliveries](r).ConfirmDelivery(r.t.Context(), tenant, key, leads.Receipt{ID: "receipt"}); err != nil {
		r.t.Errorf("ConfirmDelivery(%s): %v", shown(key), err)
	}
}

func effectConfirmed(r *rig) {
	task := r.begun()
	for _, state := range []leads.DeliveryState{leads.DeliveryBegun, leads.DeliveryAmbiguous} {
		want := r.mailed(task, string(state), state)
		r.confirm(r.tenant, want.Key)
		want.State, want.Provider = leads.DeliverySent, "receipt"
		r.same("confirmed", r.effect(task.LeadID, want.Key), want, "UpdatedAt", "Error")
		r.stamped("UpdatedAt", r.effect(task.LeadID, want.Key).UpdatedAt)
	}
	for _, d := range r.taskAt(task.LeaseUntil.Add(3 * hour)).Deliveries {
		r.check(d.State == leads.DeliverySent, "the next attempt is told of %+v", d)
	}
}

func effectReceipt(r *rig) {
	task := r.begun()
	for _, c := range []struct{ receipt, want string }{{"", "first"}, {"second", "second"}} {
		d := r.mailed(task, "key "+c.want, leads.DeliveryAmbiguous)
		d.Provider, d.Error = "first", "timed out"
		r.record(task, d)
		if err := ability[leads.Deliveries](r).ConfirmDelivery(r.t.Context(), r.tenant, d.Key, leads.Receipt{ID: c.receipt}); err != nil {
			r.t.Fatalf("ConfirmDelivery: %v", err)
		}
		got := r.effect(task.LeadID, d.Key)
		r.check(got.Provider == c.want && got.Error == "" && got.State == leads.DeliverySent, "with the receipt %q the delivery is %+v", c.receipt, got)
	}
}

func effectSettled(r *rig) {
	task := r.begun()
	for _, state := range []leads.DeliveryState{leads.DeliverySent, leads.DeliveryFailed} {
		d := r.mailed(task, string(state), state)
		d.Provider, d.Error = "first", "refused"
		r.record(task, d)
		r.confirm(r.tenant, d.Key)
		r.same("settled before", r.effect(task.LeadID, d.Key), d)
	}
}

func effectNothing(r *rig) {
	task := r.begun()
	want := r.mailed(task, "key", leads.DeliveryBegun)
	r.as("other")
	r.confirm("other", "key")
	r.confirm("", "key")
	for _, key := range append(hostile(), "", "KEY", "key ", "\x00", "\xff") {
		r.confirm(r.tenant, key)
	}
	r.same("the delivery", r.effects(task.LeadID), []leads.Delivery{want})
}

func effectEnded(r *rig) {
	effects, ctx := ability[leads.Deliveries](r), ended(r.t)
	task := r.begun()
	want := r.mailed(task, "key", leads.DeliveryBegun)
	_, err := effects.Delivery(ctx, want.MessageID)
	r.check(err != nil, "Delivery with an ended context returned no error")
	_, err = effects.Deliveries(ctx, r.tenant, task.LeadID)
	r.check(err != nil, "Deliveries with an ended context returned no error")
	r.check(effects.ConfirmDelivery(ctx, r.tenant, "key", leads.Receipt{}) != nil, "ConfirmDelivery with an ended context returned no error")
	r.same("the delivery", r.effects(task.LeadID), []leads.Delivery{want})
}

func effectMemory(r *rig) {
	task := r.begun()
	want := r.mailed(task, "key", leads.DeliveryBegun)
	for _, read := range []func() []leads.Delivery{
		func() []leads.Delivery { return r.effects(task.LeadID) },
		func() []leads.Delivery { return []leads.Delivery{r.byMessage(want.MessageID)} },
	} {
		got := read()
		r.same("delivery", got, []leads.Delivery{want})
		scribble(got)
		r.same("after the caller changed what it had got", read(), []leads.Delivery{want})
	}
}

func effectLeadless(r *rig) {
	task := r.leadless()
	want := r.mailed(task, "key", leads.DeliveryAmbiguous)
	r.confirm(r.tenant, "key")
	want.State, want.Provider, want.Body = leads.DeliverySent, "receipt", nil
	r.same("confirmed", r.byMessage(want.MessageID), want, "UpdatedAt")
}
