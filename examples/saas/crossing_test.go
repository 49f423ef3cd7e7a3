package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canaries are texts that only one company may ever see.
var canaries = map[string][]string{
	"acme":  {"Canaryacmefirst", "canary-acme-message", "Website of Acme Tools", "canary-acme-note", "canary-acme-tag", "Ann Archer", "ann@acme.example"},
	"umbra": {"Canaryumbrafirst", "canary-umbra-message", "Website of Umbra Lamps", "canary-umbra-note", "canary-umbra-tag", "Uma Unger", "uma@umbra.example"},
}

// owners are who signs in, and strangers whose secrets they must not see.
var (
	owners   = map[string]string{"acme": "ann", "umbra": "uma"}
	stranger = map[string]string{"acme": "umbra", "umbra": "acme"}
)

// worked is a program to both of whose companies the same person has written, and where both have worked on the lead. It returns the leads' IDs.
func worked(t *testing.T) (*service, map[string]string) {
	s := start(t)
	s.work()
	for company := range owners {
		s.submit(company, fmt.Sprintf(`{"email":"eve@both.example","firstName":"Canary%sfirst","company":"Both","message":"canary-%s-message: a price for 40 seats by March"}`, company, company))
	}
	s.await("ann@acme.example", "uma@umbra.example")
	ids := map[string]string{}
	for company := range owners {
		var list struct {
			Data []struct{ ID, Email, FirstName string }
		}
		s.withKey(company).get("/api/leads", &list)
		require.Len(t, list.Data, 1, "one lead of each company's own")
		require.Equal(t, "Canary"+company+"first", list.Data[0].FirstName)
		ids[company] = list.Data[0].ID
		status, body := s.withKey(company).do("PATCH", "/api/leads/"+ids[company],
			fmt.Sprintf(`{"note":"canary-%s-note","tags":["canary-%s-tag"]}`, company, company))
		require.Equal(t, http.StatusOK, status, body)
	}
	require.NotEqual(t, ids["acme"], ids["umbra"])
	return s, ids
}

func clean(t *testing.T, company, where, text string) {
	t.Helper()
	for _, canary := range canaries[stranger[company]] {
		require.NotContains(t, text, canary, "%s at %s", company, where)
	}
}

// TestNothingCrossesTheAPI calls every GET of the API, for everything that either company has, with the key and with the session of each.
func TestNothingCrossesTheAPI(t *testing.T) {
	t.Parallel()
	s, leadIDs := worked(t)
	var document struct {
		Paths map[string]map[string]any
	}
	s.withKey("acme").get("/api/openapi.json", &document)
	// What there are IDs of, each found by its owner.
	ids := map[string][]string{}
	for company := range owners {
		ids[company] = append(ids[company], leadIDs[company])
		for _, list := range []string{"/api/sources", "/api/api-keys", "/api/audit", "/api/leads/" + leadIDs[company] + "/submissions", "/api/leads/" + leadIDs[company] + "/events"} {
			_, body := s.withKey(company).do("GET", list, "")
			found := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindAllString(body, -1)
			require.NotEmpty(t, found, "%s: %s", list, body)
			ids[company] = append(ids[company], found...)
		}
		slices.Sort(ids[company])
		ids[company] = slices.Compact(ids[company])
	}
	seen := map[string]string{}
	calls := 0
	for company, owner := range owners {
		for _, c := range []*client{s.withKey(company), s.browser(company, owner)} {
			for path, methods := range document.Paths {
				if methods["get"] == nil {
					continue
				}
				for _, id := range append(ids[company], ids[stranger[company]]...) {
					where := "/api" + strings.Replace(path, "{id}", id, 1)
					status, body := c.do("GET", where, "")
					calls++
					clean(t, company, where, body)
					require.Less(t, status, 500, where)
					seen[company] += body
					if !strings.Contains(path, "{id}") {
						break
					}
				}
			}
		}
	}
	require.Greater(t, calls, 200)
	for company := range owners { // or the search would have found nothing because it looks at nothing
		for _, canary := range canaries[company][:5] {
			require.Contains(t, seen[company], canary)
		}
	}
}

func TestNothingIsChangedFromOutside(t *testing.T) {
	t.Parallel()
	s, ids := worked(t)
	var before, after map[string]any
	s.withKey("umbra").get("/api/leads/"+ids["umbra"], &before)
	path := "/api/leads/" + ids["umbra"]
	for _, c := range []*client{s.withKey("acme"), s.browser("acme", "ann")} {
		for _, call := range [][3]string{
			{"PATCH", path, `{"fields":{"firstName":"Changed"}}`}, {"PUT", path + "/status", `{"status":"closed"}`}, {"DELETE", path, ""},
			{"POST", "/api/enrollments", `{"leadId":"` + ids["umbra"] + `","sequenceId":"welcome"}`},
		} {
			status, body := c.do(call[0], call[1], call[2])
			require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest, http.StatusUnprocessableEntity}, status, "%s %s: %s", call[0], call[1], body)
		}
	}
	s.withKey("umbra").get(path, &after)
	require.Equal(t, before, after)
}

var link = regexp.MustCompile(`(?:href|action|src|hx-get|data-[a-z]+)="(/dashboard/[^"]*)"`)

// crawl reads every page of a dashboard that another one leads to.
func crawl(c *client) map[string]string {
	pages, todo := map[string]string{}, []string{"/dashboard/"}
	for len(todo) > 0 {
		path := strings.ReplaceAll(todo[0], "&amp;", "&")
		todo = todo[1:]
		if _, seen := pages[path]; seen || len(pages) > 300 || strings.Contains(path, "/assets/") || strings.HasSuffix(path, "/live") {
			continue
		}
		_, pages[path] = c.do("GET", path, "")
		for _, found := range link.FindAllStringSubmatch(pages[path], -1) {
			todo = append(todo, found[1])
		}
	}
	return pages
}

// TestNothingCrossesTheDashboard reads all pages of one company as its owner, and then the same addresses as the other's.
func TestNothingCrossesTheDashboard(t *testing.T) {
	t.Parallel()
	s, ids := worked(t)
	for company, owner := range owners {
		pages := crawl(s.browser(company, owner))
		require.Greater(t, len(pages), 15)
		require.Contains(t, pages["/dashboard/leads/"+ids[company]], canaries[company][1])
		other := s.browser(stranger[company], owners[stranger[company]])
		nobody := s.browser(company, "")
		for path, page := range pages {
			clean(t, company, path, page)
			status, theirs := other.do("GET", path, "")
			clean(t, stranger[company], path, theirs)
			if strings.Contains(path, ids[company]) {
				require.Equal(t, http.StatusNotFound, status, path)
			}
			status, _ = nobody.do("GET", path, "")
			require.Equal(t, http.StatusSeeOther, status, path)
		}
	}
}
