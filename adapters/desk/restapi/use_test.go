package restapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

func TestETagsAndIfMatch(t *testing.T) {
	t.Parallel()
	for path, body := range map[string][2]string{
		"/leads/{leads}":         {"PATCH", `{"note":"x"}`},
		"/sources/{sources}":     {"PUT", `{"name":"%d"}`},
		"/pipelines/{pipelines}": {"PUT", `{"name":"%d","stages":[{"id":"{stage}","name":"x"}]}`},
		"/pipelines/default":     {"PUT", `{"name":"%d","stages":[{"id":"new","name":"x"},{"id":"contacted","name":"x"},{"id":"qualified","name":"x"},{"id":"converted","name":"x","isWin":true},{"id":"closed","name":"x","isLost":true}]}`},
		"/api-keys/{api-keys}":   {"PATCH", `{"label":"%d"}`},
		"/sequences/{sequences}": {"PUT", `{"name":"%d","steps":[{"id":"a","wait":{"for":"3d"}}]}`},
		"/webhooks/{webhooks}":   {"PUT", `{"url":"https://%d.example"}`},
		"/retention":             {"PUT", `{"raw":1%d,"clients":0,"quarantined":0,"events":0,"leads":0}`},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for name, id := range w.ids {
				path = strings.ReplaceAll(path, "{"+name+"}", id)
			}
			n := 0
			change := func(match string) (int, string) {
				t.Helper()
				n++
				text := strings.ReplaceAll(strings.ReplaceAll(body[1], "%d", fmt.Sprint(n)), "{stage}", w.stage)
				answer := w.do(t, request{method: body[0], path: "/api" + path, body: text, as: "owner", header: map[string]string{"If-Match": match}})
				if answer.Code == http.StatusPreconditionFailed {
					require.Equal(t, "stale", code(t, answer))
				}
				return answer.Code, answer.Header().Get("ETag")
			}
			got := w.do(t, request{method: "GET", path: "/api" + path, as: "owner"})
			first := got.Header().Get("ETag")
			require.NotEmpty(t, first)
			status, second := change(first)
			require.Equal(t, http.StatusOK, status)
			require.NotEqual(t, first, second)
			for match, want := range map[string]int{first: 412, `"nothing"`: 412, `"v0"`: 412, `"v-1"`: 412, "nonsense": 412, `"v1", "v2`: 412, `W/"v1"`: 412} {
				status, _ := change(match)
				require.Equal(t, want, status, match)
			}
			status, third := change(`"v999", ` + second)
			require.Equal(t, http.StatusOK, status, "one of several")
			status, fourth := change("*")
			require.Equal(t, http.StatusOK, status)
			require.NotEqual(t, third, fourth)
			got = w.do(t, request{method: "GET", path: "/api" + path, as: "owner", header: map[string]string{"If-None-Match": fourth}})
			require.Equal(t, http.StatusNotModified, got.Code)
			require.Empty(t, got.Body.String())
			if !strings.Contains(path, "default") && path != "/retention" {
				got = w.do(t, request{method: "DELETE", path: "/api" + path, as: "owner", header: map[string]string{"If-Match": first}})
				require.Equal(t, http.StatusPreconditionFailed, got.Code)
				got = w.do(t, request{method: "DELETE", path: "/api" + path, as: "owner", header: map[string]string{"If-Match": fourth}})
				require.Equal(t, http.StatusNoContent, got.Code, got.Body.String())
			}
		})
	}
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{
		"/leads": `{"email":"once@example.com","lastName":"%s"}`, "/sources": `{"name":"%s"}`, "/pipelines": `{"name":"%s","stages":[{"name":"a"}]}`, "/api-keys": `{"label":"%s","scope":"read"}`,
		"/sequences": `{"id":"once","name":"%s","steps":[{"id":"a","wait":{"for":"3d"}}]}`, "/webhooks": `{"url":"https://x.example","description":"%s"}`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			call := func(as, key, name string) (int, string) {
				answer := w.do(t, request{method: "POST", path: "/api" + path, body: fmt.Sprintf(body, name), as: as, header: map[string]string{"Idempotency-Key": key}})
				return answer.Code, answer.Body.String()
			}
			var wg sync.WaitGroup
			status, answers := make([]int, 8), make([]string, 8)
			for i := range status {
				wg.Go(func() { status[i], answers[i] = call("admin", "k", "first") })
			}
			wg.Wait()
			made, secrets := 0, 0
			for i, s := range status {
				if s == http.StatusConflict {
					require.Contains(t, answers[i], "in_progress")
					continue
				}
				require.Equal(t, http.StatusCreated, s, answers[i])
				made++
				if strings.Contains(answers[i], `"key":"lc_sec_`) || strings.Contains(answers[i], `"secret":"whsec_`) {
					secrets++
				}
			}
			require.NotZero(t, made)
			if path == "/api-keys" || path == "/webhooks" {
				require.Equal(t, 1, secrets, "a secret is shown once")
			}
			again, body := call("admin", "k", "first")
			require.Equal(t, http.StatusCreated, again)
			require.Contains(t, body, `"first"`)
			again, body = call("admin", "k", "second")
			require.Equal(t, http.StatusUnprocessableEntity, again)
			require.Contains(t, body, "idempotency_key_reused")
			again, body = call("admin", strings.Repeat("k", 201), "third")
			require.Equal(t, http.StatusBadRequest, again, body)
			records, err := w.store.Records(t.Context(), "acme", "desk.once", "", 100)
			require.NoError(t, err)
			require.Len(t, records, 1)
			require.NotContains(t, string(records[0].Data), "once@example.com")
			var kept struct{ Body []byte }
			require.NoError(t, json.Unmarshal(records[0].Data, &kept))
			for _, secret := range []string{"lc_sec_", "whsec_", "once@example.com"} {
				require.NotContains(t, string(kept.Body), secret)
			}
		})
	}
}

func TestAFailureMayBeTriedAgainWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := func(body string) int {
		return w.do(t, request{method: "POST", path: "/api/sources", body: body, as: "admin", header: map[string]string{"Idempotency-Key": "k"}}).Code
	}
	require.Equal(t, http.StatusBadRequest, call(`{"name":""}`))
	require.Equal(t, http.StatusCreated, call(`{"name":"mended"}`))
	require.Equal(t, http.StatusCreated, call(`{"name":"mended"}`))
	var all []struct{ Name string }
	w.get(t, "/api/sources", &all)
	require.Len(t, all, 2)
}

func TestCreateLead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.do(t, request{method: "POST", path: "/api/leads", body: `{"email":"New@Example.com","sourceId":"` + w.ids["sources"] + `","metadata":{"n":1.50}}`, as: "key:full"})
	require.Equal(t, http.StatusCreated, answer.Code)
	var lead struct {
		ID, Email  string
		CreatedAt  string
		Metadata   map[string]json.RawMessage
		Source     struct{ ID, Name string }
		AssignedTo *string
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &lead))
	require.Equal(t, "/api/leads/"+lead.ID, answer.Header().Get("Location"))
	require.Equal(t, canary+" form", lead.Source.Name)
	require.Equal(t, "1.50", string(lead.Metadata["n"]))
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, lead.CreatedAt)
	answer = w.do(t, request{method: "POST", path: "/api/leads", body: `{"email":"new@example.com","company":"ACME"}`, as: "member"})
	require.Equal(t, http.StatusOK, answer.Code, "they were known")
	for body, pointer := range map[string]string{
		`{}`: "", `{"email":"x@example.com","status":"closed"}`: "/status", `{"email":"x@example.com","tenant":"other"}`: "/tenant", `{"sourceId":"nope","email":"x@example.com"}`: "/sourceId", `{"email":5}`: "/email",
	} {
		answer := w.do(t, request{method: "POST", path: "/api/leads", body: body, as: "member"})
		require.Equal(t, http.StatusBadRequest, answer.Code, body)
		require.Contains(t, answer.Body.String(), `"pointer":"`+pointer+`"`, body)
	}
}

func TestPatchLead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patch := func(body string) map[string]json.RawMessage {
		t.Helper()
		answer := w.do(t, request{method: "PATCH", path: "/api/leads/" + w.ids["leads"], body: body, as: "member"})
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		var lead map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &lead))
		return lead
	}
	require.Equal(t, `"ada"`, string(patch(`{"assignedTo":"ada"}`)["assignedTo"]))
	require.Equal(t, `"ada"`, string(patch(`{"note":"x"}`)["assignedTo"]), "what is not given stays")
	require.Equal(t, "null", string(patch(`{"assignedTo":null}`)["assignedTo"]))
	require.JSONEq(t, `{"new":[1]}`, string(patch(`{"metadata":{"size":null,"new":[1]}}`)["metadata"]))
	require.JSONEq(t, `["`+canary+`","a"]`, string(patch(`{"addTags":["a"]}`)["tags"]))
	require.JSONEq(t, `["a"]`, string(patch(`{"removeTags":["` + canary + `"]}`)["tags"]))
	lead := patch(`{"stageId":"` + w.stage + `"}`)
	require.Equal(t, `"`+w.stage+`"`, string(lead["stageId"]))
	lead = patch(`{"status":"qualified"}`)
	require.Equal(t, `"qualified"`, string(lead["status"]))
	require.Equal(t, `"qualified"`, string(lead["stageId"]), "the default pipeline's stages are the statuses")
}

func TestAnotherLeadsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: "taken@example.com"}})
	require.NoError(t, err)
	path := "/api/leads/" + w.ids["leads"]
	for accept, want := range map[string]string{"": `"code":"taken"`, "application/problem+json": `"type":"urn:leads:error:taken"`} {
		answer := w.do(t, request{method: "PATCH", path: path, body: `{"email":"Taken@Example.com"}`, as: "member", header: map[string]string{"Accept": accept}})
		require.Equal(t, http.StatusConflict, answer.Code, answer.Body.String())
		for _, part := range []string{want, `"leadId":"` + other.LeadID + `"`, `"pointer":"/email"`} {
			require.Contains(t, answer.Body.String(), part)
		}
		require.NotContains(t, strings.ToLower(answer.Body.String()), "taken@example.com")
	}
	var lead struct {
		Email            string
		FormerIdentities []struct{ Kind, Value string }
	}
	w.get(t, path, &lead)
	was := lead.Email
	require.Empty(t, lead.FormerIdentities)
	require.Equal(t, http.StatusOK, w.do(t, request{method: "PATCH", path: path, body: `{"email":"moved@example.com"}`, as: "member"}).Code)
	w.get(t, path, &lead)
	require.Equal(t, "moved@example.com", lead.Email)
	require.Len(t, lead.FormerIdentities, 1)
	require.Equal(t, strings.ToLower(was), lead.FormerIdentities[0].Value)
	for _, email := range []string{was, "moved@example.com"} {
		again, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: email}})
		require.NoError(t, err)
		require.Equal(t, w.ids["leads"], again.LeadID, email)
	}
}

func TestListLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 24 {
		_, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: fmt.Sprintf("p%02d@example.com", i), LastName: "Page"}})
		require.NoError(t, err)
	}
	type page struct {
		Data       []struct{ ID, Email string }
		Pagination struct {
			Page, Limit, Total, Pages int
			NextCursor                string
		}
	}
	var first page
	w.get(t, "/api/leads", &first)
	require.Len(t, first.Data, 20)
	require.Equal(t, [4]int{1, 20, 25, 2}, [4]int{first.Pagination.Page, first.Pagination.Limit, first.Pagination.Total, first.Pagination.Pages})
	var second, behind, empty page
	w.get(t, "/api/leads?page=2", &second)
	require.Len(t, second.Data, 5)
	require.Equal(t, 25, second.Pagination.Total)
	w.get(t, "/api/leads?cursor="+first.Pagination.NextCursor, &behind)
	require.Equal(t, second.Data, behind.Data)
	require.Equal(t, 25, behind.Pagination.Total)
	w.get(t, "/api/leads?page=9", &empty)
	require.Empty(t, empty.Data)
	require.NotNil(t, empty.Data)
	require.Equal(t, 25, empty.Pagination.Total)
	for query, n := range map[string]int{
		"search=p07": 1, "search=page": 24, "qualification=hot": 1, "qualification=hot,cold": 1, "minScore=80": 1, "minScore=82": 0, "tag=" + canary: 1, "sourceId=" + w.ids["sources"]: 1,
		"status=new": 25, "status=closed,converted": 0, "stageId=new": 25, "stageId=" + w.stage: 0, "assignedTo=unassigned": 25, "assignedTo=me": 0, "duplicates=only": 0, "duplicates=exclude": 25,
		"startDate=2020-01-01&endDate=2020-12-31": 0, "startDate=2020-01-01": 25, "sort=score": 25, "sort=oldest&limit=100": 25,
	} {
		var p page
		w.get(t, "/api/leads?limit=100&"+query, &p)
		require.Len(t, p.Data, n, query)
		require.Equal(t, n, p.Pagination.Total, query)
	}
	for _, query := range []string{"page=0", "limit=0", "limit=101", "limit=x", "status=won", "qualification=x", "duplicates=x", "sort=x", "startDate=x", "minScore=101", "cursor=x", "search=%00", "x=%zz"} {
		answer := w.do(t, request{method: "GET", path: "/api/leads?" + query, as: "reader"})
		require.Equal(t, http.StatusBadRequest, answer.Code, query)
	}
}

func TestDeletedSourcesStayWithTheirLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusNoContent, w.do(t, request{method: "DELETE", path: "/api/sources/" + w.ids["sources"], as: "admin"}).Code)
	require.Equal(t, http.StatusNotFound, w.do(t, request{method: "GET", path: "/api/sources/" + w.ids["sources"], as: "admin"}).Code)
	var lead struct{ Source map[string]any }
	w.get(t, "/api/leads/"+w.ids["leads"], &lead)
	require.Equal(t, map[string]any{"id": w.ids["sources"], "name": canary + " form", "deleted": true}, lead.Source)
}

func TestSourceShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s map[string]any
	w.get(t, "/api/sources/"+w.ids["sources"], &s)
	require.Equal(t, w.token, s["webhookToken"])
	require.Equal(t, "https://crm.example/api/webhooks/"+w.token, s["webhookUrl"])
	require.Equal(t, map[string]any{"mail": "email"}, s["fieldMappings"])
	require.Equal(t, "ada", s["createdBy"])
	answer := w.do(t, request{method: "PUT", path: "/api/sources/" + w.ids["sources"], body: `{"signature":{"scheme":"standard","secret":"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}`, as: "admin"})
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.Contains(t, answer.Body.String(), `"signature":{"scheme":"standard","secret":true}`)
	require.NotContains(t, answer.Body.String(), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.Contains(t, answer.Body.String(), canary+" form", "what is left out stays")
}

func TestCaptchaOfASource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/sources/" + w.ids["sources"]
	answer := w.do(t, request{method: "PUT", path: path, body: `{"captcha":{"name":"turnstile","field":"answer","onOutage":"accept"},"preset":"typeform"}`, as: "admin"})
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	var s struct {
		Name, Preset string
		Captcha      map[string]string
	}
	w.get(t, path, &s)
	require.Equal(t, map[string]string{"name": "turnstile", "field": "answer", "onOutage": "accept"}, s.Captcha)
	require.Equal(t, "typeform", s.Preset)
	require.Contains(t, s.Name, canary, "what is left out stays")
	for pointer, body := range map[string]string{
		"/captcha/field": `{"captcha":{"name":"turnstile","field":"email","onOutage":""}}`, "/captcha/onOutage": `{"captcha":{"name":"turnstile","field":"","onOutage":"drop"}}`,
		"/preset": `{"preset":"fax"}`, "/signature/scheme": `{"signature":{"scheme":"handwriting","secret":"x"}}`,
	} {
		answer = w.do(t, request{method: "PUT", path: path, body: body, as: "admin"})
		require.Equal(t, http.StatusBadRequest, answer.Code, body)
		require.Contains(t, answer.Body.String(), `"pointer":"`+pointer+`"`, body)
	}
	w.get(t, path, &s)
	require.Equal(t, "answer", s.Captcha["field"])
}

func TestTagsWithCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.do(t, request{method: "PATCH", path: "/api/leads/" + w.ids["leads"], body: `{"addTags":["counted"]}`, as: "member"})
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	var tags []map[string]any
	w.get(t, "/api/tags", &tags)
	require.Contains(t, tags, map[string]any{"name": "counted"})
	w.get(t, "/api/tags?count=true", &tags)
	require.Contains(t, tags, map[string]any{"name": "counted", "leads": 1.0})
	require.Equal(t, http.StatusBadRequest, w.do(t, request{method: "GET", path: "/api/tags?count=maybe", as: "reader"}).Code)
}

func TestImportAndExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	csv := map[string]string{"Content-Type": "text/csv"}
	answer := w.do(t, request{method: "POST", path: "/api/leads/import?dryRun=true&map=" + "Mail:email", body: "Mail,Firma\na@example.com,=ACME\nb@example.com,x,y,z\n", header: csv, as: "admin"})
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.Contains(t, answer.Body.String(), `"refused":[{"line":3,`)
	require.Contains(t, answer.Body.String(), `"mapping":{"Firma":"company","Mail":"email"}`)
	answer = w.do(t, request{method: "POST", path: "/api/leads/import", body: "Mail,Firma\na@example.com,=ACME\n", header: csv, as: "key:full"})
	require.Contains(t, answer.Body.String(), `"created":1`)
	for _, path := range []string{"/api/leads/import?map=x", "/api/leads/import?map=Nobody:email", "/api/leads/import?sourceId=nope", "/api/leads/import?fromLine=-1", "/api/leads/import?dryRun=1"} {
		answer := w.do(t, request{method: "POST", path: path, body: "email\n", header: csv, as: "admin"})
		require.Equal(t, http.StatusBadRequest, answer.Code, path)
	}
	answer = w.do(t, request{method: "POST", path: "/api/leads/import", body: "email,x\nb@example.com,ok\nc@example.com,\"" + strings.Repeat("x\n", 1<<20), header: csv, as: "admin"})
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Contains(t, answer.Body.String(), `"lastLine":2`)
	require.Contains(t, answer.Body.String(), "a quotation mark is missing")

	answer = w.do(t, request{method: "GET", path: "/api/leads/export?search=ACME", as: "admin"})
	require.Equal(t, "text/csv; charset=utf-8", answer.Header().Get("Content-Type"))
	require.Equal(t, `attachment; filename="leads.csv"`, answer.Header().Get("Content-Disposition"))
	require.Contains(t, answer.Body.String(), ",'=ACME,")
	require.Equal(t, 2, strings.Count(answer.Body.String(), "\n"))
	answer = w.do(t, request{method: "GET", path: "/api/leads/export?search=ACME&raw=true", as: "admin"})
	require.Contains(t, answer.Body.String(), ",=ACME,")
	var all []struct{ Company string }
	w.get(t, "/api/leads/export?format=json&search=ACME", &all)
	require.Len(t, all, 1)
	w.get(t, "/api/leads/export?format=json&search=nobody", &all)
	require.Empty(t, all)
	answer = w.do(t, request{method: "GET", path: "/api/leads/export?format=xml", as: "admin"})
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Empty(t, answer.Header().Get("Content-Disposition"))
	var trail []struct{ Action string }
	w.get(t, "/api/audit", &trail)
	require.Equal(t, "lead.export", trail[0].Action)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	absent := leads.NewID()
	answer := w.do(t, request{method: "POST", path: "/api/leads/bulk", body: `{"ids":["` + w.ids["leads"] + `","` + absent + `"],"patch":{"status":"contacted"}}`, as: "member"})
	require.JSONEq(t, `{"changed":1,"failed":[{"id":"`+absent+`","code":"not_found","message":"there is no such thing"}]}`, answer.Body.String())
	for body, want := range map[string]int{
		`{"ids":["x"],"delete":true}`: 403, `{"ids":["x"]}`: 400, `{"ids":["x"],"delete":true,"patch":{"note":"x"}}`: 400, `{"ids":[],"patch":{"note":"x"}}`: 400, `{"ids":["x"],"patch":{"status":"x"}}`: 400,
	} {
		answer := w.do(t, request{method: "POST", path: "/api/leads/bulk", body: body, as: "member"})
		require.Equal(t, want, answer.Code, body)
	}
	answer = w.do(t, request{method: "POST", path: "/api/leads/bulk", body: `{"ids":["` + w.ids["leads"] + `"],"delete":true}`, as: "admin"})
	require.JSONEq(t, `{"changed":1,"failed":[]}`, answer.Body.String())
	require.Equal(t, http.StatusNotFound, w.do(t, request{method: "GET", path: "/api/leads/" + w.ids["leads"], as: "admin"}).Code)
}

func TestKeysOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.do(t, request{method: "POST", path: "/api/api-keys", body: `{"label":"CI","scope":"read"}`, as: "key:full"})
	var made struct{ ID, Key string }
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &made))
	w.keys["made"] = made.Key
	require.Equal(t, http.StatusOK, w.do(t, request{method: "GET", path: "/api/leads", as: "key:made"}).Code)
	require.Equal(t, http.StatusForbidden, w.do(t, request{method: "POST", path: "/api/leads", body: `{"email":"x@example.com"}`, as: "key:made"}).Code)
	require.NotContains(t, w.do(t, request{method: "GET", path: "/api/api-keys", as: "admin"}).Body.String(), made.Key)
	require.Equal(t, http.StatusOK, w.do(t, request{method: "PATCH", path: "/api/api-keys/" + made.ID, body: `{"active":false}`, as: "admin"}).Code)
	require.Equal(t, http.StatusUnauthorized, w.do(t, request{method: "GET", path: "/api/leads", as: "key:made"}).Code)
	for header, want := range map[string]int{"ApiKey " + w.keys["read"]: 200, "apikey  " + w.keys["read"]: 200, "Bearer " + w.keys["read"]: 401, "ApiKey": 401, w.keys["read"]: 401} {
		answer := w.do(t, request{method: "GET", path: "/api/leads", header: map[string]string{"Authorization": header}})
		require.Equal(t, want, answer.Code, header)
	}
	answer = w.do(t, request{method: "GET", path: "/api/leads", as: "owner", header: map[string]string{"X-API-Key": "lc_sec_wrong"}})
	require.Equal(t, http.StatusUnauthorized, answer.Code, "a wrong key is not made good by a session")
}

func TestABodyThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.raw(t, "POST", "/api/sources", iotest.ErrReader(errSecret))
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.NotContains(t, answer.Body.String(), "hunter2")
}
