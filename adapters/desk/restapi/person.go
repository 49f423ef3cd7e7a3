package restapi

import (
	"github.com/openleads/leads/sequence"
)

func leadEvents(c *call) (result, error) {
	events, err := c.api.desk.Events(c.ctx(), c.user, c.id())
	return ok(each(events, shapeEvent), err)
}

func leadSubmissions(c *call) (result, error) {
	x, err := c.api.desk.Explain(c.ctx(), c.user, c.id())
	return ok(each(x.Submissions, shapeSubmission), err)
}

func leadDeliveries(c *call) (result, error) {
	deliveries, err := c.api.desk.Deliveries(c.ctx(), c.user, c.id())
	return ok(each(deliveries, shapeDelivery), err)
}

type explanation struct {
	LeadID  string         `json:"leadId"`
	Pending bool           `json:"pending"`
	Stages  []attemptShape `json:"stages"`
	Tasks   []taskShape    `json:"tasks"`
}

func leadExplain(c *call) (result, error) {
	x, err := c.api.desk.Explain(c.ctx(), c.user, c.id())
	return ok(explanation{LeadID: x.Lead.ID, Pending: x.Pending(), Stages: each(x.Stages, shapeAttempt), Tasks: each(x.Tasks, shapeTask)}, err)
}

type dossier struct {
	Lead         leadFull           `json:"lead"`
	Submissions  []submissionShape  `json:"submissions"`
	Events       []eventShape       `json:"events"`
	Deliveries   []deliveryShape    `json:"deliveries"`
	Enrollments  []enrollmentShape  `json:"enrollments"`
	Consents     []consentShape     `json:"consents"`
	Suppressions []suppressionShape `json:"suppressions"`
}

func leadPerson(c *call) (result, error) {
	x, err := c.api.desk.Dossier(c.ctx(), c.user, c.id())
	if err != nil {
		return result{}, err
	}
	named, err := c.sources()
	return ok(dossier{
		Lead: shapeFull(x.Lead, named), Submissions: each(x.Submissions, shapeSubmission), Events: each(x.Events, shapeEvent),
		Deliveries: each(x.Deliveries, shapeDelivery), Enrollments: each(x.Enrollments, shapeEnrollment), Consents: each(x.Consents, shapeConsent),
		Suppressions: each(x.Suppressed, shapeSuppression),
	}, err)
}

func leadEnrollments(c *call) (result, error) {
	if _, err := c.api.desk.Lead(c.ctx(), c.user, c.id()); err != nil {
		return result{}, err
	}
	found, err := c.api.desk.Enrollments(c.ctx(), c.user, sequence.EnrollmentQuery{LeadID: c.id(), Limit: 1000})
	return ok(each(found, shapeEnrollment), err)
}
