package dashboard_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
)

func TestBoard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	_, page, _ := w.get("member", "/dashboard/board")
	require.Equal(t, 7, strings.Count(page, `data-lead="`))
	_, page, _ = w.get("member", "/dashboard/board?owner=me")
	require.Equal(t, 1, strings.Count(page, `data-lead="`))
	_, page, _ = w.get("reader", "/dashboard/board")
	require.NotContains(t, page, "<form", "readers move nothing")
	page = w.follow("member", "/dashboard/leads/"+ids[0]+"/change", url.Values{"do": {"stage"}, "stage": {"closed"}, "to": {"board"}, "owner": {"me"}})
	require.Contains(t, page, "Moved.")
	require.Equal(t, 1, strings.Count(page, `data-lead="`), "the board is shown as it was")
	require.Equal(t, leads.StatusClosed, w.lead(ids[0]).Status)
}

func TestBoardOfManyLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 60 {
		_, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: leads.DefaultTenant, Fields: ingest.Fields{Email: fmt.Sprintf("b%d@example.org", i)}})
		require.NoError(t, err)
	}
	_, page, _ := w.get("member", "/dashboard/board")
	require.Equal(t, 40, strings.Count(page, `data-lead="`))
	require.Contains(t, page, "20 more")
	require.Contains(t, page, `href="/dashboard/?stage=new"`)
}

var stageID = regexp.MustCompile(`name="stage\.(\d)\.id" value="([^"]+)"`)

func TestPipelineEditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[0]
	status, _, h := w.post("admin", "/dashboard/pipelines", url.Values{"name": {"Partners"}})
	require.Equal(t, http.StatusSeeOther, status)
	path, _, _ := strings.Cut(h.Get("Location"), "?")
	_, page, _ := w.get("admin", path)
	stages := stageID.FindAllStringSubmatch(page, -1)
	require.Len(t, stages, 4)
	form := url.Values{
		"name": {"Resellers"}, "stage.0.id": {stages[0][2]}, "stage.0.name": {"Found"}, "stage.0.order": {"1"}, "stage.0.color": {"#112233"},
		"stage.1.id": {stages[1][2]}, "stage.1.name": {"Talks"}, "stage.1.order": {"0"}, "stage.1.color": {"#445566"}, "stage.1.end": {""},
		"stage.2.id": {stages[2][2]}, "stage.2.name": {"Won"}, "stage.2.order": {"3"}, "stage.2.color": {"#00ff00"}, "stage.2.end": {"win"},
		"stage.3.id": {stages[3][2]}, "stage.3.name": {"Lost"}, "stage.3.remove": {"1"},
		"stage.4.id": {""}, "stage.4.name": {"Contract"}, "stage.4.order": {"2"}, "stage.4.color": {"#778899"}, "stage.5.name": {""},
	}
	require.Contains(t, w.follow("admin", path, form), "Saved.")
	made, err := w.desk.Pipeline(t.Context(), ann, strings.TrimPrefix(path, "/dashboard/pipelines/"))
	require.NoError(t, err)
	var names []string
	for _, s := range made.Stages {
		names = append(names, s.Name)
	}
	require.Equal(t, "Resellers: Talks, Found, Contract, Won", made.Name+": "+strings.Join(names, ", "))
	require.Equal(t, "#112233", made.Stages[1].Color)
	require.True(t, made.Stages[3].IsWin)

	form.Set("stage.0.end", "win")
	form.Set("stage.1.name", "")
	status, page, _ = w.post("admin", path, form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, "at most one stage is won")
	require.Contains(t, page, "/stages/0/name")

	page = w.follow("member", "/dashboard/leads/"+id+"/change", url.Values{"do": {"stage"}, "stage": {made.Stages[1].ID}, "to": {"board"}, "pipeline": {made.ID}})
	require.Equal(t, 1, strings.Count(page, `data-lead="`))
	_, page, _ = w.get("member", "/dashboard/leads/"+id)
	require.Contains(t, page, "Found")
	status, page, _ = w.post("admin", path+"/delete", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Delete this pipeline?")
	status, page, _ = w.post("admin", path+"/delete", url.Values{"sure": {"yes"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, "move them first")
	_, err = w.desk.Update(t.Context(), ann, id, desk.Patch{Stage: &[]string{"new"}[0]})
	require.NoError(t, err)
	require.Contains(t, w.follow("admin", path+"/delete", url.Values{"sure": {"yes"}}), "The pipeline was deleted.")
}

func TestDefaultPipelineIsRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := url.Values{"name": {"Sales"}}
	for i, id := range []string{"new", "contacted", "qualified", "converted", "closed"} {
		at := fmt.Sprintf("stage.%d.", i)
		form.Set(at+"id", id)
		form.Set(at+"name", "Stage "+id)
		form.Set(at+"color", "#123456")
	}
	require.Contains(t, w.follow("admin", "/dashboard/pipelines/default", form), "Saved.")
	_, page, _ := w.get("reader", "/dashboard/board")
	require.Contains(t, page, "Stage qualified")
	form.Del("stage.4.name")
	status, page, _ := w.post("admin", "/dashboard/pipelines/default", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, "the default pipeline keeps its five stages")
}

// upload sends a file as the form of the import does.
func (w *world) upload(user, content string, fields map[string]string) (int, string) {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, v := range fields {
		require.NoError(w.t, form.WriteField(k, v))
	}
	if content != "-" {
		part, err := form.CreateFormFile("file", `<b>leads".csv`)
		require.NoError(w.t, err)
		_, err = part.Write([]byte(content))
		require.NoError(w.t, err)
	}
	require.NoError(w.t, form.Close())
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+"/dashboard/import", &body)
	require.NoError(w.t, err)
	r.Header.Set("User", user)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	defer answer.Body.Close()
	var page bytes.Buffer
	_, err = page.ReadFrom(answer.Body)
	require.NoError(w.t, err)
	return answer.StatusCode, page.String()
}

const file = "Email,Your name,Budget,Zip\nann@x.example,Ann Able,10k,12345\nbob@x.example,Bob Best,,\n"

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, page := w.upload("admin", file, map[string]string{"do": "try"})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "2 lines were read")
	require.Contains(t, page, "10k", "an example")
	for _, chosen := range []string{`<option value="email" selected>`, `<option value="fullName" selected>`, `<option value="Budget" selected>`} {
		require.Contains(t, page, chosen)
	}
	found, err := w.desk.Leads(t.Context(), ann, desk.Filter{})
	require.NoError(t, err)
	require.Empty(t, found.Leads, "a try stores nothing")

	run := map[string]string{"do": "run", "source": w.source.ID, "map.Email": "email", "map.Your name": "fullName", "map.Budget": "-", "map.Zip": "company"}
	status, page = w.upload("admin", file, run)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "2 lines were read: 2 new leads, 0 that were known.")
	found, err = w.desk.Leads(t.Context(), ann, desk.Filter{Search: "able"})
	require.NoError(t, err)
	require.Len(t, found.Leads, 1)
	require.Equal(t, "12345", found.Leads[0].Company)
	require.Empty(t, found.Leads[0].Metadata)
	_, page = w.upload("admin", file, run)
	require.Contains(t, page, "2 were in already.")
}

func TestImportOfWhatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *dashboard.Options) { o.MaxUpload = 64 << 10 })
	for name, tt := range map[string]struct {
		user, content, want string
		fields              map[string]string
		status              int
	}{
		"no file":          {"admin", "-", "Choose a file", nil, 422},
		"an empty file":    {"admin", "", "Choose a file", nil, 422},
		"too large":        {"admin", strings.Repeat("x", 100<<10), "larger than 0 MiB", nil, 422},
		"no such source":   {"admin", file, "there is no such source", map[string]string{"source": "x"}, 422},
		"no such column":   {"admin", file, "there is no such column", map[string]string{"map.Nothing": "email"}, 422},
		"only for admins":  {"member", file, "Not allowed", nil, 403},
		"a line too short": {"admin", "Email\n\"unended", "cannot be taken", map[string]string{"do": "run"}, 200},
	} {
		status, page := w.upload(tt.user, tt.content, tt.fields)
		require.Equal(t, tt.status, status, name)
		require.Contains(t, page, tt.want, name)
	}
	status, page, _ := w.post("admin", "/dashboard/import", url.Values{"do": {"run"}})
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, page, "cannot be taken")
}
