package dashboard_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk"
)

func TestHandOut(t *testing.T) {
	t.Parallel()
	const button = ">Hand out to the team<"
	w := newOffice(t)
	_, page := w.upload("admin", file, map[string]string{"do": "run"})
	require.Contains(t, page, `<button form="handout"`+button)
	require.Contains(t, page, `<form id="handout" method="post" action="/dashboard/leads/hand-out">`)
	_, page = w.upload("admin", "email\nc@x.example\n", map[string]string{"do": "run", "announce": "1"})
	require.NotContains(t, page, button, "they are handed out as they come")

	_, page, _ = w.get("member", "/dashboard/?owner=none")
	require.Contains(t, page, button)
	for user, path := range map[string]string{"member": "/dashboard/", "reader": "/dashboard/?owner=none", "admin": "/dashboard/?owner=none&q=nobody"} {
		_, page, _ = w.get(user, path)
		require.NotContains(t, page, button, "%s %s", user, path)
	}
	require.Contains(t, w.follow("member", "/dashboard/leads/hand-out", url.Values{}), "3 leads were handed out.")
	found, err := w.desk.Leads(t.Context(), ann, desk.Filter{Assignee: "ben"})
	require.NoError(t, err)
	require.Len(t, found.Leads, 3)
	require.Contains(t, w.follow("member", "/dashboard/leads/hand-out", url.Values{}), "0 leads were handed out.")

	plain := newWorld(t) // its program hands nothing out
	plain.fill()
	_, page, _ = plain.get("member", "/dashboard/?owner=none")
	require.NotContains(t, page, button)
	status, _, _ := plain.post("member", "/dashboard/leads/hand-out", url.Values{})
	require.Equal(t, http.StatusNotFound, status)
}
