package desk_test

import (
	"context"
	"encoding/json"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// The people of the tests. Eve has another tenant.
var (
	ann  = desk.User{Tenant: "acme", ID: "ann", Name: "Ann", Role: desk.Owner}
	ada  = desk.User{Tenant: "acme", ID: "ada", Name: "Ada", Role: desk.Admin}
	ben  = desk.User{Tenant: "acme", ID: "ben", Name: "Ben", Role: desk.Member}
	rita = desk.User{Tenant: "acme", ID: "rita", Name: "Rita", Role: desk.Reader}
	eve  = desk.User{Tenant: "other", ID: "eve", Name: "Eve", Role: desk.Owner}
)

// canary stands in everything of the tenant acme that people could read.
const canary = "CANARY"

// world is a desk over a memstore, with one of everything.
type world struct {
	*desk.Desk
	store  *memstore.Store
	engine *leads.Engine
	follow *sequence.Sequencer
	clock  *clock
	hooks  *hooks

	lead, source, pipeline, stage, key, secret, sequence, enrollment, quarantined, task, webhook, token string
}

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// newDesk makes a desk without anything in it; the sequences that are given come with the program.
func newDesk(t *testing.T, given ...sequence.Definition) *world {
	t.Helper()
	w := &world{clock: &clock{time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, hooks: &hooks{all: map[string]desk.Webhook{}}}
	w.store = memstore.New(&memstore.Options{Clock: w.clock.Now})
	mailer := leads.MailerFunc(func(context.Context, leads.Email) (leads.Receipt, error) { return leads.Receipt{ID: "1"}, nil })
	w.follow = sequence.New(w.store, mailer, &sequence.Options{
		Sender: sequence.Sender{From: mail.Address{Name: "Sales", Address: "sales@acme.example"}, Postal: "1 Main Street, Bath"},
		Secret: []byte(strings.Repeat("s", 32)), BaseURL: "https://crm.example/mail", Clock: w.clock.Now,
		Definitions: given,
	})
	var err error
	w.engine, err = leads.New(leads.Config{Store: w.store, Sequencer: w.follow, Clock: w.clock.Now,
		Enricher: leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) { return nil, nil })})
	require.NoError(t, err)
	w.Desk, err = desk.New(desk.Config{Engine: w.engine, Store: w.store, Sequencer: w.follow, Webhooks: w.hooks, BaseURL: "https://crm.example/", Clock: w.clock.Now, HandOut: handOut(w.store)})
	require.NoError(t, err)
	return w
}

// newWorld makes a desk with one of everything, of acme.
func newWorld(t *testing.T) *world {
	t.Helper()
	w, ctx := newDesk(t), t.Context()
	source, err := w.CreateSource(ctx, ada, ingest.Source{Name: canary + " form"})
	require.NoError(t, err)
	w.source, w.token = source.ID, source.Tokens[0]
	w.lead = w.capture(t, "ann@example.com")
	pipeline, err := w.CreatePipeline(ctx, ada, desk.Pipeline{Name: canary, Stages: []desk.Stage{{Name: "First"}, {Name: "Won", IsWin: true}, {Name: "Lost", IsLost: true}}})
	require.NoError(t, err)
	w.pipeline, w.stage = pipeline.ID, pipeline.Stages[0].ID
	key, secret, err := w.CreateKey(ctx, ada, desk.Key{Label: canary, Scope: desk.ScopeFull})
	require.NoError(t, err)
	w.key, w.secret = key.ID, secret
	def, err := w.SaveSequence(ctx, ada, sequence.Definition{ID: "welcome", Name: canary, Steps: []sequence.Step{
		{ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 2}}}, {ID: "tag", Tag: &sequence.TagStep{Add: "followed " + canary}}}})
	require.NoError(t, err)
	w.sequence = def.ID
	enrollment, err := w.Enroll(ctx, ben, w.lead, def.ID)
	require.NoError(t, err)
	w.enrollment = enrollment.ID
	sub, err := w.engine.Capture(ctx, ingest.Submission{Tenant: "acme", SourceID: w.source, Fields: ingest.Fields{Email: "Spam@Example.com", LastName: canary}, Verdict: ingest.Quarantined, Reasons: []string{"honeypot"}})
	require.NoError(t, err)
	w.quarantined = sub.SubmissionID
	w.task = w.kill(t, w.lead)
	hook, err := w.CreateWebhook(ctx, ada, desk.Webhook{URL: "https://hooks.example/" + canary})
	require.NoError(t, err)
	w.webhook = hook.ID
	_, err = w.Update(ctx, ben, w.lead, desk.Patch{AddTags: []string{canary}, Note: canary})
	require.NoError(t, err)
	require.NoError(t, w.Suppress(ctx, ben, "stop@example.com", "marketing"))
	require.NoError(t, w.SetShadow(ctx, ada, candidate()))
	return w
}

// candidate is a rubric that is tried beside the live one.
func candidate() *score.Rubric {
	rubric := score.DefaultRubric()
	rubric.Name = canary
	return rubric
}

// capture takes a lead in through the source.
func (w *world) capture(t *testing.T, email string) string {
	t.Helper()
	captured, err := w.engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", SourceID: w.source, Fields: ingest.Fields{Email: email, LastName: canary}})
	require.NoError(t, err)
	return captured.LeadID
}

// kill has a task of the lead be given up.
func (w *world) kill(t *testing.T, leadID string) string {
	t.Helper()
	tasks, err := w.store.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 9}, Lease: time.Minute})
	require.NoError(t, err)
	for _, task := range tasks {
		require.NoError(t, w.store.Settle(t.Context(), task, leads.Outcome{Settlement: leads.Dead, Error: "no answer"}))
		if task.LeadID == leadID {
			return task.ID
		}
	}
	require.Fail(t, "the lead has no task")
	return ""
}

// events returns the kinds on a lead's timeline.
func (w *world) events(t *testing.T, leadID string) []leads.EventKind {
	t.Helper()
	events, err := w.Events(t.Context(), rita, leadID)
	require.NoError(t, err)
	kinds := make([]leads.EventKind, 0, len(events))
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// actions returns what stands on the trail, oldest first.
func (w *world) actions(t *testing.T) []string {
	t.Helper()
	entries, err := w.Trail(t.Context(), ada, "", 1000)
	require.NoError(t, err)
	var actions []string
	for _, e := range entries {
		actions = append([]string{e.Action}, actions...)
	}
	return actions
}

// hooks keeps endpoints in memory.
type hooks struct{ all map[string]desk.Webhook }

func (h *hooks) Webhooks(_ context.Context, tenant string) ([]desk.Webhook, error) {
	var found []desk.Webhook
	for _, w := range h.all {
		if w.Tenant == tenant {
			found = append(found, w)
		}
	}
	return found, nil
}

func (h *hooks) PutWebhook(_ context.Context, w desk.Webhook) (desk.Webhook, error) {
	if !strings.HasPrefix(w.URL, "https://") {
		return desk.Webhook{}, leads.ErrInvalid
	}
	if w.ID == "" {
		w.ID, w.Secret = leads.NewID(), "whsec_1"
	}
	h.all[w.ID] = w
	return w, nil
}

func (h *hooks) RotateWebhook(_ context.Context, tenant, id string) (desk.Webhook, error) {
	w := h.all[id]
	if w.Tenant != tenant {
		return desk.Webhook{}, leads.ErrNotFound
	}
	w.Secret = "whsec_2"
	h.all[id] = w
	return w, nil
}

func (h *hooks) DeleteWebhook(_ context.Context, tenant, id string) error {
	if h.all[id].Tenant != tenant {
		return leads.ErrNotFound
	}
	delete(h.all, id)
	return nil
}

func ptr[T any](v T) *T { return &v }

func text(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}
