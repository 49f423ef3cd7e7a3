package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
)

// says is a part that learns one fact after a while, and may fail on top.
func says(key string, after time.Duration, err error) leads.Enricher {
	return leads.EnricherFunc(func(ctx context.Context, _ leads.Lead) ([]leads.Fact, error) {
		select {
		case <-time.After(after):
			return []leads.Fact{{Key: key, Truth: leads.Yes}}, err
		case <-ctx.Done():
			return []leads.Fact{{Key: key + ".early", Truth: leads.Yes}}, ctx.Err()
		}
	})
}

func panics(with any) leads.Enricher {
	return leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) { panic(with) })
}

// deaf does not look at its context.
func deaf(d time.Duration) leads.Enricher {
	return leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
		<-time.After(d)
		return []leads.Fact{{Key: "late"}}, nil
	})
}

// outlast lets the bubble's clock run until the deaf parts have ended: its goroutines must be gone when the test is.
func outlast() {
	time.Sleep(time.Hour)
	synctest.Wait()
}

func keys(facts []leads.Fact) string {
	all := make([]string, len(facts))
	for i, f := range facts {
		all[i] = f.Key
	}
	return strings.Join(all, " ")
}

func TestChain(t *testing.T) {
	t.Parallel()
	errBusy, errGone := errors.New("busy"), leads.Permanent(errors.New("gone"))
	var none []int
	indexPanic := leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) { return nil, fmt.Errorf("%d", none[len(none)]) })
	cases := map[string]struct {
		chain     enrich.Chain
		facts     string
		message   string // "" for no error
		permanent bool
		delay     time.Duration
		took      time.Duration
	}{
		"nothing":                                {},
		"in the order of the parts":              {chain: enrich.Chain{says("a", 3*time.Second, nil), says("b", time.Second, nil), says("c", 2*time.Second, nil)}, facts: "a b c", took: 3 * time.Second},
		"a nil part is left out":                 {chain: enrich.Chain{nil, says("b", 0, nil)}, facts: "b"},
		"facts beside an error":                  {chain: enrich.Chain{says("a", 0, errBusy), says("b", 0, nil)}, facts: "a b", message: "enrich: leads.EnricherFunc: busy"},
		"a panic":                                {chain: enrich.Chain{panics("ann@example.com"), says("b", 0, nil)}, facts: "b", message: "enrich: leads.EnricherFunc: panic with a string"},
		"a panic of the runtime":                 {chain: enrich.Chain{indexPanic, says("b", 0, nil)}, facts: "b", message: "enrich: leads.EnricherFunc: panic: runtime error: index out of range [0] with length 0"},
		"a slow part returns what it has":        {chain: enrich.Chain{says("a", time.Hour, nil), says("b", 0, nil)}, facts: "a.early b", message: "enrich: leads.EnricherFunc: context deadline exceeded", took: 5 * time.Second},
		"a part with its own time":               {chain: enrich.Chain{enrich.WithTimeout(says("a", time.Hour, nil), 2*time.Second)}, facts: "a.early", message: "enrich: leads.EnricherFunc: context deadline exceeded", took: 2 * time.Second},
		"more time than usual":                   {chain: enrich.Chain{enrich.WithTimeout(says("a", 9*time.Second, nil), 10*time.Second)}, facts: "a", took: 9 * time.Second},
		"a deaf part is left behind":             {chain: enrich.Chain{deaf(time.Minute), says("b", 0, nil)}, facts: "b", message: "enrich: leads.EnricherFunc: still running: context deadline exceeded", took: 5100 * time.Millisecond},
		"permanent if all errors are":            {chain: enrich.Chain{says("a", 0, errGone), says("b", 0, errGone), says("c", 0, nil)}, facts: "a b c", message: "enrich: leads.EnricherFunc: gone\nenrich: leads.EnricherFunc: gone", permanent: true},
		"not permanent if one can be mended":     {chain: enrich.Chain{says("a", 0, errGone), says("b", 0, errBusy)}, facts: "a b", message: "enrich: leads.EnricherFunc: gone\nenrich: leads.EnricherFunc: busy"},
		"the longest wait that was asked for":    {chain: enrich.Chain{says("a", 0, leads.After(errBusy, time.Minute)), says("b", 0, leads.After(errBusy, time.Hour))}, facts: "a b", message: "enrich: leads.EnricherFunc: busy\nenrich: leads.EnricherFunc: busy", delay: time.Hour},
		"a chain within a chain":                 {chain: enrich.Chain{enrich.Chain{says("a", time.Second, nil), says("b", 0, nil)}, says("c", 0, nil)}, facts: "a b c", took: time.Second},
		"the same key twice, and both are there": {chain: enrich.Chain{says("a", time.Second, nil), says("a", 0, nil)}, facts: "a a", took: time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer outlast()
				began := time.Now()
				facts, err := c.chain.Enrich(t.Context(), leads.Lead{})
				require.Equal(t, c.took, time.Since(began))
				require.Equal(t, c.facts, keys(facts))
				require.Equal(t, c.permanent, leads.IsPermanent(err))
				require.Equal(t, c.delay, leads.RetryAfter(err))
				if c.message == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, c.message)
				}
			})
		})
	}
}

func TestChainEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer outlast()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		facts, err := enrich.Chain{says("a", time.Hour, nil), deaf(time.Minute), says("c", 0, nil)}.Enrich(ctx, leads.Lead{})
		require.Equal(t, 1100*time.Millisecond, time.Since(began))
		require.Equal(t, "a.early c", keys(facts))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestWithTimeoutAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer outlast()
		began := time.Now()
		facts, err := enrich.WithTimeout(deaf(time.Minute), time.Second).Enrich(t.Context(), leads.Lead{})
		require.Equal(t, 1100*time.Millisecond, time.Since(began))
		require.Empty(t, facts)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		_, err = enrich.WithTimeout(panics(1), 0).Enrich(t.Context(), leads.Lead{})
		require.EqualError(t, err, "panic with a int")
	})
}
