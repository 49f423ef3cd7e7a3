package dashboard_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/notify"
	rubrics "github.com/openleads/leads/score"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	status, body, _ := w.post("owner", "/dashboard/settings/keys", url.Values{"do": {"create"}, "label": {"Zapier"}, "scope": {"read"}, "days": {"30"}})
	require.Equal(t, http.StatusOK, status)
	secret := regexp.MustCompile(`lc_sec_\w+`).FindString(body)
	user, err := w.desk.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, desk.Reader, user.Role)
	require.NotContains(t, w.page("/settings/keys"), secret, "it is shown again")
	keys, err := w.desk.Keys(t.Context(), ann)
	require.NoError(t, err)
	require.False(t, keys[0].ExpiresAt.IsZero())
	for _, do := range []string{"off", "on", "delete"} {
		w.act("/settings/keys", url.Values{"do": {do}, "key": {keys[0].ID}})
		_, err := w.desk.Authenticate(t.Context(), secret)
		require.Equal(t, do == "on", err == nil, do)
	}
	status, body, _ = w.post("owner", "/dashboard/settings/keys", url.Values{"do": {"create"}, "label": {""}, "scope": {"all"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "/scope")
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	status, body, _ := w.post("owner", "/dashboard/settings/webhooks", url.Values{"do": {"create"}, "url": {"https://hooks.example.com/a"}, "events": {"lead.new, lead.hot"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "whsec_first")
	body = w.page("/settings/webhooks")
	require.Contains(t, body, "lead.hot")
	require.NotContains(t, body, "whsec_")
	_, body, _ = w.post("owner", "/dashboard/settings/webhooks", url.Values{"do": {"rotate"}, "hook": {"hook-1"}})
	require.Contains(t, body, "whsec_second")
	w.act("/settings/webhooks", url.Values{"do": {"off"}, "hook": {"hook-1"}})
	require.Contains(t, w.page("/settings/webhooks"), "Switch on")
	status, body, _ = w.post("owner", "/dashboard/settings/webhooks", url.Values{"do": {"create"}, "url": {"ftp://x"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "the URL must begin with https://")
	w.act("/settings/webhooks", url.Values{"do": {"delete"}, "hook": {"hook-1"}})
	require.Contains(t, w.page("/settings/webhooks"), "There are no endpoints.")
	plain := newWorld(t)
	require.Contains(t, plain.page("/settings/webhooks"), "calls no webhooks")
}

func TestSuppressionsAndRetention(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.act("/settings/suppressions", url.Values{"do": {"add"}, "address": {"stop@example.com"}, "purpose": {"marketing"}})
	body := w.page("/settings/suppressions")
	require.Contains(t, body, "marketing")
	require.NotContains(t, body, "stop@example.com")
	status, body, _ := w.post("owner", "/dashboard/settings/suppressions", url.Values{"do": {"add"}, "address": {"nothing"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	w.act("/settings/suppressions", url.Values{"do": {"remove"}, "address": {"stop@example.com"}, "purpose": {"marketing"}})
	require.Contains(t, w.page("/settings/suppressions"), "Nobody has said stop.")

	rules := url.Values{"raw": {"90"}, "clients": {"30"}, "quarantined": {"60"}, "events": {"0"}, "leads": {"730"}}
	w.act("/settings/retention", rules)
	kept, err := w.desk.Retention(t.Context(), ann)
	require.NoError(t, err)
	require.Equal(t, desk.RetentionRules{Raw: 90, Clients: 30, Quarantined: 60, Leads: 730}, kept)
	require.Contains(t, w.page("/settings/retention"), "Not applied yet.")
	_, err = w.desk.Expire(t.Context(), ann)
	require.NoError(t, err)
	page := w.page("/settings/retention")
	require.Contains(t, page, "Applied last")
	require.Contains(t, page, "0 things were removed or shortened.")
	rules.Set("quarantined", "3")
	status, body, _ = w.post("owner", "/dashboard/settings/retention", rules)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "30 to 36,500 days")
	status, _, _ = w.post("admin", "/dashboard/settings/retention", rules)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, w.page("/settings/check"), "should be mended")
}

func TestPreferencesReachTheDirectory(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	people := desk.Directory(w.store, notify.People{{ID: "ann", Email: "ann@team.example"}, {ID: "ben", Weight: 2}})
	w.act("/settings", url.Values{
		"mode.new": {"digest"}, "mode.dead": {"off"}, "quiet0.from": {"20:00"}, "quiet0.to": {"07:00"}, "quiet0.days": {"sat", "sun"}, "digestAt": {"08:00, 16:00"},
		"digestDays": {"mon"}, "level": {"hot"}, "source": {w.source.ID}, "ownOnly": {"yes"}, "zone": {"Europe/Berlin"},
	})
	found, err := people.People(t.Context(), leads.DefaultTenant)
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", found[0].Zone)
	p := found[0].Preferences
	require.Equal(t, notify.Digest, p.Modes[leads.NotifyNew])
	require.Equal(t, notify.Off, p.Modes[leads.NotifyDead])
	require.Equal(t, []string{"08:00", "16:00"}, p.DigestAt)
	require.Equal(t, []leads.Qualification{leads.Hot}, p.Qualifications)
	require.Len(t, p.Quiet[0].Days, 2)
	require.True(t, p.OwnOnly)
	body := w.page("/settings")
	require.Contains(t, body, `value="Europe/Berlin"`)
	require.Contains(t, body, `value="08:00, 16:00"`)
	status, body, _ := w.post("owner", "/dashboard/settings", url.Values{"zone": {"Atlantis"}, "digestAt": {"25:00"}, "mode.new": {"shout"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, text := range []string{"<code>/zone</code>: unknown time zone", "/preferences/digestAt", "shout"} {
		require.Contains(t, body, text)
	}
	status, _, _ = w.post("reader", "/dashboard/settings", url.Values{})
	require.Equal(t, http.StatusNotFound, status, "somebody who is not in the team")

	w.act("/settings/team", url.Values{"person": {"ben"}, "weight": {"5"}, "capacity": {"10"}, "hours0.from": {"09:00"}, "hours0.to": {"12:00"}})
	found, err = people.People(t.Context(), leads.DefaultTenant)
	require.NoError(t, err)
	require.Equal(t, 5, found[1].Weight)
	require.Equal(t, 10, found[1].Capacity)
	require.Len(t, found[1].Hours, 1)
	status, body, _ = w.post("owner", "/dashboard/settings/team", url.Values{"person": {"ben"}, "weight": {"5000"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "/weight")
	other, err := people.People(t.Context(), "other")
	require.NoError(t, err)
	require.Empty(t, other[0].Zone, "another tenant's people have changed")
	require.Contains(t, newWorld(t).page("/settings"), "desk.Directory")
}

func TestTryingAndSavingARubric(t *testing.T) {
	t.Parallel()
	var told []string
	w := newOffice(t, func(o *dashboard.Options) {
		o.RubricSaved = func(_ context.Context, tenant string, r *rubrics.Rubric) error {
			told = append(told, tenant+" "+r.Name)
			return nil
		}
	})
	w.furnish()
	form := fields(t, w.page("/settings/scoring?edit=1"), "<form class=\"card\" method=\"post\"")
	text := form.Get("json")
	form.Set("json", strings.Replace(text, `"hot": 70`, `"hot": 41`, 1))
	form.Set("do", "try")
	status, body, _ := w.post("owner", "/dashboard/settings/scoring", form)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Rules now")
	require.Contains(t, body, "Share of the hot leads that were won")
	require.Empty(t, told)

	form.Set("json", strings.Replace(strings.Replace(text, `"name"`, `"nme"`, 1), `"points": 4`, `"points": 4000`, 1))
	status, body, _ = w.post("owner", "/dashboard/settings/scoring", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "/nme")
	require.Contains(t, body, "/points")

	form.Set("json", strings.Replace(text, `"name": "b2b"`, `"name": "ours"`, 1))
	form.Set("do", "save")
	w.act("/settings/scoring", form)
	require.Equal(t, []string{"default ours"}, told)
	rules := desk.NewRubrics(w.store, rubrics.DefaultRubric())
	saved, err := rules.Rubric(t.Context(), leads.DefaultTenant)
	require.NoError(t, err)
	require.Equal(t, "ours", saved.Name)
	again, err := rules.Rubric(t.Context(), leads.DefaultTenant)
	require.NoError(t, err)
	require.Same(t, saved, again, "it was read anew")
	others, err := rules.Rubric(t.Context(), "other")
	require.NoError(t, err)
	require.Equal(t, "b2b", others.Name)
	status, _, _ = w.post("member", "/dashboard/settings/scoring", form)
	require.Equal(t, http.StatusForbidden, status)
}
