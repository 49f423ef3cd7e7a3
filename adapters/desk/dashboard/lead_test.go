package dashboard_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// follow posts a form and returns the page that the browser is sent on to.
func (w *world) follow(user, path string, form url.Values) string {
	w.t.Helper()
	status, page, h := w.post(user, path, form)
	require.Equal(w.t, http.StatusSeeOther, status, page)
	status, page, _ = w.get(user, h.Get("Location"))
	require.Equal(w.t, http.StatusOK, status)
	return page
}

func TestLeadActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[2]
	for _, tt := range []struct {
		name, path, want string
		form             url.Values
		check            func(l leads.Lead) bool
	}{
		{"assign", "change", "Assigned.", url.Values{"do": {"assign"}, "assignee": {"cleo"}}, func(l leads.Lead) bool { return l.Assignee == "cleo" }},
		{"to nobody", "change", "Assigned.", url.Values{"do": {"assign"}, "assignee": {""}}, func(l leads.Lead) bool { return l.Assignee == "" }},
		{"take", "change", "Assigned.", url.Values{"do": {"take"}}, func(l leads.Lead) bool { return l.Assignee == "ben" }},
		{"move", "change", "Moved.", url.Values{"do": {"stage"}, "stage": {"converted"}}, func(l leads.Lead) bool { return l.Status == leads.StatusConverted }},
		{"tags", "change", "Tagged.", url.Values{"do": {"tag"}, "tag": {"a, b ,,c"}}, func(l leads.Lead) bool { return len(l.Tags) == 4 }},
		{"untag", "change", "The tag was taken away.", url.Values{"do": {"untag"}, "tag": {"a"}}, func(l leads.Lead) bool { return len(l.Tags) == 3 }},
		{"note", "change", "The note was added.", url.Values{"do": {"note"}, "note": {"Called."}}, func(leads.Lead) bool { return true }},
		{"contacted", "change", "Noted that you got in touch.", url.Values{"do": {"contacted"}}, func(l leads.Lead) bool { return !l.Response.Contacted.IsZero() }},
		{"edit", "edit", "Saved.", url.Values{"firstName": {"Kate"}, "meta.message": {"new text"}, "new.name": {"budget"}, "new.value": {"10k"}}, func(l leads.Lead) bool {
			return l.FirstName == "Kate" && l.Email == "kj@orbit.example" && l.Metadata.Text("message") == "new text" && l.Metadata.Text("budget") == "10k"
		}},
		{"empty a field", "edit", "Saved.", url.Values{"meta.budget": {""}}, func(l leads.Lead) bool { _, ok := l.Metadata["budget"]; return !ok }},
		{"enrol", "enroll", "Enrolled.", url.Values{"sequence": {"welcome"}}, func(leads.Lead) bool { return true }},
	} {
		page := w.follow("member", "/dashboard/leads/"+id+"/"+tt.path, tt.form)
		require.Contains(t, page, tt.want, tt.name)
		require.True(t, tt.check(w.lead(id)), tt.name)
	}
	_, page, _ := w.get("member", "/dashboard/leads/"+id)
	for _, words := range []string{"Assigned to Cleo Costa", "Taken from Cleo Costa", "Moved from Qualified to Converted", "Tagged b", "Tag a taken away", "Called.", "Edited: firstName", "Welcome: enrolled", "by Ben Bauer"} {
		require.Contains(t, page, words)
	}
}

func TestLeadActionsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	require.NoError(t, w.desk.Suppress(t.Context(), ann, "alan@bletchley.example", ""))
	for name, tt := range map[string]struct {
		path   string
		form   url.Values
		status int
		want   string
	}{
		"no such action":     {"/leads/" + ids[0] + "/change", url.Values{"do": {"explode"}}, 400, "cannot be taken"},
		"no tag":             {"/leads/" + ids[0] + "/change", url.Values{"do": {"tag"}, "tag": {" , "}}, 400, "each tag has"},
		"no such stage":      {"/leads/" + ids[0] + "/change", url.Values{"do": {"stage"}, "stage": {"nowhere"}}, 400, "there is no such stage"},
		"no such lead":       {"/leads/" + leads.NewID() + "/change", url.Values{"do": {"take"}}, 404, "Not found"},
		"an old version":     {"/leads/" + ids[0] + "/edit", url.Values{"version": {"1"}, "firstName": {"X"}}, 409, "quicker"},
		"too long":           {"/leads/" + ids[0] + "/edit", url.Values{"email": {strings.Repeat("x", 300)}}, 422, "/email"},
		"enrolled already":   {"/leads/" + ids[0] + "/enroll", url.Values{"sequence": {"welcome"}}, 409, "In the sequence already"},
		"suppressed":         {"/leads/" + ids[1] + "/enroll", url.Values{"sequence": {"welcome"}}, 409, "has said stop"},
		"no such sequence":   {"/leads/" + ids[1] + "/enroll", url.Values{"sequence": {"nothing"}}, 404, "Not found"},
		"no such enrolment":  {"/leads/" + ids[1] + "/enrollment", url.Values{"enrollment": {leads.NewID()}, "do": {"pause"}}, 404, "Not found"},
		"no such task":       {"/leads/" + ids[1] + "/replay", url.Values{"task": {leads.NewID()}}, 404, "Not found"},
		"an empty new lead":  {"/leads/new", url.Values{"email": {" "}}, 422, "at least one field"},
		"a name for no view": {"/views", url.Values{"query": {"owner=me"}}, 400, "/name"},
		"a view of all":      {"/views", url.Values{"query": {"nonsense=1"}, "name": {"x"}}, 400, "a view of all leads already"},
		"a body too large":   {"/leads/new", url.Values{"email": {strings.Repeat("x", 2<<20)}}, 400, "cannot be taken"},
	} {
		status, page, _ := w.post("owner", "/dashboard"+tt.path, tt.form)
		require.Equal(t, tt.status, status, name)
		require.Contains(t, page, tt.want, name)
	}
}

func TestAnotherLeadsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	was, other := w.lead(ids[1]).Email, w.lead(ids[0]).Email
	status, page, _ := w.post("member", "/dashboard/leads/"+ids[1]+"/edit", url.Values{"email": {other}, "firstName": {"Kept"}})
	require.Equal(t, 422, status)
	for _, part := range []string{"another lead has this already", `href="/dashboard/leads/` + ids[0] + `">Look at the other lead`, `value="Kept"`} {
		require.Contains(t, page, part)
	}
	require.Equal(t, was, w.lead(ids[1]).Email)
	page = w.follow("member", "/dashboard/leads/"+ids[1]+"/edit", url.Values{"email": {"moved@new.example"}})
	require.Contains(t, page, "moved@new.example")
	require.Contains(t, page, was, "the lead is found by it still")
}

func TestNewLead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := url.Values{"email": {"kate@new.example"}, "firstName": {"Kate"}, "meta.message": {"warm"}, "source": {w.source.ID}}
	page := w.follow("member", "/dashboard/leads/new", form)
	require.Contains(t, page, "The lead was created.")
	require.Contains(t, page, "kate@new.example")
	form.Set("company", "Kate Ltd")
	require.Contains(t, w.follow("member", "/dashboard/leads/new", form), "This person was known already")
	found, err := w.desk.Leads(t.Context(), ann, desk.Filter{})
	require.NoError(t, err)
	require.Len(t, found.Leads, 1)
	require.Equal(t, "Kate Ltd", found.Leads[0].Company)
}

func TestOpeningALeadMarksItAsViewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[1]
	for _, tt := range []struct {
		user   string
		viewed bool
	}{{"reader", false}, {"member", true}} {
		status, _, _ := w.get(tt.user, "/dashboard/leads/"+id)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, tt.viewed, !w.lead(id).Response.Viewed.IsZero(), tt.user)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[3]
	x, err := w.engine.Explain(t.Context(), leads.DefaultTenant, id)
	require.NoError(t, err)
	require.Len(t, x.Tasks, 1)
	_, page, _ := w.get("member", "/dashboard/leads/"+id)
	require.Contains(t, page, "the model answers nonsense")
	require.Contains(t, page, `name="task" value="`+x.Tasks[0].ID+`"`)
	_, page, _ = w.get("reader", "/dashboard/leads/"+id)
	require.NotContains(t, page, `name="task"`)
	require.Contains(t, w.follow("member", "/dashboard/leads/"+id+"/replay", url.Values{"task": {x.Tasks[0].ID}}), "It is being tried again.")
}

func TestErasingAsksFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	path := "/dashboard/leads/" + ids[0] + "/erase"
	status, page, _ := w.post("admin", path, nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Grace Hopper")
	require.Equal(t, "Hopper", w.lead(ids[0]).LastName)
	require.Contains(t, w.follow("admin", path, url.Values{"sure": {"yes"}}), "1 lead was erased.")
	_, err := w.store.Lead(t.Context(), leads.DefaultTenant, ids[0])
	require.ErrorIs(t, err, leads.ErrNotFound)

	form := url.Values{"id": ids[1:3], "do": {"erase"}, "query": {"owner=me"}}
	status, page, _ = w.post("admin", "/dashboard/leads/bulk", form)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Alan Turing")
	status, _, _ = w.post("member", "/dashboard/leads/bulk", form)
	require.Equal(t, http.StatusForbidden, status)
	form.Set("sure", "yes")
	status, _, h := w.post("admin", "/dashboard/leads/bulk", form)
	require.Equal(t, http.StatusSeeOther, status)
	require.Contains(t, h.Get("Location"), "owner=me")
	require.Contains(t, h.Get("Location"), "n=2")
}

func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	for _, tt := range []struct {
		form  url.Values
		want  string
		check func(l leads.Lead) bool
	}{
		{url.Values{"do": {"assign"}, "assignee": {"cleo"}}, "2 leads were assigned.", func(l leads.Lead) bool { return l.Assignee == "cleo" }},
		{url.Values{"do": {"assign"}, "assignee": {"-"}}, "2 leads were assigned.", func(l leads.Lead) bool { return l.Assignee == "" }},
		{url.Values{"do": {"assign"}}, "Choose first", func(leads.Lead) bool { return true }},
		{url.Values{"do": {"stage"}, "stage": {"qualified"}}, "2 leads were moved.", func(l leads.Lead) bool { return l.Status == leads.StatusQualified }},
		{url.Values{"do": {"tag"}, "tag": {"fair"}}, "2 leads were tagged.", func(l leads.Lead) bool { return l.Tags[len(l.Tags)-1] == "fair" }},
	} {
		tt.form["id"] = ids[:2]
		require.Contains(t, w.follow("member", "/dashboard/leads/bulk", tt.form), tt.want)
		require.True(t, tt.check(w.lead(ids[0])) && tt.check(w.lead(ids[1])), tt.want)
	}
	require.Contains(t, w.follow("member", "/dashboard/leads/bulk", url.Values{"do": {"tag"}, "tag": {"x"}}), "No lead was picked.")
	require.Contains(t, w.follow("member", "/dashboard/leads/bulk", url.Values{"do": {"tag"}, "tag": {" "}, "id": ids}), "Choose first")
	for do, want := range map[string]int{"explode": http.StatusBadRequest, "note": http.StatusBadRequest, "stage": http.StatusBadRequest} {
		status, _, _ := w.post("member", "/dashboard/leads/bulk", url.Values{"do": {do}, "stage": {"nowhere"}, "id": ids})
		require.Equal(t, want, status, do)
	}
}

func TestInboxFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	today := time.Now().UTC().Format(time.DateOnly)
	for query, want := range map[string]int{
		"":                                     7,
		"q=hopper":                             1,
		"q=HOPP+navy":                          1,
		"q=%25":                                0,
		"qualification=hot":                    2,
		"qualification=hot&qualification=warm": 4,
		"qualification=boiling":                0,
		"status=contacted":                     1,
		"stage=qualified":                      1,
		"source=" + w.source.ID:                7,
		"source=" + leads.NewID():              0,
		"min=58":                               4,
		"min=nonsense":                         7,
		"owner=me":                             1,
		"owner=none":                           4,
		"owner=@ben":                           1,
		"unanswered=1":                         5,
		"tag=berlin":                           1,
		"from=2020-01-01&to=2020-01-02":        0,
		"from=2020-01-01":                      7,
		"from=" + today + "&to=" + today:       7,
		"from=nonsense":                        7,
		"repeat=only":                          0,
		"repeat=exclude":                       7,
		"sort=score&after=nonsense":            7,
		"sort=nonsense":                        7,
	} {
		status, page, _ := w.get("owner", "/dashboard/?"+query)
		require.Equal(t, http.StatusOK, status, query)
		require.Equal(t, want, strings.Count(page, "data-lead="), query)
	}
}

func TestInboxPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 120 {
		_, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: leads.DefaultTenant, Fields: ingest.Fields{Email: fmt.Sprintf("p%d@example.org", i)}})
		require.NoError(t, err)
	}
	seen := make(map[string]bool)
	path := "/dashboard/?sort=oldest"
	for range 4 {
		_, page, _ := w.get("owner", path)
		for _, part := range strings.Split(page, `data-lead="`)[1:] {
			id, _, _ := strings.Cut(part, `"`)
			require.False(t, seen[id], "a lead on two pages")
			seen[id] = true
		}
		_, rest, more := strings.Cut(page, `href="/dashboard/?after=`)
		if !more {
			break
		}
		require.Contains(t, page, "120 leads")
		link, _, _ := strings.Cut(rest, `"`)
		path = "/dashboard/?after=" + strings.ReplaceAll(link, "&amp;", "&")
	}
	require.Len(t, seen, 120)
}

func TestSavedViews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	page := w.follow("reader", "/dashboard/views", url.Values{"name": {"Hot in Berlin"}, "query": {"tag=berlin&qualification=hot&done=lead.stage&x=y"}})
	require.Contains(t, page, "The view was saved.")
	require.Contains(t, page, `href="/dashboard/?qualification=hot&amp;tag=berlin" aria-current="true">Hot in Berlin`)
	_, page, _ = w.get("member", "/dashboard/")
	require.NotContains(t, page, "Hot in Berlin", "it is of one person")
	w.follow("reader", "/dashboard/views", url.Values{"name": {"Hot in Berlin"}, "query": {"tag=berlin"}, "do": {"delete"}})
	_, page, _ = w.get("reader", "/dashboard/")
	require.NotContains(t, page, "Hot in Berlin")
}

func TestExports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	w.capture(ingest.Fields{Email: "f@example.org", FirstName: "=1+1"}, "")
	status, body, h := w.get("admin", "/dashboard/leads.csv?qualification=hot")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, h.Get("Content-Disposition"), "attachment")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	_, body, _ = w.get("admin", "/dashboard/leads.csv")
	require.Contains(t, body, "'=1+1")
	status, body, h = w.get("admin", "/dashboard/leads/"+ids[0]+"/dossier.json")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, h.Get("Content-Disposition"), "attachment")
	var x desk.Dossier
	require.NoError(t, json.Unmarshal([]byte(body), &x))
	require.Equal(t, "grace@navy.example", x.Lead.Email)
}

func TestEnrollmentActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[0]
	all, err := w.desk.Enrollments(t.Context(), ann, sequence.EnrollmentQuery{LeadID: id})
	require.NoError(t, err)
	for _, tt := range []struct {
		do, want string
		state    sequence.State
	}{{"pause", "Paused.", sequence.Paused}, {"resume", "Goes on.", sequence.Active}, {"exit", "Taken out.", sequence.Exited}} {
		require.Contains(t, w.follow("member", "/dashboard/leads/"+id+"/enrollment", url.Values{"enrollment": {all[0].ID}, "do": {tt.do}}), tt.want)
		now, err := w.desk.Enrollments(t.Context(), ann, sequence.EnrollmentQuery{LeadID: id})
		require.NoError(t, err)
		require.Equal(t, tt.state, now[0].State)
	}
}
