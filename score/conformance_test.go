package score_test

import (
	"testing"

	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/score"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.TestScorer(t, score.DefaultRubric())
}
