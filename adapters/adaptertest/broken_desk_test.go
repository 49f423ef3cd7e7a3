package adaptertest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// spoilDecision alters every decision before it is stored.
func spoilDecision(alter func(d *notify.Decision)) func(*hooked) {
	return func(s *hooked) {
		s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
			return s.Store.Route(ctx, tenant, id, func(b notify.Book) (notify.Decision, error) {
				d, err := decide(b)
				alter(&d)
				return d, err
			})
		}
	}
}

// spoilBook alters what a decision rests on; open counts all the leads, closed ones too.
func spoilBook(alter func(b *notify.Book, open map[string]int)) func(*hooked) {
	return func(s *hooked) {
		s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
			all, err := s.Leads(ctx, leads.LeadQuery{Tenant: tenant, Limit: 100})
			if err != nil {
				return leads.Lead{}, err
			}
			open := make(map[string]int)
			for _, lead := range all {
				open[lead.Assignee]++
			}
			return s.Store.Route(ctx, tenant, id, func(b notify.Book) (notify.Decision, error) {
				alter(&b, open)
				return decide(b)
			})
		}
	}
}

// afterRoute alters what Route answers.
func afterRoute(alter func(lead leads.Lead, err error) (leads.Lead, error)) func(*hooked) {
	return func(s *hooked) {
		s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
			return alter(s.Store.Route(ctx, tenant, id, decide))
		}
	}
}

func deskBreakages() []breakage {
	return slices.Concat(brokenRoutes(), brokenBooks(), []breakage{
		{"lets nobody wait who is closed", "unassigned/who waits", func(s *hooked) {
			s.unassigned = func(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
				all, err := s.Leads(ctx, leads.LeadQuery{Tenant: tenant, Limit: limit})
				slices.Reverse(all)
				return slices.DeleteFunc(all, func(l leads.Lead) bool { return l.Assignee != "" }), err
			}
		}},
		{"has no end of who wait", "unassigned/limits", func(s *hooked) {
			s.unassigned = func(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
				all, err := s.Store.Unassigned(ctx, tenant, limit)
				if limit > 1000 {
					all = append(all, all[0])
				}
				return all, err
			}
		}},
		{"gives the newest who wait", "unassigned/limit", func(s *hooked) {
			s.unassigned = func(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
				all, err := s.Store.Unassigned(ctx, tenant, 100)
				return all[max(0, len(all)-limit):], err
			}
		}},
		{"reads who waits after its caller has given up", "unassigned/ended context", func(s *hooked) {
			s.unassigned = func(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
				return s.Store.Unassigned(context.WithoutCancel(ctx), tenant, limit)
			}
		}},
	})
}

func brokenRoutes() []breakage {
	return []breakage{
		{"drops the reason", "route/assigned", spoilDecision(func(d *notify.Decision) { d.Assign.Reason = "" })},
		{"finds somebody", "route/nobody", spoilDecision(func(d *notify.Decision) { d.Assign.To = cmp.Or(d.Assign.To, "nobody") })},
		{"stores half a decision", "route/all or nothing", halfDecision},
		{"drops the tasks of a decision", "route/tasks", spoilDecision(func(d *notify.Decision) { d.Tasks = nil })},
		{"decides side by side", "route/one at a time", decidesSideBySide},
		{"decides about one lead side by side", "route/one lead at once", decidesSideBySide},
		{"stores a decision that failed", "route/an error", func(s *hooked) {
			s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
				var failed error
				lead, err := s.Store.Route(ctx, tenant, id, func(b notify.Book) (notify.Decision, error) {
					d, err := decide(b)
					failed = err
					return d, nil
				})
				return lead, errors.Join(failed, err)
			}
		}},
		{"returns the lead before the decision", "route/the lead that is returned", afterRoute(func(lead leads.Lead, err error) (leads.Lead, error) {
			lead.Assignee = ""
			return lead, err
		})},
		{"routes nobody in silence", "route/no such lead", afterRoute(func(lead leads.Lead, err error) (leads.Lead, error) {
			if leads.IsNotFound(err) {
				err = nil
			}
			return lead, err
		})},
		{"routes after its caller has given up", "route/ended context", func(s *hooked) {
			s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
				lead, err := s.Store.Route(context.WithoutCancel(ctx), tenant, id, decide)
				return lead, errors.Join(err, ctx.Err())
			}
		}},
		{"shares the state", "route/memory", sharesState},
	}
}

// halfDecision keeps the state and the change when a task cannot be stored.
func halfDecision(s *hooked) {
	s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
		lead, err := s.Store.Route(ctx, tenant, id, decide)
		if errors.Is(err, leads.ErrInvalid) {
			_, again := s.Store.Route(ctx, tenant, id, func(b notify.Book) (notify.Decision, error) {
				d, err := decide(b)
				d.Tasks = nil
				return d, err
			})
			err = errors.Join(err, again)
		}
		return lead, err
	}
}

// decidesSideBySide reads the book, decides, and stores the decision whatever has happened since.
func decidesSideBySide(s *hooked) {
	unchanged, others := errors.New("only reading"), newMeeting()
	s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
		var decision notify.Decision
		_, err := s.Store.Route(ctx, tenant, id, func(b notify.Book) (_ notify.Decision, err error) {
			if decision, err = decide(b); err != nil {
				return decision, err
			}
			return decision, unchanged
		})
		if !errors.Is(err, unchanged) {
			return leads.Lead{}, err
		}
		others.wait()
		return s.Store.Route(ctx, tenant, id, func(notify.Book) (notify.Decision, error) { return decision, nil })
	}
}

func sharesState(s *hooked) {
	var mu sync.Mutex
	var state json.RawMessage
	s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
		return s.Store.Route(ctx, tenant, id, func(b notify.Book) (notify.Decision, error) {
			mu.Lock()
			defer mu.Unlock()
			if state != nil {
				b.State = state
			}
			d, err := decide(b)
			if d.State != nil {
				state = d.State
			}
			return d, err
		})
	}
}

func brokenBooks() []breakage {
	return []breakage{
		{"shows half the lead", "book/lead", spoilBook(func(b *notify.Book, _ map[string]int) { b.Lead.Tags = nil })},
		{"has everybody own themselves", "book/owner", spoilBook(func(b *notify.Book, _ map[string]int) { b.Owner = cmp.Or(b.Owner, b.Lead.Assignee) })},
		{"counts what is closed", "book/open", spoilBook(func(b *notify.Book, open map[string]int) { b.Open = open })},
		{"tidies the state up", "book/state", spoilDecision(func(d *notify.Decision) {
			var tidy bytes.Buffer
			if d.State != nil {
				_ = json.Compact(&tidy, d.State)
				d.State = tidy.Bytes()
			}
		})},
		{"has one state for all", "book/state", func(s *hooked) {
			var state json.RawMessage
			s.route = func(ctx context.Context, tenant, id string, decide deciding) (leads.Lead, error) {
				return s.Store.Route(ctx, tenant, id, func(b notify.Book) (notify.Decision, error) {
					b.State = slices.Clone(state)
					d, err := decide(b)
					if d.State != nil {
						state = slices.Clone(d.State)
					}
					return d, err
				})
			}
		}},
		{"forgets the state", "book/state stays", spoilDecision(func(d *notify.Decision) {
			if d.State == nil {
				d.State = json.RawMessage("null")
			}
		})},
	}
}
