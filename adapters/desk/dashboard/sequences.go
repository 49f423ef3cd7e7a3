package dashboard

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

var sequenceRoutes = []route{
	{Method: "GET", Path: "/sequences", Role: desk.Reader, Area: "sequences", Do: listSequences},
	{Method: "POST", Path: "/sequences", Role: desk.Admin, Area: "sequences", Do: pauseAll},
	{Method: "GET", Path: "/new-sequence", Role: desk.Admin, Area: "sequences", Do: newSequence},
	{Method: "POST", Path: "/new-sequence", Role: desk.Admin, Area: "sequences", Do: editSequence},
	{Method: "GET", Path: "/sequences/{id}", Role: desk.Reader, Area: "sequences", Do: showSequence},
	{Method: "GET", Path: "/sequences/{id}/copy", Role: desk.Admin, Area: "sequences", Do: copySequence},
	{Method: "GET", Path: "/sequences/{id}/edit", Role: desk.Admin, Area: "sequences", Do: openSequence},
	{Method: "POST", Path: "/sequences/{id}/edit", Role: desk.Admin, Area: "sequences", Do: editSequence},
	{Method: "GET", Path: "/sequences/{id}/json", Role: desk.Reader, Area: "sequences", Do: sequenceJSON},
	{Method: "POST", Path: "/sequences/{id}/json", Role: desk.Admin, Area: "sequences", Do: saveSequenceJSON},
	{Method: "GET", Path: "/sequences/{id}/preview", Role: desk.Reader, Area: "sequences", Do: previewSequence},
	{Method: "GET", Path: "/sequences/{id}/mail", Role: desk.Reader, Area: "sequences", Do: previewMail},
	{Method: "POST", Path: "/sequences/{id}/pause", Role: desk.Admin, Area: "sequences", Do: pauseSequence},
	{Method: "POST", Path: "/sequences/{id}/delete", Role: desk.Admin, Area: "sequences", Do: deleteSequence},
	{Method: "POST", Path: "/sequences/{id}/enrolments", Role: desk.Member, Area: "sequences", Do: changeEnrolment},
}

// sequenceRow is a sequence in the list.
type sequenceRow struct {
	sequence.Listed
	Funnel desk.Funnel
}

// In counts those who are in the sequence now.
func (r sequenceRow) In() int {
	return r.Funnel.ByState[sequence.Pending] + r.Funnel.ByState[sequence.Active] + r.Funnel.ByState[sequence.Paused]
}

// Through counts those who came to its end, and Left those who left before.
func (r sequenceRow) Through() int { return r.Funnel.ByState[sequence.Finished] }

// Left counts those who left early.
func (r sequenceRow) Left() int { return r.Funnel.ByState[sequence.Exited] }

// Sent counts the mails.
func (r sequenceRow) Sent() int {
	sent := 0
	for _, s := range r.Funnel.Steps {
		sent += s.Sent
	}
	return sent
}

type sequenceList struct {
	Rows       []sequenceRow
	Running    int // how many are not paused
	Standstill desk.Standstill
}

func listSequences(p *page) error {
	all, err := p.desk().Sequences(p.ctx(), p.user)
	if err != nil {
		return err
	}
	var list sequenceList
	for _, def := range all {
		funnel, err := p.desk().Funnel(p.ctx(), p.user, def.ID)
		if err != nil {
			return err
		}
		list.Rows = append(list.Rows, sequenceRow{def, funnel})
		if !def.Paused {
			list.Running++
		}
	}
	if list.Standstill, err = p.desk().Standstill(p.ctx(), p.user); err != nil {
		return err
	}
	return p.show("sequences", view{Title: p.say("nav.sequences"), Data: list})
}

// errProgram is shown to somebody who wants to change what comes with the program.
var errProgram = &oops{http.StatusConflict, "program"}

func unchangeable(err error) error {
	if errors.Is(err, desk.ErrFromProgram) {
		return errProgram
	}
	return err
}

// editable is the sequence of the request, if it can be changed here.
func (p *page) editable() (sequence.Listed, error) {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err == nil && def.FromProgram {
		err = errProgram
	}
	return def, err
}

func pauseSequence(p *page) error {
	pause := p.form("do") == "pause"
	if err := p.desk().PauseSequence(p.ctx(), p.user, p.id(), pause); err != nil {
		return unchangeable(err)
	}
	if pause {
		return p.done("/sequences/"+p.id(), "sequence.paused")
	}
	return p.done("/sequences/"+p.id(), "sequence.resumed")
}

func deleteSequence(p *page) error {
	if p.form("sure") == "" {
		def, err := p.editable()
		if err != nil {
			return err
		}
		return p.confirm(p.say("sequences.delete"), confirmation{
			Text: p.say("sequences.delete.sure"), Names: []string{def.Name}, Action: "sequences/" + def.ID + "/delete", Fields: []field{{"sure", "yes"}},
			Button: p.say("form.delete"), Back: "sequences/" + def.ID,
		})
	}
	if err := p.desk().DeleteSequence(p.ctx(), p.user, p.id()); err != nil {
		return unchangeable(err)
	}
	return p.done("/sequences", "sequence.deleted")
}

// enrolmentRow is a lead in a sequence.
type enrolmentRow struct {
	sequence.Enrollment
	Lead leads.Lead // zero if it is gone
}

// sequencePage is the page of one sequence.
type sequencePage struct {
	sequenceRow
	Reasons []reasonCount // why people left
	Rows    []enrolmentRow
	State   sequence.State
	States  []sequence.State
	After   string
	Next    string
}

const enrolmentsShown = 50

// states are those of enrolments.
var states = []sequence.State{sequence.Pending, sequence.Active, sequence.Paused, sequence.Finished, sequence.Exited}

func showSequence(p *page) error {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	funnel, err := p.desk().Funnel(p.ctx(), p.user, def.ID)
	if err != nil {
		return err
	}
	data := sequencePage{sequenceRow: sequenceRow{def, funnel}, States: states, State: sequence.State(p.query("state")), After: p.query("after")}
	for _, reason := range slices.Sorted(maps.Keys(funnel.ByReason)) {
		data.Reasons = append(data.Reasons, reasonCount{string(reason), funnel.ByReason[reason]})
	}
	slices.SortStableFunc(data.Reasons, func(a, b reasonCount) int { return cmp.Compare(b.Count, a.Count) })
	if err := p.enrolments(&data); err != nil {
		return err
	}
	return p.show("sequence", view{Title: def.Name, Data: data})
}

// enrolments reads a page of those who are or were in the sequence.
func (p *page) enrolments(data *sequencePage) error {
	q := sequence.EnrollmentQuery{SequenceID: data.ID, After: p.query("after"), Limit: enrolmentsShown}
	if slices.Contains(states, data.State) {
		q.States = []sequence.State{data.State}
	} else {
		data.State = ""
	}
	found, err := p.desk().Enrollments(p.ctx(), p.user, q)
	if err != nil {
		return err
	}
	for _, e := range found {
		lead, err := p.desk().Lead(p.ctx(), p.user, e.LeadID)
		if err != nil && !leads.IsNotFound(err) {
			return err
		}
		data.Rows = append(data.Rows, enrolmentRow{e, lead})
	}
	if len(found) == enrolmentsShown {
		data.Next = found[len(found)-1].ID
	}
	return nil
}

// changeEnrolment pauses, resumes or ends an enrolment.
func changeEnrolment(p *page) error {
	do, key := p.desk().ExitEnrollment, "enrolment.left"
	switch p.form("do") {
	case "pause":
		do, key = p.desk().PauseEnrollment, "enrolment.paused"
	case "resume":
		do, key = p.desk().ResumeEnrollment, "enrolment.resumed"
	case "exit":
	default:
		return errForm
	}
	if err := do(p.ctx(), p.user, p.form("enrolment")); err != nil {
		return err
	}
	return p.done("/sequences/"+p.id(), key)
}

// jsonPage is a text of JSON to be edited.
type jsonPage struct {
	Def  sequence.Listed
	Text string
}

func sequenceJSON(p *page) error {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(def.Definition, "", "  ")
	if err != nil {
		return err
	}
	return p.show("sequencejson", view{Title: def.Name, Data: jsonPage{def, string(text)}})
}

func saveSequenceJSON(p *page) error {
	old, err := p.editable()
	if err != nil {
		return err
	}
	text := p.r.PostFormValue("json")
	def, err := sequence.Parse([]byte(text))
	if err == nil && def.ID != old.ID {
		err = sequence.Problems{{Path: "id", Message: p.say("sequences.id.fixed", old.ID)}}
	}
	if err == nil {
		_, err = p.desk().SaveSequence(p.ctx(), p.user, def)
	}
	if err == nil {
		return p.done("/sequences/"+old.ID, "sequence.saved")
	}
	return p.invalid(faults(unchangeable(err)), "sequencejson", view{Title: old.Name, Data: jsonPage{old, text}})
}

// faults makes field errors of what is wrong with a definition.
func faults(err error) error {
	var found sequence.Problems
	if !errors.As(err, &found) {
		return err
	}
	wrong := &desk.InvalidError{}
	for _, f := range found {
		path := "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(f.Path)
		wrong.Fields = append(wrong.Fields, desk.FieldError{Pointer: strings.TrimSuffix(path, "/"), Message: f.Message})
	}
	return wrong
}
