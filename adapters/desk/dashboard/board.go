package dashboard

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

var boardRoutes = []route{
	{Method: "GET", Path: "/board", Role: desk.Reader, Area: "board", Do: board},
	{Method: "GET", Path: "/pipelines", Role: desk.Reader, Area: "board", Do: pipelines},
	{Method: "POST", Path: "/pipelines", Role: desk.Admin, Area: "board", Do: createPipeline},
	{Method: "GET", Path: "/pipelines/{id}", Role: desk.Admin, Area: "board", Do: editPipeline},
	{Method: "POST", Path: "/pipelines/{id}", Role: desk.Admin, Area: "board", Do: savePipeline},
	{Method: "POST", Path: "/pipelines/{id}/delete", Role: desk.Admin, Area: "board", Do: deletePipeline},
}

const (
	columnPage  = 40   // cards of a column
	columnCount = 1000 // up to where the leads of a column are counted
	blankStages = 3    // empty rows in the editor
)

// boardData is what the board shows.
type boardData struct {
	Pipelines []desk.Pipeline
	Pipeline  desk.Pipeline
	Owner     string // "me", or "" for everybody
	Columns   []boardColumn
}

// boardColumn is a stage with the leads in it, the last changed first.
type boardColumn struct {
	desk.Stage
	Leads []leads.Lead
	Count int
	More  bool // there are more than Count
}

// Rest is how many leads of the column are not on the board.
func (c boardColumn) Rest() int { return c.Count - len(c.Leads) }

func boardPath(pipeline, owner string) string {
	q := url.Values{}
	if pipeline != "" && pipeline != desk.DefaultPipelineID {
		q.Set("pipeline", pipeline)
	}
	if owner == "me" {
		q.Set("owner", owner)
	}
	return "/board?" + q.Encode()
}

func board(p *page) error {
	all, err := p.allPipelines()
	if err != nil {
		return err
	}
	x := boardData{Pipelines: all, Pipeline: all[0], Owner: p.query("owner")}
	if i := slices.IndexFunc(all, func(l desk.Pipeline) bool { return l.ID == p.query("pipeline") }); i >= 0 {
		x.Pipeline = all[i]
	}
	for _, stage := range x.Pipeline.Stages {
		f := desk.Filter{Stages: []string{stage.ID}, Sort: desk.ChangedFirst, Limit: columnPage}
		if x.Owner == "me" {
			f.Assignee = p.user.ID
		}
		found, err := p.desk().Leads(p.ctx(), p.user, f)
		if err != nil {
			return err
		}
		c := boardColumn{Stage: stage, Leads: found.Leads, Count: len(found.Leads)}
		if found.Next != "" {
			if c.Count, err = p.desk().Count(p.ctx(), p.user, f, columnCount); err != nil {
				return err
			}
			c.More = c.Count >= columnCount
		}
		x.Columns = append(x.Columns, c)
	}
	return p.show("board", view{Title: p.board.texts.text("nav.board"), Data: x})
}

// english is the catalogue as it is without a host's own texts. It is only read.
var english = sync.OnceValue(English)

// allPipelines are the tenant's pipelines. Where nobody has given the default one other names, it has those of the catalogue; its editor shows what
// is stored.
func (p *page) allPipelines() ([]desk.Pipeline, error) {
	all, err := p.desk().Pipelines(p.ctx(), p.user)
	named := func(key, name string) string {
		if text := p.board.texts[key]; name == english()[key] {
			return text
		}
		return name
	}
	for i, l := range all {
		if !l.IsDefault {
			continue
		}
		all[i].Name, all[i].Stages = named("pipeline.default", l.Name), slices.Clone(l.Stages)
		for j, s := range l.Stages {
			all[i].Stages[j].Name = named("status."+s.ID, s.Name)
		}
	}
	return all, err
}

func pipelines(p *page) error {
	v, err := p.pipelinesView()
	if err != nil {
		return err
	}
	return p.show("pipelines", v)
}

func (p *page) pipelinesView() (view, error) {
	all, err := p.allPipelines()
	return view{Title: p.board.texts.text("pipelines.title"), Data: all}, err
}

// createPipeline makes a pipeline with the stages that most have, to be edited.
func createPipeline(p *page) error {
	made := desk.Pipeline{Name: p.form("name")}
	for i, key := range []string{"first", "middle", "won", "lost"} {
		made.Stages = append(made.Stages, desk.Stage{
			Name: p.board.texts.text("pipelines.stage." + key), Color: []string{"#3b82f6", "#8b5cf6", "#22c55e", "#6b7280"}[i], Order: i, IsWin: key == "won", IsLost: key == "lost",
		})
	}
	made, err := p.desk().CreatePipeline(p.ctx(), p.user, made)
	if err != nil {
		v, broken := p.pipelinesView()
		if broken != nil {
			return broken
		}
		return p.invalid(err, "pipelines", v)
	}
	return p.done("/pipelines/"+made.ID, "pipeline.created")
}

// pipelineData is the editor of a pipeline.
type pipelineData struct {
	desk.Pipeline
	Rows []desk.Stage // with empty ones at the end
}

func pipelineView(l desk.Pipeline) view {
	x := pipelineData{Pipeline: l, Rows: slices.Clone(l.Stages)}
	if !l.IsDefault {
		for range blankStages {
			x.Rows = append(x.Rows, desk.Stage{Color: "#6b7280", Order: len(x.Rows)})
		}
	}
	return view{Title: l.Name, Data: x}
}

func editPipeline(p *page) error {
	l, err := p.desk().Pipeline(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	return p.show("pipeline", pipelineView(l))
}

func savePipeline(p *page) error {
	old, err := p.desk().Pipeline(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	l := desk.Pipeline{ID: old.ID, Name: p.form("name"), IsDefault: old.IsDefault, CreatedAt: old.CreatedAt}
	for i := 0; p.r.PostForm.Has(stageField(i, "name")); i++ {
		get := func(name string) string { return p.form(stageField(i, name)) }
		if get("remove") != "" || get("name") == "" && get("id") == "" {
			continue
		}
		order, err := strconv.Atoi(get("order"))
		if err != nil {
			order = i
		}
		l.Stages = append(l.Stages, desk.Stage{
			ID: get("id"), Name: get("name"), Color: get("color"), Order: order, IsWin: get("end") == "win", IsLost: get("end") == "lost",
		})
	}
	if _, err := p.desk().UpdatePipeline(p.ctx(), p.user, l); err != nil {
		return p.invalid(err, "pipeline", pipelineView(l))
	}
	return p.done("/pipelines/"+l.ID, "pipeline.saved")
}

// stageField names an input of the i-th row of the editor.
func stageField(i int, name string) string { return fmt.Sprintf("stage.%d.%s", i, name) }

func deletePipeline(p *page) error {
	l, err := p.desk().Pipeline(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	if p.form("sure") != "yes" {
		return p.confirm(p.board.texts.text("pipeline.delete.title"), confirmation{
			Text: p.board.texts.text("pipeline.delete.text"), Names: []string{l.Name}, Action: "pipelines/" + l.ID + "/delete",
			Fields: []field{{"sure", "yes"}}, Button: p.board.texts.text("form.delete"), Back: "pipelines/" + l.ID,
		})
	}
	if err := p.desk().DeletePipeline(p.ctx(), p.user, l.ID); err != nil {
		return p.invalid(err, "pipeline", pipelineView(l))
	}
	return p.done("/pipelines", "pipeline.deleted")
}
