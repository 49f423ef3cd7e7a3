package sequence_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestWholeRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{poll: time.Minute})
		begin := time.Now()
		id := r.capture(ingest.Fields{Email: "bob@example.com", FirstName: "Bob"})
		after(time.Hour)
		require.Equal(t, []string{"First"}, r.out.subjects())
		require.Equal(t, sequence.Active, r.only(id).State)
		after(47 * time.Hour)
		after(2 * time.Minute)
		require.Equal(t, []string{"First", "Second"}, r.out.subjects())
		e := r.only(id)
		require.Equal(t, sequence.Finished, e.State)
		require.Equal(t, "one:sent pause:done two:sent", outcomes(e))
		require.WithinDuration(t, begin.Add(48*time.Hour), r.out.all()[1].at, time.Minute)
		after(30 * 24 * time.Hour)
		require.Len(t, r.out.all(), 2)
		tasks, err := r.store.Tasks(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		require.Empty(t, tasks, "nothing is left in the queue")
	})
}

func ends(s sequence.Step) sequence.Step {
	s.Next = "end"
	return s
}

type calls struct{ ids []string }

func (c *calls) Post(_ context.Context, _, endpoint, event, id string, _ any) error {
	c.ids = append(c.ids, endpoint+" "+event+" "+id)
	return nil
}

func TestEveryKindOfStep(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		d := sequence.Definition{ID: "all", Name: "All", Match: always, Steps: []sequence.Step{
			{ID: "owner", Assign: &sequence.AssignStep{To: "ann"}},
			{ID: "move", Status: &sequence.StatusStep{To: leads.StatusContacted}},
			{ID: "mark", Tag: &sequence.TagStep{Add: "nurtured"}},
			{ID: "tell", Notify: &sequence.NotifyStep{Note: "Call them", To: "ann"}},
			{ID: "hook", Webhook: &sequence.WebhookStep{Endpoint: "crm"}},
			{ID: "way", Branch: &sequence.BranchStep{If: sequence.Condition{Field: "tag", Is: []string{"nurtured"}}, Then: "yes", Else: "never"}},
			ends(email("never", "Never")),
			{ID: "yes", Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a", Weight: 1, Next: "last"}, {Name: "b", Weight: 0, Next: "not-this"}}}},
			ends(email("not-this", "Not this")),
			email("last", "Last"),
		}}
		opts, hooks := options(d), &calls{}
		opts.Poster = hooks
		r := newRig(t, opts, parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(10 * time.Minute)
		e := r.only(id)
		require.Equal(t, "owner:done move:done mark:done tell:done hook:done way:then yes:a last:sent", outcomes(e))
		require.Equal(t, sequence.Finished, e.State)
		lead, err := r.store.Lead(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		require.Equal(t, "ann", lead.Assignee)
		require.Equal(t, leads.StatusContacted, lead.Status)
		require.Equal(t, []string{"nurtured"}, lead.Tags)
		require.Len(t, hooks.ids, 1)
		require.Contains(t, hooks.ids[0], "crm sequence.step ")
		notices := r.noted(leads.NotifyCustom)
		require.Len(t, notices, 1)
		require.Equal(t, "Call them", notices[0].Note)
		require.Equal(t, "ann", notices[0].To)
		require.Equal(t, []string{"Last"}, r.out.subjects())
		require.Len(t, r.events(id, leads.EventAssigned), 1)
		require.Len(t, r.events(id, leads.EventTagged), 1)
	})
}

func TestHoursOfTheLead(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) { // it begins on Saturday, 1 January 2000, at midnight UTC
		d := course()
		d.Hours = &sequence.Hours{Days: sequence.Workdays(), From: "09:00", To: "17:00"}
		opts := options(d)
		opts.Sender.Zone = "America/New_York"
		r := newRig(t, opts, parts{})
		r.capture(ingest.Fields{Email: "bob@example.com"})
		after(14 * 24 * time.Hour)
		var at []string
		for _, m := range r.out.all() {
			at = append(at, m.at.UTC().Format("Mon 2 15:04"))
		}
		require.Equal(t, []string{"Mon 3 14:00", "Wed 5 14:00"}, at)
	})
}

func TestExits(t *testing.T) {
	t.Parallel()
	tenant := leads.DefaultTenant
	cases := map[string]struct {
		do     func(t *testing.T, r *rig, lead string)
		change func(d *sequence.Definition)
		reason sequence.Reason
	}{
		"unsubscribed": {func(t *testing.T, r *rig, _ string) {
			require.Equal(t, 200, r.post(linkTo(t, r.out.all()[0].Email, "u")))
		}, nil, sequence.ReasonUnsubscribed},
		"suppressed by the host": {func(t *testing.T, r *rig, _ string) {
			require.NoError(t, r.seq.Suppress(t.Context(), tenant, "BOB@example.com", "", "law suit"))
		}, nil, sequence.ReasonSuppressed},
		"suppressed for the purpose": {func(t *testing.T, r *rig, _ string) {
			require.NoError(t, r.seq.Suppress(t.Context(), tenant, "bob@example.com", "marketing", sequence.ReasonByHand))
		}, nil, sequence.ReasonSuppressed},
		"bounce":                       {mailEvent(leads.MailBounced, nil), nil, sequence.ReasonBounce},
		"complaint":                    {mailEvent(leads.MailComplained, nil), nil, sequence.ReasonComplaint},
		"unsubscribed at the provider": {mailEvent(leads.MailUnsubscribed, nil), nil, sequence.ReasonUnsubscribed},
		"reply":                        {mailEvent(leads.MailReplied, &leads.Reply{From: "bob@example.com", Subject: "Re: First", Text: "Call me"}), nil, sequence.ReasonReply},
		"won":                          {status(leads.StatusConverted), nil, sequence.ReasonStage},
		"lost":                         {status(leads.StatusClosed), nil, sequence.ReasonStage},
		"goal": {status(leads.StatusQualified), func(d *sequence.Definition) {
			d.Goal = &sequence.Condition{Field: "status", Is: []string{"qualified"}}
		}, sequence.ReasonGoal},
		"by hand": {func(t *testing.T, r *rig, lead string) {
			require.NoError(t, r.seq.Exit(t.Context(), tenant, r.only(lead).ID, "", "ann"))
		}, nil, sequence.ReasonByHand},
		"merged": {func(t *testing.T, r *rig, lead string) {
			require.NoError(t, r.seq.ExitLead(t.Context(), tenant, lead, sequence.ReasonMerged))
		}, nil, sequence.ReasonMerged},
		"no address any more": {func(t *testing.T, r *rig, lead string) {
			_, err := r.store.Edit(t.Context(), tenant, lead, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
				l.Email = ""
				return nil, nil, nil
			})
			require.NoError(t, err)
		}, nil, sequence.ReasonNoAddress},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				d := course()
				if c.change != nil {
					c.change(&d)
				}
				r := newRig(t, options(d), parts{})
				id := r.capture(ingest.Fields{Email: "bob@example.com"})
				after(time.Hour)
				require.Len(t, r.out.all(), 1)
				c.do(t, r, id)
				after(30 * 24 * time.Hour)
				e := r.only(id)
				require.Equal(t, sequence.Exited, e.State)
				require.Equal(t, c.reason, e.Reason)
				require.False(t, e.EndedAt.IsZero())
				require.Len(t, r.out.all(), 1, "nothing was sent after it")
				last := r.events(id, leads.EventSequence)
				require.Contains(t, last[len(last)-1], `"reason":"`+string(c.reason)+`"`)
			})
		})
	}
}

func mailEvent(kind leads.MailEventKind, reply *leads.Reply) func(*testing.T, *rig, string) {
	return func(t *testing.T, r *rig, _ string) {
		ev := leads.MailEvent{Kind: kind, ID: "e1", At: time.Now(), MessageID: r.out.all()[0].MessageID, Reply: reply}
		require.NoError(t, r.seq.MailEvent(t.Context(), ev))
		require.NoError(t, r.seq.MailEvent(t.Context(), ev), "a repeated one")
	}
}

func status(to leads.Status) func(*testing.T, *rig, string) {
	return func(t *testing.T, r *rig, lead string) {
		_, err := r.store.Edit(t.Context(), leads.DefaultTenant, lead, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
			ev, _ := l.SetStatus(leads.Change{To: string(to)}, time.Now())
			return []leads.Event{ev}, nil, nil
		})
		require.NoError(t, err)
	}
}

func TestSequencesForWonLeadsKeepThem(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		d := course()
		d.Match = &sequence.Condition{Field: "status", Is: []string{"converted"}}
		r := newRig(t, options(d), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		require.Empty(t, r.enrollments(id))
		status(leads.StatusConverted)(t, r, id)
		lead, err := r.store.Lead(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		_, err = r.seq.Enroll(t.Context(), lead)
		require.NoError(t, err)
		after(3 * 24 * time.Hour)
		require.Equal(t, sequence.Finished, r.only(id).State)
	})
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		e := r.only(id)
		require.NoError(t, r.seq.Pause(t.Context(), e.Tenant, e.ID, "ann"))
		require.NoError(t, r.seq.Pause(t.Context(), e.Tenant, e.ID, "ann"), "again")
		after(7 * 24 * time.Hour)
		require.Len(t, r.out.all(), 1)
		require.Equal(t, sequence.Paused, r.only(id).State)
		require.NoError(t, r.seq.Resume(t.Context(), e.Tenant, e.ID, "ann"))
		after(time.Hour)
		require.Len(t, r.out.all(), 2)
		require.Equal(t, sequence.Finished, r.only(id).State)
		require.ErrorIs(t, r.seq.Resume(t.Context(), e.Tenant, e.ID, "ann"), leads.ErrInvalid)
		require.ErrorIs(t, r.seq.Pause(t.Context(), e.Tenant, e.ID, "ann"), leads.ErrInvalid)
		require.NoError(t, r.seq.Exit(t.Context(), e.Tenant, e.ID, "", "ann"), "it has ended")
		require.ErrorIs(t, r.seq.Pause(t.Context(), e.Tenant, leads.NewID(), "ann"), leads.ErrNotFound)
	})
}

func TestPauseOfASequence(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"Go", "library"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				opts := options(course())
				if where == "library" {
					opts.Definitions = nil
				}
				r := newRig(t, opts, parts{})
				if where == "library" {
					_, err := sequence.Library{Records: r.store}.Save(t.Context(), leads.DefaultTenant, course())
					require.NoError(t, err)
				}
				id := r.capture(ingest.Fields{Email: "bob@example.com"})
				after(time.Hour)
				require.NoError(t, r.seq.PauseSequence(t.Context(), leads.DefaultTenant, "welcome"))
				other := r.capture(ingest.Fields{Email: "cleo@example.com"})
				after(7 * 24 * time.Hour)
				require.Len(t, r.out.all(), 1)
				require.Empty(t, r.enrollments(other))
				require.NoError(t, r.seq.ResumeSequence(t.Context(), leads.DefaultTenant, "welcome"))
				after(time.Hour)
				require.Len(t, r.out.all(), 2)
				require.Equal(t, sequence.Finished, r.only(id).State)
				require.ErrorIs(t, r.seq.PauseSequence(t.Context(), leads.DefaultTenant, "none"), leads.ErrNotFound)
			})
		})
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opts := options()
		r := newRig(t, opts, parts{})
		lib := sequence.Library{Records: r.store}
		one, err := lib.Save(t.Context(), leads.DefaultTenant, course())
		require.NoError(t, err)
		stays := r.capture(ingest.Fields{Email: "bob@example.com"})
		moves := r.capture(ingest.Fields{Email: "cleo@example.com"})
		after(time.Hour)
		two := one
		two.Steps = []sequence.Step{email("one", "First"), wait("shorter", "1d"), email("three", "Third")}
		two, err = lib.Save(t.Context(), leads.DefaultTenant, two)
		require.NoError(t, err)
		e := r.only(moves)
		require.NoError(t, r.seq.MoveToVersion(t.Context(), e.Tenant, e.ID, 0, "ann"))
		require.ErrorIs(t, r.seq.MoveToVersion(t.Context(), e.Tenant, e.ID, 99, "ann"), leads.ErrNotFound)
		after(3 * 24 * time.Hour)
		require.Equal(t, "one:sent pause:done two:sent", outcomes(r.only(stays)))
		require.Equal(t, "one:sent shorter:done three:sent", outcomes(r.only(moves)))
		require.Equal(t, two.Version, r.only(moves).Version)

		late := r.capture(ingest.Fields{Email: "dan@example.com"})
		after(time.Hour)
		require.NoError(t, lib.Delete(t.Context(), leads.DefaultTenant, "welcome"))
		after(3 * 24 * time.Hour)
		require.Equal(t, sequence.ReasonDeleted, r.only(late).Reason)
	})
}

func TestOnceUnlessItMayReEnter(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		again := course()
		again.ID, again.ReEnter = "again", sequence.Duration{Days: 10}
		r := newRig(t, options(course(), again), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		for range 40 {
			after(24 * time.Hour)
			r.capture(ingest.Fields{Email: "bob@example.com", Phone: time.Now().String()})
		}
		count := map[string]int{}
		for _, e := range r.enrollments(id) {
			count[e.SequenceID]++
		}
		require.Equal(t, map[string]int{"welcome": 1, "again": 4}, count) // it takes 2 days, and 10 to come again
	})
}

func TestEnrollByHand(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		d := course()
		d.Match = nil
		r := newRig(t, options(d), parts{})
		id := r.capture(ingest.Fields{Email: "info@example.com"})
		nobody := r.capture(ingest.Fields{Phone: "+441632960000"})
		stopped := r.capture(ingest.Fields{Email: "stopped@example.com"})
		require.NoError(t, r.seq.Suppress(t.Context(), leads.DefaultTenant, "stopped@example.com", "", sequence.ReasonByHand))
		after(time.Hour)
		require.Empty(t, r.enrollments(id))
		ctx := t.Context()
		e, err := r.seq.EnrollLead(ctx, leads.DefaultTenant, id, "welcome", "ann")
		require.NoError(t, err)
		require.Equal(t, "ann", e.By)
		_, err = r.seq.EnrollLead(ctx, leads.DefaultTenant, id, "welcome", "ann")
		require.ErrorIs(t, err, sequence.ErrEnrolled)
		_, err = r.seq.EnrollLead(ctx, leads.DefaultTenant, nobody, "welcome", "ann")
		require.ErrorIs(t, err, leads.ErrInvalid)
		_, err = r.seq.EnrollLead(ctx, leads.DefaultTenant, stopped, "welcome", "ann")
		require.ErrorIs(t, err, sequence.ErrSuppressed)
		_, err = r.seq.EnrollLead(ctx, leads.DefaultTenant, id, "none", "ann")
		require.ErrorIs(t, err, leads.ErrNotFound)
		_, err = r.seq.EnrollLead(ctx, leads.DefaultTenant, leads.NewID(), "welcome", "ann")
		require.ErrorIs(t, err, leads.ErrNotFound)
		after(3 * 24 * time.Hour)
		require.Len(t, r.out.all(), 2)
	})
}
