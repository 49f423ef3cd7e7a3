package adaptertest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

func deskStoreBreakages() []breakage {
	return slices.Concat(brokenFilters(), brokenSearches(), brokenPages(), brokenErasures(), brokenExpiries(), brokenKeeping(), brokenWork(), brokenReports())
}

// asks has FindLeads and CountLeads asked for something else.
func asks(alter func(f *desk.Filter)) func(*hooked) {
	return func(s *hooked) {
		s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
			alter(&f)
			return s.Store.FindLeads(ctx, f)
		}
		s.countLeads = func(ctx context.Context, f desk.Filter, most int) (int, error) {
			alter(&f)
			return s.Store.CountLeads(ctx, f, most)
		}
	}
}

// pages alters the pages that FindLeads gives.
func pages(alter func(f desk.Filter, page *desk.Page)) func(*hooked) {
	return func(s *hooked) {
		s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
			page, err := s.Store.FindLeads(ctx, f)
			alter(f, &page)
			return page, err
		}
	}
}

// without drops leads from every page.
func without(drop func(f desk.Filter, lead leads.Lead) bool) func(*hooked) {
	return pages(func(f desk.Filter, page *desk.Page) {
		page.Leads = slices.DeleteFunc(page.Leads, func(lead leads.Lead) bool { return drop(f, lead) })
	})
}

func brokenFilters() []breakage {
	changed := func(alter func(ctx context.Context, s *hooked, tenant string, since time.Time, limit int) ([]leads.Lead, error)) func(*hooked) {
		return func(s *hooked) {
			s.changedLeads = func(ctx context.Context, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
				return alter(ctx, s, tenant, since, limit)
			}
		}
	}
	return []breakage{
		{"wants the first status", "filter/statuses", asks(func(f *desk.Filter) { f.Statuses = f.Statuses[:min(1, len(f.Statuses))] })},
		{"knows no stages of the default pipeline", "filter/stages", without(func(f desk.Filter, l leads.Lead) bool { return len(f.Stages) > 0 && l.Stage == "" })},
		{"looks at the last touch", "filter/sources", without(func(f desk.Filter, l leads.Lead) bool {
			return len(f.Sources) > 0 && !slices.Contains(f.Sources, l.Last.SourceID)
		})},
		{"forgets the qualification", "filter/qualifications", asks(func(f *desk.Filter) { f.Qualifications = nil })},
		{"wants more than the score", "filter/scores", asks(func(f *desk.Filter) {
			if f.MinScore > 0 {
				f.MinScore++
			}
		})},
		{"always wants a score", "filter/scores", without(func(_ desk.Filter, l leads.Lead) bool { return l.Score == nil })},
		{"does not tell people by case", "filter/somebody's", asks(func(f *desk.Filter) { f.Assignee = strings.ToLower(f.Assignee) })},
		{"forgets that it is nobody's", "filter/nobody's", asks(func(f *desk.Filter) { f.Unassigned = false })},
		{"takes the moved for answered", "filter/unanswered", without(func(f desk.Filter, l leads.Lead) bool { return f.Unanswered && l.Status != leads.StatusNew })},
		{"forgets the tag", "filter/tags", asks(func(f *desk.Filter) { f.Tag = "" })},
		{"includes the end", "filter/when", asks(func(f *desk.Filter) {
			if !f.To.IsZero() {
				f.To = f.To.Add(time.Microsecond)
			}
		})},
		{"knows no duplicates", "filter/duplicates", without(func(f desk.Filter, l leads.Lead) bool {
			return f.Duplicates == desk.DuplicatesOnly && l.Assignee == ""
		})},
		{"forgets the rest when it searches", "filter/all together", asks(func(f *desk.Filter) {
			if f.Search != "" {
				f.Stages, f.Duplicates = nil, ""
			}
		})},
		{"takes quotes for its own", "filter/hostile text", asks(func(f *desk.Filter) { f.Tag = strings.ReplaceAll(f.Tag, "''", "'") })},
		{"counts all there are", "count/most", func(s *hooked) {
			s.countLeads = func(ctx context.Context, f desk.Filter, _ int) (int, error) { return s.Store.CountLeads(ctx, f, 1000) }
		}},
		{"counts a page", "count/the place does not matter", func(s *hooked) {
			s.countLeads = func(ctx context.Context, f desk.Filter, most int) (int, error) {
				page, err := s.Store.FindLeads(ctx, f)
				return min(most, len(page.Leads)), err
			}
		}},
		{"leaves out what changed just then", "changed/since", changed(func(ctx context.Context, s *hooked, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
			return s.Store.ChangedLeads(ctx, tenant, since.Add(time.Microsecond), limit)
		})},
		{"gives the newest changes", "changed/order and limit", changed(func(ctx context.Context, s *hooked, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
			all, err := s.Store.ChangedLeads(ctx, tenant, since, 1000)
			return all[max(0, len(all)-limit):], err
		})},
		{"searches everybody's", "all/tenants apart", func(s *hooked) {
			s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
				page, err := s.Store.FindLeads(ctx, f)
				f.Tenant = "acme"
				others, otherErr := s.Store.FindLeads(ctx, f)
				page.Leads = append(page.Leads, others.Leads...)
				return page, errors.Join(err, otherErr)
			}
		}},
		{"erases what is being erased", "all/at once", func(s *hooked) {
			var erasers sync.Map // the two who erase a lead, by its ID
			s.eraseLead = func(ctx context.Context, tenant, leadID string) error {
				_, err := s.Store.Lead(ctx, tenant, leadID)
				both, _ := erasers.LoadOrStore(leadID, meetingOf(2))
				both.(*meeting).wait()
				if err == nil {
					_ = s.Store.EraseLead(ctx, tenant, leadID)
				}
				return err
			}
		}},
		{"fails for malformed IDs", "all/malformed IDs", func(s *hooked) {
			s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
				if slices.Contains(f.Sources, "not-a-uuid") {
					return desk.Page{}, leads.ErrInvalid
				}
				return s.Store.FindLeads(ctx, f)
			}
		}},
		{"gives no more than a hundred", "all/limits", changed(func(ctx context.Context, s *hooked, tenant string, since time.Time, limit int) ([]leads.Lead, error) {
			return s.Store.ChangedLeads(ctx, tenant, since, min(limit, 100))
		})},
		{"erases after its caller has given up", "all/ended context", func(s *hooked) {
			s.eraseLead = func(ctx context.Context, tenant, leadID string) error {
				return errors.Join(s.Store.EraseLead(context.WithoutCancel(ctx), tenant, leadID), ctx.Err())
			}
		}},
		{"shares what it returns", "all/memory", func(s *hooked) {
			var shared []desk.Entry
			s.addEntry = func(ctx context.Context, e desk.Entry) error {
				shared = nil
				return s.Store.AddEntry(ctx, e)
			}
			s.entries = func(ctx context.Context, tenant, after string, limit int) ([]desk.Entry, error) {
				if shared == nil {
					all, err := s.Store.Entries(ctx, tenant, after, limit)
					shared = all
					return all, err
				}
				return shared, nil
			}
		}},
	}
}

// searchAs finds by words of another kind: those that has says a lead has.
func searchAs(has func(search string, lead leads.Lead) bool) func(*hooked) {
	return func(s *hooked) {
		s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
			search := f.Search
			if strings.TrimSpace(search) != "" {
				f.Search = ""
			}
			page, err := s.Store.FindLeads(ctx, f)
			page.Leads = slices.DeleteFunc(page.Leads, func(l leads.Lead) bool { return strings.TrimSpace(search) != "" && !has(search, l) })
			return page, err
		}
	}
}

// everyWord reports whether a lead has every word of a search, where begins says what it is to have one.
func everyWord(search string, lead leads.Lead, begins func(word, part string) bool) bool {
	words, ok := desk.ParseSearch(search)
	for _, w := range words {
		for _, part := range w.Parts {
			ok = ok && slices.ContainsFunc(desk.SearchWords(lead), func(word string) bool { return begins(word, part) })
		}
	}
	return ok
}

func brokenSearches() []breakage {
	search := func(alter func(search string) string) func(*hooked) {
		return asks(func(f *desk.Filter) { f.Search = alter(f.Search) })
	}
	return []breakage{
		{"finds within words", "search/names", searchAs(func(search string, l leads.Lead) bool { return everyWord(search, l, strings.Contains) })},
		{"finds names only", "search/companies", searchAs(func(search string, l leads.Lead) bool {
			l.Company = ""
			return everyWord(search, l, strings.HasPrefix)
		})},
		{"finds whole addresses", "search/parts of addresses", searchAs(func(search string, l leads.Lead) bool {
			whole := strings.EqualFold(search, l.Email)
			l.Email = ""
			return whole || everyWord(search, l, strings.HasPrefix)
		})},
		{"minds the marks", "search/marks and case", searchAs(func(search string, l leads.Lead) bool {
			all := strings.ToLower(l.FirstName + " " + l.LastName + " " + l.Company)
			return !slices.ContainsFunc(strings.Fields(strings.ToLower(search)), func(word string) bool { return !strings.Contains(all, word) })
		})},
		{"knows a number as it was written", "search/phone numbers", searchAs(func(search string, l leads.Lead) bool {
			return everyWord(search, l, strings.HasPrefix)
		})},
		{"takes a sign for a word", "search/signs", searchAs(func(search string, l leads.Lead) bool {
			return everyWord(search, l, strings.HasPrefix) && !strings.ContainsAny(search, "&%*")
		})},
		{"takes signs for a wildcard", "search/nothing but signs", search(func(search string) string {
			if _, ok := desk.ParseSearch(search); !ok {
				return ""
			}
			return search
		})},
		{"wants every word", "search/too long", searchAs(func(search string, l leads.Lead) bool {
			words := desk.SearchWords(l)
			return !slices.ContainsFunc(strings.Fields(search), func(part string) bool {
				return !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, part) })
			})
		})},
		{"cannot search for everything", "search/hostile text", func(s *hooked) {
			s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
				if strings.ContainsRune(f.Search, '"') || !utf8.ValidString(f.Search) {
					return desk.Page{}, errors.New("a query that cannot be parsed")
				}
				return s.Store.FindLeads(ctx, f)
			}
		}},
		{"remembers what a lead was", "search/what a lead has become", func(s *hooked) {
			former := make(map[string][]string)
			s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
				search, _ := desk.ParseSearch(f.Search)
				f.Search = ""
				page, err := s.Store.FindLeads(ctx, f)
				page.Leads = slices.DeleteFunc(page.Leads, func(l leads.Lead) bool {
					former[l.ID] = append(former[l.ID], desk.SearchWords(l)...)
					return slices.ContainsFunc(search, func(w desk.Word) bool { return !w.In(former[l.ID]) })
				})
				return page, err
			}
		}},
	}
}

func brokenPages() []breakage {
	all := []breakage{
		{"begins anew behind no place", "page/no place", func(s *hooked) {
			s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
				page, err := s.Store.FindLeads(ctx, f)
				if errors.Is(err, leads.ErrInvalid) {
					f.After = ""
					return s.Store.FindLeads(ctx, f)
				}
				return page, err
			}
		}},
		{"knows a place in its selection only", "page/of another selection", func(s *hooked) {
			searched := make(map[string]string)
			s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
				if f.After != "" && searched[f.After] != f.Search {
					return desk.Page{}, leads.ErrInvalid
				}
				page, err := s.Store.FindLeads(ctx, f)
				searched[page.Next] = f.Search
				return page, err
			}
		}},
		{"has an empty page at the end", "page/the last one", pages(func(f desk.Filter, page *desk.Page) {
			if len(page.Leads) > 0 && len(page.Leads) == f.Limit {
				page.Next = desk.PlaceOf(f.Sort, page.Leads[len(page.Leads)-1]).String()
			}
		})},
		{"forgets what to skip behind a place", "page/offset", asks(func(f *desk.Filter) {
			if f.After != "" {
				f.Offset = 0
			}
		})},
		{"has no end of a page", "page/limit", pages(func(f desk.Filter, page *desk.Page) {
			if f.Limit > 1000 {
				page.Leads = append(page.Leads, page.Leads[0])
			}
		})},
	}
	for _, sort := range []desk.Sort{desk.NewestFirst, desk.OldestFirst, desk.HottestFirst, desk.ChangedFirst} {
		name := cmp.Or(string(sort), "newest")
		all = append(all,
			breakage{"breaks ties otherwise: " + name, "page/in order/" + name, pages(func(f desk.Filter, page *desk.Page) {
				slices.SortStableFunc(page.Leads, func(a, b leads.Lead) int {
					p, q := desk.PlaceOf(sort, a), desk.PlaceOf(sort, b)
					p.ID, q.ID = q.ID, p.ID
					return p.Compare(q)
				})
			})},
			breakage{"counts pages: " + name, "page/in motion/" + name, countsPages},
			breakage{"looks for the lead of a place: " + name, "page/in motion/" + name, looksForPlace},
		)
	}
	return all
}

// countsPages turns a place into how many leads were shown before.
func countsPages(s *hooked) {
	shown := make(map[string]int)
	s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
		before := shown[f.After]
		f.After, f.Offset = "", before
		page, err := s.Store.FindLeads(ctx, f)
		shown[page.Next] = before + len(page.Leads)
		return page, err
	}
}

// looksForPlace begins behind the lead of the place where that stands now, and anew if it is gone.
func looksForPlace(s *hooked) {
	s.findLeads = func(ctx context.Context, f desk.Filter) (desk.Page, error) {
		if place, err := desk.ParsePlace(f.Sort, f.After); err == nil {
			lead, err := s.Store.Lead(ctx, f.Tenant, place.ID)
			if f.After = ""; err == nil {
				f.After = desk.PlaceOf(f.Sort, lead).String()
			}
		}
		return s.Store.FindLeads(ctx, f)
	}
}
