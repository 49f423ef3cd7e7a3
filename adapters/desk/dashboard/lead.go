package dashboard

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

var leadRoutes = []route{
	{Method: "GET", Path: "/leads/new", Role: desk.Member, Area: "inbox", Do: newLead},
	{Method: "POST", Path: "/leads/new", Role: desk.Member, Area: "inbox", Do: createLead},
	{Method: "GET", Path: "/leads/{id}", Role: desk.Reader, Area: "inbox", Do: showLead},
	{Method: "POST", Path: "/leads/{id}/change", Role: desk.Member, Area: "inbox", Do: changeLead},
	{Method: "GET", Path: "/leads/{id}/edit", Role: desk.Member, Area: "inbox", Do: editLead},
	{Method: "POST", Path: "/leads/{id}/edit", Role: desk.Member, Area: "inbox", Do: saveLead},
	{Method: "POST", Path: "/leads/{id}/replay", Role: desk.Member, Area: "inbox", Do: replayTask},
	{Method: "POST", Path: "/leads/{id}/enroll", Role: desk.Member, Area: "inbox", Do: enrollLead},
	{Method: "POST", Path: "/leads/{id}/enrollment", Role: desk.Member, Area: "inbox", Do: changeEnrollment},
	{Method: "POST", Path: "/leads/{id}/erase", Role: desk.Admin, Area: "inbox", Do: eraseLead},
	{Method: "GET", Path: "/leads/{id}/dossier.json", Role: desk.Admin, Do: dossier},
}

// leadData is what the page of a lead shows.
type leadData struct {
	leads.Explanation
	Score       *leads.Score
	Judged      []leads.Evidence // what counts for or against, the weightiest first
	Neutral     []leads.Evidence // what was looked at and counts for nothing
	Stage       desk.Stage
	Pipelines   []desk.Pipeline
	Sources     map[string]string
	Facts       []fact
	Touches     []touch
	Timeline    []happening // newest first
	Deliveries  []delivery
	Enrollments []sequence.Enrollment
	Sequences   []sequence.Listed
	Names       map[string]string // of sequences
	Work        string            // how far the line is
}

// fact is a fact with whether it is still fresh.
type fact struct {
	leads.Fact
	Stale bool
}

// touch is a touch under its name.
type touch struct {
	Name string
	leads.Touch
	Source string
	Rows   [][2]string
}

// delivery is a delivery with what was sent, where it is a mail.
type delivery struct {
	leads.Delivery
	Mail *leads.Email
}

func showLead(p *page) error {
	if _, err := p.desk().View(p.ctx(), p.user, p.id()); err != nil {
		return err
	}
	x, err := p.leadData()
	if err != nil {
		return err
	}
	return p.show("lead", view{Title: p.board.who(x.Lead), Data: x})
}

// leadData reads everything about the lead of the request.
func (p *page) leadData() (leadData, error) {
	var x leadData
	var errs [6]error
	if x.Explanation, errs[0] = p.desk().Explain(p.ctx(), p.user, p.id()); errs[0] != nil {
		return x, errs[0]
	}
	var events []leads.Event
	var sources []desk.SourceName
	var sent []leads.Delivery
	events, errs[0] = p.desk().Events(p.ctx(), p.user, p.id())
	sources, errs[1] = p.desk().SourceNames(p.ctx(), p.user)
	sent, errs[2] = p.desk().Deliveries(p.ctx(), p.user, p.id())
	x.Pipelines, errs[3] = p.allPipelines()
	x.Enrollments, errs[4] = p.desk().Enrollments(p.ctx(), p.user, sequence.EnrollmentQuery{LeadID: p.id()})
	x.Sequences, errs[5] = p.desk().Sequences(p.ctx(), p.user)
	if err := errors.Join(errs[:]...); err != nil {
		return x, err
	}
	x.Names, x.Sources = make(map[string]string), make(map[string]string)
	for _, s := range sources {
		x.Sources[s.ID] = s.Name
	}
	for _, d := range x.Sequences {
		x.Names[d.ID] = d.Name
	}
	x.arrange(p, events, sent)
	return x, nil
}

// arrange brings what was read into the order in which it is shown.
func (x *leadData) arrange(p *page, events []leads.Event, sent []leads.Delivery) {
	x.Score, x.Stage = x.Lead.Score, stageOf(stagesOf(x.Pipelines), x.Lead)
	if x.Score != nil {
		x.Judged = reasons(x.Score, len(x.Score.Evidence))
		x.Neutral = slices.DeleteFunc(slices.Clone(x.Score.Evidence), func(e leads.Evidence) bool { return e.Points != 0 })
	}
	for _, f := range x.Lead.Enrichment.Facts() {
		x.Facts = append(x.Facts, fact{f, !f.Fresh(p.now())})
	}
	x.Touches = append(x.Touches, p.touch("first", x.Lead.First, x.Sources))
	if x.Lead.Last.SubmissionID != x.Lead.First.SubmissionID {
		x.Touches = append(x.Touches, p.touch("last", x.Lead.Last, x.Sources))
	}
	x.Timeline = p.timeline(events, x)
	for _, d := range sent {
		x.Deliveries = append(x.Deliveries, deliveryOf(d))
	}
	slices.Reverse(x.Deliveries)
	slices.Reverse(x.Submissions)
	x.Work = p.work(x.Explanation)
}

// deliveryOf reads what a mail says; the body of anything else is not for people.
func deliveryOf(d leads.Delivery) delivery {
	var m leads.Email
	if d.Channel == "email" && json.Unmarshal(d.Body, &m) == nil && m.Subject != "" {
		return delivery{d, &m}
	}
	return delivery{d, nil}
}

// touch lists what is known of a touch.
func (p *page) touch(name string, t leads.Touch, sources map[string]string) touch {
	x := touch{Name: name, Touch: t, Source: sources[t.SourceID]}
	a := t.Attribution
	client := ""
	if t.Client.IsValid() {
		client = t.Client.String()
	}
	rows := [][2]string{
		{"utm_source", a.UTM.Source}, {"utm_medium", a.UTM.Medium}, {"utm_campaign", a.UTM.Campaign}, {"utm_term", a.UTM.Term}, {"utm_content", a.UTM.Content},
		{p.board.texts.text("touch.referrer"), a.Referrer}, {p.board.texts.text("touch.landing"), a.Landing}, {p.board.texts.text("touch.page"), a.Page},
	}
	for _, id := range slices.Sorted(maps.Keys(a.ClickIDs)) {
		rows = append(rows, [2]string{id, a.ClickIDs[id]})
	}
	rows = append(rows, [2]string{p.board.texts.text("touch.client"), client}, [2]string{p.board.texts.text("touch.agent"), t.UserAgent})
	x.Rows = slices.DeleteFunc(rows, func(r [2]string) bool { return r[1] == "" })
	return x
}

// work says how far the line is with a lead.
func (p *page) work(x leads.Explanation) string {
	for _, t := range x.Tasks {
		if t.State == leads.TaskDead {
			return p.board.texts.text("work.dead", p.board.texts.word("task", t.Kind))
		}
	}
	for _, t := range x.Tasks {
		if t.Kind != leads.TaskStep {
			return p.board.texts.text("work.pending", p.board.texts.word("task", t.Kind))
		}
	}
	return p.board.texts.text("work.done")
}
