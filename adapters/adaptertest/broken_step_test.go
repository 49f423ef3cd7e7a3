package adaptertest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// spoilSteps alters the steps that are claimed, or drops them.
func spoilSteps(keep func(task *leads.Task) bool) func(*hooked) {
	return func(s *hooked) {
		s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
			tasks, err := s.Store.Claim(ctx, q)
			var kept []leads.Task
			for _, task := range tasks {
				if task.Kind != leads.TaskStep || keep(&task) {
					kept = append(kept, task)
				}
			}
			return kept, err
		}
	}
}

func brokenSteps() []breakage {
	return []breakage{
		{"forgets the steps of who is asked", "step/of every state", func(s *hooked) {
			spoilSteps(func(task *leads.Task) bool {
				e, _ := s.Store.Enrollment(context.Background(), task.Tenant, task.ID)
				return e.State != sequence.Pending
			})(s)
		}},
		{"names a step otherwise", "step/of every state", spoilSteps(func(task *leads.Task) bool {
			task.ID = leads.NewID()
			return true
		})},
		{"keeps the steps of what stands still", "step/of none that stands still", keepsSteps(func(*hooked, sequence.Enrollment) bool { return true })},
		{"makes no step anew", "step/made again", func(s *hooked) {
			done := make(map[string]bool)
			s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
				done[task.ID] = done[task.ID] || o.Settlement == leads.Done
				return s.Store.Settle(ctx, task, o)
			}
			spoilSteps(func(task *leads.Task) bool { return !done[task.ID] })(s)
		}},
		{"moves no step", "step/due anew", spoilPut(func(s *hooked, e *sequence.Enrollment, _ *[]leads.Event) {
			if stored, err := s.Store.Enrollment(context.Background(), e.Tenant, e.ID); err == nil {
				e.Due = stored.Due
			}
		})},
		{"takes running steps away", "step/running", func(s *hooked) {
			s.putEnrollment = func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
				paused := e
				paused.State = sequence.Paused
				stored, err := s.Store.PutEnrollment(ctx, paused)
				if err != nil {
					return stored, err
				}
				e.Revision = stored.Revision
				return s.Store.PutEnrollment(ctx, e, events...)
			}
		}},
		{"keeps the steps of what has finished", "step/removed", keepsSteps(func(_ *hooked, e sequence.Enrollment) bool { return e.State == sequence.Finished })},
		{"leaves running steps to their workers", "step/removed while it runs", keepsSteps(running)},
		{"lets a stopped worker go on", "step/no delivery is begun", letsGoOn},
		{"drops the deliveries with the step", "step/resumed with its deliveries", spoilSteps(func(task *leads.Task) bool {
			if task.Attempts == 1 {
				task.Deliveries = nil
			}
			return true
		})},
		{"begins to count anew with a new step", "step/resumed with a new fence", reusesFences},
		{"lets a stopped worker go on in a race", "step/stopped at once with a delivery", letsGoOn},
		{"has a retry bring the step back", "step/stopped at once with a retry", bringsBack},
		{"keeps what is claimed", "step/stopped at once with a claim", keepsSteps(func(*hooked, sequence.Enrollment) bool { return true })},
		{"is too busy now and then", "step/resumed many times at once", func(s *hooked) {
			var n atomic.Int32
			s.putEnrollment = func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
				if n.Add(1)%5 == 0 {
					return e, errOther
				}
				return s.Store.PutEnrollment(ctx, e, events...)
			}
		}},
	}
}

// running reports whether somebody has claimed the step of an enrolment.
func running(s *hooked, e sequence.Enrollment) bool {
	tasks, _ := s.Store.Tasks(context.Background(), e.Tenant, e.LeadID)
	return slices.ContainsFunc(tasks, func(t leads.Task) bool { return t.ID == e.ID && t.State == leads.TaskRunning })
}

// keepsSteps leaves an enrolment that comes to stand still its step: to the store below it is active.
func keepsSteps(keep func(s *hooked, e sequence.Enrollment) bool) func(*hooked) {
	return func(s *hooked) {
		var mu sync.Mutex
		states := make(map[string]sequence.State)
		hide := func(e sequence.Enrollment) sequence.Enrollment {
			states[e.ID] = e.State
			if e.State != sequence.Pending && keep(s, e) {
				e.State = sequence.Active
			}
			return e
		}
		s.enroll = func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
			mu.Lock()
			defer mu.Unlock()
			stored, err := s.Store.Enroll(ctx, hide(e), since, events...)
			stored.State = e.State
			return stored, err
		}
		s.putEnrollment = func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
			mu.Lock()
			defer mu.Unlock()
			stored, err := s.Store.PutEnrollment(ctx, hide(e), events...)
			stored.State = e.State
			return stored, err
		}
		s.enrollment = func(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
			mu.Lock()
			defer mu.Unlock()
			e, err := s.Store.Enrollment(ctx, tenant, id)
			e.State = states[id]
			return e, err
		}
	}
}

// letsGoOn tells a worker whose task is gone that its outcome was stored.
func letsGoOn(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		if err := s.Store.Settle(ctx, task, o); !leads.IsStale(err) {
			return err
		}
		return nil
	}
}

// bringsBack puts a task back into the queue although it is gone.
func bringsBack(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		slowly()
		err := s.Store.Settle(ctx, task, o)
		if !leads.IsStale(err) {
			return err
		}
		e, err := s.Store.Enrollment(ctx, task.Tenant, task.ID)
		e.State = sequence.Active
		_, again := s.Store.PutEnrollment(ctx, e)
		return errors.Join(err, again)
	}
}

// reusesFences counts the fences of each task from 1, and anew when it is made again.
func reusesFences(s *hooked) {
	type claim struct{ seen, real int64 }
	newest := make(map[string]claim)
	s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
		tasks, err := s.Store.Claim(ctx, q)
		for i := range tasks {
			seen := int64(tasks[i].Attempts)
			newest[tasks[i].ID] = claim{seen, tasks[i].Fence}
			tasks[i].Fence = seen
		}
		return tasks, err
	}
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		if c := newest[task.ID]; c.seen == task.Fence {
			task.Fence = c.real
		}
		return s.Store.Settle(ctx, task, o)
	}
}

// spoilEnd ends only some of what is selected.
func spoilEnd(s *hooked, which func(e sequence.Enrollment, q sequence.EnrollmentQuery) bool) func(context.Context, sequence.EnrollmentQuery, sequence.Reason, time.Time) ([]sequence.Enrollment, error) {
	return func(ctx context.Context, q sequence.EnrollmentQuery, reason sequence.Reason, at time.Time) ([]sequence.Enrollment, error) {
		all := q
		all.After, all.Limit = "", 1000
		selected, err := s.Store.Enrollments(ctx, all)
		var ended []sequence.Enrollment
		for _, e := range selected {
			if which(e, q) {
				one, endErr := s.Store.EndEnrollments(ctx, sequence.EnrollmentQuery{Tenant: e.Tenant, ID: e.ID}, reason, at)
				ended, err = append(ended, one...), errors.Join(err, endErr)
			}
		}
		return ended, err
	}
}

// afterEnd alters what EndEnrollments answers.
func afterEnd(alter func(s *hooked, q sequence.EnrollmentQuery, ended []sequence.Enrollment) []sequence.Enrollment) func(*hooked) {
	return func(s *hooked) {
		s.end = func(ctx context.Context, q sequence.EnrollmentQuery, reason sequence.Reason, at time.Time) ([]sequence.Enrollment, error) {
			ended, err := s.Store.EndEnrollments(ctx, q, reason, at)
			return alter(s, q, ended), err
		}
	}
}

func brokenEnds() []breakage {
	everyEnded := func(s *hooked, q sequence.EnrollmentQuery, _ []sequence.Enrollment) []sequence.Enrollment {
		q.States = []sequence.State{sequence.Exited, sequence.Finished}
		all, _ := s.Store.Enrollments(context.Background(), q)
		return all
	}
	return []breakage{
		{"ends whole leads", "end/what is selected", func(s *hooked) {
			s.end = func(ctx context.Context, q sequence.EnrollmentQuery, reason sequence.Reason, at time.Time) ([]sequence.Enrollment, error) {
				q.SequenceID = ""
				return s.Store.EndEnrollments(ctx, q, reason, at)
			}
		}},
		{"ends nothing that is paused", "end/what is selected", func(s *hooked) {
			s.end = spoilEnd(s, func(e sequence.Enrollment, _ sequence.EnrollmentQuery) bool { return e.State != sequence.Paused })
		}},
		{"ends what has ended", "end/ended already", afterEnd(everyEnded)},
		{"ends everything again", "end/at once", afterEnd(everyEnded)},
		{"leaves an ended one its step", "end/stored and told", spoilEnrollment(func(e sequence.Enrollment, err error) (sequence.Enrollment, error) {
			if e.State == sequence.Exited {
				e.Step = "first"
			}
			return e, err
		})},
		{"does not say when it ended", "end/its times", spoilEnrollment(func(e sequence.Enrollment, err error) (sequence.Enrollment, error) {
			if e.State == sequence.Exited {
				e.UpdatedAt = e.CreatedAt
			}
			return e, err
		})},
		{"ends in silence", "end/the event", func(s *hooked) {
			s.events = func(ctx context.Context, tenant, id string) ([]leads.Event, error) {
				events, err := s.Store.Events(ctx, tenant, id)
				return slices.DeleteFunc(events, func(e leads.Event) bool { return e.Kind == leads.EventSequence }), err
			}
		}},
		{"tells of an end without data", "end/the event", func(s *hooked) {
			s.events = func(ctx context.Context, tenant, id string) ([]leads.Event, error) {
				events, err := s.Store.Events(ctx, tenant, id)
				for i := range events {
					events[i].Data = []byte(`{}`)
				}
				return events, err
			}
		}},
		{"returns what it ended as it was", "end/as they are then", afterEnd(func(_ *hooked, _ sequence.EnrollmentQuery, ended []sequence.Enrollment) []sequence.Enrollment {
			for i := range ended {
				ended[i].State = sequence.Active
			}
			return ended
		})},
	}
}
