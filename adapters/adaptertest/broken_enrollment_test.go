package adaptertest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// spoilPut alters what PutEnrollment is given.
func spoilPut(alter func(s *hooked, e *sequence.Enrollment, events *[]leads.Event)) func(*hooked) {
	return func(s *hooked) {
		s.putEnrollment = func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
			alter(s, &e, &events)
			return s.Store.PutEnrollment(ctx, e, events...)
		}
	}
}

// afterPut alters the error of PutEnrollment.
func afterPut(alter func(s *hooked, e sequence.Enrollment, err error) error) func(*hooked) {
	return func(s *hooked) {
		s.putEnrollment = func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
			stored, err := s.Store.PutEnrollment(ctx, e, events...)
			return stored, alter(s, e, err)
		}
	}
}

// spoilEnrollment alters what Enrollment answers.
func spoilEnrollment(alter func(e sequence.Enrollment, err error) (sequence.Enrollment, error)) func(*hooked) {
	return func(s *hooked) {
		s.enrollment = func(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
			return alter(s.Store.Enrollment(ctx, tenant, id))
		}
	}
}

// spoilQuery alters what Enrollments and EndEnrollments are asked for.
func spoilQuery(alter func(q *sequence.EnrollmentQuery)) func(*hooked) {
	return func(s *hooked) {
		s.enrollments = func(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
			alter(&q)
			return s.Store.Enrollments(ctx, q)
		}
	}
}

func brokenEnrollments() []breakage {
	return []breakage{
		{"returns an empty enrolment for none", "enrollment/absent", spoilEnrollment(func(e sequence.Enrollment, err error) (sequence.Enrollment, error) {
			if leads.IsNotFound(err) {
				err = nil
			}
			return e, err
		})},
		{"stores what is not there", "enrollment/absent", afterPut(func(_ *hooked, e sequence.Enrollment, err error) error {
			if e.Revision == 0 {
				err = nil
			}
			return err
		})},
		{"chokes on a bad ID of an enrolment", "enrollment/malformed IDs", func(s *hooked) {
			s.enrollment = func(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
				if err := uuid.Validate(id); err != nil {
					return sequence.Enrollment{}, err
				}
				return s.Store.Enrollment(ctx, tenant, id)
			}
		}},
		{"finds enrolments by their ID alone", "enrollment/in two tenants", func(s *hooked) {
			owners := make(map[string]string)
			seeEnrolls(s, func(e sequence.Enrollment) { owners[e.ID] = e.Tenant })
			s.enrollment = func(ctx context.Context, _, id string) (sequence.Enrollment, error) {
				return s.Store.Enrollment(ctx, owners[id], id)
			}
		}},
		{"drops the events of a write", "enrollment/put", spoilPut(func(_ *hooked, _ *sequence.Enrollment, events *[]leads.Event) { *events = nil })},
		{"lets the last write win", "enrollment/put stale", spoilPut(func(s *hooked, e *sequence.Enrollment, _ *[]leads.Event) {
			if stored, err := s.Store.Enrollment(context.Background(), e.Tenant, e.ID); err == nil {
				e.Revision = stored.Revision
			}
		})},
		{"writes without the events", "enrollment/put all or nothing", afterPut(func(s *hooked, e sequence.Enrollment, err error) error {
			if errors.Is(err, leads.ErrInvalid) {
				_, again := s.Store.PutEnrollment(context.Background(), e)
				err = errors.Join(err, again)
			}
			return err
		})},
		{"tells every writer that it won", "enrollment/put at once", afterPut(func(_ *hooked, _ sequence.Enrollment, err error) error {
			if leads.IsStale(err) {
				err = nil
			}
			return err
		})},
		{"writes enrolments after its caller has given up", "enrollment/ended context", func(s *hooked) {
			s.putEnrollment = func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
				e, err := s.Store.PutEnrollment(context.WithoutCancel(ctx), e, events...)
				return e, errors.Join(err, ctx.Err())
			}
		}},
	}
}

func brokenQueries() []breakage {
	return []breakage{
		{"gives the oldest enrolments first", "enrollments/pages", func(s *hooked) {
			s.enrollments = func(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
				page, err := s.Store.Enrollments(ctx, q)
				slices.Reverse(page)
				return page, err
			}
		}},
		{"ends what is on the page", "enrollments/behind what is not there", func(s *hooked) {
			s.end = spoilEnd(s, func(e sequence.Enrollment, q sequence.EnrollmentQuery) bool { return q.After == "" || e.ID < q.After })
		}},
		{"gives what is active", "enrollments/in any state", spoilQuery(func(q *sequence.EnrollmentQuery) {
			if len(q.States) == 0 {
				q.States = []sequence.State{sequence.Pending, sequence.Active}
			}
		})},
		{"ignores the address", "enrollments/selected", spoilQuery(func(q *sequence.EnrollmentQuery) { q.AddressKey = "" })},
		{"ignores all states but one", "enrollments/selected", spoilQuery(func(q *sequence.EnrollmentQuery) { q.States = q.States[:min(1, len(q.States))] })},
		{"gives as many enrolments as are wanted", "enrollments/limits", func(s *hooked) {
			s.enrollments = func(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
				page, err := s.Store.Enrollments(ctx, q)
				if q.Limit > 1000 {
					q.After = page[len(page)-1].ID
					rest, restErr := s.Store.Enrollments(ctx, q)
					page, err = append(page, rest...), errors.Join(err, restErr)
				}
				return page, err
			}
		}},
		{"gives ten enrolments by itself", "enrollments/limits", spoilQuery(func(q *sequence.EnrollmentQuery) {
			if q.Limit == 0 {
				q.Limit = 10
			}
		})},
	}
}

// seeEnrolls has somebody see every new enrolment.
func seeEnrolls(s *hooked, see func(e sequence.Enrollment)) {
	var mu sync.Mutex
	enroll := s.enroll
	s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
		mu.Lock()
		defer mu.Unlock()
		see(e)
		return enroll(ctx, e, since, events...)
	}
}
