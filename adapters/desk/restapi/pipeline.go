package restapi

import "github.com/openleads/leads/adapters/desk"

// pipelineBody is what a pipeline is made of.
type pipelineBody struct {
	Name   string      `json:"name"`
	Stages []stageBody `json:"stages"`
}

// stageBody is a stage. One without an id is new; one without an order stands where it is in the list.
type stageBody struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name"`
	Color  string `json:"color,omitempty"`
	Order  *int   `json:"order,omitempty"`
	IsWin  bool   `json:"isWin,omitempty"`
	IsLost bool   `json:"isLost,omitempty"`
}

func (in pipelineBody) stages() []desk.Stage {
	stages := make([]desk.Stage, 0, len(in.Stages))
	for i, s := range in.Stages {
		stage := desk.Stage{ID: s.ID, Name: s.Name, Color: s.Color, Order: i, IsWin: s.IsWin, IsLost: s.IsLost}
		set(&stage.Order, s.Order)
		stages = append(stages, stage)
	}
	return stages
}

func (c *call) pipeline(p desk.Pipeline, err error) (result, error) {
	return tagged(shapePipeline(p), p.Version, err)
}

func listPipelines(c *call) (result, error) {
	all, err := c.api.desk.Pipelines(c.ctx(), c.user)
	return ok(each(all, shapePipeline), err)
}

func getPipeline(c *call) (result, error) {
	return c.pipeline(c.api.desk.Pipeline(c.ctx(), c.user, c.id()))
}

func createPipeline(c *call) (result, error) {
	var in pipelineBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	return c.pipeline(c.api.desk.CreatePipeline(c.ctx(), c.user, desk.Pipeline{Name: in.Name, Stages: in.stages()}))
}

func putPipeline(c *call) (result, error) {
	var in pipelineBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	version, err := c.version(c.pipelineVersion)
	if err != nil {
		return result{}, err
	}
	return c.pipeline(c.api.desk.UpdatePipeline(c.ctx(), c.user, desk.Pipeline{ID: c.id(), Name: in.Name, Stages: in.stages(), Version: version}))
}

func (c *call) pipelineVersion() (int64, error) {
	p, err := c.api.desk.Pipeline(c.ctx(), c.user, c.id())
	return p.Version, err
}

func deletePipeline(c *call) (result, error) {
	if c.r.Header.Get("If-Match") != "" {
		version, err := c.pipelineVersion()
		if err != nil {
			return result{}, err
		}
		if err := c.unchanged(versionTag(version)); err != nil {
			return result{}, err
		}
	}
	return done(c.api.desk.DeletePipeline(c.ctx(), c.user, c.id()))
}
