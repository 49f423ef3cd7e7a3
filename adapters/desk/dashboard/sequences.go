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
	sequence.Definition
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
	Rows    []sequenceRow
	Running int // how many are not paused
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
	return p.show("sequences", view{Title: p.say("nav.sequences"), Data: list})
}

// pauseAll stops every sequence, or lets all go on.
func pauseAll(p *page) error {
	pause := p.form("do") == "pause"
	all, err := p.desk().Sequences(p.ctx(), p.user)
	if err != nil {
		return err
	}
	changed := 0
	for _, def := range all {
		if def.Paused == pause {
			continue
		}
		if err := p.desk().PauseSequence(p.ctx(), p.user, def.ID, pause); err != nil {
			return err
		}
		changed++
	}
	if pause {
		return p.done("/sequences", "sequences.paused", changed)
	}
	return p.done("/sequences", "sequences.resumed", changed)
}

func pauseSequence(p *page) error {
	pause := p.form("do") == "pause"
	if err := p.desk().PauseSequence(p.ctx(), p.user, p.id(), pause); err != nil {
		return err
	}
	if pause {
		return p.done("/sequences/"+p.id(), "sequence.paused")
	}
	return p.done("/sequences/"+p.id(), "sequence.resumed")
}

func deleteSequence(p *page) error {
	if p.form("sure") == "" {
		def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
		if err != nil {
			return err
		}
		return p.confirm(p.say("sequences.delete"), confirmation{
			Text: p.say("sequences.delete.sure"), Names: []string{def.Name}, Action: "sequences/" + def.ID + "/delete", Fields: []field{{"sure", "yes"}},
			Button: p.say("form.delete"), Back: "sequences/" + def.ID,
		})
	}
	if err := p.desk().DeleteSequence(p.ctx(), p.user, p.id()); err != nil {
		return err
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
	Def  sequence.Definition
	Text string
}

func sequenceJSON(p *page) error {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(def, "", "  ")
	if err != nil {
		return err
	}
	return p.show("sequencejson", view{Title: def.Name, Data: jsonPage{def, string(text)}})
}

func saveSequenceJSON(p *page) error {
	old, err := p.desk().Sequence(p.ctx(), p.user, p.id())
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
	return p.invalid(faults(err), "sequencejson", view{Title: old.Name, Data: jsonPage{old, text}})
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

// previewPage shows what a sequence would do with a lead.
type previewPage struct {
	Def    sequence.Definition
	Lead   leads.Lead
	Leads  []leads.Lead
	Table  sequence.Timetable
	Mails  []previewedMail
	Wrong  string // why there is no lead
	Chosen string
}

// previewedMail is a mail as it would be sent.
type previewedMail struct {
	Step string
	leads.Email
	Fault string
}

const previewLeads = 30

func previewSequence(p *page) error {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	found, err := p.desk().Leads(p.ctx(), p.user, desk.Filter{Limit: previewLeads})
	if err != nil {
		return err
	}
	data := previewPage{Def: def, Leads: found.Leads}
	if data.Lead, err = p.previewLead(found.Leads); err != nil {
		return err
	}
	data.Table = sequence.Simulate(def, data.Lead, sequence.Calendar{Start: p.now(), Zone: p.zone, Seed: data.Lead.ID})
	for _, step := range def.Steps {
		if step.Email == nil {
			continue
		}
		mail, err := def.Preview(step.ID, sequence.View{Lead: data.Lead, Now: p.now()}, sequence.Frame{})
		m := previewedMail{Step: step.ID, Email: mail}
		if err != nil {
			m.Fault = err.Error()
		}
		data.Mails = append(data.Mails, m)
	}
	// The mails are shown in frames of their own origin, each with a policy of its own.
	p.w.Header().Set("Content-Security-Policy", p.board.policy+"; frame-src 'self'")
	return p.show("sequencepreview", view{Title: def.Name, Data: data})
}

// previewLead is the lead that is asked for, the newest, or an example.
func (p *page) previewLead(newest []leads.Lead) (leads.Lead, error) {
	if id := p.query("lead"); id != "" {
		return p.desk().Lead(p.ctx(), p.user, id)
	}
	if len(newest) > 0 {
		return newest[0], nil
	}
	lead := leads.Lead{ID: leads.NoLead, Status: leads.StatusNew, CreatedAt: p.now()}
	lead.FirstName, lead.LastName, lead.Email, lead.Company = "Ann", "Lee", "ann@example.com", "Example"
	return lead, nil
}

// mailPolicy is that of a mail that is looked at: it is shown, and nothing in it runs or loads.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"

// previewMail answers with the HTML of a mail alone.
func previewMail(p *page) error {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	lead, err := p.previewLead(nil)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(def.Steps, func(s sequence.Step) bool { return s.ID == p.query("step") && s.Email != nil }) {
		return leads.ErrNotFound
	}
	mail, err := def.Preview(p.query("step"), sequence.View{Lead: lead, Now: p.now()}, sequence.Frame{})
	if err != nil {
		return errForm
	}
	h := p.w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	h.Del("X-Frame-Options") // the policy says which pages may show it
	h.Set("Content-Type", "text/html; charset=utf-8")
	p.w.WriteHeader(http.StatusOK)
	_, _ = p.w.Write([]byte(mail.HTML)) // a browser that has gone away needs no answer
	return nil
}
