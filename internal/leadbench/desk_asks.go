package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// ask is one thing that a desk is asked, with something else in it each time.
type ask struct {
	name string
	do   func(ctx context.Context, i int) error
}

// selected is a filter, and the same as the parameters of the API and of the dashboard.
type selected struct {
	name string
	make func(i int, c crowd) (f desk.Filter, api, page url.Values)
}

// plain is a selection whose parameters have one name in the API and one in the dashboard.
func plain(name string, make func(i int, c crowd) desk.Filter, parameters ...func(f *desk.Filter, api, page url.Values)) selected {
	return selected{name, func(i int, c crowd) (desk.Filter, url.Values, url.Values) {
		f, api, page := make(i, c), url.Values{}, url.Values{}
		for _, p := range parameters {
			p(&f, api, page)
		}
		return f, api, page
	}}
}

// parameter writes a field of a filter under its names.
func parameter(api, page string, value func(f *desk.Filter) string) func(*desk.Filter, url.Values, url.Values) {
	return func(f *desk.Filter, inAPI, inPage url.Values) {
		inAPI.Set(api, value(f))
		inPage.Set(page, value(f))
	}
}

var (
	pStatus        = parameter("status", "status", func(f *desk.Filter) string { return string(f.Statuses[0]) })
	pQualification = parameter("qualification", "qualification", func(f *desk.Filter) string { return string(f.Qualifications[0]) })
	pSource        = parameter("sourceId", "source", func(f *desk.Filter) string { return f.Sources[0] })
	pTag           = parameter("tag", "tag", func(f *desk.Filter) string { return f.Tag })
	pAssignee      = parameter("assignedTo", "owner", func(f *desk.Filter) string { return f.Assignee })
	pScore         = parameter("minScore", "min", func(f *desk.Filter) string { return fmt.Sprint(f.MinScore) })
	pSearch        = parameter("search", "q", func(f *desk.Filter) string { return f.Search })
	pFrom          = parameter("startDate", "from", func(f *desk.Filter) string { return f.From.Format(time.DateOnly) })
	pSort          = parameter("sort", "sort", func(f *desk.Filter) string { return string(f.Sort) })
)

func pNobody(_ *desk.Filter, api, page url.Values) {
	api.Set("assignedTo", "unassigned")
	page.Set("owner", "none")
}

func pTo(f *desk.Filter, api, page url.Values) { // both include the day
	day := f.To.Add(-24 * time.Hour).Format(time.DateOnly)
	api.Set("endDate", day)
	page.Set("to", day)
}

func pRepeated(f *desk.Filter, api, page url.Values) {
	api.Set("duplicates", string(f.Duplicates))
	page.Set("repeat", string(f.Duplicates))
}

// picked are words made of syllables, others for each i.
func picked(i, parts int) string { return word(rand.New(rand.NewPCG(uint64(i), 7)), parts) }

func statusOf(i int) []leads.Status { return desk.Statuses()[i%5 : i%5+1] }

func gradeOf(i int) []leads.Qualification { return qualifications[i%3 : i%3+1] }

func sourceOf(i int, c crowd) []string { return c.sources[i%len(c.sources) : i%len(c.sources)+1] }

// week is one of the last 50 weeks.
func week(i int) (from, to time.Time) {
	to = time.Now().UTC().Truncate(24 * time.Hour).Add(-time.Duration(i%50) * 7 * 24 * time.Hour)
	return to.Add(-7 * 24 * time.Hour), to
}

// selections are what is selected, one filter at a time and some together.
func selections() []selected {
	return append(append(filters(), searches()...), orders()...)
}

func filters() []selected {
	return []selected{
		plain("everything", func(int, crowd) desk.Filter { return desk.Filter{} }),
		plain("status", func(i int, _ crowd) desk.Filter { return desk.Filter{Statuses: statusOf(i)} }, pStatus),
		plain("qualification", func(i int, _ crowd) desk.Filter { return desk.Filter{Qualifications: gradeOf(i)} }, pQualification),
		plain("source", func(i int, c crowd) desk.Filter { return desk.Filter{Sources: sourceOf(i, c)} }, pSource),
		plain("tag", func(i int, _ crowd) desk.Filter { return desk.Filter{Tag: usualTag(i)} }, pTag),
		plain("rare tag", func(int, crowd) desk.Filter { return desk.Filter{Tag: "vip"} }, pTag),
		plain("assignee", func(i int, _ crowd) desk.Filter { return desk.Filter{Assignee: colleague(i)} }, pAssignee),
		plain("unassigned", func(int, crowd) desk.Filter { return desk.Filter{Unassigned: true} }, pNobody),
		plain("score at least", func(i int, _ crowd) desk.Filter { return desk.Filter{MinScore: 1 + i%100} }, pScore),
		plain("a week", func(i int, _ crowd) desk.Filter { from, to := week(i); return desk.Filter{From: from, To: to} }, pFrom, pTo),
		plain("repeated", func(int, crowd) desk.Filter { return desk.Filter{Duplicates: desk.DuplicatesOnly} }, pRepeated),
		plain("not repeated", func(int, crowd) desk.Filter { return desk.Filter{Duplicates: desk.DuplicatesExclude} }, pRepeated),
		plain("hot + unassigned", func(int, crowd) desk.Filter {
			return desk.Filter{Qualifications: []leads.Qualification{leads.Hot}, Unassigned: true}
		}, pQualification, pNobody),
		plain("status + source", func(i int, c crowd) desk.Filter {
			return desk.Filter{Statuses: statusOf(i), Sources: sourceOf(i/5, c)}
		}, pStatus, pSource),
		plain("tag + assignee", func(i int, _ crowd) desk.Filter {
			return desk.Filter{Tag: usualTag(i), Assignee: colleague(i / 3)}
		}, pTag, pAssignee),
		plain("rare tag + status", func(i int, _ crowd) desk.Filter { return desk.Filter{Tag: "vip", Statuses: statusOf(i)} }, pTag, pStatus),
		plain("hot + status + mine", func(i int, _ crowd) desk.Filter {
			return desk.Filter{Qualifications: []leads.Qualification{leads.Hot}, Statuses: []leads.Status{leads.StatusQualified}, Assignee: colleague(i)}
		}, pQualification, pStatus, pAssignee),
		plain("source + status + score", func(i int, c crowd) desk.Filter {
			return desk.Filter{Sources: sourceOf(i, c), Statuses: []leads.Status{leads.StatusConverted}, MinScore: 96}
		}, pSource, pStatus, pScore),
		plain("new + mine: none", func(i int, _ crowd) desk.Filter {
			return desk.Filter{Statuses: []leads.Status{leads.StatusNew}, Assignee: colleague(i)}
		}, pStatus, pAssignee),
		plain("unassigned + closed: none", func(int, crowd) desk.Filter {
			return desk.Filter{Unassigned: true, Statuses: []leads.Status{leads.StatusClosed}}
		}, pNobody, pStatus),
		plain("a week + source + repeated", func(i int, c crowd) desk.Filter {
			from, to := week(i)
			return desk.Filter{From: from, To: to, Sources: sourceOf(i, c), Duplicates: desk.DuplicatesOnly}
		}, pFrom, pTo, pSource, pRepeated),
	}
}

func searches() []selected {
	search := func(name string, text func(i int) string) selected {
		return plain(name, func(i int, _ crowd) desk.Filter { return desk.Filter{Search: text(i)} }, pSearch)
	}
	return []selected{
		search("search: a rare word", func(i int) string { return picked(i, 3) }),
		search("search: a common word", func(i int) string { return companies[i%len(companies)] }),
		search("search: what all have", func(int) string { return "example" }),
		search("search: two words", func(i int) string { return firstNames[i%len(firstNames)] + " " + picked(i, 2) }),
		search("search: two common words", func(i int) string { return firstNames[i%len(firstNames)] + " " + companies[i%len(companies)] }),
		search("search: a phone number", func(i int) string { return fmt.Sprintf("+49 30 %05d", i*370%100000) }),
		search("search: two letters", func(i int) string { return picked(i, 1)[:2] }),
		search("search: one letter", func(i int) string { return string(rune('a' + i%26)) }),
		search("search: an address", func(i int) string { return "ann." + picked(i, 3) + "@" + picked(i+1, 2) }),
		search("search: nobody", func(i int) string { return "example x" + picked(i, 3) }),
		plain("search + status", func(i int, _ crowd) desk.Filter {
			return desk.Filter{Search: picked(i, 2), Statuses: []leads.Status{leads.StatusClosed}}
		}, pSearch, pStatus),
		plain("search + source + score", func(i int, c crowd) desk.Filter {
			return desk.Filter{Search: firstNames[i%len(firstNames)], Sources: sourceOf(i, c), MinScore: 90}
		}, pSearch, pSource, pScore),
		plain("search by score", func(i int, _ crowd) desk.Filter { return desk.Filter{Search: picked(i, 2), Sort: desk.HottestFirst} }, pSearch, pSort),
	}
}

func orders() (all []selected) {
	for _, sort := range []desk.Sort{desk.OldestFirst, desk.HottestFirst, desk.ChangedFirst} {
		all = append(all,
			plain("by "+string(sort), func(int, crowd) desk.Filter { return desk.Filter{Sort: sort} }, pSort),
			plain("status by "+string(sort), func(i int, _ crowd) desk.Filter { return desk.Filter{Sort: sort, Statuses: statusOf(i)} }, pSort, pStatus),
			plain("rare tag by "+string(sort), func(int, crowd) desk.Filter { return desk.Filter{Sort: sort, Tag: "vip"} }, pSort, pTag))
	}
	return all
}

// The pages of the dashboard: leads on a page of the inbox and in a column of the board, and up to where they are counted.
const (
	inboxPage, inboxCount   = 50, 1000
	columnPage, columnCount = 40, 1000
)

// listAndCount does what a page does: it counts the leads if they are not all on it.
func (d *deskUnderTest) listAndCount(ctx context.Context, u desk.User, f desk.Filter, most int) error {
	page, err := d.desk.Leads(ctx, u, f)
	if err == nil && page.Next != "" {
		_, err = d.desk.Count(ctx, u, f, most)
	}
	return err
}

// asks are all that a desk is asked.
func (d *deskUnderTest) asks() []ask {
	var all []ask
	for _, s := range selections() {
		all = append(all, ask{"inbox: " + s.name, func(ctx context.Context, i int) error {
			f, _, _ := s.make(i, d.crowd)
			f.Limit = inboxPage
			return d.listAndCount(ctx, d.user, f, inboxCount)
		}})
	}
	for _, s := range selections() {
		all = append(all, ask{"GET /api/leads: " + s.name, func(ctx context.Context, i int) error {
			_, q, _ := s.make(i, d.crowd)
			return d.get(ctx, "/api/leads?"+q.Encode())
		}})
	}
	for _, s := range append(filters()[:3], searches()[:4]...) {
		all = append(all, ask{"page /leads: " + s.name, func(ctx context.Context, i int) error {
			_, _, q := s.make(i, d.crowd)
			return d.get(ctx, "/dashboard/leads?"+q.Encode())
		}})
	}
	return append(append(append(all, d.deepAsks()...), d.deskAsks()...), d.pageAsks()...)
}

// deepAsks go far into a list.
func (d *deskUnderTest) deepAsks() []ask {
	var all []ask
	for _, s := range filters()[:2] {
		places := make(map[int]string) // of page 50, found once
		all = append(all,
			ask{"page 50 by cursor: " + s.name, func(ctx context.Context, i int) error {
				f, q, _ := s.make(i%5, d.crowd)
				if places[i%5] == "" {
					f.Offset, f.Limit = 49*20-1, 1
					page, err := d.desk.Leads(ctx, d.user, f)
					if err != nil {
						return err
					}
					places[i%5] = page.Next
				}
				q.Set("cursor", places[i%5])
				return d.get(ctx, "/api/leads?"+q.Encode())
			}},
			ask{"page 500 by number: " + s.name, func(ctx context.Context, i int) error {
				_, q, _ := s.make(i, d.crowd)
				q.Set("page", "500")
				return d.get(ctx, "/api/leads?"+q.Encode())
			}})
	}
	return all
}

// deskAsks are what else the faces ask the desk.
func (d *deskUnderTest) deskAsks() []ask {
	days := func(n int) desk.ReportQuery {
		to := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		return desk.ReportQuery{From: to.AddDate(0, 0, -n), To: to, Zone: time.UTC}
	}
	all := []ask{{"board", func(ctx context.Context, _ int) error {
		for _, stage := range desk.Statuses() {
			f := desk.Filter{Stages: []string{string(stage)}, Sort: desk.ChangedFirst, Limit: columnPage}
			if err := d.listAndCount(ctx, d.user, f, columnCount); err != nil {
				return err
			}
		}
		return nil
	}}}
	for _, n := range []int{30, 365} {
		for _, by := range []desk.ReportBy{desk.ByNothing, desk.BySource, desk.ByChannel, desk.ByQualification} {
			all = append(all, ask{fmt.Sprintf("leads of %d days by %s", n, orDay(by)), func(ctx context.Context, _ int) error {
				q := days(n)
				q.By = by
				_, err := d.desk.LeadsByDay(ctx, d.user, q)
				return err
			}})
		}
		all = append(all,
			ask{fmt.Sprintf("stages of %d days", n), func(ctx context.Context, _ int) error { _, err := d.desk.Stages(ctx, d.user, days(n)); return err }},
			ask{fmt.Sprintf("response of %d days", n), func(ctx context.Context, _ int) error { _, err := d.desk.Responses(ctx, d.user, days(n)); return err }})
	}
	return append(all,
		ask{"changed within a minute", func(ctx context.Context, _ int) error {
			_, err := d.desk.Changed(ctx, d.user, time.Now().Add(-time.Minute), 1000)
			return err
		}},
		ask{"names of sources", func(ctx context.Context, _ int) error { _, err := d.desk.SourceNames(ctx, d.user); return err }},
		ask{"sources", func(ctx context.Context, _ int) error { _, err := d.desk.AllSources(ctx, d.user); return err }},
		ask{"a beginner's inbox", func(ctx context.Context, i int) error {
			return d.listAndCount(ctx, d.small, desk.Filter{Search: picked(i, 2), Limit: inboxPage}, inboxCount)
		}},
	)
}

func orDay(by desk.ReportBy) string {
	if by == desk.ByNothing {
		return "day"
	}
	return string(by)
}

// pageAsks are the other pages, and reports over the API.
func (d *deskUnderTest) pageAsks() (all []ask) {
	for _, path := range []string{
		"/dashboard/board", "/dashboard/overview?days=30", "/dashboard/overview?days=365", "/dashboard/sources", "/dashboard/quarantine",
		"/dashboard/work", "/api/stats", "/api/stats?by=source", "/api/sources", "/api/quarantine", "/api/tasks",
	} {
		all = append(all, ask{"GET " + path, func(ctx context.Context, _ int) error { return d.get(ctx, path) }})
	}
	for _, path := range []string{"/dashboard/leads/", "/api/leads/"} {
		all = append(all, ask{"GET " + path + "ID", func(ctx context.Context, i int) error { return d.get(ctx, path+d.some[i%len(d.some)]) }})
	}
	return all
}
