package bunstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// spending is how much of a quota is spent at once.
type spending struct {
	key   string
	n     int64
	until time.Time
	used  int64 // how much is used up then
}

// errUsedUp says that a quota is used up, so that nothing may be spent.
var errUsedUp = errors.New("used up")

// Spend is described by [sequence.Quotas]. A count whose period has ended counts from 0 again.
func (s *Store) Spend(ctx context.Context, tenant string, quotas ...sequence.Quota) (usedUp string, err error) {
	if !validTenant(tenant) {
		return "", fmt.Errorf("bunstore: spend: %w: the tenant %.40q", leads.ErrInvalid, tenant)
	}
	for _, q := range quotas {
		if !keyable(q.Key) {
			return "", fmt.Errorf("bunstore: spend: %w: Quota.Key %.40q", leads.ErrInvalid, q.Key)
		}
	}
	if err := s.ready(ctx); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil || len(quotas) == 0 {
		return "", err
	}
	o := outlay{s: s, tenant: tenant, quotas: quotas, number: s.outlays.Add(1)}
	err = s.engine.pay(ctx, &o)
	switch {
	case err == nil || errors.Is(err, errUsedUp):
		return o.usedUp, nil
	}
	return "", fmt.Errorf("bunstore: spend: %w", err)
}

// outlay is a Spend on its way.
type outlay struct {
	s      *Store
	tenant string
	quotas []sequence.Quota
	number int64  // tells it from others
	usedUp string // the key of the one that is used up
}

func (o *outlay) run(ctx context.Context, t tx) error {
	spent := together(o.quotas)
	if err := o.s.engine.spend(ctx, t, o.tenant, spent); err != nil {
		return err
	}
	if o.usedUp = exceeded(o.quotas, spent); o.usedUp != "" {
		return errUsedUp
	}
	return nil
}

// together adds up what is spent of each quota. They are sorted, so that all lock them in the same order.
func together(quotas []sequence.Quota) []spending {
	var spent []spending
	for _, q := range quotas {
		i := slices.IndexFunc(spent, func(s spending) bool { return s.key == q.Key })
		if i < 0 {
			i, spent = len(spent), append(spent, spending{key: q.Key})
		}
		spent[i].n++
		if spent[i].until = q.Until; q.Until.IsZero() {
			spent[i].until = time.Unix(0, 0)
		}
	}
	slices.SortFunc(spent, func(a, b spending) int { return strings.Compare(a.key, b.key) })
	return spent
}

// exceeded returns the key of the first quota that was used up before it was spent, or "".
func exceeded(quotas []sequence.Quota, spent []spending) string {
	before := make(map[string]int64, len(spent))
	for _, s := range spent {
		before[s.key] = s.used - s.n
	}
	for _, q := range quotas {
		if before[q.Key] >= int64(q.Limit) {
			return cmp.Or(q.Key, "-")
		}
		before[q.Key]++
	}
	return ""
}

// forgetQuotas deletes the counts whose periods have ended. What fails is left for the next time.
func (s *Store) forgetQuotas(ctx context.Context) {
	if s.ready(ctx) != nil {
		return
	}
	for ctx.Err() == nil {
		var n int64
		err := s.engine.write(ctx, func(ctx context.Context, t tx) (err error) {
			n, err = t.exec(ctx, s.engine.statements().dropQuotas, s.engine.clock(noTime))
			return err
		})
		if err != nil || n == 0 {
			return
		}
		pause(ctx, checkpointEvery)
	}
}
