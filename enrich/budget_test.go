package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func of(tenant, email string) leads.Lead {
	return leads.Lead{Tenant: tenant, Fields: ingest.Fields{Email: email}}
}

const overBudget = "too many domains were asked about in this minute"

// Ten thousand made-up domains must not become ten thousand questions.
func TestMadeUpDomainsAreNotAllAskedFor(t *testing.T) {
	t.Parallel()
	now, asked := noon, 0
	resolver := resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		asked++
		return nil, errAbsent
	})
	email := enrich.Email{Clock: func() time.Time { return now }, DNS: enrich.NewDNS(resolver, &enrich.DNSOptions{Witness: "-"})}
	over := 0
	for i := range 10_000 {
		facts, err := email.Enrich(t.Context(), of("bot", fmt.Sprintf("a@x%d.example", i)))
		require.NoError(t, err)
		f := fact(facts, enrich.EmailDeliverable)
		if f.Reason == overBudget {
			require.Equal(t, leads.Unknown, f.Truth)
			over++
		}
	}
	require.Equal(t, 600, asked)
	require.Equal(t, 9400, over)

	facts, err := email.Enrich(t.Context(), of("bot", "a@x1.example"))
	require.NoError(t, err)
	require.Equal(t, leads.No, fact(facts, enrich.EmailDeliverable).Truth, "what is remembered costs nothing")
	facts, err = email.Enrich(t.Context(), of("quiet", "a@x9999.example"))
	require.NoError(t, err)
	require.Equal(t, leads.No, fact(facts, enrich.EmailDeliverable).Truth, "another tenant may ask, and that one could not is not remembered")

	now = now.Add(time.Minute)
	facts, err = email.Enrich(t.Context(), of("bot", "a@x9998.example"))
	require.NoError(t, err)
	require.Equal(t, leads.No, fact(facts, enrich.EmailDeliverable).Truth, "a new minute")
}

func TestDNSBudgets(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		options enrich.DNSOptions
		tenants int
		each    int // domains for each tenant
		want    int // asked
	}{
		"for one tenant":     {enrich.DNSOptions{PerTenant: 3}, 4, 10, 12},
		"overall":            {enrich.DNSOptions{PerTenant: 8, Overall: 20}, 4, 10, 20},
		"no limit":           {enrich.DNSOptions{PerTenant: -1, Overall: -1}, 2, 5000, 10_000},
		"no limit of tenant": {enrich.DNSOptions{PerTenant: -1}, 2, 5000, 6000},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			c.options.Witness = "-"
			email := enrich.Email{Clock: atNoon, DNS: enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
				asked++
				return []*net.MX{{Host: "mx.test."}}, nil
			}), &c.options)}
			for i := range c.tenants * c.each {
				_, err := email.Enrich(t.Context(), of(fmt.Sprint("tenant", i%c.tenants), fmt.Sprintf("a@x%d.example", i)))
				require.NoError(t, err)
			}
			require.Equal(t, c.want, asked)
		})
	}
}

// Leads that come together with one domain cause one question; who cannot wait that long is not held up.
func TestOneQuestionForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			return []*net.MX{{Host: "mx.test."}}, nil
		}), nil)}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				facts, err := email.Enrich(t.Context(), at("ann@acme.example"))
				require.NoError(t, err)
				require.Equal(t, leads.Yes, fact(facts, enrich.EmailDeliverable).Truth)
			})
		}
		synctest.Wait()
		hurried, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := email.Enrich(hurried, at("bob@acme.example"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 100*time.Millisecond, time.Since(began))
		all.Wait()
		require.EqualValues(t, 1, asked.Load())
	})
}

// Who asks for all and then gives up does not answer for all.
func TestTheNextOneAsksWhenTheFirstGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(ctx context.Context, _ string) ([]*net.MX, error) {
			select {
			case <-time.After(time.Second):
				return []*net.MX{{Host: "mx.test."}}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}), nil)}
		hurried, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var first sync.WaitGroup
		first.Go(func() {
			_, err := email.Enrich(hurried, at("ann@acme.example"))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		began := time.Now()
		facts, err := email.Enrich(t.Context(), at("bob@acme.example"))
		require.NoError(t, err)
		require.Equal(t, leads.Yes, fact(facts, enrich.EmailDeliverable).Truth)
		require.Equal(t, 1100*time.Millisecond, time.Since(began))
		first.Wait()
	})
}

// paid counts how often it is asked.
func paid(asked *int, err error) leads.Enricher {
	return leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
		*asked++
		return []leads.Fact{{Key: "company.size", Truth: leads.Yes, Value: fmt.Sprint(*asked), Source: "paid"}}, err
	})
}

func TestWithBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		part := enrich.WithBudget(paid(&asked, nil), 2)
		lead := func(tenant string) error {
			facts, err := part.Enrich(t.Context(), of(tenant, "ann@acme.com"))
			require.Equal(t, err == nil, len(facts) == 1)
			return err
		}
		require.NoError(t, lead("a"))
		require.NoError(t, lead("a"))
		err := lead("a")
		require.ErrorIs(t, err, enrich.ErrBudget)
		require.False(t, leads.IsPermanent(err))
		require.Equal(t, 24*time.Hour, leads.RetryAfter(err), "the bubble's clock begins at midnight")
		require.NoError(t, lead("b"))
		require.Equal(t, 3, asked)

		time.Sleep(24*time.Hour - time.Second)
		require.ErrorIs(t, lead("a"), enrich.ErrBudget)
		require.Equal(t, time.Second, leads.RetryAfter(lead("a")))
		time.Sleep(time.Second)
		require.NoError(t, lead("a"), "a new day")

		require.ErrorIs(t, func() error {
			_, err := enrich.WithBudget(paid(&asked, nil), 0).Enrich(t.Context(), of("a", ""))
			return err
		}(), enrich.ErrBudget)
	})
}

// A part over its budget costs no other part its facts.
func TestBudgetInAChain(t *testing.T) {
	t.Parallel()
	asked := 0
	chain := enrich.Chain{enrich.Company{}, enrich.WithBudget(paid(&asked, nil), 1)}
	facts, err := chain.Enrich(t.Context(), of("a", "ann@acme.com"))
	require.NoError(t, err)
	require.Equal(t, "company.domain company.name company.size", keys(facts))
	facts, err = chain.Enrich(t.Context(), of("a", "bob@acme.com"))
	require.ErrorIs(t, err, enrich.ErrBudget)
	require.Equal(t, "company.domain company.name", keys(facts))
	require.Positive(t, leads.RetryAfter(err))
}

func TestWithCache(t *testing.T) {
	t.Parallel()
	errBusy := errors.New("busy")
	byEmail := func(lead leads.Lead) string { return lead.Email }
	cases := map[string]struct {
		leads []leads.Lead
		later time.Duration
		fails error
		want  int
	}{
		"the same key":       {leads: []leads.Lead{of("a", "x"), of("a", "x"), of("a", "x")}, want: 1},
		"another key":        {leads: []leads.Lead{of("a", "x"), of("a", "y"), of("a", "x")}, want: 2},
		"another tenant":     {leads: []leads.Lead{of("a", "x"), of("b", "x")}, want: 2},
		"no key":             {leads: []leads.Lead{of("a", ""), of("a", "")}, want: 2},
		"expired":            {leads: []leads.Lead{of("a", "x"), of("a", "x")}, later: time.Hour, want: 2},
		"not yet expired":    {leads: []leads.Lead{of("a", "x"), of("a", "x")}, later: time.Hour - 1, want: 1},
		"errors do not stay": {leads: []leads.Lead{of("a", "x"), of("a", "x")}, fails: errBusy, want: 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				part := enrich.WithCache(paid(&asked, c.fails), byEmail, time.Hour)
				for _, lead := range c.leads {
					facts, err := part.Enrich(t.Context(), lead)
					require.ErrorIs(t, err, c.fails)
					require.Len(t, facts, 1, "facts beside an error stay")
					facts[0].Value = "changed by whoever has it"
					time.Sleep(c.later)
				}
				require.Equal(t, c.want, asked)
			})
		})
	}
}

func TestCachedFactsBelongToTheCaller(t *testing.T) {
	t.Parallel()
	asked := 0
	part := enrich.WithCache(paid(&asked, nil), func(leads.Lead) string { return "k" }, time.Hour)
	for range 3 {
		facts, err := part.Enrich(t.Context(), leads.Lead{})
		require.NoError(t, err)
		require.Equal(t, "1", facts[0].Value)
		facts[0].Value = "changed"
	}
}

// able is a part with every optional ability.
type able struct{ leads.EnricherFunc }

func (able) Check(context.Context) []leads.Finding { return []leads.Finding{{Part: "able"}} }

func (able) Background(ctx context.Context, wake func()) error {
	wake()
	<-ctx.Done()
	return nil
}

// What a part can do beside its work is reached through everything that it is put into.
func TestAbilitiesAreSeenThroughWrappers(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]leads.Enricher{
		"chain":   enrich.Chain{nil, able{}},
		"steps":   enrich.Steps{nil, able{}},
		"time":    enrich.WithTimeout(able{}, time.Second),
		"budget":  enrich.WithBudget(able{}, 1),
		"cache":   enrich.WithCache(able{}, func(leads.Lead) string { return "" }, time.Second),
		"several": enrich.Chain{enrich.WithTimeout(enrich.WithCache(enrich.WithBudget(able{}, 1), func(leads.Lead) string { return "" }, time.Second), 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, []leads.Finding{{Part: "able"}}, part.(leads.Checker).Check(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			require.NoError(t, part.(leads.Background).Background(ctx, cancel))
			require.Error(t, ctx.Err(), "it was run, and ended with its context")
		})
	}
	require.NoError(t, enrich.WithBudget(enrich.Company{}, 1).(leads.Background).Background(t.Context(), nil), "a part without any returns at once")
}
