package restapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

// newProgram is a world whose program brings sequences of its own; one it keeps paused.
func newProgram(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	step := []sequence.Step{{ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 2}}}}
	follow := sequence.New(w.store, nil, &sequence.Options{
		Secret:      []byte(strings.Repeat("s", 32)),
		Definitions: []sequence.Definition{{ID: "given", Name: "Given", Steps: step}, {ID: "held", Name: "Held", Paused: true, Steps: step}},
	})
	d, err := desk.New(desk.Config{Engine: w.engine, Store: w.store, Sequencer: follow})
	require.NoError(t, err)
	w.desk, w.api = d, w.apiOf(d)
	return w
}

type listed struct {
	ID, Name        string
	Paused          bool
	FromProgram     *bool
	PausedByProgram *bool
}

// paused are the IDs of the sequences that stand still.
func (w *world) paused(t *testing.T) []string {
	t.Helper()
	var all []listed
	w.get(t, "/api/sequences", &all)
	var ids []string
	for _, l := range all {
		if l.Paused {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

func TestSequencesOfTheProgram(t *testing.T) {
	t.Parallel()
	w := newProgram(t)
	var all []listed
	w.get(t, "/api/sequences", &all)
	yes := true
	require.Equal(t, []listed{
		{ID: "given", Name: "Given", FromProgram: &yes}, {ID: "held", Name: "Held", Paused: true, FromProgram: &yes, PausedByProgram: &yes},
		{ID: "other", Name: canary}, {ID: "welcome", Name: canary},
	}, all)
	d := readDocument(t, "/api")
	for _, r := range table() {
		if r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/sequences") {
			d.check(t, r, w.do(t, request{method: "GET", path: "/api" + strings.ReplaceAll(r.Path, "{id}", "given"), as: "reader"}))
		}
	}
	for call, body := range map[string]string{
		"PUT given": `{"name":"Mine","steps":[{"id":"a","wait":{"for":"3d"}}]}`, "DELETE given": "", "POST held/resume": "",
	} {
		method, path, _ := strings.Cut(call, " ")
		answer := w.do(t, request{method: method, path: "/api/sequences/" + path, body: body, as: "owner"})
		require.Equal(t, http.StatusConflict, answer.Code, call)
		require.Equal(t, "from_program", code(t, answer), call)
	}
	answer := w.do(t, request{method: "POST", path: "/api/sequences", body: `{"id":"given","name":"Mine","steps":[{"id":"a","wait":{"for":"3d"}}]}`, as: "owner"})
	require.Equal(t, http.StatusConflict, answer.Code)
	require.Equal(t, "exists", code(t, answer))

	answer = w.do(t, request{method: "POST", path: "/api/enrollments", body: `{"leadId":"` + w.ids["leads"] + `","sequenceId":"given"}`, as: "member"})
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	var f struct{ ByState map[string]int }
	w.get(t, "/api/sequences/given/funnel", &f)
	require.Equal(t, map[string]int{"active": 1}, f.ByState)
	require.Equal(t, http.StatusNoContent, w.do(t, request{method: "POST", path: "/api/sequences/given/pause", as: "admin"}).Code)
	require.Equal(t, []string{"given", "held"}, w.paused(t))
	require.Equal(t, http.StatusNoContent, w.do(t, request{method: "POST", path: "/api/sequences/given/resume", as: "admin"}).Code)
	require.Equal(t, []string{"held"}, w.paused(t))

	// What can be changed goes back as it came.
	answer = w.do(t, request{method: "GET", path: "/api/sequences/welcome", as: "admin"})
	answer = w.do(t, request{method: "PUT", path: "/api/sequences/welcome", body: answer.Body.String(), as: "admin", header: map[string]string{"If-Match": answer.Header().Get("ETag")}})
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
}

func TestPausingAllSequences(t *testing.T) {
	t.Parallel()
	w := newProgram(t)
	require.Equal(t, http.StatusNoContent, w.do(t, request{method: "POST", path: "/api/sequences/other/pause", as: "admin"}).Code)
	all := func(do string) []string {
		t.Helper()
		answer := w.do(t, request{method: "POST", path: "/api/sequences/" + do, as: "admin"})
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		var body struct{ Sequences []string }
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
		require.NotNil(t, body.Sequences)
		return body.Sequences
	}
	require.Empty(t, all("resume"))
	for _, as := range []string{"member", "reader", "key:read"} {
		require.Equal(t, http.StatusForbidden, w.do(t, request{method: "POST", path: "/api/sequences/pause", as: as}).Code)
	}
	require.Equal(t, []string{"held", "other"}, w.paused(t))
	require.Equal(t, []string{"given", "welcome"}, all("pause"))
	require.Equal(t, []string{"given", "held", "other", "welcome"}, w.paused(t))
	require.Equal(t, http.StatusOK, w.do(t, request{method: "POST", path: "/api/sequences/resume", as: "eve"}).Code)
	require.Len(t, w.paused(t), 4, "another tenant has let them go on")
	require.Equal(t, []string{"given", "welcome"}, all("resume"))
	require.Equal(t, []string{"held", "other"}, w.paused(t))
}
