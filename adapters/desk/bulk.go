package desk

import "context"

// BulkReport is what became of a change of many leads.
type BulkReport struct {
	Changed int
	Failed  map[string]error // by lead ID
}

// MaxBulk is how many leads can be changed at once.
const MaxBulk = 500

// Bulk makes the same change to many leads, each on its own; p.Version is ignored. For members.
func (d *Desk) Bulk(ctx context.Context, u User, ids []string, p Patch) (BulkReport, error) {
	p, stages, err := d.prepare(ctx, u, p)
	if err != nil {
		return BulkReport{}, err
	}
	p.Version = 0
	report, err := bulk(ctx, ids, func(id string) error { _, err := d.update(ctx, u, id, p, stages); return err })
	if report.Changed > 0 {
		d.rememberTags(ctx, u, p.given())
	}
	return report, err
}

// EraseMany removes many leads. For admins.
func (d *Desk) EraseMany(ctx context.Context, u User, ids []string) (BulkReport, error) {
	if err := may(u, Admin); err != nil {
		return BulkReport{}, err
	}
	return bulk(ctx, ids, func(id string) error { return d.Erase(ctx, u, id) })
}

// bulk does something to each lead. It goes on past those that fail, and ends when the caller has gone.
func bulk(ctx context.Context, ids []string, do func(id string) error) (BulkReport, error) {
	if len(ids) == 0 || len(ids) > MaxBulk {
		return BulkReport{}, invalid("/ids", "1 to %d leads", MaxBulk)
	}
	report := BulkReport{Failed: make(map[string]error)}
	for _, id := range ids {
		err := do(id)
		if ctx.Err() != nil {
			return report, ctx.Err()
		} else if err != nil {
			report.Failed[id] = err
			continue
		}
		report.Changed++
	}
	return report, nil
}
