package adaptertest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// silent takes an error for none.
func silent(err, as error) error {
	if errors.Is(err, as) {
		return nil
	}
	return err
}

// afterErase does more once a lead is erased.
func afterErase(more func(ctx context.Context, s *hooked, tenant, leadID string, err error) error) func(*hooked) {
	return func(s *hooked) {
		s.eraseLead = func(ctx context.Context, tenant, leadID string) error {
			return more(ctx, s, tenant, leadID, s.Store.EraseLead(ctx, tenant, leadID))
		}
	}
}

// settlesStale settles what must not be settled.
func settlesStale(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		return silent(s.Store.Settle(ctx, task, o), leads.ErrStale)
	}
}

// keepsKeys answers a request that it has seen before as it did then.
func keepsKeys(s *hooked) {
	seen := make(map[string]leads.Captured)
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		if earlier, ok := seen[subs[0].Key]; ok && len(subs) == 1 && subs[0].Key != "" {
			earlier.Repeated, earlier.Created = true, false
			return []leads.Captured{earlier}, nil
		}
		captured, err := s.Store.Capture(ctx, subs)
		for i, c := range captured {
			seen[subs[i].Key] = c
		}
		return captured, err
	}
}

// keepsIdentities finds leads that are gone.
func keepsIdentities(s *hooked) {
	known := make(map[leads.Identity]leads.Captured)
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		if earlier, ok := known[leads.Identify(subs[0])]; ok {
			earlier.Created = false
			return []leads.Captured{earlier}, nil
		}
		captured, err := s.Store.Capture(ctx, subs)
		for i, c := range captured {
			known[leads.Identify(subs[i])] = c
		}
		return captured, err
	}
}

func brokenErasures() []breakage {
	return []breakage{
		{"keeps what was sent", "erase/nothing is left", func(s *hooked) {
			kept := make(map[string]leads.Delivery)
			s.delivery = func(ctx context.Context, messageID string) (leads.Delivery, error) {
				if d, ok := kept[messageID]; ok {
					return d, nil
				}
				d, err := s.Store.Delivery(ctx, messageID)
				if err == nil {
					kept[messageID] = d
				}
				return d, err
			}
		}},
		{"keeps raw bodies", "erase/nothing is left", func(s *hooked) {
			var kept []ingest.Submission
			s.payloads = func(ctx context.Context, tenant, source string, limit int) ([]ingest.Submission, error) {
				subs, err := s.Store.Payloads(ctx, tenant, source, limit)
				if len(kept) == 0 {
					kept = subs
				}
				return kept, err
			}
		}},
		{"erases another one as well", "erase/others stay", afterErase(func(ctx context.Context, s *hooked, tenant, _ string, err error) error {
			page, findErr := s.Store.FindLeads(ctx, desk.Filter{Tenant: tenant, Limit: 1})
			for _, lead := range page.Leads {
				err = errors.Join(err, s.Store.EraseLead(ctx, tenant, lead.ID))
			}
			return errors.Join(err, findErr)
		})},
		{"keeps who has agreed", "erase/consents", func(s *hooked) {
			kept := make(map[string][]sequence.Consent)
			s.addConsent = func(ctx context.Context, c sequence.Consent) error {
				kept[c.AddressKey] = append(kept[c.AddressKey], c)
				return s.Store.AddConsent(ctx, c)
			}
			s.consents = func(context.Context, string, string) ([]sequence.Consent, error) { return kept["key"], nil }
		}},
		{"removes what was agreed", "erase/consents", func(s *hooked) {
			s.consents = func(ctx context.Context, tenant, key string) ([]sequence.Consent, error) {
				if key == "" {
					return nil, nil
				}
				return s.Store.Consents(ctx, tenant, key)
			}
		}},
		{"keeps what is about several", "erase/what is about several", keepsBodies},
		{"keeps the keys of who is gone", "erase/keys", keepsKeys},
		{"settles the task of who is gone", "erase/running tasks", settlesStale},
		{"knows who is gone", "erase/identities", keepsIdentities},
		{"erases nobody in silence", "erase/no such lead", afterErase(func(_ context.Context, _ *hooked, _, _ string, err error) error {
			return silent(err, leads.ErrNotFound)
		})},
	}
}

// rules alters what is to expire.
func rules(alter func(before *desk.Expiry, limit *int)) func(*hooked) {
	return func(s *hooked) {
		s.expire = func(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
			alter(&before, &limit)
			return s.Store.Expire(ctx, tenant, before, limit)
		}
	}
}

func brokenExpiries() []breakage {
	inclusive := rules(func(before *desk.Expiry, _ *int) {
		for _, at := range []*time.Time{&before.Clients, &before.Events, &before.Leads} {
			if !at.IsZero() {
				*at = at.Add(time.Microsecond)
			}
		}
	})
	return []breakage{
		{"takes no rule for always", "expire/no rule", rules(func(before *desk.Expiry, _ *int) {
			if before.Raw.IsZero() {
				before.Raw = time.Now()
			}
		})},
		{"removes a submission with its body", "expire/raw bodies", rules(func(before *desk.Expiry, _ *int) { before.Quarantined = before.Raw })},
		{"has clients expire too early", "expire/clients", inclusive},
		{"leaves the touches", "expire/clients", func(s *hooked) {
			s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
				lead, err := s.Store.Lead(ctx, tenant, id)
				lead.First.UserAgent = cmp.Or(lead.First.UserAgent, "as before")
				return lead, err
			}
		}},
		{"keeps what is quarantined", "expire/what is quarantined", rules(func(before *desk.Expiry, _ *int) { before.Quarantined = time.Time{} })},
		{"has events expire too early", "expire/timelines", inclusive},
		{"has leads expire too early", "expire/leads", inclusive},
		{"settles the task of who has expired", "expire/erased whole", settlesStale},
		{"takes expiring for a change", "expire/times of leads", func(s *hooked) {
			s.expire = func(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
				n, err := s.Store.Expire(ctx, tenant, before, limit)
				page, findErr := s.Store.FindLeads(ctx, desk.Filter{Tenant: tenant, Limit: 1000})
				for _, lead := range page.Leads {
					_, editErr := s.Store.Edit(ctx, tenant, lead.ID, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
						l.UpdatedAt = l.UpdatedAt.Add(time.Hour)
						return nil, nil, nil
					})
					err = errors.Join(err, editErr)
				}
				return n, errors.Join(err, findErr)
			}
		}},
		{"has everything expire at once", "expire/in batches", rules(func(_ *desk.Expiry, limit *int) { *limit = 1000 })},
		{"always has something to do", "expire/in batches", func(s *hooked) {
			s.expire = func(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
				n, err := s.Store.Expire(ctx, tenant, before, limit)
				return max(n, 1), err
			}
		}},
	}
}

func brokenKeeping() []breakage {
	listed := func(alter func(ctx context.Context, s *hooked, e *desk.SourceEntry)) func(*hooked) {
		return func(s *hooked) {
			s.listSources = func(ctx context.Context, tenant string) ([]desk.SourceEntry, error) {
				entries, err := s.Store.ListSources(ctx, tenant)
				for i := range entries {
					alter(ctx, s, &entries[i])
				}
				return entries, err
			}
		}
	}
	return []breakage{
		{"lists no mappings", "sources/put and listed", listed(func(_ context.Context, _ *hooked, e *desk.SourceEntry) { e.Source.Mappings = nil })},
		{"lists nobody blocked", "sources/put and listed", listed(func(_ context.Context, _ *hooked, e *desk.SourceEntry) { e.Source.Spam.Blocked = nil })},
		{"stores a source without its tokens", "sources/a token of another", func(s *hooked) {
			s.put = func(ctx context.Context, source ingest.Source, tokens ...string) error {
				err := s.Store.PutSource(ctx, source, tokens...)
				if errors.Is(err, leads.ErrInvalid) {
					err = errors.Join(err, s.Store.PutSource(ctx, source))
				}
				return err
			}
		}},
		{"sorts tokens", "sources/order, tokens and deleted ones", listed(func(_ context.Context, _ *hooked, e *desk.SourceEntry) { slices.Sort(e.Tokens) })},
		{"forgets the names of deleted sources", "sources/names", func(s *hooked) {
			s.sourceNames = func(ctx context.Context, tenant string) ([]desk.SourceName, error) {
				names, err := s.Store.SourceNames(ctx, tenant)
				return slices.DeleteFunc(names, func(n desk.SourceName) bool { return n.Deleted }), err
			}
		}},
		{"sees what it accepts", "sources/last seen", listed(func(ctx context.Context, s *hooked, e *desk.SourceEntry) {
			e.LastSeen = time.Time{}
			subs, _ := s.Store.Payloads(ctx, e.Source.Tenant, e.Source.ID, 1000)
			for _, sub := range subs {
				if sub.Verdict == ingest.Accepted && sub.Received.After(e.LastSeen) {
					e.LastSeen = sub.Received
				}
			}
		})},
		{"shows what it accepts", "payloads/of a source", func(s *hooked) {
			s.payloads = func(ctx context.Context, tenant, source string, limit int) ([]ingest.Submission, error) {
				subs, err := s.Store.Payloads(ctx, tenant, source, limit)
				return slices.DeleteFunc(subs, func(sub ingest.Submission) bool { return sub.Verdict == ingest.Quarantined }), err
			}
		}},
		{"sorts the quarantine by time", "quarantine/pages", func(s *hooked) {
			s.quarantined = func(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error) {
				subs, err := s.Store.Quarantined(ctx, tenant, after, limit)
				slices.SortStableFunc(subs, func(a, b ingest.Submission) int { return b.Received.Compare(a.Received) })
				return subs, err
			}
		}},
		{"keeps the keys of what is deleted", "quarantine/deleted", keepsKeys},
		{"deletes nothing in silence", "quarantine/nothing to delete", func(s *hooked) {
			s.deleteQuarantined = func(ctx context.Context, tenant, id string) error {
				return silent(s.Store.DeleteQuarantined(ctx, tenant, id), leads.ErrNotFound)
			}
		}},
	}
}
