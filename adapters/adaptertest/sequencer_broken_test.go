package adaptertest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
)

// fewSteps is a sequencer of two steps that remembers what it has started.
type fewSteps struct {
	mu    sync.Mutex
	known map[string]bool
	ran   map[string]int
}

func newFewSteps() *fewSteps {
	return &fewSteps{known: make(map[string]bool), ran: make(map[string]int)}
}

func (s *fewSteps) Enroll(ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || s.known[lead.ID] {
		return nil, ctx.Err()
	}
	s.known[lead.ID] = true
	return []leads.Task{{Kind: leads.TaskStep}}, nil
}

func (s *fewSteps) Step(ctx context.Context, task leads.Task) (leads.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran[task.ID]++
	if ctx.Err() != nil || s.ran[task.ID] > 2 {
		return leads.Outcome{}, ctx.Err()
	}
	return leads.Outcome{Settlement: leads.Retry, Delay: time.Hour, Change: func(l *leads.Lead) { l.Assignee = "ann" }}, nil
}

// enrolling and stepping replace one method of a sound sequencer.
func enrolling(f func(s *fewSteps, ctx context.Context, lead leads.Lead) ([]leads.Task, error)) leads.Sequencer {
	s := newFewSteps()
	return leads.SequencerFunc{StepFunc: s.Step, EnrollFunc: func(ctx context.Context, l leads.Lead) ([]leads.Task, error) { return f(s, ctx, l) }}
}

func stepping(f func(s *fewSteps, ctx context.Context, task leads.Task) (leads.Outcome, error)) leads.Sequencer {
	s := newFewSteps()
	return leads.SequencerFunc{EnrollFunc: s.Enroll, StepFunc: func(ctx context.Context, t leads.Task) (leads.Outcome, error) { return f(s, ctx, t) }}
}

// brokenSequencers are the sequencers that a child process tests, by the name of their breakage, with the case that is to reject them.
var brokenSequencers = map[string]struct {
	rejectedBy string
	make       func() leads.Sequencer
}{
	"starts anew each time": {"enroll/again", func() leads.Sequencer {
		return enrolling(func(_ *fewSteps, _ context.Context, _ leads.Lead) ([]leads.Task, error) {
			return []leads.Task{{Kind: leads.TaskStep}}, nil
		})
	}},
	"starts twice when asked at once": {"enroll/at once", func() leads.Sequencer {
		var both sync.WaitGroup
		both.Add(2)
		return enrolling(func(s *fewSteps, ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
			s.mu.Lock()
			known, first := s.known[lead.ID], len(s.known) == 0
			s.ran[""]++
			n := s.ran[""]
			s.mu.Unlock()
			if !known && first && n <= 2 { // two that have looked before either has written
				both.Done()
				both.Wait()
				tasks, err := s.Enroll(ctx, lead)
				return append(tasks[:0:0], leads.Task{Kind: leads.TaskStep}), err
			}
			return s.Enroll(ctx, lead)
		})
	}},
	"returns other tasks": {"enroll/tasks", func() leads.Sequencer {
		return enrolling(func(s *fewSteps, ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
			tasks, err := s.Enroll(ctx, lead)
			for i := range tasks {
				tasks[i].Kind = leads.TaskNotify
			}
			return tasks, err
		})
	}},
	"writes into the lead": {"enroll/tasks", func() leads.Sequencer {
		return enrolling(func(s *fewSteps, ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
			lead.Metadata.SetText("enrolled", "yes")
			return s.Enroll(ctx, lead)
		})
	}},
	"gives up for good when in a hurry": {"enroll/hurry", func() leads.Sequencer {
		return enrolling(func(s *fewSteps, ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
			tasks, err := s.Enroll(ctx, lead)
			return tasks, leads.Permanent(err)
		})
	}},
	"remembers what it has not started": {"enroll/hurry", func() leads.Sequencer {
		return enrolling(func(s *fewSteps, ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
			tasks, _ := s.Enroll(context.WithoutCancel(ctx), lead)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return tasks, nil
		})
	}},
	"ends steps for good when in a hurry": {"step/hurry", func() leads.Sequencer {
		return stepping(func(s *fewSteps, ctx context.Context, task leads.Task) (leads.Outcome, error) {
			o, err := s.Step(ctx, task)
			return o, leads.Permanent(err)
		})
	}},
	"never waits": {"step/whole run", func() leads.Sequencer {
		return stepping(func(*fewSteps, context.Context, leads.Task) (leads.Outcome, error) {
			return leads.Outcome{Settlement: leads.Retry}, nil
		})
	}},
	"does not settle": {"step/whole run", func() leads.Sequencer {
		return stepping(func(*fewSteps, context.Context, leads.Task) (leads.Outcome, error) {
			return leads.Outcome{Settlement: leads.Extend, Delay: time.Hour}, nil
		})
	}},
	"cannot be stored": {"step/whole run", func() leads.Sequencer {
		return stepping(func(*fewSteps, context.Context, leads.Task) (leads.Outcome, error) {
			return leads.Outcome{Tasks: []leads.Task{{ID: "next", Kind: leads.TaskStep}}}, nil
		})
	}},
	"fails the second time": {"step/twice", func() leads.Sequencer {
		return stepping(func(s *fewSteps, ctx context.Context, task leads.Task) (leads.Outcome, error) {
			o, err := s.Step(ctx, task)
			if s.ran[task.ID] > 1 {
				err = leads.Permanent(errors.New("run already"))
			}
			return o, err
		})
	}},
	"changes that add up": {"step/whole run", func() leads.Sequencer {
		calls := ""
		return stepping(func(s *fewSteps, ctx context.Context, task leads.Task) (leads.Outcome, error) {
			o, err := s.Step(ctx, task)
			o.Change = func(l *leads.Lead) { calls += "!"; l.Assignee = calls }
			return o, err
		})
	}},
}

// TestBrokenSequencers expects every broken sequencer to be rejected by the case that is meant for it, each in a process of its own.
func TestBrokenSequencers(t *testing.T) {
	t.Parallel()
	if b, ok := brokenSequencers[os.Getenv(brokenEnv)]; ok {
		adaptertest.TestSequencer(t, func(*testing.T) (leads.Sequencer, adaptertest.SequencerStore) { return b.make(), memstore.New(nil) })
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	for name, b := range brokenSequencers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pattern := "^TestBrokenSequencers$/^" + pathOf(b.rejectedBy) + "$"
			child := exec.CommandContext(t.Context(), self, "-test.run="+pattern, "-test.timeout=60s")
			child.Env = append(os.Environ(), brokenEnv+"="+name)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the sequencer is accepted:\n%s", output)
			require.Contains(t, string(output), "the contract says: ", "it failed otherwise:\n%s", output)
			require.NotContains(t, string(output), "panic:")
		})
	}
}

// pathOf is the pattern of a case's name.
func pathOf(name string) string {
	return strings.NewReplacer(" ", "_", "/", "$/^").Replace(name)
}

// TestSoundSequencers shows that a sequencer that remembers, and one that does nothing, pass.
func TestSoundSequencers(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() leads.Sequencer{
		"few steps": func() leads.Sequencer { return newFewSteps() },
		"nothing":   func() leads.Sequencer { return leads.SequencerFunc{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.TestSequencer(t, func(*testing.T) (leads.Sequencer, adaptertest.SequencerStore) { return open(), memstore.New(nil) })
		})
	}
}
