package score_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/score"
)

// failing is a scorer with an error.
func failing(err error) leads.Scorer {
	return leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) { return leads.Score{}, err })
}

func TestFallback(t *testing.T) {
	t.Parallel()
	adaptertest.TestScorer(t, score.Fallback{failing(errors.New("away")), score.DefaultRubric()})
	away, never := errors.New("away"), leads.Permanent(errors.New("bad key"))
	cases := map[string]struct {
		first       leads.Scorer
		reason      string
		provisional bool
		permanent   bool
		after       time.Duration
	}{
		"works":         {score.DefaultRubric(), "", false, false, 0},
		"fails":         {failing(away), "away", true, false, 0},
		"asks to wait":  {failing(leads.After(away, time.Minute)), "away", true, false, time.Minute},
		"never works":   {failing(never), "bad key", true, true, 0},
		"declines":      {failing(leads.Permanent(score.ErrDeclined)), "the model declined to judge this lead", false, false, 0},
		"panics":        {leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) { panic("ann@acme.com") }), "panic in leads.ScorerFunc", true, false, 0},
		"out of range":  {leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) { return leads.Score{Value: 101, By: "x"}, nil }), "a score of 101 is not within 0–100", true, true, 0},
		"nil":           {nil, "score: a scorer of Fallback is nil", true, true, 0},
		"one and other": {score.Fallback{failing(never), failing(away)}, "away", true, false, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := score.Fallback{c.first, score.DefaultRubric()}.Score(t.Context(), people()["does not want a demo"].lead)
			require.Equal(t, "rules", s.By)
			require.Equal(t, c.reason, s.Reason)
			require.Equal(t, c.provisional, s.Provisional)
			require.Equal(t, c.provisional, err != nil)
			require.Equal(t, c.permanent, leads.IsPermanent(err))
			require.Equal(t, c.after, leads.RetryAfter(err))
		})
	}
}

func TestFallbackWithoutJudgement(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]score.Fallback{"empty": nil, "all decline": {failing(score.ErrDeclined), failing(score.ErrDeclined)}} {
		_, err := f.Score(t.Context(), leads.Lead{})
		require.True(t, leads.IsPermanent(err), name)
	}
	_, err := score.Fallback{failing(errors.New("a")), failing(errors.New("b"))}.Score(t.Context(), leads.Lead{})
	require.EqualError(t, err, "a\nb")
	require.True(t, score.Fallback(nil).Check(t.Context())[0].Fatal)
	require.True(t, score.Fallback{nil}.Check(t.Context())[0].Fatal)
	require.Empty(t, score.Fallback{score.DefaultRubric()}.Check(t.Context()))
}

// What a scorer judges provisionally is not thrown away, but whoever judges without an error comes first.
func TestFallbackKeepsAProvisionalScore(t *testing.T) {
	t.Parallel()
	away, slow := errors.New("away"), errors.New("slow")
	rough := func(value int) leads.Scorer {
		return leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
			return leads.Score{Value: value, Qualification: leads.Warm, By: "rough"}, slow
		})
	}
	inner := score.Fallback{failing(away), score.DefaultRubric()}
	cases := map[string]struct {
		scorers score.Fallback
		by      string
		value   int
		reason  string
	}{
		"one before rules":  {score.Fallback{rough(50), score.DefaultRubric()}, "rules", -1, "slow"},
		"one after a fault": {score.Fallback{failing(away), rough(50)}, "rough", 50, "away; slow"},
		"the first of two":  {score.Fallback{rough(50), rough(60)}, "rough", 50, "slow; slow"},
		"one out of range":  {score.Fallback{rough(101), rough(60)}, "rough", 60, "slow; slow"},
		"one in another":    {score.Fallback{failing(slow), inner}, "rules", -1, "slow; away"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := c.scorers.Score(t.Context(), leads.Lead{})
			require.Error(t, err)
			require.False(t, leads.IsPermanent(err))
			require.Equal(t, c.by, s.By)
			require.True(t, s.Provisional)
			require.Equal(t, c.reason, s.Reason)
			if c.value >= 0 {
				require.Equal(t, c.value, s.Value)
			}
		})
	}
}

// A scorer that hangs, and does not even listen, leaves the rules time within the stage's 15 seconds.
func TestFallbackLeavesTime(t *testing.T) {
	t.Parallel()
	for stage, want := range map[time.Duration]time.Duration{0: 12 * time.Second, 15 * time.Second: 12 * time.Second, 5 * time.Second: 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			if stage > 0 {
				limited, cancel := context.WithTimeout(ctx, stage)
				defer cancel()
				ctx = limited
			}
			release := make(chan struct{})
			deaf := leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) { <-release; return leads.Score{}, nil })
			began := time.Now()
			s, err := score.Fallback{deaf, score.DefaultRubric()}.Score(ctx, leads.Lead{})
			require.Equal(t, want, time.Since(began))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, "timed out", s.Reason)
			require.True(t, s.Provisional)
			require.Equal(t, "rules", s.By)
			close(release)
		})
	}
}

func TestShadow(t *testing.T) {
	t.Parallel()
	strict := score.DefaultRubric()
	strict.Thresholds = score.Thresholds{Hot: 95, Warm: 90}
	var got []score.Difference
	report := func(_ context.Context, d score.Difference) { got = append(got, d) }
	lead := people()["CEO asks for a demo by a date"].lead
	lead.ID = "1"
	live, err := score.Shadow{Live: score.DefaultRubric(), Shadow: strict, Report: report}.Score(t.Context(), lead)
	require.NoError(t, err)
	require.Equal(t, leads.Hot, live.Qualification)
	require.Equal(t, "1", got[0].LeadID)
	require.True(t, got[0].Changed())
	require.Zero(t, got[0].Points())

	_, err = score.Shadow{Live: score.DefaultRubric(), Shadow: failing(errors.New("away")), Report: report}.Score(t.Context(), lead)
	require.NoError(t, err)
	require.EqualError(t, got[1].Err, "away")
	require.False(t, got[1].Changed())
	_, err = score.Shadow{Live: score.DefaultRubric(), Shadow: strict, Report: func(context.Context, score.Difference) { panic("no") }}.Score(t.Context(), lead)
	require.NoError(t, err)
	_, err = score.Shadow{Live: failing(errors.New("away")), Shadow: strict, Report: report}.Score(t.Context(), lead)
	require.EqualError(t, err, "away")
	require.Len(t, got, 2)
	_, err = score.Shadow{}.Score(t.Context(), lead)
	require.True(t, leads.IsPermanent(err))
	require.True(t, score.Shadow{}.Check(t.Context())[0].Fatal)
	require.Empty(t, score.Shadow{Live: strict, Shadow: strict, Report: report}.Check(t.Context()))
	adaptertest.TestScorer(t, score.Shadow{Live: score.DefaultRubric(), Shadow: strict, Report: func(context.Context, score.Difference) {}})
}
