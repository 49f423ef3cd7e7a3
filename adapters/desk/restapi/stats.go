package restapi

import (
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/notify"
)

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

// span reads the parameters of a report. Without them it is the last 30 days.
func (q *query) span() desk.ReportQuery {
	rq := desk.ReportQuery{
		From: q.time("startDate", false), To: q.time("endDate", true), Zone: time.UTC,
		By: desk.ReportBy(q.one("by", "source", "channel", "qualification", "status")),
	}
	if rq.To.IsZero() {
		rq.To = time.Now().UTC().Truncate(time.Microsecond)
	}
	if rq.From.IsZero() {
		rq.From = rq.To.AddDate(0, 0, -30)
	}
	if !rq.From.Before(rq.To) || rq.To.Sub(rq.From) > maxSpan {
		q.fault("startDate", "before endDate, and at most ten years")
	}
	if name := q.text("timeZone"); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			q.fault("timeZone", `the IANA name of a zone, "Europe/Berlin"`)
			return rq
		}
		rq.Zone = zone
	}
	return rq
}

// maxSpan bounds a report.
const maxSpan = 10 * 366 * 24 * time.Hour

func getStats(c *call) (result, error) {
	q := c.query()
	rq := q.span()
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
