package adaptertest

import (
	"sync/atomic"

	"github.com/openleads/leads/sequence"
)

const (
	saysSpend     = "Spend takes one of each quota of the tenant, or none at all if one of them is used up; then it returns the Key of that one, the first in their order."
	saysSpendOnly = "Of concurrent calls no more succeed than the Limit allows."
	saysCount     = "A count is kept until its period ends. A Key is given once in a call."
	saysLimitOf   = "Limit itself is not kept: the count is compared with that of the call"
)

func quotaContracts() []contract {
	return []contract{
		{"quota/one of each", saysSpend, quotaEach},
		{"quota/none at all", saysSpend, quotaNone},
		{"quota/the first in their order", saysSpend, quotaFirst},
		{"quota/of the tenant", saysSpend, quotaTenants},
		{"quota/every key", "names what is counted and the period", quotaKeys},
		{"quota/the limit of the call", saysLimitOf, quotaLimit},
		{"quota/at once", saysSpendOnly, quotaTogether},
		{"quota/several at once", saysSpendOnly, quotaCrossed},
		{"quota/kept", saysCount, quotaKept},
		{"quota/ended context", saysSeqEnded, quotaEnded},
	}
}

// quota makes a quota whose period lasts.
func (r *rig) quota(key string, limit int) sequence.Quota {
	return sequence.Quota{Key: key, Limit: limit, Until: r.start.Add(100 * hour)}
}

// spends checks what Spend answers.
func (r *rig) spends(want string, quotas ...sequence.Quota) {
	r.t.Helper()
	got, err := r.sequences().Spend(r.t.Context(), r.tenant, quotas...)
	r.check(err == nil && got == want, "Spend of %+v returned %q, %v, want %q", quotas, got, err, want)
}

// left checks how many of a quota can still be spent, and spends them.
func (r *rig) left(key string, limit, want int) {
	r.t.Helper()
	for range want {
		r.spends("", r.quota(key, limit))
	}
	r.spends(key, r.quota(key, limit))
}

func quotaEach(r *rig) {
	r.spends("")
	for range 2 {
		r.spends("", r.quota("a", 3), r.quota("b", 4), r.quota("c", 5))
	}
	r.left("a", 3, 1)
	r.left("b", 4, 2)
	r.left("c", 5, 3)
}

func quotaNone(r *rig) {
	r.left("used up", 1, 1)
	for range 3 {
		r.spends("used up", r.quota("a", 2), r.quota("used up", 1), r.quota("b", 2))
	}
	r.spends("nothing", r.quota("a", 2), r.quota("nothing", 0))
	r.left("a", 2, 2)
	r.left("b", 2, 2)
}

func quotaFirst(r *rig) {
	r.left("z", 1, 1)
	r.left("a", 1, 1)
	r.spends("z", r.quota("m", 1), r.quota("z", 1), r.quota("a", 1))
	r.spends("a", r.quota("a", 1), r.quota("m", 1), r.quota("z", 1))
	r.spends("", r.quota("m", 1))
}

func quotaTenants(r *rig) {
	other := r.as("other")
	r.left("key", 2, 2)
	other.left("key", 2, 2)
}

func quotaKeys(r *rig) {
	for _, key := range odd() {
		r.left(key, 1, 1)
	}
}

func quotaLimit(r *rig) {
	r.left("key", 2, 2)
	r.left("key", 5, 3)
	r.spends("key", r.quota("key", 2))
	r.spends("key", r.quota("key", 0))
	r.left("key", 6, 1)
}

func quotaTogether(r *rig) {
	const n, limit = 32, 10
	var won atomic.Int32
	quota := r.quota("key", limit)
	r.together(n, func(int) error {
		usedUp, err := r.sequences().Spend(r.t.Context(), r.tenant, quota)
		if usedUp == "" && err == nil {
			won.Add(1)
		}
		return err
	})
	r.check(won.Load() == limit, "of %d calls at once %d succeeded, want %d", n, won.Load(), limit)
	r.left("key", limit, 0)
}

// quotaCrossed spends several quotas in opposite orders, of which one is used up before the others.
func quotaCrossed(r *rig) {
	const n, limit = 32, 7
	var won atomic.Int32
	there := []sequence.Quota{r.quota("a", 100), r.quota("b", limit), r.quota("c", 100)}
	back := []sequence.Quota{there[2], there[1], there[0]}
	r.together(n, func(i int) error {
		quotas := there
		if i%2 == 1 {
			quotas = back
		}
		usedUp, err := r.sequences().Spend(r.t.Context(), r.tenant, quotas...)
		if usedUp == "" && err == nil {
			won.Add(1)
		}
		return err
	})
	r.check(won.Load() == limit, "of %d calls at once %d succeeded, want %d", n, won.Load(), limit)
	r.left("a", 100, 100-limit)
	r.left("c", 100, 100-limit)
}

func quotaKept(r *rig) {
	quota := r.quota("key", 1)
	r.spends("", quota)
	r.spends("", sequence.Quota{Key: "past", Limit: 5, Until: r.start.Add(-hour)}) // when the store may look what has ended
	r.spends("key", quota)
	quota.Until = quota.Until.Add(hour)
	r.spends("key", quota)
}

func quotaEnded(r *rig) {
	_, err := r.sequences().Spend(ended(r.t), r.tenant, r.quota("key", 1))
	r.check(err != nil, "Spend with an ended context returned no error")
	r.left("key", 1, 1)
}
