package desk

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openleads/leads"
)

// RetentionRules say for how many days what is kept. 0 means for ever.
type RetentionRules struct {
	Raw         int `json:"raw"`         // raw bodies of submissions
	Clients     int `json:"clients"`     // client addresses and user agents
	Quarantined int `json:"quarantined"` // quarantined submissions; at least 30
	Events      int `json:"events"`      // timelines
	Leads       int `json:"leads"`       // leads that are converted or closed, since their last change
}

const (
	settingKind = "desk.setting"
	retentionID = "retention"

	retentionRunID = "retention.run"

	expiryBatch  = 500
	expiryRounds = 200 // of a batch each, in one run
)

// Retention returns the tenant's rules. For readers.
func (d *Desk) Retention(ctx context.Context, u User) (RetentionRules, error) {
	if err := may(u, Reader); err != nil {
		return RetentionRules{}, err
	}
	var rules RetentionRules
	err := d.setting(ctx, u, retentionID, &rules)
	return rules, err
}

// SetRetention changes the tenant's rules. For owners.
func (d *Desk) SetRetention(ctx context.Context, u User, rules RetentionRules) error {
	if err := may(u, Owner); err != nil {
		return err
	}
	var c check
	for _, f := range []struct {
		name        string
		days, least int
	}{{"raw", rules.Raw, 1}, {"clients", rules.Clients, 1}, {"quarantined", rules.Quarantined, 30}, {"events", rules.Events, 1}, {"leads", rules.Leads, 1}} {
		c.that(f.days == 0 || f.days >= f.least && f.days <= 36_500, "/"+f.name, "0 for ever, or %d to 36,500 days", f.least)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := d.putSetting(ctx, u, retentionID, rules); err != nil {
		return err
	}
	data, _ := json.Marshal(rules) // numbers always encode
	d.audit(ctx, u, "retention.set", "", data)
	return nil
}

// Expire applies the tenant's rules now and returns how many rows were changed. [Desk.ExpireDaily] calls it by itself. For owners.
func (d *Desk) Expire(ctx context.Context, u User) (int, error) {
	if err := may(u, Owner); err != nil {
		return 0, err
	}
	rules, err := d.Retention(ctx, u)
	if err != nil || rules == (RetentionRules{}) {
		return 0, err
	}
	run := RetentionRun{At: d.now()}
	if run.Rows, err = d.expire(ctx, u, rules); err == nil {
		err = d.putSetting(ctx, u, retentionRunID, run)
	}
	return run.Rows, err
}

func (d *Desk) expire(ctx context.Context, u User, rules RetentionRules) (int, error) {
	before := func(days int) time.Time {
		if days == 0 {
			return time.Time{}
		}
		return d.now().AddDate(0, 0, -days)
	}
	expiry := Expiry{
		Raw: before(rules.Raw), Clients: before(rules.Clients), Quarantined: before(rules.Quarantined), Events: before(rules.Events), Leads: before(rules.Leads),
	}
	total := 0
	for range expiryRounds {
		n, err := d.store.Expire(ctx, u.Tenant, expiry, expiryBatch)
		total += n
		if err != nil || n == 0 {
			return total, wrap("expire", err)
		}
	}
	return total, nil
}

// setting decodes a setting of the tenant; v stays as it is if there is none.
func (d *Desk) setting(ctx context.Context, u User, id string, v any) error {
	record, err := d.store.Record(ctx, u.Tenant, settingKind, id)
	if errors.Is(err, leads.ErrNotFound) {
		return nil
	} else if err != nil {
		return wrap("setting "+id, err)
	}
	return wrap("setting "+id, json.Unmarshal(record.Data, v))
}

// putSetting stores a setting whole.
func (d *Desk) putSetting(ctx context.Context, u User, id string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return wrap("setting "+id, err)
	}
	_, err = leads.UpdateRecord(ctx, d.store, u.Tenant, settingKind, id, func(r *leads.Record) error { r.Data = data; return nil })
	return wrap("setting "+id, err)
}
