package leads

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Effect is something to be done to the outside world, once where that can be known.
type Effect struct {
	// Delivery gives Key, Channel, Recipient, MessageID and Body. An empty Key is made of the task, the channel and the recipient.
	Delivery Delivery
	// Send makes one attempt. Its errors are told apart as those of [Mailer].
	Send func(ctx context.Context, d Delivery) (Receipt, error)
	// Ask asks the other side whether an attempt whose outcome is not known got through: Yes settles it as sent, No lets Send be called
	// again, Unknown leaves it to Hold. Nil means that the other side cannot be asked.
	Ask func(ctx context.Context, d Delivery) (Receipt, Truth, error)
	// Hold keeps an effect that may have been made from being made again: Once returns ErrHeld. Without it, it is made again.
	Hold bool
}

// ErrHeld says that an effect may have been made, that the other side cannot tell, and that it is not made again.
var ErrHeld = errors.New("leads: the effect may have been made and is not repeated")

// Settler stores the outcome of a task; it is the part of a [Store] that a Ledger needs.
type Settler interface {
	Settle(ctx context.Context, task Task, outcome Outcome) error
}

// Ledger makes the effects of one claimed task. It may be used concurrently for different effects.
type Ledger struct {
	Store Settler
	Task  Task // as it was claimed, with its deliveries
	// Lease is how long the task is leased for anew with every entry. 0 means 60s.
	Lease time.Duration
	// Now is the time of an entry. Nil means time.Now.
	Now func() time.Time
}

// Once makes the effect unless an earlier attempt of the task has made it. The delivery is stored as begun before Send is called, in a
// transaction that fails with [ErrStale] when the task is no longer the caller's (its lease has passed on, or it was taken back): then
// nothing is sent. It is settled with what Send returned. An effect that was sent is not made again, and Once returns nil; one that failed is
// made again with the Body of the first attempt, or with the one given if the Store has dropped that since; one whose outcome is not known is made
// again after Ask, or held.
func (l Ledger) Once(ctx context.Context, e Effect) error {
	d, again := l.find(e.Delivery)
	if again && d.State == DeliverySent {
		return nil
	}
	if again && d.State != DeliveryFailed {
		if settled, err := l.reconcile(ctx, e, d); settled || err != nil {
			return err
		}
	}
	d.State, d.Attempts = DeliveryBegun, d.Attempts+1
	if err := l.Record(ctx, d); err != nil {
		return err
	}
	receipt, err := e.Send(ctx, d)
	switch {
	case err == nil:
		d.State, d.Provider, d.Error = DeliverySent, receipt.ID, ""
	case IsAmbiguous(err):
		d.State, d.Error = DeliveryAmbiguous, failure(err)
	default:
		d.State, d.Error = DeliveryFailed, failure(err)
	}
	// What happened is recorded even when the attempt's time has run out.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	return errors.Join(err, l.Record(settle, d))
}

// reconcile decides about an attempt whose outcome is not known. It reports whether the effect was made.
func (l Ledger) reconcile(ctx context.Context, e Effect, d Delivery) (bool, error) {
	made := Unknown
	if e.Ask != nil {
		receipt, answer, err := e.Ask(ctx, d)
		if err != nil {
			return false, fmt.Errorf("asking whether an earlier attempt got through: %w", err)
		}
		made, d.Provider = answer, receipt.ID
	}
	switch {
	case made == Yes:
		d.State, d.Error = DeliverySent, ""
		return true, l.Record(ctx, d)
	case made == Unknown && e.Hold:
		return false, ErrHeld
	}
	return false, nil
}

// find returns the delivery as the task has it, or the one given, named and dated.
func (l Ledger) find(d Delivery) (Delivery, bool) {
	if d.Key == "" {
		d.Key = l.Task.ID + "/" + d.Channel + "/" + d.Recipient
	}
	for _, old := range l.Task.Deliveries {
		if old.Key == d.Key {
			if old.Body == nil { // somebody whom it named was erased
				old.Body = d.Body
			}
			return old, true
		}
	}
	if d.ID == "" {
		d.ID = NewID()
	}
	d.Tenant, d.LeadID, d.TaskID, d.CreatedAt = l.Task.Tenant, l.Task.LeadID, l.Task.ID, l.now()
	return d, false
}

// Record stores a delivery while the task goes on; its lease begins anew.
func (l Ledger) Record(ctx context.Context, d Delivery) error {
	d.UpdatedAt = l.now()
	return l.extend(ctx, Outcome{Deliveries: []Delivery{d}})
}

// Schedule adds a task to the queue while this one goes on. A task that is there already, by its ID, is left as it is; see [TaskID].
func (l Ledger) Schedule(ctx context.Context, task Task) error {
	task.State = TaskWaiting
	return l.extend(ctx, Outcome{Tasks: []Task{task}})
}

func (l Ledger) extend(ctx context.Context, o Outcome) error {
	o.Settlement, o.Delay = Extend, l.Lease
	if o.Delay == 0 {
		o.Delay = time.Minute
	}
	return l.Store.Settle(ctx, l.Task, o)
}

func (l Ledger) now() time.Time {
	if l.Now == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return l.Now().UTC().Truncate(time.Microsecond)
}
