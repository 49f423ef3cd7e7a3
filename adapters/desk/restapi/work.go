package restapi

import (
	"encoding/json"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

// page reads the paging of a list.
func (c *call) page() (after string, limit int, err error) {
	q := c.query()
	limit = q.number("limit", 20, 1, 100)
	return q.text("after"), limit, q.err()
}

func listQuarantine(c *call) (result, error) {
	after, limit, err := c.page()
	if err != nil {
		return result{}, err
	}
	subs, err := c.api.desk.Quarantined(c.ctx(), c.user, after, limit)
	return ok(each(subs, shapeSubmission), err)
}

type released struct {
	SubmissionID string `json:"submissionId"`
	LeadID       string `json:"leadId"`
	Created      bool   `json:"created"`
}

func release(c *call) (result, error) {
	captured, err := c.api.desk.Release(c.ctx(), c.user, c.id())
	return ok(released{SubmissionID: captured.SubmissionID, LeadID: captured.LeadID, Created: captured.Created}, err)
}

// blockBody says what of the sender of a quarantined submission is to be blocked, and where.
type blockBody struct {
	What       ingest.BlockKind `json:"what"`
	Everywhere bool             `json:"everywhere,omitempty"` // at all sources, not just the submission's
}

// blockShape is what stands on the block lists of which sources, and on how many of them it is new.
type blockShape struct {
	What      ingest.BlockKind `json:"what"`
	Entry     string           `json:"entry"`
	SourceIDs []string         `json:"sourceIds"`
	Added     int              `json:"added"`
}

func blockSender(c *call) (result, error) {
	var in blockBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	report, err := c.api.desk.Block(c.ctx(), c.user, desk.BlockRequest{SubmissionID: c.id(), What: in.What, Everywhere: in.Everywhere})
	return ok(blockShape{What: report.Entry.Kind, Entry: report.Entry.Text, SourceIDs: orEmpty(report.Sources), Added: report.Added}, err)
}

func deleteQuarantined(c *call) (result, error) {
	return done(c.api.desk.DeleteQuarantined(c.ctx(), c.user, c.id()))
}

type taskList struct {
	Queue []queueShape `json:"queue"`
	Dead  []taskShape  `json:"dead"`
}

type queueShape struct {
	Kind   string   `json:"kind"`
	State  string   `json:"state"`
	Due    bool     `json:"due"`
	Count  int      `json:"count"`
	Oldest sometime `json:"oldest"`
}

func listTasks(c *call) (result, error) {
	after, limit, err := c.page()
	if err != nil {
		return result{}, err
	}
	queue, err := c.api.desk.Queue(c.ctx(), c.user)
	if err != nil {
		return result{}, err
	}
	dead, err := c.api.desk.DeadTasks(c.ctx(), c.user, after, limit)
	return ok(taskList{
		Queue: each(queue, func(q desk.QueueCount) queueShape {
			return queueShape{Kind: string(q.Kind), State: string(q.State), Due: q.Due, Count: q.Count, Oldest: sometime(q.Oldest)}
		}),
		Dead: each(dead, shapeTask),
	}, err)
}

func replay(c *call) (result, error) {
	return done(c.api.desk.Replay(c.ctx(), c.user, c.id()))
}

type entryShape struct {
	ID     string          `json:"id"`
	At     moment          `json:"at"`
	Who    string          `json:"who"`
	Action string          `json:"action"`
	Object string          `json:"object,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

func listAudit(c *call) (result, error) {
	after, limit, err := c.page()
	if err != nil {
		return result{}, err
	}
	entries, err := c.api.desk.Trail(c.ctx(), c.user, after, limit)
	return ok(each(entries, func(e desk.Entry) entryShape {
		return entryShape{ID: e.ID, At: moment(e.At), Who: e.Who, Action: e.Action, Object: e.Object, Data: e.Data}
	}), err)
}

// tagShape is a tag. Leads is how many have it, up to 10,000; it is left out unless it is asked for.
type tagShape struct {
	Name  string `json:"name"`
	Leads *int   `json:"leads,omitempty"`
}

func listTags(c *call) (result, error) {
	q := c.query()
	count := q.flag("count")
	if err := q.err(); err != nil {
		return result{}, err
	}
	if !count {
		tags, err := c.api.desk.Tags(c.ctx(), c.user)
		return ok(each(tags, func(name string) tagShape { return tagShape{Name: name} }), err)
	}
	tags, err := c.api.desk.CountTags(c.ctx(), c.user)
	return ok(each(tags, func(t desk.TagCount) tagShape { return tagShape{t.Name, &t.Leads} }), err)
}

func getRetention(c *call) (result, error) {
	rules, err := c.api.desk.Retention(c.ctx(), c.user)
	return tagged(rules, 0, err)
}

func putRetention(c *call) (result, error) {
	var in desk.RetentionRules
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	if c.r.Header.Get("If-Match") != "" {
		now, err := getRetention(c)
		if err == nil {
			err = c.unchanged(now.etag)
		}
		if err != nil {
			return result{}, err
		}
	}
	return tagged(in, 0, c.api.desk.SetRetention(c.ctx(), c.user, in))
}

type findingShape struct {
	Fatal   bool   `json:"fatal"`
	Part    string `json:"part"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

func checkParts(c *call) (result, error) {
	found, err := c.api.desk.Check(c.ctx(), c.user)
	return ok(each(found, func(f leads.Finding) findingShape { return findingShape(f) }), err)
}
