package dashboard

import (
	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/score"
)

// qualifications are the rows and columns of a desk.Comparison.
var qualifications = []leads.Qualification{leads.Hot, leads.Warm, leads.Cold}

// Qualifications are the rows and columns of a table of qualifications.
func (v *view) Qualifications() []leads.Qualification { return qualifications }

// Backtested shows a test of the rules that are tried as one of any new rules.
func (v *view) Backtested(b *desk.ShadowBacktest) backtest {
	return backtest{Old: b.Live, New: b.Shadow}
}

// shadow is what the rules that are tried make of the leads that came since; nil if none are tried.
func (p *page) shadow(live *score.Rubric) (*desk.ShadowReport, error) {
	report, err := p.desk().JudgeShadow(p.ctx(), p.user, live)
	if leads.IsNotFound(err) {
		return nil, nil
	}
	return &report, err
}

// adoptShadow makes the rules live that are tried, if they are still those that the user has seen.
func (p *page) adoptShadow() error {
	if p.board.opts.RubricSaved == nil {
		return errForm
	}
	rubric, err := p.desk().AdoptShadow(p.ctx(), p.user, p.form("hash"))
	if err != nil {
		return err
	}
	if err := p.board.opts.RubricSaved(p.ctx(), p.user.Tenant, rubric); err != nil {
		return err
	}
	return p.done("/settings/scoring", "rubric.saved")
}

// stopShadow asks first: the rules that are tried are kept nowhere else.
func (p *page) stopShadow() error {
	shadow, err := p.desk().Shadow(p.ctx(), p.user)
	if err != nil {
		return err
	}
	if p.form("sure") == "" {
		return p.confirm(p.say("settings.shadow.stop"), confirmation{
			Text: p.say("settings.shadow.stop.sure"), Names: []string{shadow.Rubric.Name}, Action: "settings/scoring",
			Fields: []field{{"do", "stop"}, {"sure", "yes"}}, Button: p.say("settings.shadow.stop"), Back: "settings/scoring",
		})
	}
	if err := p.desk().StopShadow(p.ctx(), p.user); err != nil {
		return err
	}
	return p.done("/settings/scoring", "shadow.ended")
}
