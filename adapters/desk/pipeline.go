package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// Pipeline is a way of stages that leads go.
type Pipeline struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	IsDefault bool      `json:"isDefault"`
	CreatedAt time.Time `json:"createdAt"`
	Stages    []Stage   `json:"stages"`
	// Version counts the changes, from 1. It is not stored.
	Version int64 `json:"-"`
}

// Stage is one stage of a pipeline. At most one of a pipeline is won and at most one is lost. In the default pipeline the IDs are the
// statuses, and none can be added or taken away.
type Stage struct {
	ID     string `json:"id"`    // unique among all pipelines of the tenant
	Name   string `json:"name"`  // 1 to 60 bytes
	Color  string `json:"color"` // "#3b82f6"
	Order  int    `json:"order"` // from 0
	IsWin  bool   `json:"isWin"`
	IsLost bool   `json:"isLost"`
}

// DefaultPipelineID is the ID of the default pipeline, which every tenant has.
const DefaultPipelineID = "default"

const (
	pipelineKind = "desk.pipeline"
	maxPipelines = 50
	maxStages    = 30
)

// Statuses returns the statuses in the order of the default pipeline.
func Statuses() []leads.Status {
	return []leads.Status{leads.StatusNew, leads.StatusContacted, leads.StatusQualified, leads.StatusConverted, leads.StatusClosed}
}

// defaultPipeline is the default pipeline of a tenant that has not renamed anything.
func defaultPipeline() Pipeline {
	return Pipeline{ID: DefaultPipelineID, Name: "Leads", IsDefault: true, Version: 1, Stages: []Stage{
		{ID: string(leads.StatusNew), Name: "New", Color: "#3b82f6", Order: 0},
		{ID: string(leads.StatusContacted), Name: "Contacted", Color: "#eab308", Order: 1},
		{ID: string(leads.StatusQualified), Name: "Qualified", Color: "#8b5cf6", Order: 2},
		{ID: string(leads.StatusConverted), Name: "Converted", Color: "#22c55e", Order: 3, IsWin: true},
		{ID: string(leads.StatusClosed), Name: "Closed", Color: "#6b7280", Order: 4, IsLost: true},
	}}
}

// Pipelines returns the tenant's pipelines, the default one first. For readers.
func (d *Desk) Pipelines(ctx context.Context, u User) ([]Pipeline, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	records, err := d.store.Records(ctx, u.Tenant, pipelineKind, "", maxPipelines+1)
	if err != nil {
		return nil, wrap("pipelines", err)
	}
	found := []Pipeline{defaultPipeline()}
	for _, r := range records {
		p := Pipeline{Version: r.Version + 1} // 1 is the default one that nobody has changed
		if err := json.Unmarshal(r.Data, &p); err != nil {
			return nil, wrap("pipeline "+r.ID, err)
		}
		if p.ID == DefaultPipelineID {
			found[0] = p
			continue
		}
		found = append(found, p)
	}
	slices.SortStableFunc(found[1:], func(a, b Pipeline) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return found, nil
}

// Pipeline returns one pipeline. For readers.
func (d *Desk) Pipeline(ctx context.Context, u User, id string) (Pipeline, error) {
	all, err := d.Pipelines(ctx, u)
	if err != nil {
		return Pipeline{}, err
	}
	if i := slices.IndexFunc(all, func(p Pipeline) bool { return p.ID == id }); i >= 0 {
		return all[i], nil
	}
	return Pipeline{}, leads.ErrNotFound
}

// CreatePipeline makes a pipeline; it and stages without an ID are given one. For admins.
func (d *Desk) CreatePipeline(ctx context.Context, u User, p Pipeline) (Pipeline, error) {
	p.ID, p.CreatedAt, p.Version = leads.NewID(), d.now(), 1
	return d.putPipeline(ctx, u, "pipeline.create", p)
}

// UpdatePipeline replaces the name and stages of a pipeline. A stage in which leads stand cannot be taken away. Unless p.Version is 0 it must be
// the pipeline's; [leads.ErrStale] otherwise, and when somebody else changes it at the same time. For admins.
func (d *Desk) UpdatePipeline(ctx context.Context, u User, p Pipeline) (Pipeline, error) {
	if err := may(u, Admin); err != nil {
		return Pipeline{}, err
	}
	old, err := d.Pipeline(ctx, u, p.ID)
	if err != nil {
		return Pipeline{}, err
	}
	if p.Version != 0 && p.Version != old.Version {
		return Pipeline{}, leads.ErrStale
	}
	for _, s := range old.Stages {
		if !slices.ContainsFunc(p.Stages, func(kept Stage) bool { return kept.ID == s.ID }) {
			if err := d.empty(ctx, u, p.ID, s); err != nil {
				return Pipeline{}, err
			}
		}
	}
	p.CreatedAt, p.Version = old.CreatedAt, old.Version
	return d.putPipeline(ctx, u, "pipeline.update", p)
}

// empty refuses a stage that cannot be taken away.
func (d *Desk) empty(ctx context.Context, u User, pipeline string, s Stage) error {
	if pipeline == DefaultPipelineID {
		return invalid("/stages", "the default pipeline keeps its five stages; %q is missing", s.ID)
	}
	n, err := d.store.CountLeads(ctx, Filter{Tenant: u.Tenant, Stages: []string{s.ID}}, 1)
	if err == nil && n > 0 {
		err = invalid("/stages", "there are leads in %q: move them first", s.Name)
	}
	return err
}

// DeletePipeline removes a pipeline in which no leads stand. For admins.
func (d *Desk) DeletePipeline(ctx context.Context, u User, id string) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	p, err := d.Pipeline(ctx, u, id)
	if err != nil {
		return err
	}
	for _, s := range p.Stages {
		if err := d.empty(ctx, u, id, s); err != nil {
			return err
		}
	}
	if err := d.store.DeleteRecord(ctx, u.Tenant, pipelineKind, id); err != nil {
		return wrap("delete pipeline", err)
	}
	d.audit(ctx, u, "pipeline.delete", id, nil)
	return nil
}

func (d *Desk) putPipeline(ctx context.Context, u User, action string, p Pipeline) (Pipeline, error) {
	if err := may(u, Admin); err != nil {
		return Pipeline{}, err
	}
	p.IsDefault = p.ID == DefaultPipelineID
	p.Stages = slices.Clone(p.Stages)
	slices.SortStableFunc(p.Stages, func(a, b Stage) int { return cmp.Compare(a.Order, b.Order) })
	for i := range p.Stages {
		s := &p.Stages[i]
		s.Order, s.ID, s.Color = i, cmp.Or(s.ID, leads.NewID()), cmp.Or(s.Color, "#6b7280")
	}
	others, err := d.Pipelines(ctx, u)
	if err != nil {
		return Pipeline{}, err
	}
	if err := p.validate(others); err != nil {
		return Pipeline{}, err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return Pipeline{}, wrap("put pipeline", err)
	}
	r, err := d.store.PutRecord(ctx, leads.Record{Tenant: u.Tenant, Kind: pipelineKind, ID: p.ID, Version: p.Version - 1, Data: data})
	if err != nil {
		return Pipeline{}, wrap("put pipeline", err)
	}
	p.Version = r.Version + 1
	d.audit(ctx, u, action, p.ID, nil)
	return p, nil
}

var colors = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// validate reports everything that is wrong with the pipeline beside the others.
func (p Pipeline) validate(others []Pipeline) error {
	var c check
	c.that(strings.TrimSpace(p.Name) != "" && len(p.Name) <= 255 && storable(p.Name), "/name", "1 to 255 bytes")
	c.that(len(p.Stages) > 0 && len(p.Stages) <= maxStages, "/stages", "1 to %d stages", maxStages)
	taken := make(map[string]bool)
	for _, other := range others {
		for _, s := range other.Stages {
			taken[s.ID] = other.ID != p.ID
		}
	}
	wins, losses := 0, 0
	for i, s := range p.Stages {
		at := fmt.Sprintf("/stages/%d", i)
		c.that(strings.TrimSpace(s.Name) != "" && len(s.Name) <= 60 && storable(s.Name), at+"/name", "1 to 60 bytes")
		c.that(colors.MatchString(s.Color), at+"/color", `a colour such as "#3b82f6"`)
		c.that(len(s.ID) <= 40 && storable(s.ID) && !taken[s.ID], at+"/id", "this ID cannot be used: leave it out to be given one")
		c.that(!s.IsWin || !s.IsLost, at, "a stage is won or lost, not both")
		taken[s.ID] = true
		if s.IsWin {
			wins++
		}
		if s.IsLost {
			losses++
		}
	}
	c.that(wins <= 1, "/stages", "at most one stage is won")
	c.that(losses <= 1, "/stages", "at most one stage is lost")
	c.that(len(others) <= maxPipelines, "", "at most %d pipelines", maxPipelines)
	return c.err()
}

// stages returns every stage of the tenant by its ID.
func (d *Desk) stages(ctx context.Context, u User) (map[string]Stage, error) {
	pipelines, err := d.Pipelines(ctx, u)
	if err != nil {
		return nil, err
	}
	stages := make(map[string]Stage)
	for _, p := range pipelines {
		for _, s := range p.Stages {
			stages[s.ID] = s
		}
	}
	return stages, nil
}

// move puts a lead into a stage, which decides its status: that of the default pipeline's stage; converted or closed where the stage is won
// or lost; else one that is neither.
func move(lead *leads.Lead, s Stage, by string, at time.Time) (leads.Event, bool) {
	status, stage := lead.Status, s.ID
	switch {
	case slices.Contains(Statuses(), leads.Status(s.ID)):
		status, stage = leads.Status(s.ID), ""
	case s.IsWin:
		status = leads.StatusConverted
	case s.IsLost:
		status = leads.StatusClosed
	case status == leads.StatusConverted || status == leads.StatusClosed:
		status = leads.StatusQualified
	case status == leads.StatusNew && s.Order > 0:
		status = leads.StatusContacted
	}
	same := lead.Stage == stage
	lead.Stage = stage
	if e, changed := lead.SetStatus(leads.Change{To: string(status), By: by, Reason: s.Name}, at); changed || same {
		return e, changed
	}
	lead.UpdatedAt = at
	return lead.Moved(leads.Change{From: string(status), To: string(status), By: by, Reason: s.Name}, at), true
}
