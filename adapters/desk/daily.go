package desk

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/openleads/leads"
)

// RetentionRun is when the rules of a tenant were applied, and to how many rows.
type RetentionRun struct {
	At   time.Time `json:"at"`
	Rows int       `json:"rows"`
}

const (
	// daily is how long after a run the next one may begin: less than a day, so that it does not come later each day.
	daily = 23 * time.Hour
	// expiryLook is about how often ExpireDaily looks whether a run is due. A program that was away for a day does not wait for another.
	expiryLook = time.Hour
	// expiryFirst is within what time ExpireDaily looks for the first time.
	expiryFirst = time.Minute
	// expiryAfter is how much time there is to write down how a run has ended when the program ends.
	expiryAfter = 5 * time.Second
)

// LastExpiry returns when the tenant's rules were applied last; its At is zero if they never were. For readers.
func (d *Desk) LastExpiry(ctx context.Context, u User) (RetentionRun, error) {
	if err := may(u, Reader); err != nil {
		return RetentionRun{}, err
	}
	var run RetentionRun
	err := d.setting(ctx, u, retentionRunID, &run)
	return run, err
}

// ExpireDaily applies the rules of every tenant once a day, until ctx ends; then it returns. A host runs it beside its engine:
//
//	go d.ExpireDaily(ctx, nil)
//
// tenants lists those that there are; nil means [leads.DefaultTenant] alone. Several processes may run it on one Store: one of them does a tenant's
// day. What fails is logged, and tried again in about an hour.
func (d *Desk) ExpireDaily(ctx context.Context, tenants func(ctx context.Context) ([]string, error)) {
	if tenants == nil {
		tenants = func(context.Context) ([]string, error) { return []string{leads.DefaultTenant}, nil }
	}
	for wait := rand.N(expiryFirst); ; wait = expiryLook - rand.N(expiryLook/6) { // not all processes at once
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		all, err := tenants(ctx)
		if err != nil {
			d.cfg.Logger.ErrorContext(ctx, "desk: the retention rules were not applied: the tenants cannot be listed", "error", err)
		}
		for _, tenant := range all {
			if err := d.expireOnce(ctx, User{Tenant: tenant, ID: "retention", Role: Owner}); err != nil && ctx.Err() == nil {
				d.cfg.Logger.ErrorContext(ctx, "desk: the retention rules were not applied", "tenant", tenant, "error", err)
			}
		}
	}
}

// expireOnce applies a tenant's rules if that is due and nobody else does it. What was begun and has failed is due again.
func (d *Desk) expireOnce(ctx context.Context, u User) error {
	rules, err := d.Retention(ctx, u)
	if err != nil || rules == (RetentionRules{}) {
		return err
	}
	record, err := d.store.Record(ctx, u.Tenant, settingKind, retentionRunID)
	var last RetentionRun
	switch {
	case leads.IsNotFound(err):
		record = leads.Record{Tenant: u.Tenant, Kind: settingKind, ID: retentionRunID}
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(record.Data, &last); err != nil {
			return err
		}
	}
	if now := d.now(); now.Sub(last.At) < daily {
		return nil
	} else if record.Data, err = json.Marshal(RetentionRun{At: now}); err != nil {
		return err
	}
	if _, err = d.store.PutRecord(ctx, record); leads.IsStale(err) {
		return nil // somebody else has just begun
	} else if err != nil {
		return err
	}
	if _, err = d.Expire(ctx, u); err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), expiryAfter)
		defer cancel()
		_ = d.putSetting(ending, u, retentionRunID, last) // else it is due tomorrow
	}
	return err
}
