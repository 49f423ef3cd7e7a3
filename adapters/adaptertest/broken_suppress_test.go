package adaptertest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// spoilSuppress alters what is suppressed.
func spoilSuppress(alter func(sup *sequence.Suppression)) func(*hooked) {
	return func(s *hooked) {
		s.suppress = func(ctx context.Context, sup sequence.Suppression) error {
			alter(&sup)
			return s.Store.Suppress(ctx, sup)
		}
	}
}

// spoilUnsuppress acts before a suppression is removed, or keeps it from being.
func spoilUnsuppress(before func(found []sequence.Suppression, purpose string) error) func(*hooked) {
	return func(s *hooked) {
		s.unsuppress = func(ctx context.Context, tenant, key, purpose string) error {
			found, err := s.Store.Suppressed(ctx, tenant, key)
			return errors.Join(err, before(found, purpose), s.Store.Unsuppress(ctx, tenant, key, purpose))
		}
	}
}

func brokenSuppressions() []breakage {
	return []breakage{
		{"drops the note", "suppress/stored", spoilSuppress(func(sup *sequence.Suppression) { sup.Note = "" })},
		{"escapes the note", "suppress/hostile text", spoilSuppress(func(sup *sequence.Suppression) { sup.Note = strings.ReplaceAll(sup.Note, `\`, `\\`) })},
		{"suppresses anew", "suppress/again", func(s *hooked) {
			s.suppress = func(ctx context.Context, sup sequence.Suppression) error {
				return errors.Join(s.Store.Unsuppress(ctx, sup.Tenant, sup.Key, sup.Purpose), s.Store.Suppress(ctx, sup))
			}
		}},
		{"refuses to suppress again", "suppress/at once", func(s *hooked) {
			var mu sync.Mutex
			there := make(map[string]bool)
			s.suppress = func(ctx context.Context, sup sequence.Suppression) error {
				mu.Lock()
				defer mu.Unlock()
				if there[sup.Purpose] {
					return errOther
				}
				there[sup.Purpose] = true
				return s.Store.Suppress(ctx, sup)
			}
		}},
		{"gives suppressions in the order of their purposes", "suppress/oldest first", func(s *hooked) {
			s.suppressed = func(ctx context.Context, tenant, key string) ([]sequence.Suppression, error) {
				found, err := s.Store.Suppressed(ctx, tenant, key)
				slices.SortFunc(found, func(a, b sequence.Suppression) int { return strings.Compare(a.Purpose, b.Purpose) })
				return found, err
			}
		}},
		{"knows keys in lower case", "suppress/of the tenant and key", spoilSuppress(func(sup *sequence.Suppression) { sup.Key = strings.ToLower(sup.Key) })},
		{"suppresses for all tenants", "suppress/of the tenant and key", func(s *hooked) {
			s.suppressed = func(ctx context.Context, _, key string) ([]sequence.Suppression, error) {
				return s.Store.Suppressed(ctx, "acme", key)
			}
		}},
		{"removes every purpose", "suppress/removed", func(s *hooked) {
			s.unsuppress = func(ctx context.Context, tenant, key, _ string) error {
				found, err := s.Store.Suppressed(ctx, tenant, key)
				for _, sup := range found {
					err = errors.Join(err, s.Store.Unsuppress(ctx, tenant, key, sup.Purpose))
				}
				return err
			}
		}},
		{"removes what is there only", "suppress/nothing to remove", spoilUnsuppress(func(found []sequence.Suppression, purpose string) error {
			if !slices.ContainsFunc(found, func(sup sequence.Suppression) bool { return sup.Purpose == purpose }) {
				return leads.ErrNotFound
			}
			return nil
		})},
		{"pages by key", "suppress/pages", func(s *hooked) {
			s.suppressions = func(ctx context.Context, tenant, key, _ string, limit int) ([]sequence.Suppression, error) {
				return s.Store.Suppressions(ctx, tenant, key, "\U0010ffff", limit)
			}
		}},
		{"gives ten suppressions by itself", "suppress/limits", func(s *hooked) {
			s.suppressions = func(ctx context.Context, tenant, key, purpose string, limit int) ([]sequence.Suppression, error) {
				if limit == 0 {
					limit = 10
				}
				return s.Store.Suppressions(ctx, tenant, key, purpose, limit)
			}
		}},
		{"suppresses after its caller has given up", "suppress/ended context", func(s *hooked) {
			s.suppress = func(ctx context.Context, sup sequence.Suppression) error {
				return errors.Join(s.Store.Suppress(context.WithoutCancel(ctx), sup), ctx.Err())
			}
		}},
	}
}

// spoilConsent alters what is added to the ledger.
func spoilConsent(alter func(c *sequence.Consent)) func(*hooked) {
	return func(s *hooked) {
		s.addConsent = func(ctx context.Context, c sequence.Consent) error {
			alter(&c)
			return s.Store.AddConsent(ctx, c)
		}
	}
}

// spoilLedger alters what the ledger tells.
func spoilLedger(alter func(found []sequence.Consent) []sequence.Consent) func(*hooked) {
	return func(s *hooked) {
		s.consents = func(ctx context.Context, tenant, key string) ([]sequence.Consent, error) {
			found, err := s.Store.Consents(ctx, tenant, key)
			return alter(found), err
		}
	}
}

func brokenConsents() []breakage {
	return []breakage{
		{"drops the source of a consent", "consent/every field", spoilConsent(func(c *sequence.Consent) { c.SourceID = "" })},
		{"escapes the wording", "consent/hostile text", spoilConsent(func(c *sequence.Consent) { c.Wording = strings.ReplaceAll(c.Wording, "'", "''") })},
		{"adds an entry again elsewhere", "consent/again", addsAgain},
		{"adds every entry again", "consent/again at once", addsAgain},
		{"tells the ledger backwards", "consent/oldest first", spoilLedger(func(found []sequence.Consent) []sequence.Consent {
			slices.Reverse(found)
			return found
		})},
		{"knows addresses in lower case", "consent/of the tenant and address", func(s *hooked) {
			s.consents = func(ctx context.Context, tenant, key string) ([]sequence.Consent, error) {
				return s.Store.Consents(ctx, tenant, strings.ToLower(key))
			}
		}},
		{"keeps the newest entry", "consent/granted and withdrawn", spoilLedger(func(found []sequence.Consent) []sequence.Consent { return found[max(0, len(found)-1):] })},
		{"agrees after its caller has given up", "consent/ended context", func(s *hooked) {
			s.addConsent = func(ctx context.Context, c sequence.Consent) error {
				return errors.Join(s.Store.AddConsent(context.WithoutCancel(ctx), c), ctx.Err())
			}
		}},
	}
}

// addsAgain adds an entry that is there under a new ID.
func addsAgain(s *hooked) {
	var mu sync.Mutex
	there := make(map[string]bool)
	s.addConsent = func(ctx context.Context, c sequence.Consent) error {
		mu.Lock()
		defer mu.Unlock()
		if there[c.ID] {
			c.ID = leads.NewID()
		}
		there[c.ID] = true
		return s.Store.AddConsent(ctx, c)
	}
}

// spoilSpend alters what is spent.
func spoilSpend(alter func(tenant *string, quotas []sequence.Quota) []sequence.Quota) func(*hooked) {
	return func(s *hooked) {
		s.spend = func(ctx context.Context, tenant string, quotas ...sequence.Quota) (string, error) {
			quotas = alter(&tenant, slices.Clone(quotas))
			return s.Store.Spend(ctx, tenant, quotas...)
		}
	}
}

func brokenQuotas() []breakage {
	return []breakage{
		{"spends the first quota", "quota/one of each", spoilSpend(func(_ *string, quotas []sequence.Quota) []sequence.Quota { return quotas[:min(1, len(quotas))] })},
		{"spends one quota after the other", "quota/none at all", spendsSingly},
		{"sorts the quotas", "quota/the first in their order", spoilSpend(func(_ *string, quotas []sequence.Quota) []sequence.Quota {
			slices.SortFunc(quotas, func(a, b sequence.Quota) int { return strings.Compare(a.Key, b.Key) })
			return quotas
		})},
		{"has one quota for all tenants", "quota/of the tenant", spoilSpend(func(tenant *string, quotas []sequence.Quota) []sequence.Quota {
			*tenant = "all"
			return quotas
		})},
		{"trims keys", "quota/every key", spoilSpend(func(_ *string, quotas []sequence.Quota) []sequence.Quota {
			for i := range quotas {
				quotas[i].Key = strings.TrimSpace(quotas[i].Key)
			}
			return quotas
		})},
		{"keeps the first limit", "quota/the limit of the call", func(s *hooked) {
			limits := make(map[string]int)
			spoilSpend(func(_ *string, quotas []sequence.Quota) []sequence.Quota {
				for i, q := range quotas {
					if _, ok := limits[q.Key]; !ok {
						limits[q.Key] = q.Limit
					}
					quotas[i].Limit = limits[q.Key]
				}
				return quotas
			})(s)
		}},
		{"counts without a lock", "quota/at once", countsWithoutLock},
		{"spends one quota after the other in a race", "quota/several at once", spendsSingly},
		{"forgets every count when it looks", "quota/kept", func(s *hooked) {
			generation := ""
			spoilSpend(func(tenant *string, quotas []sequence.Quota) []sequence.Quota {
				if slices.ContainsFunc(quotas, func(q sequence.Quota) bool { return q.Until.Before(time.Now()) }) {
					generation += "x"
				}
				*tenant += generation
				return quotas
			})(s)
		}},
		{"spends after its caller has given up", "quota/ended context", func(s *hooked) {
			s.spend = func(ctx context.Context, tenant string, quotas ...sequence.Quota) (string, error) {
				usedUp, err := s.Store.Spend(context.WithoutCancel(ctx), tenant, quotas...)
				return usedUp, errors.Join(err, ctx.Err())
			}
		}},
	}
}

func spendsSingly(s *hooked) {
	s.spend = func(ctx context.Context, tenant string, quotas ...sequence.Quota) (string, error) {
		for _, q := range quotas {
			if usedUp, err := s.Store.Spend(ctx, tenant, q); usedUp != "" || err != nil {
				return usedUp, err
			}
		}
		return "", nil
	}
}

// countsWithoutLock reads a count and writes it one higher, whatever has happened since.
func countsWithoutLock(s *hooked) {
	var mu sync.Mutex
	counts, others := make(map[string]int), newMeeting()
	s.spend = func(_ context.Context, _ string, quotas ...sequence.Quota) (string, error) {
		q := quotas[0]
		mu.Lock()
		count := counts[q.Key]
		mu.Unlock()
		if count >= q.Limit {
			return q.Key, nil
		}
		others.wait()
		mu.Lock()
		defer mu.Unlock()
		counts[q.Key] = count + 1
		return "", nil
	}
}
