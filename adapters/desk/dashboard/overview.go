package dashboard

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/notify"
)

var overviewRoutes = []route{{Method: "GET", Path: "/overview", Role: desk.Reader, Area: "overview", Do: overview}}

// spans are the spans to choose from, in days.
var spans = []int{7, 30, 90, 365}

const (
	hotShown    = 10
	groupsShown = 8 // of each breakdown; the rest is one line
	hotCount    = 1000
)

// overviewPage says how things are going.
type overviewPage struct {
	Days      int
	Spans     []int
	Total     int
	ByDay     barChart
	Breakdown []breakdown
	Stages    []stageRow
	Partial   bool
	Response  notify.ResponseReport
	Hot       []leads.Lead
	HotCount  int
}

// breakdown is how the leads of the span divide.
type breakdown struct {
	Key   string // of its texts
	Parts []part
}

// part is one group of a breakdown.
type part struct {
	Name    string
	Count   int
	Percent int
}

// stageRow is a status with how many of those who entered it have gone on.
type stageRow struct {
	desk.StageCount
	// Reached is how many leads came to the status or further within the span, and Percent which share of the leads of the span that is.
	Reached, Percent int
}

func overview(p *page) error {
	data := overviewPage{Days: 30, Spans: spans}
	if n, err := strconv.Atoi(p.query("days")); err == nil && slices.Contains(spans, n) {
		data.Days = n
	}
	q := p.span(data.Days)
	names, err := p.sourceNames()
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return p.leadsByDay(&data, q) },
		func() error { return p.breakdowns(&data, q, names) },
		func() error { return p.stages(&data, q) },
		func() error { return p.responses(&data, q) },
		func() error { return p.hot(&data) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return p.show("overview", view{Title: p.say("nav.overview"), Data: data})
}

// span is the last days, today included, in the user's time zone.
func (p *page) span(days int) desk.ReportQuery {
	now := p.now().In(p.zone)
	from := time.Date(now.Year(), now.Month(), now.Day()-days+1, 0, 0, 0, 0, p.zone)
	return desk.ReportQuery{From: from, To: time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, p.zone), Zone: p.zone}
}

func (p *page) leadsByDay(data *overviewPage, q desk.ReportQuery) error {
	counts, err := p.desk().LeadsByDay(p.ctx(), p.user, q)
	if err != nil {
		return err
	}
	byDay := make(map[string]int)
	for _, c := range counts {
		byDay[c.Day] += c.Count
		data.Total += c.Count
	}
	bars := make([]bar, data.Days)
	for i := range bars {
		day := time.Date(q.From.Year(), q.From.Month(), q.From.Day()+i, 12, 0, 0, 0, p.zone)
		bars[i] = bar{Label: p.board.texts.date("date.day", day), Short: p.board.texts.date("date.bar", day), Count: byDay[day.Format(time.DateOnly)]}
	}
	data.ByDay = newBarChart(bars)
	return nil
}

func (p *page) breakdowns(data *overviewPage, q desk.ReportQuery, names map[string]string) error {
	for _, b := range []struct {
		by   desk.ReportBy
		name func(string) string
	}{
		{desk.ByQualification, func(g string) string { return p.board.texts.word("qualification", g) }},
		{desk.BySource, func(g string) string { return visible(cmp.Or(names[g], g)) }},
		{desk.ByChannel, func(g string) string { return p.board.texts.word("via", g) }},
	} {
		q.By = b.by
		counts, err := p.desk().LeadsByDay(p.ctx(), p.user, q)
		if err != nil {
			return err
		}
		data.Breakdown = append(data.Breakdown, breakdown{string(b.by), p.parts(counts, b.name)})
	}
	return nil
}

// parts sums the counts of groups up, the largest first.
func (p *page) parts(counts []desk.DayCount, name func(string) string) []part {
	byGroup, total := make(map[string]int), 0
	for _, c := range counts {
		byGroup[c.Group] += c.Count
		total += c.Count
	}
	var parts []part
	for group, n := range byGroup {
		label := p.say("overview.unknown")
		if group != "" {
			label = name(group)
		}
		parts = append(parts, part{label, n, percent(n, total)})
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	if len(parts) > groupsShown {
		rest := part{Name: p.say("overview.rest", numberOf(len(parts)-groupsShown+1))}
		for _, x := range parts[groupsShown-1:] {
			rest.Count += x.Count
		}
		rest.Percent = percent(rest.Count, total)
		parts = append(parts[:groupsShown-1], rest)
	}
	return parts
}

func percent(n, of int) int {
	if of == 0 {
		return 0
	}
	return (200*n + of) / (2 * of)
}

// stages makes the funnel. Of the leads in the span, those that stand at a status or were moved to it count as having reached it.
func (p *page) stages(data *overviewPage, q desk.ReportQuery) error {
	report, err := p.desk().Stages(p.ctx(), p.user, q)
	if err != nil {
		return err
	}
	data.Partial = report.Partial
	for _, s := range report.Stages {
		row := stageRow{StageCount: s, Reached: s.Entered}
		if s.Status == leads.StatusNew {
			row.Reached = data.Total
		}
		row.Percent = min(percent(row.Reached, data.Total), 100)
		data.Stages = append(data.Stages, row)
	}
	return nil
}

func (p *page) responses(data *overviewPage, q desk.ReportQuery) error {
	rows, err := p.desk().Responses(p.ctx(), p.user, q)
	if err != nil {
		return err
	}
	found := make([]leads.Lead, len(rows))
	for i, row := range rows {
		found[i] = leads.Lead{ID: row.LeadID, CreatedAt: row.Created, First: leads.Touch{At: row.Created}, Response: row.Response}
	}
	var hours notify.Hours
	if p.board.opts.Routing != nil {
		hours = p.board.opts.Routing.Hours
	}
	data.Response = notify.ResponseTimes(found, hours, p.zone)
	return nil
}

// hot finds the hot leads that nobody has got in touch with.
func (p *page) hot(data *overviewPage) error {
	f := desk.Filter{
		Qualifications: []leads.Qualification{leads.Hot}, Unanswered: true, Limit: hotShown, Sort: desk.OldestFirst,
		Statuses: []leads.Status{leads.StatusNew, leads.StatusContacted, leads.StatusQualified},
	}
	found, err := p.desk().Leads(p.ctx(), p.user, f)
	n, countErr := p.desk().Count(p.ctx(), p.user, f, hotCount)
	data.Hot, data.HotCount = found.Leads, n
	return errors.Join(err, countErr)
}
