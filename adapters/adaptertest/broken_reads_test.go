package adaptertest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

func brokenReads() []breakage {
	return []breakage{
		{"mixes tenants", "tenants/lead", mixesTenants},
		{"chokes on a bad ID", "ids/lead", func(s *hooked) {
			s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
				if err := uuid.Validate(id); err != nil {
					return leads.Lead{}, err
				}
				return s.Store.Lead(ctx, tenant, id)
			}
		}},
		{"finds deleted sources", "sources/deleted", func(s *hooked) {
			s.put = func(ctx context.Context, source ingest.Source, tokens ...string) error {
				source.DeletedAt = time.Time{}
				return s.Store.PutSource(ctx, source, tokens...)
			}
		}},
		{"keeps old tokens", "sources/tokens rotate", func(s *hooked) {
			var all []string
			s.put = func(ctx context.Context, source ingest.Source, tokens ...string) error {
				if source.ID != "" && len(tokens) != 1 { // the rig's own source has one
					all = append(all, tokens...)
					tokens = all
				}
				return s.Store.PutSource(ctx, source, tokens...)
			}
		}},
		{"reads after its caller has given up", "ended context/reads", func(s *hooked) {
			s.byToken = func(ctx context.Context, token string) (ingest.Source, error) {
				return s.Store.SourceByToken(context.WithoutCancel(ctx), token)
			}
		}},
		{"takes a failed look-up for an answer", "sources/failed look-up", func(s *hooked) {
			s.byToken = func(ctx context.Context, token string) (ingest.Source, error) {
				source, err := s.Store.SourceByToken(ctx, token)
				if err != nil {
					err = ingest.ErrNotFound
				}
				return source, err
			}
		}},
		{"has an error of its own for an unknown token", "sources/no such token", func(s *hooked) {
			s.byToken = func(ctx context.Context, token string) (ingest.Source, error) {
				source, err := s.Store.SourceByToken(ctx, token)
				if errors.Is(err, ingest.ErrNotFound) {
					err = leads.ErrNotFound
				}
				return source, err
			}
		}},
		{"replays in silence", "history/requeue", func(s *hooked) {
			s.events = func(ctx context.Context, tenant, id string) ([]leads.Event, error) {
				events, err := s.Store.Events(ctx, tenant, id)
				return slices.DeleteFunc(events, func(e leads.Event) bool { return e.Kind == leads.EventReplayed }), err
			}
		}},
		{"tells history backwards", "history/events", func(s *hooked) {
			s.events = func(ctx context.Context, tenant, id string) ([]leads.Event, error) {
				events, err := s.Store.Events(ctx, tenant, id)
				slices.Reverse(events)
				return events, err
			}
		}},
		{"releases without a lead", "history/release makes a lead", func(s *hooked) {
			s.release = func(_ context.Context, _, id string) (leads.Captured, error) {
				return leads.Captured{SubmissionID: id}, nil
			}
		}},
		{"repeats a lead on the next page", "lister/pages", func(s *hooked) {
			s.list = func(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error) {
				if q.After != "" {
					q.After = q.After[:len(q.After)-1] + "g"
				}
				return s.Store.Leads(ctx, q)
			}
		}},
		{"lists without a limit", "lister/limits", func(s *hooked) {
			s.list = func(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error) {
				q.Limit = 100
				return s.Store.Leads(ctx, q)
			}
		}},
	}
}

// mixesTenants looks a lead up by its ID alone.
func mixesTenants(s *hooked) {
	owners := make(map[string]string)
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		captured, err := s.Store.Capture(ctx, subs)
		for i, c := range captured {
			owners[c.LeadID] = subs[i].Tenant
		}
		return captured, err
	}
	s.lead = func(ctx context.Context, _, id string) (leads.Lead, error) { return s.Store.Lead(ctx, owners[id], id) }
}
