package adaptertest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
)

// soundScorer judges by the words of the lead, and says everything that a score can say.
func soundScorer(_ context.Context, lead leads.Lead) (leads.Score, error) {
	message := lead.Metadata.Text("message")
	s := leads.Score{
		Value: min(100, len(message)), Qualification: leads.Cold, Summary: "Wrote a message.", NextStep: "Answer.",
		By: "words", Rubric: "v1", At: time.Now(),
		Evidence: []leads.Evidence{
			{Criterion: "message", Level: "given", Points: min(100, len(message)), Max: 100, Reason: "wrote a message", Quote: cut(message), By: "rule"},
			{Criterion: "tone", Level: "friendly", Reason: "sounds friendly", By: "model"},
		},
		Model: leads.ModelUse{Name: "m", Prompt: "1", Input: "abc", InputTokens: 10, OutputTokens: 5, CostMicros: 3},
	}
	if s.Value > 50 {
		s.Qualification = leads.Hot
	}
	return s, nil
}

// cut takes the first ten runes.
func cut(text string) string {
	runes := []rune(text)
	return string(runes[:min(10, len(runes))])
}

// soundScorers pass the suite: nothing that fails below fails for more than its breakage.
func soundScorers() map[string]leads.ScorerFunc {
	busy := errors.New("busy")
	return map[string]leads.ScorerFunc{
		"judges": soundScorer,
		"judges provisionally": changed(func(_ leads.Lead, s *leads.Score) error {
			s.Provisional, s.Reason = true, "the model is busy"
			return busy
		}),
		"is always busy": func(context.Context, leads.Lead) (leads.Score, error) { return leads.Score{}, busy },
		"always fails":   func(context.Context, leads.Lead) (leads.Score, error) { return leads.Score{}, leads.Permanent(busy) },
		"says the least": func(context.Context, leads.Lead) (leads.Score, error) {
			return leads.Score{Qualification: leads.Cold, By: "me"}, nil
		},
		"takes its time": func(ctx context.Context, lead leads.Lead) (leads.Score, error) { return unhurried(ctx, lead) },
		"took earlier answer": changed(func(_ leads.Lead, s *leads.Score) error {
			s.Model.Cached, s.Model.InputTokens, s.Model.OutputTokens, s.Model.CostMicros = true, 0, 0, 0
			return nil
		}),
	}
}

// unhurried is sound and does not judge when it is out of time.
func unhurried(ctx context.Context, lead leads.Lead) (leads.Score, error) {
	if ctx.Err() != nil {
		return leads.Score{}, ctx.Err()
	}
	return soundScorer(ctx, lead)
}

// changed is the sound scorer with one thing done to its scores.
func changed(change func(lead leads.Lead, s *leads.Score) error) leads.ScorerFunc {
	return func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
		s, _ := soundScorer(ctx, lead)
		err := change(lead, &s)
		return s, err
	}
}

// crowded reports whether the suite gives the lead to several calls at once: who changes it then has a race as well.
func crowded(lead leads.Lead) bool { return lead.Email == annEmail || lead.Email == bobEmail }

// The addresses by which a broken scorer knows whom it is given.
const (
	annEmail = "ann@example.com"
	bobEmail = "bob@example.org"
)

// flaw is a scorer broken on purpose and the case that rejects it.
type flaw struct {
	name, rejectedBy string
	scorer           leads.ScorerFunc
}

// flaws has at least one broken scorer for each case of the suite.
func flaws() []flaw { return append(callFlaws(), scoreFlaws()...) }

// spoils makes a scorer whose every score has one flaw.
func spoils(name, rejectedBy string, spoil func(s *leads.Score)) flaw {
	return flaw{name, rejectedBy, func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
		s, err := soundScorer(ctx, lead)
		spoil(&s)
		return s, err
	}}
}

func scoreFlaws() []flaw {
	return []flaw{
		spoils("scores above 100", "value", func(s *leads.Score) { s.Value, s.Qualification = 101, leads.Hot }),
		spoils("scores below 0", "value", func(s *leads.Score) { s.Value, s.Qualification = -1, leads.Cold }),
		{"scores above 100 beside an error", "value", changed(func(_ leads.Lead, s *leads.Score) error {
			s.Value, s.Qualification = 101, leads.Hot
			return errors.New("busy")
		})},
		spoils("qualifies as nothing", "qualification", func(s *leads.Score) { s.Qualification = "" }),
		spoils("qualifies in its own words", "qualification", func(s *leads.Score) { s.Qualification = "Hot" }),
		{"qualifies as nothing beside an error", "qualification", changed(func(_ leads.Lead, s *leads.Score) error { s.Qualification = ""; return errors.New("busy") })},
		spoils("is cold about the best", "one short form", func(s *leads.Score) {
			if s.Value == 100 {
				s.Qualification = leads.Cold
			}
		}),
		spoils("writes a letter", "short texts", func(s *leads.Score) { s.Summary = strings.Repeat("ü", 281) }),
		spoils("has a long way to go", "short texts", func(s *leads.Score) { s.NextStep = strings.Repeat("go ", 100) }),
		{"repeats the lead", "plain texts", changed(func(lead leads.Lead, s *leads.Score) error {
			if message := lead.Metadata.Text("message"); len(message) < 280 {
				s.Summary = strings.ReplaceAll(message, "\x00", "")
			}
			return nil
		})},
		spoils("writes Markdown", "plain texts", func(s *leads.Score) { s.NextStep = "Read [this](https://a.example)." }),
		spoils("rings a bell", "plain texts", func(s *leads.Score) { s.Summary = "Hot\a" }),
		spoils("hides", "by", func(s *leads.Score) { s.By = "" }),
		spoils("signs on two lines", "by", func(s *leads.Score) { s.By = "a\nb" }),
		spoils("has other rules each time", "rubric", func(s *leads.Score) { s.Rubric = leads.NewID() }),
		spoils("is provisional for ever", "provisional", func(s *leads.Score) { s.Provisional = true }),
		spoils("gives a stack for a reason", "reason", func(s *leads.Score) { s.Reason = "panic\n\tmain.go:1" }),
		spoils("gives a novel for a reason", "reason", func(s *leads.Score) { s.Reason = strings.Repeat("why ", 200) }),
		spoils("hides its model", "model", func(s *leads.Score) { s.Model = leads.ModelUse{} }),
		spoils("does not name its model", "model name", func(s *leads.Score) { s.Model.Name = "" }),
		spoils("does not tell its prompt", "prompt", func(s *leads.Score) { s.Model.Prompt = "" }),
		spoils("does not tell its input", "input", func(s *leads.Score) { s.Model.Input = "" }),
		spoils("counts backwards", "tokens", func(s *leads.Score) { s.Model.OutputTokens = -1 }),
		spoils("counts what was not asked", "tokens", func(s *leads.Score) { s.Model.Cached, s.Model.CostMicros = true, 0 }),
		spoils("is paid", "cost", func(s *leads.Score) { s.Model.CostMicros = -1 }),
		spoils("pays twice", "cached", func(s *leads.Score) { s.Model.Cached, s.Model.InputTokens, s.Model.OutputTokens = true, 0, 0 }),
		spoils("judges a criterion twice", "criteria", func(s *leads.Score) { s.Evidence = append(s.Evidence, s.Evidence[1]) }),
		spoils("judges no criterion", "criteria", func(s *leads.Score) { s.Evidence[1].Criterion = "" }),
		spoils("leaves the level out", "criteria", func(s *leads.Score) { s.Evidence[1].Level = "" }),
		spoils("gives more than there is", "points", func(s *leads.Score) { s.Evidence[1].Points = 1 }),
		spoils("gives no reason", "reasons", func(s *leads.Score) { s.Evidence[1].Reason = " " }),
		spoils("gives reasons in columns", "reasons", func(s *leads.Score) { s.Evidence[1].Reason = "a\tb" }),
		spoils("invents a quote", "quotes", func(s *leads.Score) { s.Evidence[1].Quote = "we have signed already" }),
		spoils("was decided by nobody known", "who decided", func(s *leads.Score) { s.Evidence[1].By = "gpt" }),
		{"cuts through a letter", "can be stored", changed(func(lead leads.Lead, s *leads.Score) error {
			message := lead.Metadata.Text("message")
			s.Evidence[0].Quote = message[:min(10, len(message))]
			return nil
		})},
		spoils("writes what no database takes", "can be stored", func(s *leads.Score) { s.Rubric = "v1\x00" }),
	}
}

func callFlaws() []flaw {
	never := make(chan struct{})
	return []flaw{
		{"writes into the tags", "changes no lead", changed(func(lead leads.Lead, _ *leads.Score) error {
			if !crowded(lead) && len(lead.Tags) > 0 {
				lead.Tags[0] = "scored"
			}
			return nil
		})},
		{"sorts the old evidence", "changes no lead", changed(func(lead leads.Lead, _ *leads.Score) error {
			if !crowded(lead) && lead.Score != nil && len(lead.Score.Evidence) > 1 {
				slices.Reverse(lead.Score.Evidence)
			}
			return nil
		})},
		{"folds the message in place", "changes no lead", changed(func(lead leads.Lead, _ *leads.Score) error {
			if raw := lead.Metadata["message"]; !crowded(lead) && len(raw) > 1 && raw[1] == 'W' {
				raw[1] = 'w'
			}
			return nil
		})},
		{"remembers leads by their ID", "judges the lead it is given", remembering()},
		{"holds on to leads", "keeps no lead", holding()},
		{"has one desk for all", "mixes no leads", oneDesk()},
		{"writes into its last score", "lets go of its scores", reusing()},
		{"judges once only", "judges again", func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
			if lead.Score != nil && lead.Score.By == "words" {
				return leads.Score{}, leads.Permanent(errors.New("it has a score"))
			}
			return soundScorer(ctx, lead)
		}},
		{"sleeps when it is late", "returns when it is too late", func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
			if ctx.Err() != nil {
				<-never
			}
			return soundScorer(ctx, lead)
		}},
		{"works on when time is up", "returns when time is up", func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
			if _, limited := ctx.Deadline(); limited && ctx.Err() == nil {
				<-never
			}
			return soundScorer(ctx, lead)
		}},
		{"gives up for good when it is late", "gives no lead up in a hurry", func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
			s, err := unhurried(ctx, lead)
			return s, leads.Permanent(err)
		}},
		{"gives up for good when time is up", "gives no lead up in a hurry", func(ctx context.Context, lead leads.Lead) (leads.Score, error) {
			if _, limited := ctx.Deadline(); limited {
				<-ctx.Done()
				return leads.Score{}, leads.Permanent(errors.New("no time"))
			}
			return soundScorer(ctx, lead)
		}},
		{"is not sure who judged", "error and score", func(context.Context, leads.Lead) (leads.Score, error) {
			return leads.Score{Value: 40, Summary: "Perhaps."}, errors.New("busy")
		}},
	}
}

// TestBrokenScorers expects every broken scorer to be rejected by the case that is meant for it and by no other, each in a process of its
// own because it has to fail.
func TestBrokenScorers(t *testing.T) {
	t.Parallel()
	for _, f := range flaws() {
		if os.Getenv(brokenEnv) == f.name {
			adaptertest.TestScorer(t, f.scorer)
			return
		}
	}
	self, err := os.Executable()
	require.NoError(t, err)
	for _, f := range flaws() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenScorers$", "-test.timeout=60s")
			child.Env = append(os.Environ(), brokenEnv+"="+f.name)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the scorer is accepted:\n%s", output)
			require.Equal(t, []string{f.rejectedBy}, failedCases(string(output)), "%s", output)
			require.Contains(t, string(output), "the contract says: ")
		})
	}
}

var failedCase = regexp.MustCompile(`--- FAIL: TestBrokenScorers/(\S+)`)

func failedCases(output string) []string {
	var names []string
	for _, match := range failedCase.FindAllStringSubmatch(output, -1) {
		names = append(names, strings.ReplaceAll(match[1], "_", " "))
	}
	return names
}

func TestSoundScorers(t *testing.T) {
	t.Parallel()
	for name, scorer := range soundScorers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.TestScorer(t, scorer)
		})
	}
}

// TestEveryScorerCaseRejects expects that no case is there for nothing.
func TestEveryScorerCaseRejects(t *testing.T) {
	t.Parallel()
	rejects := make(map[string]bool)
	for _, f := range flaws() {
		rejects["scorer/"+f.rejectedBy] = true
	}
	for name := range adaptertest.Sentences() {
		require.True(t, !strings.HasPrefix(name, "scorer/") || rejects[name], "no broken scorer is rejected by %q", name)
	}
}
