package restapi

import (
	"time"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

func shapeSource(s desk.Source) sourceShape {
	shape := sourceShape{
		ID: s.ID, Name: s.Name, WebhookURL: s.URL, FieldMappings: s.Mappings, Preset: s.Preset, Origins: orEmpty(s.Origins), Redirects: orEmpty(s.Redirects),
		PerMinute: s.PerMinute, Trusted: s.Trusted, LastSeenAt: moment(s.LastSeen), CreatedAt: moment(s.CreatedAt),
	}
	if len(s.Tokens) > 0 {
		shape.WebhookToken = s.Tokens[0]
	}
	if shape.FieldMappings == nil {
		shape.FieldMappings = map[string]string{}
	}
	return shape
}

// sourceBody is what a source is made of. What is left out of a change stays as it is.
type sourceBody struct {
	Name          *string            `json:"name,omitempty"`
	FieldMappings *map[string]string `json:"fieldMappings,omitempty"`
	Preset        *string            `json:"preset,omitempty"`
	Origins       *[]string          `json:"allowedOrigins,omitempty"`
	Redirects     *[]string          `json:"redirects,omitempty"`
	PerMinute     *int               `json:"requestsPerMinute,omitempty"`
	Trusted       *bool              `json:"trusted,omitempty"`
}

func (in sourceBody) apply(s *ingest.Source) {
	set(&s.Name, in.Name)
	set(&s.Mappings, in.FieldMappings)
	set(&s.Preset, in.Preset)
	set(&s.Origins, in.Origins)
	set(&s.Redirects, in.Redirects)
	set(&s.PerMinute, in.PerMinute)
	set(&s.Trusted, in.Trusted)
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func listSources(c *call) (result, error) {
	all, err := c.api.desk.Sources(c.ctx(), c.user)
	return ok(each(all, shapeSource), err)
}

func (c *call) source(s desk.Source, err error) (result, error) { return tagged(shapeSource(s), err) }

func getSource(c *call) (result, error) { return c.source(c.api.desk.Source(c.ctx(), c.user, c.id())) }

func createSource(c *call) (result, error) {
	var in sourceBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	var s ingest.Source
	in.apply(&s)
	return c.source(c.api.desk.CreateSource(c.ctx(), c.user, s))
}

func putSource(c *call) (result, error) {
	var in sourceBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	s, err := c.api.desk.Source(c.ctx(), c.user, c.id())
	if err != nil {
		return result{}, err
	}
	if tag, err := digest(shapeSource(s)); err != nil || c.unchanged(tag) != nil {
		return result{}, errStale
	}
	in.apply(&s.Source)
	return c.source(c.api.desk.UpdateSource(c.ctx(), c.user, s.Source))
}

func deleteSource(c *call) (result, error) {
	return done(c.api.desk.DeleteSource(c.ctx(), c.user, c.id()))
}

func regenerateToken(c *call) (result, error) {
	q := c.query()
	keep := q.one("keep", "true", "false") == "true"
	if err := q.err(); err != nil {
		return result{}, err
	}
	return c.source(c.api.desk.RotateToken(c.ctx(), c.user, c.id(), keep))
}

type pipelineBody struct {
	Name   string       `json:"name"`
	Stages []desk.Stage `json:"stages"`
}

func (c *call) pipeline(p desk.Pipeline, err error) (result, error) {
	return tagged(shapePipeline(p), err)
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
	return c.pipeline(c.api.desk.CreatePipeline(c.ctx(), c.user, desk.Pipeline{Name: in.Name, Stages: in.Stages}))
}

func putPipeline(c *call) (result, error) {
	var in pipelineBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	p, err := c.api.desk.Pipeline(c.ctx(), c.user, c.id())
	if err != nil {
		return result{}, err
	}
	if tag, err := digest(shapePipeline(p)); err != nil || c.unchanged(tag) != nil {
		return result{}, errStale
	}
	return c.pipeline(c.api.desk.UpdatePipeline(c.ctx(), c.user, desk.Pipeline{ID: p.ID, Name: in.Name, Stages: in.Stages}))
}

func deletePipeline(c *call) (result, error) {
	return done(c.api.desk.DeletePipeline(c.ctx(), c.user, c.id()))
}

type keyBody struct {
	Label     string     `json:"label"`
	Scope     desk.Scope `json:"scope"`
	ExpiresAt time.Time  `json:"expiresAt,omitzero"`
}

type keyPatch struct {
	Label  *string `json:"label,omitempty"`
	Active *bool   `json:"active,omitempty"`
}

func listKeys(c *call) (result, error) {
	keys, err := c.api.desk.Keys(c.ctx(), c.user)
	return ok(each(keys, func(k desk.Key) keyShape { return shapeKey(k, "") }), err)
}

func createKey(c *call) (result, error) {
	var in keyBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	k, secret, err := c.api.desk.CreateKey(c.ctx(), c.user, desk.Key{Label: in.Label, Scope: in.Scope, ExpiresAt: in.ExpiresAt})
	return ok(shapeKey(k, secret), err)
}

func patchKey(c *call) (result, error) {
	var in keyPatch
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	k, err := c.api.desk.UpdateKey(c.ctx(), c.user, c.id(), in.Label, in.Active)
	return ok(shapeKey(k, ""), err)
}

func deleteKey(c *call) (result, error) {
	return done(c.api.desk.DeleteKey(c.ctx(), c.user, c.id()))
}
