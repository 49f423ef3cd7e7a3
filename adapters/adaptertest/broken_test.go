package adaptertest_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// brokenEnv names the breakage of the store that a child process runs the suite on.
const brokenEnv = "ADAPTERTEST_BROKEN"

// TestBrokenStores runs cases of the suite on stores that are broken on purpose, each in a process of its own because it has to fail,
// and expects the case that is meant for the breakage to reject it.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	rejects(t, breakages(), func(t *testing.T, open func() *hooked) {
		adaptertest.TestStore(t, func(*testing.T) adaptertest.TestedStore { return open() })
	})
}

// TestBrokenSequenceStores does the same with TestSequenceStore.
func TestBrokenSequenceStores(t *testing.T) {
	t.Parallel()
	rejects(t, sequenceBreakages(), func(t *testing.T, open func() *hooked) {
		adaptertest.TestSequenceStore(t, func(*testing.T) adaptertest.TestedSequenceStore { return open() })
	})
}

// TestBrokenDesks does the same with TestDesk.
func TestBrokenDesks(t *testing.T) {
	t.Parallel()
	rejects(t, deskBreakages(), func(t *testing.T, open func() *hooked) {
		adaptertest.TestDesk(t, func(*testing.T) adaptertest.TestedDesk { return open() })
	})
}

// TestBrokenDeskStores does the same with TestDeskStore.
func TestBrokenDeskStores(t *testing.T) {
	t.Parallel()
	rejects(t, deskStoreBreakages(), func(t *testing.T, open func() *hooked) {
		adaptertest.TestDeskStore(t, func(*testing.T) adaptertest.TestedDeskStore { return open() })
	})
}

// rejects has a suite run on each broken store in a child process. In the child it is the suite.
func rejects(t *testing.T, all []breakage, suite func(t *testing.T, open func() *hooked)) {
	t.Helper()
	if name := os.Getenv(brokenEnv); name != "" {
		suite(t, func() *hooked { return openBroken(all, name) })
		return
	}
	test := t.Name()
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			output, err := runSuite(t, test, b.name, b.rejectedBy)
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the suite accepts the store:\n%s", output)
			require.Contains(t, output, "--- FAIL: "+test+"/"+strings.ReplaceAll(b.rejectedBy, " ", "_"), "another case failed:\n%s", output)
			require.Contains(t, output, "the contract says: ")
		})
	}
}

// TestSoundStore runs the suites on the same store unbroken, so that what fails above fails for its breakage.
func TestSoundStore(t *testing.T) {
	t.Parallel()
	for _, test := range []string{"TestBrokenStores", "TestBrokenSequenceStores", "TestBrokenDesks", "TestBrokenDeskStores"} {
		output, err := runSuite(t, test, "sound", "")
		require.NoError(t, err, output)
	}
}

// TestEveryNewCaseRejectsAStore shows that no case of the contracts about following up is there for nothing.
func TestEveryNewCaseRejectsAStore(t *testing.T) {
	t.Parallel()
	rejecting := make(map[string]bool)
	for suite, all := range map[string][]breakage{"": breakages(), "sequence/": sequenceBreakages(), "desk/": deskBreakages(), "deskstore/": deskStoreBreakages()} {
		for _, b := range all {
			rejecting[suite+b.rejectedBy] = true
		}
	}
	for _, name := range adaptertest.FollowingCases() {
		require.True(t, rejecting[name], "no broken store is rejected by %q", name)
	}
}

// runSuite runs one case of a suite, or all, on a store in a child process.
func runSuite(t *testing.T, test, store, name string) (string, error) {
	t.Helper()
	pattern := "^" + test + "$"
	for part := range strings.SplitSeq(name, "/") {
		if part != "" {
			pattern += "/^" + regexp.QuoteMeta(strings.ReplaceAll(part, " ", "_")) + "$"
		}
	}
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self, "-test.run="+pattern, "-test.timeout=60s", "-test.v")
	child.Env = append(os.Environ(), brokenEnv+"="+store)
	output, err := child.CombinedOutput()
	require.Contains(t, string(output), "=== RUN   "+test+"/"+strings.ReplaceAll(name, " ", "_"), "there is no such case")
	return string(output), err
}

func openBroken(all []breakage, name string) *hooked {
	store := memstore.New(nil)
	s := &hooked{Store: store, following: follow(store), work: workOn(store)}
	for _, b := range all {
		if b.name == name {
			b.spoil(s)
		}
	}
	return s
}

// hooked is a memstore of which single methods can be replaced.
type hooked struct {
	*memstore.Store
	following
	work
	capture func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error)
	claim   func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error)
	settle  func(ctx context.Context, task leads.Task, o leads.Outcome) error
	lead    func(ctx context.Context, tenant, id string) (leads.Lead, error)
	put     func(ctx context.Context, source ingest.Source, tokens ...string) error
	byToken func(ctx context.Context, token string) (ingest.Source, error)
	subs    func(ctx context.Context, tenant, id string) ([]ingest.Submission, error)
	events  func(ctx context.Context, tenant, id string) ([]leads.Event, error)
	list    func(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error)
	release func(ctx context.Context, tenant, id string) (leads.Captured, error)
}

func (h *hooked) Capture(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
	if h.capture != nil {
		return h.capture(ctx, subs)
	}
	return h.Store.Capture(ctx, subs)
}

func (h *hooked) Claim(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
	if h.claim != nil {
		return h.claim(ctx, q)
	}
	return h.Store.Claim(ctx, q)
}

func (h *hooked) Settle(ctx context.Context, task leads.Task, o leads.Outcome) error {
	if h.settle != nil {
		return h.settle(ctx, task, o)
	}
	return h.Store.Settle(ctx, task, o)
}

func (h *hooked) Lead(ctx context.Context, tenant, id string) (leads.Lead, error) {
	if h.lead != nil {
		return h.lead(ctx, tenant, id)
	}
	return h.Store.Lead(ctx, tenant, id)
}

func (h *hooked) PutSource(ctx context.Context, source ingest.Source, tokens ...string) error {
	if h.put != nil {
		return h.put(ctx, source, tokens...)
	}
	return h.Store.PutSource(ctx, source, tokens...)
}

func (h *hooked) SourceByToken(ctx context.Context, token string) (ingest.Source, error) {
	if h.byToken != nil {
		return h.byToken(ctx, token)
	}
	return h.Store.SourceByToken(ctx, token)
}

func (h *hooked) Submissions(ctx context.Context, tenant, id string) ([]ingest.Submission, error) {
	if h.subs != nil {
		return h.subs(ctx, tenant, id)
	}
	return h.Store.Submissions(ctx, tenant, id)
}

func (h *hooked) Events(ctx context.Context, tenant, id string) ([]leads.Event, error) {
	if h.events != nil {
		return h.events(ctx, tenant, id)
	}
	return h.Store.Events(ctx, tenant, id)
}

func (h *hooked) Leads(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error) {
	if h.list != nil {
		return h.list(ctx, q)
	}
	return h.Store.Leads(ctx, q)
}

func (h *hooked) Release(ctx context.Context, tenant, id string) (leads.Captured, error) {
	if h.release != nil {
		return h.release(ctx, tenant, id)
	}
	return h.Store.Release(ctx, tenant, id)
}
