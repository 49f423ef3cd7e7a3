package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
)

// bell is a sound notifier: it rings for two people.
type bell struct{ world *adaptertest.World }

func (b bell) ring(recipient string, n leads.Notification) leads.Effect {
	body, _ := json.Marshal(n.Lead)
	return leads.Effect{
		Delivery: leads.Delivery{Channel: "bell", Recipient: recipient, Body: body},
		Send: func(_ context.Context, d leads.Delivery) (leads.Receipt, error) {
			return leads.Receipt{}, b.world.Attempt(recipient, d.Body)
		},
	}
}

func (b bell) Notify(ctx context.Context, n leads.Notification) error {
	if n.Kind == leads.NotifyDigest || n.Kind == leads.NotifyBacklog {
		return nil
	}
	return errors.Join(n.Do(ctx, b.ring("ann", n)), n.Do(ctx, b.ring("ben", n)))
}

func TestASoundNotifier(t *testing.T) {
	t.Parallel()
	adaptertest.TestNotifierEffects(t, func(_ *testing.T, w *adaptertest.World) leads.Notifier { return bell{w} })
}

// brokenNotifiers break one sentence each, by the case that must reject them.
var brokenNotifiers = map[string]func(b bell) leads.NotifierFunc{
	"sends": func(bell) leads.NotifierFunc {
		return func(context.Context, leads.Notification) error { return nil }
	},
	"nothing twice": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error {
			e := b.ring("ann", n)
			e.Delivery.Key, e.Delivery.Body = leads.NewID(), []byte("ding") // another effect every time
			if n.Kind != leads.NotifyNew {
				return nil
			}
			return n.Do(ctx, e)
		}
	},
	"again after an error": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error {
			_ = b.Notify(ctx, n)
			return nil
		}
	},
	"the same again": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error {
			e := b.ring("ann", n)
			now := e.Delivery.Body
			e.Send = func(context.Context, leads.Delivery) (leads.Receipt, error) {
				return leads.Receipt{}, b.world.Attempt("ann", now)
			}
			if n.Kind != leads.NotifyNew {
				return nil
			}
			return n.Do(ctx, e)
		}
	},
	"again after a crash": func(b bell) leads.NotifierFunc {
		var mu sync.Mutex
		rung := map[string]bool{}
		return func(ctx context.Context, n leads.Notification) error {
			mu.Lock()
			defer mu.Unlock()
			if rung[n.Lead.ID] {
				return nil
			}
			err := b.Notify(ctx, n)
			rung[n.Lead.ID] = err == nil
			return err
		}
	},
	"not without its task": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error {
			err := b.Notify(ctx, n)
			if leads.IsStale(err) {
				return b.world.Attempt("ann", nil)
			}
			return err
		}
	},
	"permanent": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error {
			if err := b.Notify(ctx, n); leads.IsPermanent(err) {
				return errors.New(err.Error())
			} else {
				return err
			}
		}
	},
	"in a while": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error {
			if err := b.Notify(ctx, n); leads.RetryAfter(err) > 0 {
				return errors.New(err.Error())
			} else {
				return err
			}
		}
	},
	"no news": func(b bell) leads.NotifierFunc {
		return func(ctx context.Context, n leads.Notification) error { return n.Do(ctx, b.ring("ann", n)) }
	},
}

const brokenNotifierEnv = "ADAPTERTEST_BROKEN_NOTIFIER"

// TestBrokenNotifiers expects every broken notifier to be rejected, by its case and no other, each in a process of its own.
func TestBrokenNotifiers(t *testing.T) {
	t.Parallel()
	if breakage, ok := brokenNotifiers[os.Getenv(brokenNotifierEnv)]; ok {
		adaptertest.TestNotifierEffects(t, func(_ *testing.T, w *adaptertest.World) leads.Notifier { return breakage(bell{w}) })
		return
	}
	require.Len(t, brokenNotifiers, len(adaptertest.NotifierSentences()), "a case without a notifier that it rejects")
	self, err := os.Executable()
	require.NoError(t, err)
	for name := range brokenNotifiers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenNotifiers$", "-test.timeout=60s")
			child.Env = append(os.Environ(), brokenNotifierEnv+"="+name)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the notifier is accepted:\n%s", output)
			require.Contains(t, string(output), "--- FAIL: TestBrokenNotifiers/"+strings.ReplaceAll(name, " ", "_"), "it failed otherwise:\n%s", output)
			require.NotContains(t, string(output), "panic:")
			if name != "sends" && name != "again after an error" { // who sends nothing, or hides errors, fails in more cases
				require.Equal(t, 1, strings.Count(string(output), "--- FAIL: TestBrokenNotifiers/"), "other cases reject it too:\n%s", output)
			}
		})
	}
}

// What the cases quote stands in the comments of the package.
func TestNotifierSentencesAreQuotes(t *testing.T) {
	t.Parallel()
	var comments strings.Builder
	for _, file := range sources(t) {
		for _, group := range file.Comments {
			comments.WriteString(flat(group.Text()) + "\n")
		}
	}
	for name, sentence := range adaptertest.NotifierSentences() {
		require.True(t, strings.Contains(comments.String(), sentence), "the case %q quotes what no comment says: %s", name, sentence)
	}
}
