package restapi_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// spamOf reads the spam settings of the world's source.
func (w *world) spamOf(t *testing.T) (s struct {
	Honeypot       string
	MinFillSeconds float64
	Blocked        []string
}) {
	t.Helper()
	var source struct{ Spam json.RawMessage }
	w.get(t, "/api/sources/"+w.ids["sources"], &source)
	require.NoError(t, json.Unmarshal(source.Spam, &s))
	return s
}

func TestBlocking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NotNil(t, w.spamOf(t).Blocked, "a list is never null")
	put := func(spam string) int {
		return w.do(t, request{method: "PUT", path: "/api/sources/" + w.ids["sources"], body: `{"spam":` + spam + `}`, as: "admin"}).Code
	}
	require.Equal(t, http.StatusOK, put(`{"honeypot":"website","minFillSeconds":2.5}`))
	require.Equal(t, http.StatusOK, put(`{"blocked":["jo@example.com","2001:db8::/32"]}`))
	s := w.spamOf(t)
	require.Equal(t, "website", s.Honeypot, "what is left out stays")
	require.InDelta(t, 2.5, s.MinFillSeconds, 0)
	require.Equal(t, []string{"jo@example.com", "2001:db8::/32"}, s.Blocked)

	block := func(body string) (int, string) {
		answer := w.do(t, request{method: "POST", path: "/api/quarantine/" + w.ids["quarantine"] + "/block", body: body, as: "key:full"})
		return answer.Code, answer.Body.String()
	}
	second := w.do(t, request{method: "POST", path: "/api/sources", body: `{"name":"Second","spam":{"blocked":["x@y.example"]}}`, as: "admin"})
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(second.Body.Bytes(), &made))
	status, body := block(`{"what":"domain"}`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"what":"domain","entry":"example.com","sourceIds":["`+w.ids["sources"]+`"],"added":1}`, body)
	_, body = block(`{"what":"domain","everywhere":true}`)
	require.JSONEq(t, `{"what":"domain","entry":"example.com","sourceIds":["`+w.ids["sources"]+`","`+made.ID+`"],"added":1}`, body)
	require.Equal(t, []string{"jo@example.com", "2001:db8::/32", "example.com"}, w.spamOf(t).Blocked)
	require.Equal(t, http.StatusOK, put(`{"honeypot":"website"}`))
	require.Len(t, w.spamOf(t).Blocked, 3, "a client that knows nothing of the list leaves it alone")

	for body, pointer := range map[string]string{`{"what":"network"}`: "/what", `{"what":"phone"}`: "/what", `{}`: "/what"} {
		status, answer := block(body)
		require.Equal(t, http.StatusBadRequest, status, body)
		require.Contains(t, answer, `"pointer":"`+pointer+`"`, body)
	}
	answer := w.do(t, request{method: "PUT", path: "/api/sources/" + w.ids["sources"], body: `{"spam":{"blocked":["ok.example","no entry"]}}`, as: "admin"})
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Contains(t, answer.Body.String(), `"pointer":"/spam/blocked/1"`)
	require.Contains(t, answer.Body.String(), `\"no entry\" is no email address, domain or network`)
	require.Equal(t, http.StatusOK, put(`{"blocked":[]}`))
	require.Empty(t, w.spamOf(t).Blocked)
}
