package desk

import (
	"context"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// Quarantined returns quarantined submissions, the newest first. For readers.
func (d *Desk) Quarantined(ctx context.Context, u User, after string, limit int) ([]ingest.Submission, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.store.Quarantined(ctx, u.Tenant, after, limit)
}

// Release takes a quarantined submission in after all: the whole line runs for it. For members.
func (d *Desk) Release(ctx context.Context, u User, submissionID string) (leads.Captured, error) {
	if err := may(u, Member); err != nil {
		return leads.Captured{}, err
	}
	captured, err := d.cfg.Engine.Release(ctx, u.Tenant, submissionID)
	if err == nil {
		d.audit(ctx, u, "submission.release", submissionID, nil)
	}
	return captured, err
}

// DeleteQuarantined removes a quarantined submission for good. For members.
func (d *Desk) DeleteQuarantined(ctx context.Context, u User, submissionID string) error {
	if err := may(u, Member); err != nil {
		return err
	}
	err := d.store.DeleteQuarantined(ctx, u.Tenant, submissionID)
	if err == nil {
		d.audit(ctx, u, "submission.delete", submissionID, nil)
	}
	return err
}
