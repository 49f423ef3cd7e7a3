package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/openleads/leads"
)

// Forget takes a lead out of what is collected for the digests of a tenant, in which the first words of a note about it may stand, and out of the
// backlog of a [Router]. It is for a lead that was erased.
func Forget(ctx context.Context, records leads.Records, tenant, leadID string) error {
	err := records.DeleteRecord(ctx, tenant, RecordUnassigned, leadID)
	for after := ""; err == nil; {
		var page []leads.Record
		page, err = records.Records(ctx, tenant, RecordDigest, after, 100)
		for _, r := range page {
			after = r.ID
			err = errors.Join(err, forget(ctx, records, r, leadID))
		}
		if len(page) < 100 {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("notify: forget: %w", err)
	}
	return nil
}

// errNotNamed keeps a collection as it is.
var errNotNamed = errors.New("the lead is not in it")

func forget(ctx context.Context, records leads.Records, r leads.Record, leadID string) error {
	_, err := leads.UpdateRecord(ctx, records, r.Tenant, r.Kind, r.ID, func(r *leads.Record) error {
		c, err := read(r.Data)
		if err != nil {
			return err
		}
		named := c.forget(leadID)
		if c.Sending != nil {
			named = c.Sending.forget(leadID) || named
		}
		if !named {
			return errNotNamed
		}
		r.Data, err = json.Marshal(c)
		return err
	})
	if errors.Is(err, errNotNamed) {
		return nil
	}
	return err
}

// forget takes the items about a lead out, and reports whether there were any.
func (b *batch) forget(leadID string) bool {
	n := len(b.Items)
	b.Items = slices.DeleteFunc(b.Items, func(i item) bool { return i.Lead == leadID })
	return len(b.Items) < n
}
