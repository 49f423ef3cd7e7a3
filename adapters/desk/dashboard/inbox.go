package dashboard

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/internal/patient"
)

var inboxRoutes = []route{
	{Method: "GET", Path: "/{$}", Role: desk.Reader, Area: "inbox", Do: inbox},
	{Method: "GET", Path: "/leads", Role: desk.Reader, Area: "inbox", Do: inbox},
	{Method: "GET", Path: "/live", Role: desk.Reader, Do: liveLeads},
	{Method: "POST", Path: "/views", Role: desk.Reader, Do: saveView},
	{Method: "POST", Path: "/leads/bulk", Role: desk.Member, Area: "inbox", Do: bulk},
	{Method: "POST", Path: "/leads/hand-out", Role: desk.Member, Area: "inbox", Do: handOut},
	{Method: "GET", Path: "/leads.csv", Role: desk.Admin, Do: exportCSV},
}

const (
	inboxPage = 50
	// inboxCount is up to where leads are counted for the headline.
	inboxCount = 1000
	inboxWhy   = 5 // reasons that are shown for a score
)

// inboxData is what the inbox shows.
type inboxData struct {
	Selection  selection
	Rows       []inboxRow
	Count      int
	More       bool // there are more than Count
	First      bool // it is the first page, which is live
	Next       string
	Views      []inboxView
	Own        string // the name of the saved view that is shown, or ""
	Unsaved    bool   // the selection is none of the views
	HandOut    bool   // the leads that are shown can be handed out
	Pipelines  []desk.Pipeline
	Sources    []desk.SourceName
	Statuses   []leads.Status
	Levels     []leads.Qualification
	ByStage    map[string]desk.Stage
	ByPipeline map[string]string // the pipeline of each stage, if it is not the default one
}

// inboxRow is a lead in the list.
type inboxRow struct {
	leads.Lead
	Why    []leads.Evidence // what weighs most
	Stage  desk.Stage
	Source string
}

// inboxView is a link to a selection.
type inboxView struct {
	Name, Query string
	Current     bool
}

func inbox(p *page) error {
	if p.r.Header.Get("HX-Source") == "form#filters" { // an address without what is empty
		p.w.Header().Set("HX-Push-Url", p.board.url("", "?"+p.inboxQuery()))
	}
	s := selectionOf(p.r.URL.Query())
	f := s.filter(p)
	f.Limit, f.After = inboxPage, p.query("after")
	found, err := p.desk().Leads(p.ctx(), p.user, f)
	if errors.Is(err, leads.ErrInvalid) && f.After != "" { // an old address of a page
		f.After = ""
		found, err = p.desk().Leads(p.ctx(), p.user, f)
	}
	if err != nil {
		return err
	}
	x := inboxData{Selection: s, First: f.After == "", Next: found.Next, Statuses: desk.Statuses(), Levels: []leads.Qualification{leads.Hot, leads.Warm, leads.Cold}}
	x.Count = len(found.Leads)
	if !x.First || x.Next != "" { // else they are all on this page
		if x.Count, err = p.desk().Count(p.ctx(), p.user, f, inboxCount); err != nil {
			return err
		}
	}
	x.More = x.Count >= inboxCount
	if err := x.name(p); err != nil {
		return err
	}
	for _, lead := range found.Leads {
		x.Rows = append(x.Rows, x.row(lead))
	}
	return p.show("inbox", view{Title: p.board.texts.text("nav.inbox"), Data: x})
}

func (p *page) inboxQuery() string {
	s := selectionOf(p.r.URL.Query())
	if after := p.query("after"); after != "" {
		return s.With("after", after)
	}
	return s.Query()
}

// name reads what stages, sources and views are called.
func (x *inboxData) name(p *page) error {
	var errs [3]error
	var saved []desk.SavedView
	x.Pipelines, errs[0] = p.allPipelines()
	x.Sources, errs[1] = p.desk().SourceNames(p.ctx(), p.user)
	saved, errs[2] = p.desk().Views(p.ctx(), p.user)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	x.ByStage = stagesOf(x.Pipelines)
	query := x.Selection.Query()
	for _, v := range []struct{ key, query string }{{"all", ""}, {"mine", "owner=me"}, {"hot", "qualification=hot&unanswered=1"}, {"unassigned", "owner=none"}} {
		x.Views = append(x.Views, inboxView{p.board.texts.text("view." + v.key), v.query, v.query == query})
	}
	for _, v := range saved {
		current := selectionIn(v.Query).Query() == query
		if current {
			x.Own = v.Name
		}
		x.Views = append(x.Views, inboxView{visible(v.Name), selectionIn(v.Query).Query(), current})
	}
	x.HandOut = p.desk().HandsOut() && p.user.Role.May(desk.Member) && x.Selection.Has("owner", "none")
	x.Unsaved = !slices.ContainsFunc(x.Views, func(v inboxView) bool { return v.Current })
	return nil
}

func (x *inboxData) row(lead leads.Lead) inboxRow {
	return inboxRow{Lead: lead, Why: reasons(lead.Score, inboxWhy), Stage: stageOf(x.ByStage, lead), Source: sourceName(x.Sources, lead.First.SourceID)}
}

// reasons returns the n pieces of evidence that weigh most.
func reasons(s *leads.Score, n int) []leads.Evidence {
	if s == nil {
		return nil
	}
	weight := func(e leads.Evidence) int { return max(e.Points, -e.Points) }
	list := slices.DeleteFunc(slices.Clone(s.Evidence), func(e leads.Evidence) bool { return e.Points == 0 })
	slices.SortStableFunc(list, func(a, b leads.Evidence) int { return weight(b) - weight(a) })
	return list[:min(n, len(list))]
}

func stagesOf(pipelines []desk.Pipeline) map[string]desk.Stage {
	stages := make(map[string]desk.Stage)
	for _, p := range pipelines {
		for _, s := range p.Stages {
			stages[s.ID] = s
		}
	}
	return stages
}

// stageOf is where a lead stands; a stage that has been removed shows as that of the status.
func stageOf(stages map[string]desk.Stage, lead leads.Lead) desk.Stage {
	if s, ok := stages[lead.Stage]; ok {
		return s
	}
	return stages[string(lead.Status)]
}

func sourceName(sources []desk.SourceName, id string) string {
	for _, s := range sources {
		if s.ID == id {
			return s.Name
		}
	}
	return ""
}

// saveView keeps the selection under a name, or forgets it.
func saveView(p *page) error {
	query := selectionIn(p.r.PostFormValue("query")).Query()
	v := desk.SavedView{Name: p.form("name"), Query: query}
	key := "view.saved"
	if p.form("do") == "delete" {
		v.Query, key = "", "view.deleted"
	} else if query == "" {
		return &desk.InvalidError{Fields: []desk.FieldError{{Message: p.board.texts.text("view.all.not")}}}
	}
	if err := p.desk().SaveView(p.ctx(), p.user, v); err != nil {
		return err
	}
	return p.done(p.back(), key)
}

// back is the inbox as it was when a form in it was sent.
func (p *page) back() string { return "/?" + selectionIn(p.r.PostFormValue("query")).Query() }

// bulk changes the leads that were picked.
func bulk(p *page) error {
	ids := p.r.PostForm["id"]
	if len(ids) == 0 {
		return p.done(p.back(), "bulk.none")
	}
	do := p.form("do")
	if do == "erase" {
		return bulkErase(p, ids)
	}
	field, ok := map[string]string{"assign": "assignee", "stage": "stage", "tag": "tag", "untag": "tag"}[do]
	if !ok {
		return errForm
	}
	if p.form(field) == "" {
		return p.done(p.back(), "bulk.choose")
	}
	patch, _ := p.patch(do) // each of them is one
	report, err := p.desk().Bulk(p.ctx(), p.user, ids, patch)
	if err != nil {
		return err
	}
	return p.done(p.back(), "bulk."+do, report.Changed)
}

// bulkErase asks before it erases.
func bulkErase(p *page, ids []string) error {
	if !p.user.Role.May(desk.Admin) {
		return desk.ErrForbidden
	}
	if p.form("sure") != "yes" {
		c := confirmation{Text: p.board.texts.count("erase.sure", len(ids)), Action: "leads/bulk", Button: p.board.texts.text("erase.do"), Back: p.back()}
		c.Fields = []field{{"do", "erase"}, {"sure", "yes"}, {"query", p.r.PostFormValue("query")}}
		for _, id := range ids {
			c.Fields = append(c.Fields, field{"id", id})
			if lead, err := p.desk().Lead(p.ctx(), p.user, id); err == nil && len(c.Names) < 20 {
				c.Names = append(c.Names, p.board.who(lead))
			}
		}
		return p.confirm(p.board.texts.text("erase.title"), c)
	}
	report, err := p.desk().EraseMany(p.ctx(), p.user, ids)
	if err != nil {
		return err
	}
	return p.done(p.back(), "bulk.erase", report.Changed)
}

// handOut hands the leads out that nobody is responsible for. When somebody could not be told after some had been, those stay.
func handOut(p *page) error {
	n, err := p.desk().HandOut(p.ctx(), p.user)
	if errors.Is(err, desk.ErrNoHandOut) {
		return errMissing
	} else if err != nil {
		return err
	}
	return p.done("/?owner=none", "handout", n)
}

// exportCSV streams the selection as a file.
func exportCSV(p *page) error {
	p.patient()
	out := &download{Writer: patient.Writer{ResponseWriter: p.w, Patience: stopped}, kind: "text/csv; charset=utf-8", name: "leads-" + p.now().In(p.zone).Format(time.DateOnly) + ".csv"}
	_, err := p.desk().ExportCSV(p.ctx(), p.user, selectionOf(p.r.URL.Query()).filter(p), out, false)
	if err != nil && out.begun {
		p.board.opts.Logger.ErrorContext(p.ctx(), "dashboard: an export was broken off", "error", err)
		panic(http.ErrAbortHandler) // part of the file has gone out: the browser must not take it for whole
	}
	return err
}

// download makes a file of an answer with the first byte of it: until then there can be a page instead.
type download struct {
	patient.Writer
	kind, name string
	begun      bool
}

// stopped is how long a download may stand still. There are few places for them.
const stopped = time.Minute

// Write sends the header first.
func (d *download) Write(data []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.Header().Set("Content-Type", d.kind)
		d.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	}
	return d.Writer.Write(data)
}
