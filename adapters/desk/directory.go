package desk

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

const (
	personKind  = "desk.person"
	peoplePages = 10 // of 1,000 people each
)

// PeopleDirectory knows the people of each tenant with what the desk keeps about them. It is made by [Directory] and never changes.
type PeopleDirectory struct {
	records leads.Records
	base    notify.Directory
}

// keptPerson is what the desk keeps about somebody: each part counts once it has been set.
type keptPerson struct {
	Preferences *keptPreferences `json:"preferences,omitempty"`
	Share       *keptShare       `json:"share,omitempty"`
}

type keptPreferences struct {
	Zone        string             `json:"zone,omitempty"`
	Preferences notify.Preferences `json:"preferences"`
}

type keptShare struct {
	Weight   int          `json:"weight"`
	Capacity int          `json:"capacity"`
	Hours    notify.Hours `json:"hours,omitempty"`
}

// Directory returns a [notify.Directory] of the people that base knows, as they are after what they have set on the desk: their time zone and
// preferences, and what share of the leads they are handed. The host gives it to notify.Team, to notify.Route and to the dashboard, so that all go
// by the same. It reads from records at each call.
func Directory(records leads.Records, base notify.Directory) *PeopleDirectory {
	return &PeopleDirectory{records: records, base: base}
}

// People implements [notify.Directory]. Without a base there is nobody.
func (d *PeopleDirectory) People(ctx context.Context, tenant string) ([]notify.Person, error) {
	if d.base == nil {
		return nil, nil
	}
	known, err := d.base.People(ctx, tenant)
	if err != nil {
		return nil, err
	}
	kept, err := keptPeople(ctx, d.records, tenant)
	if err != nil {
		return nil, wrap("directory", err)
	}
	people := slices.Clone(known)
	for i := range people {
		kept[people[i].ID].apply(&people[i])
	}
	return people, nil
}

func (k keptPerson) apply(p *notify.Person) {
	if k.Preferences != nil {
		p.Zone, p.Preferences = k.Preferences.Zone, k.Preferences.Preferences
	}
	if k.Share != nil {
		p.Weight, p.Capacity, p.Hours = k.Share.Weight, k.Share.Capacity, k.Share.Hours
	}
}

// keptPeople reads what is kept, by the IDs of the people.
func keptPeople(ctx context.Context, records leads.Records, tenant string) (map[string]keptPerson, error) {
	people := make(map[string]keptPerson)
	after := ""
	for range peoplePages {
		page, err := records.Records(ctx, tenant, personKind, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			var k keptPerson
			if err := json.Unmarshal(r.Data, &k); err != nil {
				return nil, err
			}
			people[r.ID], after = k, r.ID
		}
		if len(page) < 1000 {
			break
		}
	}
	return people, nil
}

// SetPreferences keeps what the user wants to hear of; p's Zone and Preferences count. It has an effect where the host's people come from
// [Directory]. For readers.
func (d *Desk) SetPreferences(ctx context.Context, u User, p notify.Person) error {
	if err := may(u, Reader); err != nil {
		return err
	}
	p = notify.Person{ID: u.ID, Zone: p.Zone, Preferences: p.Preferences}
	return d.putPerson(ctx, u, "person.preferences", p, func(k *keptPerson) {
		k.Preferences = &keptPreferences{Zone: p.Zone, Preferences: p.Preferences}
	})
}

// SetShare keeps what share of the leads somebody is handed; p's ID, Weight, Capacity and Hours count. It has an effect where the host's people
// come from [Directory]. For admins.
func (d *Desk) SetShare(ctx context.Context, u User, p notify.Person) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	p = notify.Person{ID: p.ID, Weight: p.Weight, Capacity: p.Capacity, Hours: p.Hours}
	var c check
	c.that(p.Weight >= 0 && p.Weight <= 1000, "/weight", "0 to 1,000")
	c.that(p.Capacity >= 0 && p.Capacity <= 1_000_000, "/capacity", "0 for no bound, or up to 1,000,000")
	if err := c.err(); err != nil {
		return err
	}
	return d.putPerson(ctx, u, "person.share", p, func(k *keptPerson) {
		k.Share = &keptShare{Weight: p.Weight, Capacity: p.Capacity, Hours: p.Hours}
	})
}

func (d *Desk) putPerson(ctx context.Context, u User, action string, p notify.Person, change func(*keptPerson)) error {
	if err := p.Validate(); err != nil {
		var c check
		c.each(err, personFault)
		return c.err()
	}
	_, err := leads.UpdateRecord(ctx, d.store, u.Tenant, personKind, p.ID, func(r *leads.Record) error {
		var k keptPerson
		if len(r.Data) > 0 {
			if err := json.Unmarshal(r.Data, &k); err != nil {
				return err
			}
		}
		change(&k)
		data, err := json.Marshal(k)
		r.Data = data
		return err
	})
	if err != nil {
		return wrap("put person", err)
	}
	d.audit(ctx, u, action, p.ID, nil)
	return nil
}
