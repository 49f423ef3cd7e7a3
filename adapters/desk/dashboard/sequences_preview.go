package dashboard

import (
	"net/http"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

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
	data, err := p.previewed(def.Definition, p.query("lead"))
	if err != nil {
		return err
	}
	// The mails are shown in frames of their own origin, each with a policy of its own.
	p.w.Header().Set("Content-Security-Policy", p.board.policy+"; frame-src 'self'")
	return p.show("sequencepreview", view{Title: def.Name, Data: data})
}

// previewed is what a sequence, saved or not, would do with a lead.
func (p *page) previewed(def sequence.Definition, lead string) (previewPage, error) {
	found, err := p.desk().Leads(p.ctx(), p.user, desk.Filter{Limit: previewLeads})
	if err != nil {
		return previewPage{}, err
	}
	data := previewPage{Def: def, Leads: found.Leads}
	if data.Lead, err = p.previewLead(lead, found.Leads); err != nil {
		return previewPage{}, err
	}
	data.Table = sequence.Simulate(def, data.Lead, sequence.Calendar{Start: p.now(), Zone: p.zone, Seed: data.Lead.ID})
	for i, row := range data.Table.Rows {
		data.Table.Rows[i].About = p.about(def, row)
	}
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
	return data, nil
}

// about is what a row of a timetable says of its step: the timetable's own words, except where those are of a language.
func (p *page) about(def sequence.Definition, row sequence.Row) string {
	i := slices.IndexFunc(def.Steps, func(s sequence.Step) bool { return s.ID == row.Step })
	if i < 0 {
		return row.About
	}
	switch s := def.Steps[i]; {
	case s.Wait != nil:
		return p.board.texts.waits(s.Wait)
	case s.Assign != nil:
		return p.name(s.Assign.To)
	case s.Status != nil:
		return p.board.texts.word("status", s.Status.To)
	}
	return row.About
}

// previewLead is the lead that is asked for, the newest, or an example.
func (p *page) previewLead(id string, newest []leads.Lead) (leads.Lead, error) {
	if id != "" {
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
	lead, err := p.previewLead(p.query("lead"), nil)
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
