package dashboard

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

// patch is the change that the pressed button names, with what stands beside it. It reports false when there is no such change.
func (p *page) patch(do string) (patch desk.Patch, ok bool) {
	switch do {
	case "assign":
		to := p.form("assignee")
		if to == "-" {
			to = ""
		}
		patch.Assignee = &to
	case "take":
		patch.Assignee = &p.user.ID
	case "stage":
		stage := p.form("stage")
		patch.Stage = &stage
	case "tag":
		patch.AddTags = splitTags(p.form("tag"))
	case "untag":
		patch.RemoveTags = []string{p.r.PostFormValue("tag")}
	case "note":
		patch.Note = p.form("note")
	case "contacted":
		patch.Contacted = true
	default:
		return patch, false
	}
	return patch, true
}

// changeLead makes a change of one lead.
func changeLead(p *page) error {
	do := p.form("do")
	patch, ok := p.patch(do)
	if !ok {
		return errForm
	}
	if _, err := p.desk().Update(p.ctx(), p.user, p.id(), patch); err != nil {
		return err
	}
	if do == "take" {
		do = "assign"
	}
	if p.form("to") == "board" {
		return p.done(boardPath(p.form("pipeline"), p.form("owner")), "lead."+do)
	}
	return p.done("/leads/"+p.id(), "lead."+do)
}

// splitTags reads tags that are separated by commas. Without any there is one empty one, which the desk refuses.
func splitTags(s string) []string {
	var tags []string
	for tag := range strings.SplitSeq(s, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	if tags == nil {
		return []string{""}
	}
	return tags
}

func replayTask(p *page) error {
	if _, err := p.desk().Lead(p.ctx(), p.user, p.id()); err != nil {
		return err
	}
	if err := p.desk().Replay(p.ctx(), p.user, p.form("task")); err != nil {
		return err
	}
	return p.done("/leads/"+p.id(), "lead.replay")
}

func enrollLead(p *page) error {
	if _, err := p.desk().Lead(p.ctx(), p.user, p.id()); err != nil {
		return err
	}
	if p.form("sequence") == "" {
		return p.done("/leads/"+p.id(), "lead.enroll.choose")
	}
	_, err := p.desk().Enroll(p.ctx(), p.user, p.id(), p.form("sequence"))
	if errors.Is(err, sequence.ErrSuppressed) {
		return errSuppressed
	}
	if err != nil {
		return err
	}
	return p.done("/leads/"+p.id(), "lead.enroll")
}

var errSuppressed = &oops{http.StatusConflict, "suppressed"}

func changeEnrollment(p *page) error {
	if _, err := p.desk().Lead(p.ctx(), p.user, p.id()); err != nil {
		return err
	}
	id, do := p.form("enrollment"), p.form("do")
	var err error
	switch do {
	case "pause":
		err = p.desk().PauseEnrollment(p.ctx(), p.user, id)
	case "resume":
		err = p.desk().ResumeEnrollment(p.ctx(), p.user, id)
	case "exit":
		err = p.desk().ExitEnrollment(p.ctx(), p.user, id)
	default:
		err = errForm
	}
	if err != nil {
		return err
	}
	return p.done("/leads/"+p.id(), "enrollment."+do)
}

func eraseLead(p *page) error {
	lead, err := p.desk().Lead(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	if p.form("sure") != "yes" {
		return p.confirm(p.board.texts.text("erase.title"), confirmation{
			Text: p.board.texts.count("erase.sure", 1), Names: []string{p.board.who(lead)}, Action: "leads/" + lead.ID + "/erase",
			Fields: []field{{"sure", "yes"}}, Button: p.board.texts.text("erase.do"), Back: "leads/" + lead.ID,
		})
	}
	if err := p.desk().Erase(p.ctx(), p.user, lead.ID); err != nil {
		return err
	}
	return p.done("/", "bulk.erase", 1)
}

// dossier is everything about a person as a file.
func dossier(p *page) error {
	x, err := p.desk().Dossier(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	p.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	p.w.Header().Set("Content-Disposition", `attachment; filename="person-`+x.Lead.ID+`.json"`)
	_, _ = p.w.Write(data) // a browser that has gone away needs no answer
	return nil
}
