package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/openleads/leads"
)

// SavedView is a filter under a name, of one person.
type SavedView struct {
	Name  string `json:"name"`
	Query string `json:"query"` // the filter as a face writes it into its URLs
}

const (
	viewsID  = "views."
	maxViews = 50
)

// Views returns the saved views of the user. For readers.
func (d *Desk) Views(ctx context.Context, u User) ([]SavedView, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	var views []SavedView
	err := d.setting(ctx, u, viewsID+u.ID, &views)
	return views, err
}

// SaveView keeps a view of the user; one with the same name is replaced, and with an empty query removed. For readers.
func (d *Desk) SaveView(ctx context.Context, u User, v SavedView) error {
	if err := may(u, Reader); err != nil {
		return err
	}
	var c check
	c.that(strings.TrimSpace(v.Name) != "" && len(v.Name) <= 60 && storable(v.Name), "/name", "1 to 60 bytes")
	c.that(len(v.Query) <= 2000 && storable(v.Query), "/query", "at most 2,000 bytes")
	if err := c.err(); err != nil {
		return err
	}
	_, err := leads.UpdateRecord(ctx, d.store, u.Tenant, settingKind, viewsID+u.ID, func(r *leads.Record) error {
		var views []SavedView
		if len(r.Data) > 0 {
			if err := json.Unmarshal(r.Data, &views); err != nil {
				return err
			}
		}
		views = slices.DeleteFunc(views, func(old SavedView) bool { return old.Name == v.Name })
		if v.Query != "" {
			views = append(views, v)
		}
		if len(views) > maxViews {
			return invalid("", "at most %d views: remove one first", maxViews)
		}
		var err error
		r.Data, err = json.Marshal(views)
		return err
	})
	return wrap("save view", err)
}

// Setting reads a setting of the tenant under an ID that a face chooses, such as "rubric" or "routing"; v stays as it is if there is none.
// For readers.
func (d *Desk) Setting(ctx context.Context, u User, id string, v any) error {
	if err := may(u, Reader); err != nil {
		return err
	}
	return d.setting(ctx, u, "tenant."+id, v)
}

// SetSetting stores a setting of the tenant whole. What it means is for the face, or the host, to check before. For admins.
func (d *Desk) SetSetting(ctx context.Context, u User, id string, v any) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	if len(id) > 100 || !storable(id) {
		return leads.ErrInvalid
	}
	if err := d.putSetting(ctx, u, "tenant."+id, v); err != nil {
		return err
	}
	d.audit(ctx, u, "setting.put", id, nil)
	return nil
}
