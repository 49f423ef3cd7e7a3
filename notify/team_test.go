package notify_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

type modes = map[leads.NotificationKind]notify.Mode

// told returns the IDs of the people whom a team of them tells of n at once.
func told(t *testing.T, n leads.Notification, people ...notify.Person) []string {
	t.Helper()
	box := &outbox{}
	for i := range people {
		people[i].Email = people[i].ID + "@example.com"
	}
	require.NoError(t, notify.Team(box, notify.People(people), nil).Notify(t.Context(), n))
	got := []string{}
	for _, m := range box.mails {
		i := slices.IndexFunc(people, func(p notify.Person) bool { return p.Email == m.To[0].Address })
		got = append(got, people[i].ID)
	}
	return got
}

func TestWhomANotificationConcerns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind     leads.NotificationKind
		assignee string
		to       string
		want     []string
	}{
		"new":                          {leads.NotifyNew, "", "", []string{"ann", "ben", "cy"}},
		"new, assigned":                {leads.NotifyNew, "ben", "", []string{"ann", "ben", "cy"}},
		"hot":                          {leads.NotifyHot, "ben", "", []string{"ann", "ben", "cy"}},
		"failed":                       {leads.NotifyDead, "ben", "", []string{"ann", "ben", "cy"}},
		"assigned":                     {leads.NotifyAssigned, "ben", "", []string{"ben"}},
		"replied":                      {leads.NotifyReplied, "ben", "", []string{"ben"}},
		"waiting":                      {leads.NotifyWaiting, "ben", "", []string{"ben"}},
		"replied, nobody responsible":  {leads.NotifyReplied, "", "", []string{"ann", "ben", "cy"}},
		"waiting, the assignee left":   {leads.NotifyWaiting, "zoe", "", []string{"ann", "ben", "cy"}},
		"for one person":               {leads.NotifyCustom, "ben", "cy", []string{"cy"}},
		"for one person who has left":  {leads.NotifyCustom, "ben", "zoe", []string{"ann", "ben", "cy"}},
		"assigned, for another person": {leads.NotifyAssigned, "ben", "ann", []string{"ann"}},
		"backlog":                      {leads.NotifyBacklog, "", "", []string{}},
		"digest without a store":       {leads.NotifyDigest, "", "ann", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := notification()
			n.Kind, n.Lead.Assignee, n.To = test.kind, test.assignee, test.to
			require.Equal(t, test.want, told(t, n, notify.Person{ID: "ann"}, notify.Person{ID: "ben"}, notify.Person{ID: "cy"}))
		})
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	none := func(*leads.Notification) {}
	kind := func(k leads.NotificationKind) func(n *leads.Notification) {
		return func(n *leads.Notification) { n.Kind = k }
	}
	mine := func(n *leads.Notification) { n.Lead.Assignee = "ann" }
	for name, test := range map[string]struct {
		preferences notify.Preferences
		change      func(n *leads.Notification) // of a hot lead that returned
		told        bool
	}{
		"everything":                           {notify.Preferences{}, none, true},
		"off":                                  {notify.Preferences{Modes: modes{leads.NotifyReturned: notify.Off}}, none, false},
		"another kind is off":                  {notify.Preferences{Modes: modes{leads.NotifyNew: notify.Off}}, none, true},
		"only hot ones":                        {notify.Preferences{Modes: modes{leads.NotifyReturned: notify.Off, leads.NotifyHot: notify.Instant}}, none, true},
		"only hot ones, warm":                  {notify.Preferences{Modes: modes{leads.NotifyReturned: notify.Off, leads.NotifyHot: notify.Instant}}, func(n *leads.Notification) { n.Lead.Score.Qualification = leads.Warm }, false},
		"no hot ones":                          {notify.Preferences{Modes: modes{leads.NotifyHot: notify.Off}}, none, false},
		"a mode that cannot be read":           {notify.Preferences{Modes: modes{leads.NotifyReturned: "sometimes"}}, none, true},
		"this source":                          {notify.Preferences{Sources: []string{"form"}}, func(n *leads.Notification) { n.Lead.Last.SourceID = "form" }, true},
		"another source":                       {notify.Preferences{Sources: []string{"fair"}}, func(n *leads.Notification) { n.Lead.Last.SourceID = "form" }, false},
		"another source, one's own":            {notify.Preferences{Sources: []string{"fair"}}, mine, true},
		"qualified so":                         {notify.Preferences{Qualifications: []leads.Qualification{leads.Hot}}, none, true},
		"qualified otherwise":                  {notify.Preferences{Qualifications: []leads.Qualification{leads.Cold}}, none, false},
		"not scored":                           {notify.Preferences{Qualifications: []leads.Qualification{leads.Hot}}, func(n *leads.Notification) { n.Lead.Score = nil }, true},
		"one's own only, nobody's":             {notify.Preferences{OwnOnly: true}, none, false},
		"one's own only":                       {notify.Preferences{OwnOnly: true}, mine, true},
		"one's own only, by name":              {notify.Preferences{OwnOnly: true}, func(n *leads.Notification) { n.Kind, n.To = leads.NotifyCustom, "ann" }, true},
		"one's own only, about no lead":        {notify.Preferences{OwnOnly: true}, func(n *leads.Notification) { n.Kind, n.Lead = leads.NotifyCustom, leads.Lead{} }, true},
		"one's own, off, but assigned is not":  {notify.Preferences{Modes: modes{leads.NotifyReturned: notify.Off, leads.NotifyHot: notify.Off}}, mine, true},
		"one's own, all off":                   {notify.Preferences{Modes: modes{leads.NotifyReturned: notify.Off, leads.NotifyAssigned: notify.Off}}, mine, false},
		"hot counts for arrivals only":         {notify.Preferences{Modes: modes{leads.NotifyHot: notify.Off}}, kind(leads.NotifyReplied), true},
		"replies off":                          {notify.Preferences{Modes: modes{leads.NotifyReplied: notify.Off}}, kind(leads.NotifyReplied), false},
		"a digest without a store is a mail":   {notify.Preferences{Modes: modes{leads.NotifyHot: notify.Digest}}, none, true},
		"quiet hours without a store":          {notify.Preferences{Quiet: notify.Hours{{From: "00:00", To: "24:00"}}, QuietHot: true}, none, true},
		"quiet hours that cannot be read":      {notify.Preferences{Quiet: notify.Hours{{From: "late", To: "24:00"}}}, none, true},
		"one's own only, assigned to somebody": {notify.Preferences{OwnOnly: true}, func(n *leads.Notification) { n.Lead.Assignee = "ben" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := notification()
			test.change(&n)
			require.Equal(t, test.told, len(told(t, n, notify.Person{ID: "ann", Preferences: test.preferences})) == 1)
		})
	}
}

// The mail speaks to its reader, by the clock on their wall.
func TestATeamMailIsPersonal(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	team := notify.Team(box, notify.People{
		{ID: "u1", Name: "Ann Smith", Email: "ann@example.com", Zone: "Asia/Tokyo"},
		{ID: "u2", Name: "Ben \r\nBcc: x@example.com", Email: "Ben <ben@example.org>"},
		{ID: "u3", Name: "has no address"},
	}, &notify.TeamOptions{Zone: "Europe/Berlin", Prefix: "[Acme]"})
	require.Empty(t, team.Check(t.Context()))
	n := notification()
	n.Lead.Assignee = "u1"
	require.NoError(t, team.Notify(t.Context(), n))
	require.Len(t, box.mails, 2)
	ann, ben := box.mails[0], box.mails[1]
	require.Equal(t, `"Ann Smith" <ann@example.com>`, ann.To[0].String())
	require.Equal(t, `"Leads" <leads@example.com>`, ann.From.String())
	require.Equal(t, "[Acme] Hot lead again: Ann Lee, Acme (87)", ann.Subject)
	require.Contains(t, ann.Text, "You are responsible for this lead.")
	require.Contains(t, ann.Text, "21:05 JST")
	require.Equal(t, "Ben Bcc: x@example.com", ben.To[0].Name)
	require.NotContains(t, ben.Text, "You are responsible")
	require.Contains(t, ben.Text, "Assigned to: Ann Smith")
	require.Contains(t, ben.Text, "13:05 CET")

	n.Kind = leads.NotifyAssigned
	box.mails = nil
	require.NoError(t, team.Notify(t.Context(), n))
	require.Equal(t, "[Acme] Your lead: Ann Lee, Acme (87)", box.mails[0].Subject)
	require.Contains(t, box.mails[0].Text, "You are responsible for this lead now.")
}

func TestOnePersonsFailureIsNotAnothers(t *testing.T) {
	t.Parallel()
	box := &outbox{fail: func(m leads.Email) error {
		if m.To[0].Address == "ann@example.com" {
			return leads.After(errors.New("busy"), time.Minute)
		}
		return nil
	}}
	team := notify.Team(box, notify.People{{ID: "a", Email: "ann@example.com"}, {ID: "b", Email: "no address"}, {ID: "c", Email: "cy@example.com"}}, nil)
	err := team.Notify(t.Context(), notification())
	require.ErrorContains(t, err, "busy")
	require.ErrorContains(t, err, `person "b"`)
	require.False(t, leads.IsPermanent(err))
	require.Equal(t, time.Minute, leads.RetryAfter(err))
	require.Len(t, box.mails, 1)
}

func TestATeamOfNobody(t *testing.T) {
	t.Parallel()
	err := notify.Team(&outbox{}, notify.People{}, nil).Notify(t.Context(), notification())
	require.ErrorContains(t, err, "nobody to tell")
	require.False(t, leads.IsPermanent(err), "somebody may be added")

	broken := notify.DirectoryFunc(func(context.Context, string) ([]notify.Person, error) { return nil, errors.New("down") })
	require.ErrorContains(t, notify.Team(&outbox{}, broken, nil).Notify(t.Context(), notification()), "down")
}

func TestTheTenantChoosesThePeople(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	tenants := notify.DirectoryFunc(func(_ context.Context, tenant string) ([]notify.Person, error) {
		return []notify.Person{{ID: "x", Email: tenant + "@example.com"}}, nil
	})
	n := notification()
	n.Tenant = "acme"
	require.NoError(t, notify.Team(box, tenants, nil).Notify(t.Context(), n))
	require.Equal(t, "acme@example.com", box.mails[0].To[0].Address)
}

func TestATeamThatIsSetUpWrong(t *testing.T) {
	t.Parallel()
	people := notify.People{{ID: "a", Email: "a@example.com"}}
	for name, test := range map[string]struct {
		team  *notify.TeamNotifier
		want  string
		fatal bool
	}{
		"no mailer":    {notify.Team(nil, people, nil), "the mailer is required", true},
		"no directory": {notify.Team(&outbox{}, nil, nil), "the directory is required", true},
		"zone":         {notify.Team(&outbox{}, people, &notify.TeamOptions{Zone: "Mars/Olympus"}), "TeamOptions.Zone", true},
		"person": {notify.Team(&outbox{}, notify.People{{
			Email: "x", Zone: "y", Hours: notify.Hours{{From: "9"}},
			Preferences: notify.Preferences{Modes: modes{leads.NotifyHot: "later"}, DigestAt: []string{"noon"}, Quiet: notify.Hours{{From: "1"}}},
		}}, nil), "Person.ID", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := test.team.Check(t.Context())
			require.Len(t, findings, 1)
			require.Equal(t, test.fatal, findings[0].Fatal)
			require.Contains(t, findings[0].Message, test.want)
			if test.fatal {
				require.True(t, leads.IsPermanent(test.team.Notify(t.Context(), notification())))
				return
			}
			for _, part := range []string{"Person.Email", "Person.Zone", "Modes[hot]", "DigestAt", `"9"`, `"1"`} {
				require.Contains(t, findings[0].Message, part)
			}
		})
	}
}
