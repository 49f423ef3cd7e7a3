package adaptertest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// sequenceBreakages has at least one broken store for each case of TestSequenceStore.
func sequenceBreakages() []breakage {
	return slices.Concat(
		brokenSources(), brokenEnrolls(), brokenEnrollments(), brokenQueries(), brokenSteps(), brokenEnds(),
		brokenSuppressions(), brokenConsents(), brokenQuotas(),
	)
}

// spoilEnroll alters what Enroll is given.
func spoilEnroll(alter func(e *sequence.Enrollment, since *time.Time, events *[]leads.Event)) func(*hooked) {
	return func(s *hooked) {
		s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
			alter(&e, &since, &events)
			return s.Store.Enroll(ctx, e, since, events...)
		}
	}
}

// afterEnroll alters the error of Enroll.
func afterEnroll(alter func(s *hooked, e sequence.Enrollment, events []leads.Event, err error) error) func(*hooked) {
	return func(s *hooked) {
		s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
			stored, err := s.Store.Enroll(ctx, e, since, events...)
			return stored, alter(s, e, events, err)
		}
	}
}

// spoilSource alters what Source answers.
func spoilSource(alter func(source ingest.Source, err error) (ingest.Source, error)) func(*hooked) {
	return func(s *hooked) {
		s.source = func(ctx context.Context, tenant, id string) (ingest.Source, error) {
			return alter(s.Store.Source(ctx, tenant, id))
		}
	}
}

func brokenSources() []breakage {
	return []breakage{
		{"trusts nobody", "source/every field", spoilSource(func(source ingest.Source, err error) (ingest.Source, error) {
			source.Trusted = false
			return source, err
		})},
		{"forgets deleted sources", "source/deleted", spoilSource(func(source ingest.Source, err error) (ingest.Source, error) {
			if !source.DeletedAt.IsZero() {
				return ingest.Source{}, leads.ErrNotFound
			}
			return source, err
		})},
		{"has the error of another package", "source/absent", spoilSource(func(source ingest.Source, err error) (ingest.Source, error) {
			if leads.IsNotFound(err) {
				err = ingest.ErrNotFound
			}
			return source, err
		})},
		{"chokes on a bad ID of a source", "source/malformed IDs", func(s *hooked) {
			s.source = func(ctx context.Context, tenant, id string) (ingest.Source, error) {
				if err := uuid.Validate(id); err != nil {
					return ingest.Source{}, err
				}
				return s.Store.Source(ctx, tenant, id)
			}
		}},
		{"reads sources after its caller has given up", "source/ended context", func(s *hooked) {
			s.source = func(ctx context.Context, tenant, id string) (ingest.Source, error) {
				return s.Store.Source(context.WithoutCancel(ctx), tenant, id)
			}
		}},
		{"shares sources", "source/memory", func(s *hooked) {
			shared := make(map[string]ingest.Source)
			s.source = func(ctx context.Context, tenant, id string) (ingest.Source, error) {
				if _, ok := shared[id]; !ok {
					shared[id], _ = s.Store.Source(ctx, tenant, id)
				}
				return shared[id], nil
			}
		}},
		{"mixes the tenants' leads", "lead/found and absent", mixesTenants},
	}
}

func brokenEnrolls() []breakage {
	return []breakage{
		{"drops the events of an enrolment", "enroll/with its task and events", spoilEnroll(func(_ *sequence.Enrollment, _ *time.Time, events *[]leads.Event) { *events = nil })},
		{"enrols at once", "enroll/with its task and events", spoilEnroll(func(e *sequence.Enrollment, _ *time.Time, _ *[]leads.Event) { e.Due = time.Time{} })},
		{"forgets what has passed", "enroll/every field", spoilEnroll(func(e *sequence.Enrollment, _ *time.Time, _ *[]leads.Event) { e.Passed = nil })},
		{"escapes names", "enroll/hostile text", spoilEnroll(func(e *sequence.Enrollment, _ *time.Time, _ *[]leads.Event) {
			e.By = strings.ReplaceAll(e.By, "'", "''")
		})},
		{"enrols without the events", "enroll/all or nothing", afterEnroll(func(s *hooked, e sequence.Enrollment, _ []leads.Event, err error) error {
			if errors.Is(err, leads.ErrInvalid) {
				_, again := s.Store.Enroll(context.Background(), e, time.Time{})
				err = errors.Join(err, again)
			}
			return err
		})},
		{"tells of who was not enrolled", "enroll/again", afterEnroll(tellsAnyway)},
		{"has one sequence for all", "enroll/another lead, sequence or tenant", spoilEnroll(func(e *sequence.Enrollment, _ *time.Time, _ *[]leads.Event) { e.SequenceID = "the one" })},
		{"lets people in again too soon", "enroll/after the end of another", spoilEnroll(func(_ *sequence.Enrollment, since *time.Time, _ *[]leads.Event) {
			if !since.IsZero() {
				*since = since.Add(time.Microsecond)
			}
		})},
		{"lets nobody in again", "enroll/after the end of another", spoilEnroll(func(_ *sequence.Enrollment, since *time.Time, _ *[]leads.Event) { *since = time.Time{} })},
		{"takes the zero time for a time", "enroll/never again", spoilEnroll(func(_ *sequence.Enrollment, since *time.Time, _ *[]leads.Event) {
			if since.IsZero() {
				*since = time.Now()
			}
		})},
		{"tells everybody that they won", "enroll/at once", afterEnroll(func(_ *hooked, _ sequence.Enrollment, _ []leads.Event, err error) error {
			if errors.Is(err, sequence.ErrEnrolled) {
				err = nil
			}
			return err
		})},
		{"enrols no more than eight", "enroll/several people at once", func(s *hooked) {
			var mu sync.Mutex
			n := 0
			s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
				mu.Lock()
				defer mu.Unlock()
				if n == 8 {
					return e, sequence.ErrEnrolled
				}
				e, err := s.Store.Enroll(ctx, e, since, events...)
				if err == nil {
					n++
				}
				return e, err
			}
		}},
		{"drops events without names", "enroll/empty names are filled", spoilEnroll(func(_ *sequence.Enrollment, _ *time.Time, events *[]leads.Event) {
			*events = slices.DeleteFunc(slices.Clone(*events), func(e leads.Event) bool { return e.ID == "" })
		})},
		{"takes nobody for somebody who is enrolled", "enroll/no such lead", afterEnroll(func(_ *hooked, _ sequence.Enrollment, _ []leads.Event, err error) error {
			if leads.IsNotFound(err) {
				err = sequence.ErrEnrolled
			}
			return err
		})},
		{"chokes on a bad ID of a lead", "enroll/malformed IDs", afterEnroll(func(_ *hooked, e sequence.Enrollment, _ []leads.Event, err error) error {
			if uuid.Validate(e.LeadID) != nil {
				err = errOther
			}
			return err
		})},
		{"enrols after its caller has given up", "enroll/ended context", func(s *hooked) {
			s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
				e, err := s.Store.Enroll(context.WithoutCancel(ctx), e, since, events...)
				return e, errors.Join(err, ctx.Err())
			}
		}},
		{"shares what has passed", "enroll/memory", func(s *hooked) {
			passed := make(map[string][]sequence.Passed)
			s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
				passed[e.ID] = e.Passed
				return s.Store.Enroll(ctx, e, since, events...)
			}
			s.enrollment = func(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
				e, err := s.Store.Enrollment(ctx, tenant, id)
				e.Passed = passed[id]
				return e, err
			}
		}},
	}
}

// tellsAnyway stores the events of an enrolment that is refused.
func tellsAnyway(s *hooked, e sequence.Enrollment, events []leads.Event, err error) error {
	if errors.Is(err, sequence.ErrEnrolled) {
		_, told := s.Store.Edit(context.Background(), e.Tenant, e.LeadID, func(*leads.Lead) ([]leads.Event, []leads.Task, error) { return events, nil, nil })
		err = errors.Join(err, told)
	}
	return err
}
