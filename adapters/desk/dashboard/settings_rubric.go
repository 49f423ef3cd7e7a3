package dashboard

import (
	"encoding/json"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/score"
)

const (
	triedLeads    = 50  // the newest, which new rules are tried on
	triedOutcomes = 500 // won and lost ones each, which they are tested by
)

// rubricPage shows the rules by which leads are scored.
type rubricPage struct {
	Rubric *score.Rubric // the live one; nil if the host shows none
	Saved  bool          // it can be saved
	Edit   bool          // the JSON is shown
	Text   string
	Trial  *trial
	Shadow *desk.ShadowReport // of the rules that are tried beside the live ones; nil if there are none
}

// trial is what new rules would make of leads.
type trial struct {
	Rows     []trialRow
	Changed  int // how many would be qualified otherwise
	Backtest *backtest
}

// trialRow is one lead as the live and the new rules judge it.
type trialRow struct {
	Lead     leads.Lead
	Old, New leads.Score
}

// Moved reports whether it would be qualified otherwise.
func (r trialRow) Moved() bool { return r.Old.Qualification != r.New.Qualification }

// backtest is how well the rules tell the won leads from the lost.
type backtest struct{ Old, New score.Report }

func (p *page) rubric() (*score.Rubric, error) {
	if p.board.opts.Rubric == nil {
		return nil, nil
	}
	return p.board.opts.Rubric(p.ctx(), p.user.Tenant)
}

func showRubric(p *page) error {
	live, err := p.rubric()
	if err != nil {
		return err
	}
	data := rubricPage{Rubric: live, Saved: p.board.opts.RubricSaved != nil, Edit: p.query("edit") != "" && p.user.Role.May(desk.Admin)}
	if live == nil {
		return p.show("scoring", p.part("scoring", data))
	}
	if data.Shadow, err = p.shadow(live); err != nil {
		return err
	}
	shown := live
	if data.Shadow != nil && p.query("edit") == "shadow" {
		shown = data.Shadow.Shadow.Rubric
	}
	text, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		return err
	}
	data.Text = string(text)
	return p.show("scoring", p.part("scoring", data))
}

// editRubric tries rules on leads, runs them beside the live ones, or saves them.
func editRubric(p *page) error {
	live, err := p.rubric()
	if err != nil {
		return err
	}
	if live == nil {
		return leads.ErrNotFound
	}
	switch p.form("do") {
	case "adopt":
		return p.adoptShadow()
	case "stop":
		return p.stopShadow()
	}
	data := rubricPage{Rubric: live, Saved: p.board.opts.RubricSaved != nil, Edit: true, Text: p.r.PostFormValue("json")}
	wanted, err := score.ParseRubric([]byte(data.Text))
	if err != nil {
		wrong := &desk.InvalidError{}
		for _, m := range score.Mistakes(err) {
			wrong.Fields = append(wrong.Fields, desk.FieldError{Pointer: m.Pointer, Message: m.Message})
		}
		return p.invalid(wrong, "scoring", p.part("scoring", data))
	}
	switch {
	case p.form("do") == "save" && data.Saved:
		return p.saveRubric(wanted)
	case p.form("do") == "shadow":
		if err := p.desk().SetShadow(p.ctx(), p.user, wanted); err != nil {
			return err
		}
		return p.done("/settings/scoring", "shadow.begun")
	}
	if data.Trial, err = p.try(live, wanted); err != nil {
		return err
	}
	return p.show("scoring", p.part("scoring", data))
}

func (p *page) saveRubric(wanted *score.Rubric) error {
	if err := p.desk().SetRubric(p.ctx(), p.user, wanted); err != nil {
		return err
	}
	if err := p.board.opts.RubricSaved(p.ctx(), p.user.Tenant, wanted); err != nil {
		return err
	}
	return p.done("/settings/scoring", "rubric.saved")
}

// try judges the newest leads by both rules, as if each lead were new.
func (p *page) try(live, wanted *score.Rubric) (*trial, error) {
	found, err := p.desk().Leads(p.ctx(), p.user, desk.Filter{Limit: triedLeads})
	if err != nil {
		return nil, err
	}
	t := &trial{}
	for _, lead := range found.Leads {
		row := trialRow{Lead: lead}
		lead.Score = nil
		if row.Old, err = live.Score(p.ctx(), lead); err != nil {
			return nil, err
		}
		if row.New, err = wanted.Score(p.ctx(), lead); err != nil {
			return nil, err
		}
		if row.Moved() {
			t.Changed++
		}
		t.Rows = append(t.Rows, row)
	}
	t.Backtest, err = p.backtest(live, wanted)
	return t, err
}

// backtest tests both rules by what became of the leads that were won and lost last; nil where there is none of a sort.
func (p *page) backtest(live, wanted *score.Rubric) (*backtest, error) {
	var outcomes []score.Outcome
	for _, status := range []leads.Status{leads.StatusConverted, leads.StatusClosed} {
		found, err := p.desk().Leads(p.ctx(), p.user, desk.Filter{Statuses: []leads.Status{status}, Sort: desk.ChangedFirst, Limit: triedOutcomes})
		if err != nil {
			return nil, err
		}
		if len(found.Leads) == 0 {
			return nil, nil
		}
		for _, lead := range found.Leads {
			outcomes = append(outcomes, score.Outcome{Lead: lead, Won: status == leads.StatusConverted})
		}
	}
	var b backtest
	for _, x := range []struct {
		to     *score.Report
		rubric *score.Rubric
	}{{&b.Old, live}, {&b.New, wanted}} {
		report, err := score.Backtest(p.ctx(), x.rubric, outcomes)
		if err != nil {
			return nil, err
		}
		*x.to = report
	}
	return &b, nil
}
