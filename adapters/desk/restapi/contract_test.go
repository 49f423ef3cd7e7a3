package restapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk/restapi"
)

// TestFixedNames holds the names that other programs rely on, also where they are empty.
func TestFixedNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusCreated, w.do(t, request{method: "POST", path: "/api/leads", body: `{"phone":"+49 30 7654321"}`, as: "owner"}).Code)
	var page struct {
		Data       []map[string]any
		Pagination map[string]any
	}
	w.get(t, "/api/leads", &page)
	for _, lead := range page.Data {
		for _, name := range strings.Fields("id firstName lastName email phone company status score source assignedTo createdAt stageId qualification tags submissions updatedAt") {
			require.Contains(t, lead, name)
		}
	}
	for _, name := range strings.Fields("page limit total pages") {
		require.Contains(t, page.Pagination, name)
	}
	for path, names := range map[string]string{
		"/api/sources": "id name webhookToken webhookUrl fieldMappings createdAt createdBy", "/api/pipelines": "id name isDefault createdAt stages",
		"/api/api-keys": "id label scope active expiresAt createdAt",
	} {
		var list []map[string]any // a bare array
		w.get(t, path, &list)
		require.NotEmpty(t, list)
		for _, name := range strings.Fields(names) {
			require.Contains(t, list[0], name, path)
		}
		if path == "/api/pipelines" {
			for _, name := range strings.Fields("id name color order isWin isLost") {
				require.Contains(t, list[0]["stages"].([]any)[0], name)
			}
		}
	}
}

// TestTheRoleComesFirst: who may not is told nothing of what is wrong with the rest.
func TestTheRoleComesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range restapi.Routes {
		for _, as := range []string{"reader", "key:read", "member"} {
			if roleOf(as).May(r.Role) {
				continue
			}
			answer := w.do(t, request{method: r.Method, path: "/api" + strings.ReplaceAll(r.Path, "{id}", "nope") + "?limit=x&format=x", body: "{", as: as, header: map[string]string{"Content-Type": "text/plain", "Accept": "text/html"}})
			require.Equal(t, http.StatusForbidden, answer.Code, "%s %s for %s: %s", r.Method, r.Path, as, answer.Body)
		}
	}
}

// TestParametersOfTheList holds what the parameters of the list take, and that what they do not is named.
func TestParametersOfTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, refused := range map[string]string{
		"page=1&limit=100": "", "status=new,contacted": "", "sourceId=nope": "", "search=x": "", "startDate=2026-01-01&endDate=2026-01-02T03:04:05Z": "", "assignedTo=unassigned": "",
		"duplicates=only": "", "duplicates=exclude": "", "qualification=hot": "", "minScore=1": "", "tag=x": "", "stageId=new": "", "sort=score": "",
		"page=0": "page", "page=-1": "page", "page=x": "page", "page=1.5": "page", "limit=0": "limit", "limit=101": "limit", "limit=x": "limit",
		"status=won": "status", "startDate=yesterday": "startDate", "endDate=2026-13-01": "endDate", "duplicates=maybe": "duplicates", "qualification=tepid": "qualification",
		"minScore=x": "minScore", "minScore=101": "minScore", "sort=name": "sort", "cursor=zzz": "cursor", "sort=oldest&cursor=newest~1~" + w.ids["leads"]: "cursor",
	} {
		answer := w.do(t, request{method: "GET", path: "/api/leads?" + query, as: "reader"})
		if refused == "" {
			require.Equal(t, http.StatusOK, answer.Code, "%s: %s", query, answer.Body)
			continue
		}
		require.Equal(t, http.StatusBadRequest, answer.Code, query)
		require.Contains(t, answer.Body.String(), `"code":"invalid_parameter"`, query)
		require.Contains(t, answer.Body.String(), `"pointer":"`+refused+`"`, query)
	}
}
