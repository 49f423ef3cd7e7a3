package restapi

import (
	"encoding/json"
	"mime"
	"net/http"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/notify"
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

func deleteQuarantined(c *call) (result, error) {
	return done(c.api.desk.DeleteQuarantined(c.ctx(), c.user, c.id()))
}

type taskList struct {
	Queue []queueShape `json:"queue"`
	Dead  []taskShape  `json:"dead"`
}

type queueShape struct {
	Kind   string `json:"kind"`
	State  string `json:"state"`
	Due    bool   `json:"due"`
	Count  int    `json:"count"`
	Oldest moment `json:"oldest"`
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
			return queueShape{Kind: string(q.Kind), State: string(q.State), Due: q.Due, Count: q.Count, Oldest: moment(q.Oldest)}
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

// stats is what charts are made of.
type stats struct {
	From     moment        `json:"from"`
	To       moment        `json:"to"`
	Days     []dayShape    `json:"days"`
	Stages   []stageShape  `json:"stages"`
	Response responseShape `json:"response"`
	Partial  bool          `json:"partial"` // there was more than is looked at
}

type dayShape struct {
	Day   string `json:"day"`
	Group string `json:"group"`
	Count int    `json:"count"`
}

type stageShape struct {
	Status        string  `json:"status"`
	Now           int     `json:"now"`
	Entered       int     `json:"entered"`
	Left          int     `json:"left"`
	MedianSeconds float64 `json:"medianSeconds"`
}

type responseShape struct {
	Leads    int              `json:"leads"`
	Assigned percentilesShape `json:"assigned"`
	Viewed   percentilesShape `json:"viewed"`
	Contact  percentilesShape `json:"contacted"`
}

type percentilesShape struct {
	Count         int     `json:"count"`
	MedianSeconds float64 `json:"medianSeconds"`
	P90Seconds    float64 `json:"p90Seconds"`
}

func getStats(c *call) (result, error) {
	q := c.query()
	rq := desk.ReportQuery{From: q.time("startDate", false), To: q.time("endDate", true), By: desk.ReportBy(q.one("by", "source", "channel", "qualification", "status"))}
	if rq.To.IsZero() {
		rq.To = time.Now().UTC()
	}
	if rq.From.IsZero() {
		rq.From = rq.To.AddDate(0, 0, -30)
	}
	zone, err := time.LoadLocation(q.text("timeZone"))
	if err != nil || !rq.From.Before(rq.To) || rq.To.Sub(rq.From) > 10*366*24*time.Hour {
		return result{}, field("timeZone", "a known zone, and a span of at most ten years")
	}
	rq.Zone = zone
	if err := q.err(); err != nil {
		return result{}, err
	}
	out := stats{From: moment(rq.From), To: moment(rq.To)}
	days, err := c.api.desk.LeadsByDay(c.ctx(), c.user, rq)
	if err != nil {
		return result{}, err
	}
	out.Days = each(days, func(d desk.DayCount) dayShape { return dayShape(d) })
	stages, err := c.api.desk.Stages(c.ctx(), c.user, rq)
	if err != nil {
		return result{}, err
	}
	out.Partial = stages.Partial
	out.Stages = each(stages.Stages, func(s desk.StageCount) stageShape {
		return stageShape{Status: string(s.Status), Now: s.Now, Entered: s.Entered, Left: s.Left, MedianSeconds: s.Median.Seconds()}
	})
	out.Response, err = c.responses(rq)
	return ok(out, err)
}

// responses reports how soon leads were taken care of, in the hours of every day: which hours are those of business the host knows.
func (c *call) responses(rq desk.ReportQuery) (responseShape, error) {
	rows, err := c.api.desk.Responses(c.ctx(), c.user, rq)
	if err != nil {
		return responseShape{}, err
	}
	r := notify.ResponseTimes(each(rows, func(row desk.ResponseRow) leads.Lead {
		return leads.Lead{ID: row.LeadID, CreatedAt: row.Created, First: leads.Touch{At: row.Created}, Assignee: row.Assignee, Response: row.Response}
	}), nil, rq.Zone)
	shape := func(t notify.ResponseTime) percentilesShape {
		return percentilesShape{Count: t.Count, MedianSeconds: t.Median.Seconds(), P90Seconds: t.P90.Seconds()}
	}
	return responseShape{Leads: len(rows), Assigned: shape(r.Assigned), Viewed: shape(r.Viewed), Contact: shape(r.Contacted)}, nil
}

var importParams = []param{
	{"dryRun", "string", "true reads and checks everything, and stores nothing"}, {"sourceId", "string", "the source that the leads came through"},
	{"id", "string", "names the import, so that it can be run again"}, {"fromLine", "integer", "skips the lines before it"},
	{"announce", "string", "true has the team told and sequences begin"}, {"map", "string", `what becomes of a column, "Header:target", several times; "-" leaves it out`},
}

// maxImport bounds an import, in bytes.
const maxImport = 256 << 20

func importLeads(c *call) (result, error) {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "text/csv" {
		return result{}, &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send text/csv"}
	}
	q := c.query()
	opts := desk.ImportOptions{
		ID: q.text("id"), SourceID: q.text("sourceId"), DryRun: q.one("dryRun", "true", "false") == "true", Announce: q.one("announce", "true", "false") == "true",
		FromLine: q.number("fromLine", 0, 0, 1<<31-1), Mapping: map[string]string{},
	}
	for _, m := range q.values["map"] {
		header, target, found := cutLast(m, ":")
		if !found {
			q.faults = append(q.faults, desk.FieldError{Pointer: "map", Message: `"Header:target"`})
		}
		opts.Mapping[header] = target
	}
	if err := q.err(); err != nil {
		return result{}, err
	}
	report, err := c.api.desk.Import(c.ctx(), c.user, http.MaxBytesReader(c.w, c.r.Body, maxImport), &opts)
	report.Refused = orEmpty(report.Refused)
	if err != nil && report.Rows > 0 { // broken off: the report says where to go on
		c.api.opts.Logger.ErrorContext(c.ctx(), "restapi: an import was broken off", "line", report.LastLine, "error", err)
		c.w.Header().Set("Retry-After", "5")
		return result{status: http.StatusServiceUnavailable, body: report}, nil
	}
	return ok(report, err)
}
