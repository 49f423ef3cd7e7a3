package desk_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

func TestMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	p, err := w.Pipeline(ctx, rita, w.pipeline)
	require.NoError(t, err)
	first, won, lost := p.Stages[0].ID, p.Stages[1].ID, p.Stages[2].ID
	for i, c := range []struct {
		to     string
		stage  string
		status leads.Status
	}{
		{first, first, leads.StatusNew}, {won, won, leads.StatusConverted}, {first, first, leads.StatusQualified}, {lost, lost, leads.StatusClosed},
		{"qualified", "", leads.StatusQualified}, {first, first, leads.StatusQualified}, {"qualified", "", leads.StatusQualified}, {"new", "", leads.StatusNew},
	} {
		before := len(w.events(t, w.lead))
		lead, err := w.Update(ctx, ben, w.lead, desk.Patch{Stage: &c.to})
		require.NoError(t, err)
		require.Equal(t, c.stage, lead.Stage, "move %d", i)
		require.Equal(t, c.status, lead.Status, "move %d", i)
		require.Equal(t, before+1, len(w.events(t, w.lead)), "move %d is on the timeline", i)
	}
	_, err = w.Update(ctx, ben, w.lead, desk.Patch{Stage: &won})
	require.NoError(t, err)
	page, err := w.Leads(ctx, rita, desk.Filter{Stages: []string{won}})
	require.NoError(t, err)
	require.Len(t, page.Leads, 1)
	lead, err := w.Update(ctx, ben, w.lead, desk.Patch{Status: ptr(leads.StatusConverted)})
	require.NoError(t, err)
	require.Empty(t, lead.Stage, "a status is a stage of the default pipeline")
}

func TestPipelines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	all, err := w.Pipelines(ctx, rita)
	require.NoError(t, err)
	require.Len(t, all, 2)
	standard := all[0]
	require.True(t, standard.IsDefault)
	var shown []string
	for _, s := range standard.Stages {
		shown = append(shown, fmt.Sprint(s.ID, " ", s.Name, " ", s.Color, " ", s.IsWin, s.IsLost))
	}
	require.Equal(t, []string{"new New #3b82f6 false false", "contacted Contacted #eab308 false false", "qualified Qualified #8b5cf6 false false",
		"converted Converted #22c55e true false", "closed Closed #6b7280 false true"}, shown)

	standard.Name, standard.Stages[0].Name = "Sales", "Fresh"
	changed, err := w.UpdatePipeline(ctx, ada, standard)
	require.NoError(t, err)
	require.Greater(t, changed.Version, standard.Version)
	_, err = w.UpdatePipeline(ctx, ada, standard)
	require.ErrorIs(t, err, leads.ErrStale)
	changed.Stages = changed.Stages[:4]
	_, err = w.UpdatePipeline(ctx, ada, changed)
	require.ErrorContains(t, err, "keeps its five stages")
	require.ErrorIs(t, w.DeletePipeline(ctx, ada, "default"), leads.ErrInvalid)

	_, err = w.Update(ctx, ben, w.lead, desk.Patch{Stage: &w.stage})
	require.NoError(t, err)
	_, err = w.UpdatePipeline(ctx, ada, desk.Pipeline{ID: w.pipeline, Name: "x", Stages: []desk.Stage{{Name: "other"}}})
	require.ErrorContains(t, err, "move them first")
	require.ErrorContains(t, w.DeletePipeline(ctx, ada, w.pipeline), "move them first")
	_, err = w.Update(ctx, ben, w.lead, desk.Patch{Status: ptr(leads.StatusNew)})
	require.NoError(t, err)
	require.NoError(t, w.DeletePipeline(ctx, ada, w.pipeline))
	_, err = w.Pipeline(ctx, rita, w.pipeline)
	require.ErrorIs(t, err, leads.ErrNotFound)
}

func TestPipelinesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	stages := func(n int) []desk.Stage {
		all := make([]desk.Stage, n)
		for i := range all {
			all[i].Name = "s"
		}
		return all
	}
	for name, p := range map[string]desk.Pipeline{
		"no name": {Stages: stages(1)}, "a long name": {Name: strings.Repeat("n", 256), Stages: stages(1)}, "no stage": {Name: "x"}, "many stages": {Name: "x", Stages: stages(31)},
		"a nameless stage": {Name: "x", Stages: []desk.Stage{{}}}, "no colour": {Name: "x", Stages: []desk.Stage{{Name: "s", Color: "red"}}},
		"two won": {Name: "x", Stages: []desk.Stage{{Name: "s", IsWin: true}, {Name: "s", IsWin: true}}}, "two lost": {Name: "x", Stages: []desk.Stage{{Name: "s", IsLost: true}, {Name: "s", IsLost: true}}},
		"won and lost": {Name: "x", Stages: []desk.Stage{{Name: "s", IsWin: true, IsLost: true}}}, "a stage of another": {Name: "x", Stages: []desk.Stage{{ID: "new", Name: "s"}}},
		"a stage twice": {Name: "x", Stages: []desk.Stage{{ID: "a", Name: "s"}, {ID: "a", Name: "s"}}},
	} {
		_, err := w.CreatePipeline(t.Context(), ada, p)
		require.ErrorIs(t, err, leads.ErrInvalid, name)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	u, err := w.Authenticate(ctx, w.secret)
	require.NoError(t, err)
	require.Equal(t, desk.User{Tenant: "acme", ID: "key:" + w.key, Name: canary, Role: desk.Admin}, u)
	require.True(t, strings.HasPrefix(w.secret, "lc_sec_"))
	records, err := w.store.Records(ctx, "acme", "desk.key", "", 9)
	require.NoError(t, err)
	require.NotContains(t, text(t, records), w.secret, "the key is not kept")
	require.NotContains(t, strings.Join(w.actions(t), " "), w.secret)

	off, err := w.PatchKey(ctx, ada, w.key, desk.KeyPatch{Active: ptr(false)})
	require.NoError(t, err)
	refused := func(why string) {
		t.Helper()
		_, err := w.Authenticate(ctx, w.secret)
		require.ErrorIs(t, err, desk.ErrUnauthorized, why)
	}
	refused("switched off")
	_, err = w.PatchKey(ctx, ada, w.key, desk.KeyPatch{Version: off.Version - 1, Active: ptr(true)})
	require.ErrorIs(t, err, leads.ErrStale)
	_, err = w.PatchKey(ctx, ada, w.key, desk.KeyPatch{Version: off.Version, Active: ptr(true), ExpiresAt: ptr(w.clock.now.Add(time.Hour))})
	require.NoError(t, err)
	_, err = w.Authenticate(ctx, w.secret)
	require.NoError(t, err)
	w.clock.now = w.clock.now.Add(time.Hour)
	refused("expired")
	_, err = w.PatchKey(ctx, ada, w.key, desk.KeyPatch{Label: ptr("renamed")})
	require.NoError(t, err, "one that has expired can be renamed")
	_, err = w.PatchKey(ctx, ada, w.key, desk.KeyPatch{ExpiresAt: ptr(w.clock.now)})
	require.ErrorIs(t, err, leads.ErrInvalid)
	require.NoError(t, w.DeleteKey(ctx, ada, w.key))
	refused("deleted")
	for _, key := range []string{"", "lc_sec_", w.secret + "x", strings.Repeat("k", 201), "\x00", w.secret[:len(w.secret)-1]} {
		_, err := w.Authenticate(ctx, key)
		require.ErrorIs(t, err, desk.ErrUnauthorized, "%q", key)
	}
	for name, k := range map[string]desk.Key{
		"no label": {Scope: desk.ScopeRead}, "no scope": {Label: "x"}, "another scope": {Label: "x", Scope: "owner"}, "in the past": {Label: "x", Scope: desk.ScopeRead, ExpiresAt: w.clock.now},
	} {
		_, _, err := w.CreateKey(ctx, ada, k)
		require.ErrorIs(t, err, leads.ErrInvalid, name)
	}
	k, secret, err := w.CreateKey(ctx, ada, desk.Key{Label: "reads", Scope: desk.ScopeRead, Digest: "mine", ID: w.key})
	require.NoError(t, err)
	require.NotEqual(t, w.key, k.ID)
	u, err = w.Authenticate(ctx, secret)
	require.NoError(t, err)
	require.Equal(t, desk.Reader, u.Role)
}

func TestEnsureKey(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	const secret = "a-secret-that-the-host-keeps-itself"
	for range 3 {
		require.NoError(t, w.EnsureKey(ctx, ada, desk.Key{Label: "host", Scope: desk.ScopeFull}, secret))
	}
	keys, err := w.Keys(ctx, ada)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	_, err = w.UpdateKey(ctx, ada, keys[0].ID, nil, ptr(false))
	require.NoError(t, err)
	require.NoError(t, w.EnsureKey(ctx, ada, desk.Key{Label: "host", Scope: desk.ScopeFull}, secret))
	_, err = w.Authenticate(ctx, secret)
	require.ErrorIs(t, err, desk.ErrUnauthorized, "somebody has switched it off")
	require.ErrorIs(t, w.EnsureKey(ctx, eve, desk.Key{Label: "host", Scope: desk.ScopeFull}, secret), leads.ErrInvalid, "another tenant's")
	require.ErrorIs(t, w.EnsureKey(ctx, ada, desk.Key{Label: "host", Scope: desk.ScopeFull}, "short"), leads.ErrInvalid)
	keys, err = w.Keys(ctx, ada)
	require.NoError(t, err)
	require.Len(t, keys, 1)
}

func TestSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s, err := w.Source(ctx, rita, w.source)
	require.NoError(t, err)
	require.Equal(t, "https://crm.example/api/webhooks/"+w.token, s.URL)
	require.Equal(t, "ada", s.CreatedBy)

	changed, err := w.ChangeSource(ctx, ada, w.source, s.Version, func(s *ingest.Source) { s.Name, s.Tenant, s.ID = "Renamed", "other", leads.NewID() })
	require.NoError(t, err)
	require.Equal(t, "Renamed", changed.Name)
	require.Equal(t, w.source, changed.ID)
	require.Equal(t, []string{w.token}, changed.Tokens)
	_, err = w.ChangeSource(ctx, ada, w.source, s.Version, func(*ingest.Source) {})
	require.ErrorIs(t, err, leads.ErrStale)
	require.ErrorIs(t, w.DeleteSourceVersion(ctx, ada, w.source, s.Version), leads.ErrStale)

	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			_, err := w.ChangeSource(ctx, ada, w.source, 0, func(s *ingest.Source) { s.PerMinute = i + 1 })
			require.NoError(t, err)
		})
	}
	wg.Wait()

	rotated, err := w.RotateToken(ctx, ada, w.source, true)
	require.NoError(t, err)
	require.Equal(t, w.token, rotated.Tokens[1])
	rotated, err = w.RotateToken(ctx, ada, w.source, false)
	require.NoError(t, err)
	require.Len(t, rotated.Tokens, 1)
	_, err = w.store.SourceByToken(ctx, w.token)
	require.ErrorIs(t, err, ingest.ErrNotFound)

	require.NoError(t, w.DeleteSource(ctx, ada, w.source))
	_, err = w.store.SourceByToken(ctx, rotated.Tokens[0])
	require.ErrorIs(t, err, ingest.ErrNotFound)
	_, err = w.Source(ctx, rita, w.source)
	require.ErrorIs(t, err, leads.ErrNotFound)
	list, err := w.Sources(ctx, rita)
	require.NoError(t, err)
	require.Empty(t, list)
	names, err := w.SourceNames(ctx, rita)
	require.NoError(t, err)
	require.Contains(t, names, desk.SourceName{ID: w.source, Name: "Renamed", Deleted: true})
	lead, err := w.Lead(ctx, rita, w.lead)
	require.NoError(t, err, "its leads stay")
	require.Equal(t, w.source, lead.First.SourceID)

	for name, s := range map[string]ingest.Source{
		"no name": {}, "a long name": {Name: strings.Repeat("n", 256)}, "no origin": {Name: "x", Origins: []string{"example.com/x"}}, "no preset": {Name: "x", Preset: "nobody"},
	} {
		_, err := w.CreateSource(ctx, ada, s)
		require.ErrorIs(t, err, leads.ErrInvalid, name)
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	begin := func(u desk.User, digest string) (desk.Kept, bool) {
		t.Helper()
		kept, first, err := w.BeginOnce(ctx, u, "key", digest)
		require.NoError(t, err)
		return kept, first
	}
	_, first := begin(ben, "a")
	require.True(t, first)
	kept, first := begin(ben, "a")
	require.False(t, first)
	require.Zero(t, kept.Status, "it is being worked on")
	_, first = begin(ada, "a")
	require.True(t, first, "keys are a user's own")
	require.NoError(t, w.EndOnce(ctx, ben, "key", desk.Kept{Status: 201, Body: []byte("{}")}))
	kept, first = begin(ben, "b")
	require.False(t, first)
	require.Equal(t, "a", kept.Digest)
	require.Equal(t, 201, kept.Status)
	w.ForgetOnce(ctx, ada, "key")
	_, first = begin(ada, "a")
	require.True(t, first, "what failed may be tried again")
	w.clock.now = w.clock.now.Add(time.Minute)
	_, first = begin(ada, "a")
	require.True(t, first, "what was never ended may be tried again")
	w.clock.now = w.clock.now.Add(72 * time.Hour)
	_, first = begin(ben, "b")
	require.True(t, first)
	for i := range 40 {
		_, _, err := w.BeginOnce(ctx, ben, fmt.Sprint("key", i), "a")
		require.NoError(t, err)
	}
	w.clock.now = w.clock.now.Add(73 * time.Hour)
	for i := range 40 {
		_, _, err := w.BeginOnce(ctx, ben, fmt.Sprint("later", i), "a")
		require.NoError(t, err)
	}
	records, err := w.store.Records(ctx, "acme", "desk.once", "", 1000)
	require.NoError(t, err)
	require.Less(t, len(records), 50, "old keys are swept away")
}

func TestViewsAndSettings(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			require.NoError(t, w.SaveView(ctx, rita, desk.SavedView{Name: fmt.Sprint(i), Query: "status=new"}))
		})
	}
	wg.Wait()
	views, err := w.Views(ctx, rita)
	require.NoError(t, err)
	require.Len(t, views, 8, "two windows of one person do not lose each other's")
	views, err = w.Views(ctx, ben)
	require.NoError(t, err)
	require.Empty(t, views, "they are one person's")
	require.NoError(t, w.SaveView(ctx, rita, desk.SavedView{Name: "3"}))
	views, err = w.Views(ctx, rita)
	require.NoError(t, err)
	require.Len(t, views, 7)
	require.ErrorIs(t, w.SaveView(ctx, rita, desk.SavedView{Name: " ", Query: "x"}), leads.ErrInvalid)

	require.NoError(t, w.SetSetting(ctx, ada, "routing", map[string]int{"a": 1}))
	var v map[string]int
	require.NoError(t, w.Setting(ctx, rita, "routing", &v))
	require.Equal(t, 1, v["a"])
}

func TestWebhooksShowTheirSecretOnce(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	hook, err := w.CreateWebhook(ctx, ada, desk.Webhook{URL: "https://x.example", ID: "taken"})
	require.NoError(t, err)
	require.NotEmpty(t, hook.Secret)
	require.NotEqual(t, "taken", hook.ID)
	shown, err := w.Webhook(ctx, ada, hook.ID)
	require.NoError(t, err)
	require.Empty(t, shown.Secret)
	shown, err = w.UpdateWebhook(ctx, ada, desk.Webhook{ID: hook.ID, URL: "https://y.example"})
	require.NoError(t, err)
	require.Empty(t, shown.Secret)
	shown, err = w.RotateWebhook(ctx, ada, hook.ID)
	require.NoError(t, err)
	require.NotEqual(t, hook.Secret, shown.Secret)
	_, err = w.CreateWebhook(ctx, ada, desk.Webhook{URL: "ftp://x"})
	require.ErrorIs(t, err, leads.ErrInvalid)
	require.Equal(t, []string{"webhook.create", "webhook.update", "webhook.rotate"}, w.actions(t))
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := desk.New(desk.Config{})
	require.ErrorContains(t, err, "Config.Engine is required")
	require.ErrorContains(t, err, "Config.Store is required")
}
