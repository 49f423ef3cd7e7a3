package desk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// wanting is a rubric that gives points for what people write.
func wanting(name string, demo, price int) *score.Rubric {
	words := func(name, word string, points int) score.Criterion {
		return score.Criterion{Name: name, Axis: score.Intent, Signal: score.SignalText, Levels: []score.Level{
			{Name: "yes", Points: points, Reason: "asks for it", Match: score.Match{Words: []string{word}}}, {Name: "no", Reason: "does not"},
		}}
	}
	return &score.Rubric{Name: name, Criteria: []score.Criterion{words("demo", "demo", demo), words("price", "price", price)}}
}

// write takes a lead in that says something.
func (w *world) write(t *testing.T, email, message string) string {
	t.Helper()
	sub := ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: email}, Metadata: ingest.Metadata{}}
	sub.Metadata.SetText("message", message)
	captured, err := w.engine.Capture(t.Context(), sub)
	require.NoError(t, err)
	return captured.LeadID
}

// scored gives a lead a score, as some scorer would have.
func (w *world) scored(t *testing.T, id string, value int, q leads.Qualification) {
	t.Helper()
	_, err := w.store.Edit(t.Context(), "acme", id, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
		l.Score = &leads.Score{Value: value, Qualification: q, By: "model"}
		return nil, nil, nil
	})
	require.NoError(t, err)
}

func TestAShadowJudgesWhatCameSince(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t)
	live := wanting("live", 80, 15)
	w.write(t, "before@example.com", "a demo")
	w.clock.now = w.clock.now.Add(time.Hour)
	since := w.clock.now
	require.NoError(t, w.SetShadow(ctx, ada, wanting("new", 45, 50)))
	r, err := w.JudgeShadow(ctx, rita, live)
	require.NoError(t, err)
	require.Zero(t, r.Live.Leads+r.Stored.Leads)
	require.Nil(t, r.Backtest)

	w.clock.now = w.clock.now.Add(time.Minute)
	demo := w.write(t, "demo@example.com", "a demo")
	price := w.write(t, "price@example.com", "the price")
	w.write(t, "both@example.com", "the price of a demo")
	none := w.write(t, "none@example.com", "hello")
	w.scored(t, demo, 90, leads.Hot)
	w.scored(t, price, 40, leads.Warm)
	r, err = w.JudgeShadow(ctx, rita, live)
	require.NoError(t, err)
	require.Equal(t, "new ada", r.Shadow.Rubric.Name+" "+r.Shadow.By)
	require.Equal(t, since, r.Shadow.Since)
	require.False(t, r.More)
	// demo: 80 → 45, price: 15 → 50, both: 95 → 95, none: 0 → 0
	require.Equal(t, desk.Comparison{Leads: 4, Changed: 2, Table: [3][3]int{{1, 1, 0}, {0, 0, 0}, {0, 1, 1}}}, r.Live)
	// demo: 90 → 45, price: 40 → 50
	require.Equal(t, desk.Comparison{Leads: 2, Changed: 1, Table: [3][3]int{{0, 1, 0}, {0, 1, 0}, {0, 0, 0}}, Mean: -17.5}, r.Stored)
	require.Len(t, r.Largest, 2)
	require.Equal(t, price, r.Largest[0].Lead.ID, "of equal differences the newest first")
	require.Equal(t, "35 [{price 15 50 asks for it}]", fmt.Sprint(r.Largest[0].Points(), " ", r.Largest[0].Criteria))
	require.Equal(t, "-35 [{demo 80 45 asks for it}]", fmt.Sprint(r.Largest[1].Points(), " ", r.Largest[1].Criteria))
	require.NotNil(t, r.Largest[0].Lead.Score, "the lead has lost its score")

	// The live rules remember what a lead has asked for earlier; that would favour them.
	asked := leads.Lead{Metadata: ingest.Metadata{}}
	asked.Metadata.SetText("message", "a demo")
	earlier, err := live.Score(ctx, asked)
	require.NoError(t, err)
	_, err = w.store.Edit(ctx, "acme", none, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
		l.Score = &earlier
		return nil, nil, nil
	})
	require.NoError(t, err)
	before := r.Live
	r, err = w.JudgeShadow(ctx, rita, live)
	require.NoError(t, err)
	require.Equal(t, before, r.Live)
	require.Equal(t, 3, r.Stored.Leads)

	for id, status := range map[string]leads.Status{demo: leads.StatusClosed, price: leads.StatusConverted} {
		require.Nil(t, r.Backtest, "all were won, or all lost")
		_, err = w.Update(ctx, ben, id, desk.Patch{Status: &status})
		require.NoError(t, err)
		r, err = w.JudgeShadow(ctx, rita, live)
		require.NoError(t, err)
	}
	require.Equal(t, 2, r.Backtest.Live.Leads)
	require.InDelta(t, 0, r.Backtest.Live.AUC, 0)
	require.InDelta(t, 1, r.Backtest.Shadow.AUC, 0)
}

func TestAShadowIsSetAdoptedAndStopped(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t)
	rules := desk.NewRubrics(w.store, wanting("live", 80, 15))
	_, err := w.Shadow(ctx, rita)
	require.ErrorIs(t, err, leads.ErrNotFound)
	require.NoError(t, w.StopShadow(ctx, ada))
	require.Empty(t, w.actions(t))
	begun := w.clock.now
	first := wanting("first", 60, 40)
	require.NoError(t, w.SetShadow(ctx, ada, first))
	w.clock.now = w.clock.now.Add(time.Hour)
	require.NoError(t, w.SetShadow(ctx, ann, wanting("first", 60, 40)))
	shadow, err := w.Shadow(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, begun, shadow.Since, "the same rules again began anew")
	_, err = w.Shadow(ctx, eve)
	require.ErrorIs(t, err, leads.ErrNotFound)

	var wrong *desk.InvalidError
	require.ErrorAs(t, w.SetShadow(ctx, ada, wanting("", 400, 0)), &wrong)
	require.Equal(t, "/criteria/0/levels/0/points", wrong.Fields[0].Pointer)
	second := wanting("second", 50, 50)
	require.NoError(t, w.SetShadow(ctx, ann, second))
	shadow, err = w.Shadow(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint("second ann ", w.clock.now), fmt.Sprint(shadow.Rubric.Name, " ", shadow.By, " ", shadow.Since))
	live, err := rules.Rubric(ctx, "acme")
	require.NoError(t, err)
	require.Equal(t, "live", live.Name, "a rubric that is tried scores")

	_, err = w.AdoptShadow(ctx, ada, first.Hash())
	require.ErrorIs(t, err, leads.ErrStale, "another than was seen")
	adopted, err := w.AdoptShadow(ctx, ada, second.Hash())
	require.NoError(t, err)
	require.Equal(t, "second", adopted.Name)
	live, err = rules.Rubric(ctx, "acme")
	require.NoError(t, err)
	require.Equal(t, "second", live.Name)
	_, err = w.Shadow(ctx, rita)
	require.ErrorIs(t, err, leads.ErrNotFound)
	_, err = w.AdoptShadow(ctx, ada, second.Hash())
	require.ErrorIs(t, err, leads.ErrNotFound)
	require.NoError(t, w.SetShadow(ctx, ada, first))
	require.NoError(t, w.StopShadow(ctx, ada))
	require.Equal(t, []string{"shadow.begin", "shadow.begin", "setting.put", "shadow.end", "shadow.begin", "shadow.end"}, w.actions(t))
}

// TestAShadowOfManyLeads judges the newest 1,000 and tells the ten on which the rules differ most.
func TestAShadowOfManyLeads(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	require.NoError(t, w.SetShadow(t.Context(), ada, wanting("new", 45, 50)))
	for i := range 1003 {
		w.clock.now = w.clock.now.Add(time.Second)
		w.write(t, fmt.Sprintf("p%d@example.com", i), []string{"the price", "hello"}[i%2])
	}
	r, err := w.JudgeShadow(t.Context(), rita, wanting("live", 80, 15))
	require.NoError(t, err)
	require.True(t, r.More)
	require.Equal(t, 1000, r.Live.Leads)
	require.Equal(t, 500, r.Live.Changed)
	require.InDelta(t, 17.5, r.Live.Mean, 1e-9)
	require.Len(t, r.Largest, 10)
	require.Equal(t, "p1002@example.com", r.Largest[0].Lead.Email)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.JudgeShadow(ended, rita, wanting("live", 80, 15))
	require.ErrorIs(t, err, context.Canceled)
}
