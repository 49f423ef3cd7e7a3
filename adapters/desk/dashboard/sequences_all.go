package dashboard

import (
	"slices"

	"github.com/openleads/leads/sequence"
)

// pauseAll pauses every sequence, or lets those go on that were paused so. It asks first, and says which.
func pauseAll(p *page) error {
	do := p.form("do")
	if do != "pause" && do != "resume" {
		return errForm
	}
	if p.form("sure") == "" {
		return p.askAll(do)
	}
	if do == "pause" {
		ids, err := p.desk().PauseSequences(p.ctx(), p.user)
		if err != nil {
			return err
		}
		return p.done("/sequences", "sequences.paused", len(ids))
	}
	ids, err := p.desk().ResumeSequences(p.ctx(), p.user)
	if err != nil {
		return err
	}
	return p.done("/sequences", "sequences.resumed", len(ids))
}

// askAll names the sequences that would be paused, or would go on.
func (p *page) askAll(do string) error {
	all, err := p.desk().Sequences(p.ctx(), p.user)
	if err != nil {
		return err
	}
	standing, err := p.desk().Standstill(p.ctx(), p.user)
	if err != nil {
		return err
	}
	concerned := func(l sequence.Listed) bool { return !l.Paused }
	if do == "resume" {
		concerned = func(l sequence.Listed) bool { return slices.Contains(standing.Sequences, l.ID) }
	}
	var names []string
	for _, l := range all {
		if concerned(l) {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		return p.done("/sequences", "sequences."+do+"d", 0)
	}
	return p.confirm(p.say("sequences."+do+"all"), confirmation{
		Text: p.say("sequences." + do + "all.sure"), Names: names, Action: "sequences", Fields: []field{{"do", do}, {"sure", "yes"}},
		Button: p.say("sequences." + do + "all"), Back: "sequences",
	})
}
