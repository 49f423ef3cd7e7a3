package restapi

import (
	"context"
	"net/http"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

func listSequences(c *call) (result, error) {
	all, err := c.api.desk.Sequences(c.ctx(), c.user)
	return ok(each(all, shapeSequence), err)
}

// sequenceShape is a sequence as it is now. What can be changed has no marks, so that it can be sent back as it came.
type sequenceShape struct {
	sequence.Definition
	FromProgram     bool `json:"fromProgram,omitempty"`     // it comes with the program, and cannot be changed or deleted
	PausedByProgram bool `json:"pausedByProgram,omitempty"` // it cannot be let go on
}

func shapeSequence(l sequence.Listed) sequenceShape {
	return sequenceShape{Definition: l.Definition, FromProgram: l.FromProgram, PausedByProgram: l.Held}
}

func getSequence(c *call) (result, error) {
	l, err := c.api.desk.Sequence(c.ctx(), c.user, c.id())
	return tagged(shapeSequence(l), 0, err)
}

// savedSequence answers a sequence that was saved, which never comes with the program.
func savedSequence(def sequence.Definition, err error) (result, error) {
	return tagged(sequenceShape{Definition: def}, 0, err)
}

func createSequence(c *call) (result, error) {
	var def sequence.Definition
	if err := c.decode(&def); err != nil {
		return result{}, err
	}
	def.Version = 0
	if _, err := c.api.desk.Sequence(c.ctx(), c.user, def.ID); err == nil {
		return result{}, &fault{status: http.StatusConflict, code: "exists", message: "there is a sequence with this id"}
	}
	return savedSequence(c.api.desk.SaveSequence(c.ctx(), c.user, def))
}

func putSequence(c *call) (result, error) {
	var def sequence.Definition
	if err := c.decode(&def); err != nil {
		return result{}, err
	}
	old, err := c.api.desk.Sequence(c.ctx(), c.user, c.id())
	if err != nil {
		return result{}, err
	}
	tag, err := digest(shapeSequence(old))
	if err == nil {
		err = c.unchanged(tag)
	}
	if err != nil {
		return result{}, err
	}
	if def.ID != "" && def.ID != old.ID {
		return result{}, field("/id", "the id of a sequence cannot be changed")
	}
	if def.ID = old.ID; def.Version == 0 {
		def.Version = old.Version
	}
	return savedSequence(c.api.desk.SaveSequence(c.ctx(), c.user, def))
}

func deleteSequence(c *call) (result, error) {
	if c.r.Header.Get("If-Match") != "" {
		old, err := getSequence(c)
		if err == nil {
			err = c.unchanged(old.etag)
		}
		if err != nil {
			return result{}, err
		}
	}
	return done(c.api.desk.DeleteSequence(c.ctx(), c.user, c.id()))
}

func pauseSequence(paused bool) func(c *call) (result, error) {
	return func(c *call) (result, error) {
		return done(c.api.desk.PauseSequence(c.ctx(), c.user, c.id(), paused))
	}
}

// pausedSequences are those that were paused, or go on, all together.
type pausedSequences struct {
	Sequences []string `json:"sequences"` // their ids
}

func pauseSequences(c *call) (result, error) {
	ids, err := c.api.desk.PauseSequences(c.ctx(), c.user)
	return ok(pausedSequences{orEmpty(ids)}, err)
}

func resumeSequences(c *call) (result, error) {
	ids, err := c.api.desk.ResumeSequences(c.ctx(), c.user)
	return ok(pausedSequences{orEmpty(ids)}, err)
}

func listEnrollments(c *call) (result, error) {
	q := c.query()
	state := q.one("state", string(sequence.Pending), string(sequence.Active), string(sequence.Paused), string(sequence.Finished), string(sequence.Exited))
	want := sequence.EnrollmentQuery{LeadID: q.text("leadId"), SequenceID: q.text("sequenceId"), After: q.text("after"), Limit: q.number("limit", 20, 1, 100)}
	if state != "" {
		want.States = []sequence.State{sequence.State(state)}
	}
	if err := q.err(); err != nil {
		return result{}, err
	}
	found, err := c.api.desk.Enrollments(c.ctx(), c.user, want)
	return ok(each(found, shapeEnrollment), err)
}

type enrollBody struct {
	LeadID     string `json:"leadId"`
	SequenceID string `json:"sequenceId"`
}

func enroll(c *call) (result, error) {
	var in enrollBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	e, err := c.api.desk.Enroll(c.ctx(), c.user, in.LeadID, in.SequenceID)
	return ok(shapeEnrollment(e), err)
}

func changeEnrollment(do func(d *desk.Desk, ctx context.Context, u desk.User, id string) error) func(c *call) (result, error) {
	return func(c *call) (result, error) { return done(do(c.api.desk, c.ctx(), c.user, c.id())) }
}

func listSuppressions(c *call) (result, error) {
	q := c.query()
	limit := q.number("limit", 100, 1, 1000)
	if err := q.err(); err != nil {
		return result{}, err
	}
	found, err := c.api.desk.Suppressions(c.ctx(), c.user, q.text("afterKey"), q.text("afterPurpose"), limit)
	return ok(each(found, shapeSuppression), err)
}

type suppressBody struct {
	Email   string `json:"email"`
	Purpose string `json:"purpose,omitempty"`
}

func suppress(c *call) (result, error) {
	var in suppressBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	return done(c.api.desk.Suppress(c.ctx(), c.user, in.Email, in.Purpose))
}

func unsuppress(c *call) (result, error) {
	q := c.query()
	if q.text("email") == "" {
		return result{}, field("email", "an address is required")
	}
	return done(c.api.desk.Unsuppress(c.ctx(), c.user, q.text("email"), q.text("purpose")))
}

type funnel struct {
	ByState  map[string]int    `json:"byState"`
	ByReason map[string]int    `json:"byReason"`
	Steps    []funnelStepShape `json:"steps"`
	Sampled  int               `json:"sampled"` // how many of the newest enrolments were looked at
}

type funnelStepShape struct {
	Step    string `json:"step"`
	Waiting int    `json:"waiting"`
	Passed  int    `json:"passed"`
	Sent    int    `json:"sent"`
}

func sequenceFunnel(c *call) (result, error) {
	f, err := c.api.desk.Funnel(c.ctx(), c.user, c.id())
	out := funnel{ByState: map[string]int{}, ByReason: map[string]int{}, Sampled: f.Sampled}
	for state, n := range f.ByState {
		out.ByState[string(state)] = n
	}
	for reason, n := range f.ByReason {
		out.ByReason[string(reason)] = n
	}
	out.Steps = each(f.Steps, func(s desk.FunnelStep) funnelStepShape { return funnelStepShape(s) })
	return ok(out, err)
}
