package score

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// Fallback asks one scorer after the other and takes the first judgement, so that a lead is scored at once even when the best scorer cannot.
//
//	score.Fallback{openai.New(baseURL, key, model, nil), score.DefaultRubric()}
//
// Each but the last gets four fifths of the time that is left, at most 12 s; one that does not return then is left behind, and one
// that panics has failed. A score that is not the first scorer's is Provisional, says the Reason, and comes together with the errors of those before, so that the
// engine goes on with it and tries again later. The errors are permanent only if all of them are. If the first scorers declined
// ([ErrDeclined]) the score is final: there is no error and only the Reason tells. A score that a scorer returns with an error is taken,
// the first of them, when none of the scorers judges without.
type Fallback []leads.Scorer

// maxAsk is the longest that a scorer with another behind it is waited for.
const maxAsk = 12 * time.Second

// Score asks the scorers in turn. Without a judgement of any it returns all their errors.
func (f Fallback) Score(ctx context.Context, lead leads.Lead) (leads.Score, error) {
	if len(f) == 0 {
		return leads.Score{}, leads.Permanent(errors.New("score: Fallback has no scorers"))
	}
	var failed failures
	var provisional leads.Score
	for i, scorer := range f {
		s, err := ask(ctx, scorer, lead, i == len(f)-1)
		if err == nil {
			return failed.mark(s)
		}
		if !given(provisional) {
			provisional = s
		}
		failed = append(failed, err)
	}
	if given(provisional) {
		return failed.mark(provisional)
	}
	if err := failed.err(); err != nil {
		return leads.Score{}, err
	}
	return leads.Score{}, leads.Permanent(errors.Join(failed...)) // all of them declined
}

// ask has one scorer judge, within its time unless it is the last.
func ask(ctx context.Context, scorer leads.Scorer, lead leads.Lead, last bool) (leads.Score, error) {
	if scorer == nil {
		return leads.Score{}, leads.Permanent(errors.New("score: a scorer of Fallback is nil"))
	}
	if last {
		return judged(scorer.Score(ctx, lead))
	}
	limit := maxAsk
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*4/5)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		leads.Score
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: fmt.Errorf("panic in %T", scorer)} // the panic's value may hold personal data
		defer func() {
			_ = recover()
			answers <- a
		}()
		s, err := judged(scorer.Score(ctx, lead))
		a = answer{s, err}
	}()
	select {
	case a := <-answers:
		return a.Score, a.err
	case <-ctx.Done():
		return leads.Score{}, ctx.Err()
	}
}

// judged refuses a score that is none.
func judged(s leads.Score, err error) (leads.Score, error) {
	switch outside := s.Value < 0 || s.Value > 100; {
	case outside && err != nil:
		return leads.Score{}, err
	case outside:
		return leads.Score{}, leads.Permanent(fmt.Errorf("a score of %d is not within 0–100", s.Value))
	}
	return s, err
}

// given reports whether a score came with an error, as the engine tells it.
func given(s leads.Score) bool { return s.By != "" || s.Qualification != "" }

// failures are the errors of the scorers that were asked before.
type failures []error

// mark says on a score what failed before it.
func (f failures) mark(s leads.Score) (leads.Score, error) {
	if len(f) == 0 {
		return s, nil
	}
	s.Reason = f.reason()
	err := f.err()
	s.Provisional = err != nil
	return s, err
}

// reason tells people what failed.
func (f failures) reason() string {
	var reasons []string
	for _, err := range f {
		text := err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			text = "timed out"
		}
		reasons = append(reasons, shorten(clean(strings.ToValidUTF8(text, "")), 200))
	}
	return shorten(strings.Join(reasons, "; "), 400)
}

// err joins what is worth another attempt, else what is not, and leaves out what was declined.
func (f failures) err() error {
	var again, never []error
	for _, err := range f {
		switch {
		case errors.Is(err, ErrDeclined):
		case leads.IsPermanent(err):
			never = append(never, err)
		default:
			again = append(again, err)
		}
	}
	if len(again) > 0 {
		return errors.Join(again...)
	}
	return errors.Join(never...)
}

// Check asks the scorers that are Checkers.
func (f Fallback) Check(ctx context.Context) []leads.Finding {
	if len(f) == 0 {
		return []leads.Finding{{Fatal: true, Part: "scorer", Message: "score.Fallback has no scorers", Fix: "name some, or leave Config.Scorer nil"}}
	}
	var findings []leads.Finding
	for i, scorer := range f {
		if scorer == nil {
			findings = append(findings, leads.Finding{Fatal: true, Part: "scorer", Message: fmt.Sprintf("score.Fallback[%d] is nil", i), Fix: "leave it out"})
		}
		findings = append(findings, check(ctx, scorer)...)
	}
	return findings
}

func check(ctx context.Context, scorer leads.Scorer) []leads.Finding {
	if c, ok := scorer.(leads.Checker); ok {
		return c.Check(ctx)
	}
	return nil
}
