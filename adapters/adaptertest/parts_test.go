package adaptertest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
)

func soundEnricher(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	return []leads.Fact{
		{Key: "email.given", Truth: leads.Yes, Value: lead.Email, Source: "list", At: lead.UpdatedAt.Add(1)},
		{Key: "email.deliverable", Source: "dns", At: lead.UpdatedAt.Add(1)},
		{Key: "phone.valid", Value: lead.Phone, Source: "rules", At: lead.UpdatedAt.Add(1)},
	}, nil
}

func soundNotifier(ctx context.Context, _ leads.Notification) error { return ctx.Err() }

func TestSoundParts(t *testing.T) {
	t.Parallel()
	t.Run("enricher", func(t *testing.T) {
		t.Parallel()
		adaptertest.TestEnricher(t, leads.EnricherFunc(soundEnricher))
	})
	t.Run("notifier", func(t *testing.T) {
		t.Parallel()
		adaptertest.TestNotifier(t, leads.NotifierFunc(soundNotifier))
	})
}

// brokenParts are the parts that a child process tests, by the name of their breakage.
var brokenParts = map[string]func(t *testing.T){
	"guesses a fact": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Key: "company.name", Value: "Acme", Source: "model", At: time.Now()}}, nil
		}))
	},
	"hides its source": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Key: "company.name", Truth: leads.Yes, At: time.Now()}}, nil
		}))
	},
	"expired before it is dated": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Key: "company.name", Truth: leads.Yes, Source: "model", Expires: time.Now().Add(-time.Hour)}}, nil
		}))
	},
	"careless beside an error": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Truth: leads.Yes, Source: "model", At: time.Now()}}, errors.New("busy")
		}))
	},
	"learns what has expired": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Key: "a", Truth: leads.Yes, Source: "model", At: time.Now(), Expires: time.Now().Add(-time.Hour)}}, nil
		}))
	},
	"a truth of its own": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Key: "a", Truth: 3, Source: "model", At: time.Now()}}, nil
		}))
	},
	"writes its facts into the lead": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
			facts, err := soundEnricher(ctx, lead)
			if _, ok := lead.Enrichment["email.given"]; ok { // only when it comes back
				lead.Enrichment["email.given"] = leads.Fact{Key: "email.given", Source: "list"}
			}
			return facts, err
		}))
	},
	"gives up for good when in a hurry": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
			if ctx.Err() != nil {
				return nil, leads.Permanent(ctx.Err())
			}
			return soundEnricher(ctx, lead)
		}))
	},
	"takes a hurry for a no": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
			truth := leads.Yes
			if ctx.Err() != nil {
				truth = leads.No
			}
			return []leads.Fact{{Key: "email.deliverable", Truth: truth, Source: "dns", At: time.Now()}}, nil
		}))
	},
	"fails when the lead comes back": func(t *testing.T) {
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
			if _, ok := lead.Enrichment["email.given"]; ok {
				return nil, leads.Permanent(errors.New("enriched already"))
			}
			return soundEnricher(ctx, lead)
		}))
	},
	"mixes leads up": func(t *testing.T) {
		var last atomic.Value // what the part works on, shared by all calls
		calls := new(atomic.Int64)
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
			email := lead.Email
			if email == "bob@example.org" && calls.Add(1) > 1 {
				email = last.Load().(string)
			} else if email == "ann@example.com" {
				last.Store(email)
			}
			return []leads.Fact{{Key: "email.given", Truth: leads.Yes, Value: email, Source: "list", At: time.Now()}}, nil
		}))
	},
	"works on when its context has ended": func(t *testing.T) {
		never := make(chan struct{})
		adaptertest.TestEnricher(t, leads.EnricherFunc(func(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
			if _, ok := ctx.Deadline(); ok && ctx.Err() == nil { // its end comes while it works
				<-never
			}
			return soundEnricher(ctx, lead)
		}))
	},
	"ignores the end of its context": func(t *testing.T) {
		never := make(chan struct{})
		adaptertest.TestNotifier(t, leads.NotifierFunc(func(ctx context.Context, _ leads.Notification) error {
			if ctx.Err() != nil {
				<-never
			}
			return nil
		}))
	},
}

// TestBrokenParts expects every broken part to be rejected, each in a process of its own.
func TestBrokenParts(t *testing.T) {
	t.Parallel()
	if test, ok := brokenParts[os.Getenv(brokenEnv)]; ok {
		test(t)
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	for name := range brokenParts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenParts$", "-test.timeout=60s")
			child.Env = append(os.Environ(), brokenEnv+"="+name)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the part is accepted:\n%s", output)
			require.Contains(t, string(output), "--- FAIL: TestBrokenParts/", "it failed otherwise:\n%s", output)
			require.NotContains(t, string(output), "panic:")
		})
	}
}
