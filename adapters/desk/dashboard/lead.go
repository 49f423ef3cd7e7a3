package dashboard

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
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
	Sequences   []sequence.Definition
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
	var sources []desk.Source
	var sent []leads.Delivery
	events, errs[0] = p.desk().Events(p.ctx(), p.user, p.id())
	sources, errs[1] = p.desk().AllSources(p.ctx(), p.user)
	sent, errs[2] = p.desk().Deliveries(p.ctx(), p.user, p.id())
	x.Pipelines, errs[3] = p.desk().Pipelines(p.ctx(), p.user)
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

// changeLead makes the change that the pressed button names.
func changeLead(p *page) error {
	var patch desk.Patch
	do := p.form("do")
	switch do {
	case "assign":
		to := p.form("assignee")
		patch.Assignee = &to
	case "take":
		do, patch.Assignee = "assign", &p.user.ID
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
		return errForm
	}
	if _, err := p.desk().Update(p.ctx(), p.user, p.id(), patch); err != nil {
		return err
	}
	if p.form("to") == "board" {
		return p.done(boardPath(p.form("pipeline"), p.form("owner")), "lead."+do)
	}
	return p.done("/leads/"+p.id(), "lead."+do)
}

// splitTags reads tags that are separated by commas.
func splitTags(s string) []string {
	var tags []string
	for tag := range strings.SplitSeq(s, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// editData is the form of a lead's fields.
type editData struct {
	ID, Back string
	Version  int64
	Fields   []input
	Metadata []input
	Sources  []desk.Source
}

// input is a field of a form.
type input struct{ Name, Value string }

func fieldsOf(f ingest.Fields, value func(name string) (string, bool)) []input {
	var inputs []input
	for _, name := range ingest.KnownFields() {
		in := input{name, *f.Field(name)}
		if v, ok := value(name); ok {
			in.Value = v
		}
		inputs = append(inputs, in)
	}
	return inputs
}

func (p *page) posted(name string) (string, bool) {
	if p.r.PostForm.Has(name) {
		return p.form(name), true
	}
	return "", false
}

func newLead(p *page) error {
	v, err := p.newLeadView()
	if err != nil {
		return err
	}
	return p.show("edit", v)
}

func (p *page) newLeadView() (view, error) {
	sources, err := p.desk().Sources(p.ctx(), p.user)
	x := editData{Fields: fieldsOf(ingest.Fields{}, p.posted), Sources: sources, Back: "/"}
	x.Metadata = append(x.Metadata, input{Name: "message", Value: p.form("meta.message")})
	return view{Title: p.board.texts.text("new.title"), Data: x}, err
}

func createLead(p *page) error {
	in := desk.NewLead{SourceID: p.form("source"), Metadata: make(ingest.Metadata)}
	for _, name := range ingest.KnownFields() {
		*in.Fields.Field(name) = p.form(name)
	}
	if text := p.form("meta.message"); text != "" {
		in.Metadata.SetText("message", text)
	}
	var err error = &desk.InvalidError{Fields: []desk.FieldError{{Message: p.board.texts.text("new.nothing")}}}
	var lead leads.Lead
	var created bool
	if in.Fields != (ingest.Fields{}) || len(in.Metadata) > 0 {
		lead, created, err = p.desk().Create(p.ctx(), p.user, in)
	}
	if err != nil {
		v, broken := p.newLeadView()
		if broken != nil {
			return broken
		}
		return p.invalid(err, "edit", v)
	}
	key := "lead.merged"
	if created {
		key = "lead.created"
	}
	return p.done("/leads/"+lead.ID, key)
}

func editLead(p *page) error {
	v, err := p.editLeadView()
	if err != nil {
		return err
	}
	return p.show("edit", v)
}

func (p *page) editLeadView() (view, error) {
	lead, err := p.desk().Lead(p.ctx(), p.user, p.id())
	if err != nil {
		return view{}, err
	}
	x := editData{ID: lead.ID, Version: lead.Version, Fields: fieldsOf(lead.Fields, p.posted), Back: "/leads/" + lead.ID}
	for _, name := range slices.Sorted(maps.Keys(lead.Metadata)) {
		in := input{name, lead.Metadata.Text(name)}
		if v, ok := p.posted("meta." + name); ok {
			in.Value = v
		}
		x.Metadata = append(x.Metadata, in)
	}
	return view{Title: p.board.texts.text("edit.title", p.board.who(lead)), Data: x}, nil
}

func saveLead(p *page) error {
	lead, err := p.desk().Lead(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	patch := desk.Patch{Fields: make(map[string]string), Metadata: make(map[string]json.RawMessage)}
	patch.Version, _ = strconv.ParseInt(p.form("version"), 10, 64) // 0, which is any, for what is no number
	for _, name := range ingest.KnownFields() {
		if v, ok := p.posted(name); ok {
			patch.Fields[name] = v
		}
	}
	for name := range lead.Metadata {
		v, ok := p.posted("meta." + name)
		if v = unixLines(v); ok && v != strings.TrimSpace(unixLines(lead.Metadata.Text(name))) {
			patch.Metadata[name] = metadataValue(v, lead.Metadata[name])
		}
	}
	if name := p.form("new.name"); name != "" {
		patch.Metadata[name] = metadataValue(unixLines(p.form("new.value")), nil)
	}
	if _, err := p.desk().Update(p.ctx(), p.user, p.id(), patch); err != nil {
		v, broken := p.editLeadView()
		if broken != nil {
			return broken
		}
		return p.invalid(err, "edit", v)
	}
	return p.done("/leads/"+p.id(), "lead.saved")
}

// unixLines takes the carriage returns out that browsers put into text.
func unixLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// metadataValue is what somebody typed, as JSON: a string, unless the old value is none and the new one can be read as JSON too. Nothing removes
// it.
func metadataValue(text string, old json.RawMessage) json.RawMessage {
	if text == "" {
		return nil
	}
	if len(old) > 0 && old[0] != '"' && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	raw, _ := json.Marshal(text) // a string always encodes
	return raw
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
