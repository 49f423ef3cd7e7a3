package sequence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestMailEventsOnTheTimeline(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		d := course()
		d.Steps = append(d.Steps, sequence.Step{ID: "way", Branch: &sequence.BranchStep{
			If: sequence.Condition{Field: "clicked", Is: []string{"one"}}, Then: "three", Else: "end",
		}}, email("three", "Third"))
		r := newRig(t, options(d), parts{})
		person := r.capture(ingest.Fields{Email: "bob@example.com"})
		machine := r.capture(ingest.Fields{Email: "cleo@example.com"})
		after(time.Hour)
		for i, m := range r.out.all() {
			for _, kind := range []leads.MailEventKind{leads.MailAccepted, leads.MailDelivered, leads.MailDelayed, leads.MailOpened, leads.MailClicked} {
				ev := leads.MailEvent{Kind: kind, ID: string(kind) + m.MessageID, At: time.Now(), MessageID: m.MessageID, URL: "https://example.com/"}
				ev.Machine = m.To[0].Address == "cleo@example.com"
				require.NoError(t, r.seq.MailEvent(t.Context(), ev), i)
				require.NoError(t, r.seq.MailEvent(t.Context(), ev), "the provider repeats it")
			}
		}
		require.Len(t, r.events(person, leads.EventMail), 5)
		require.Len(t, r.events(machine, leads.EventMail), 5)
		require.Contains(t, r.events(machine, leads.EventMail)[4], `"machine":true`)
		lead, err := r.store.Lead(t.Context(), leads.DefaultTenant, person)
		require.NoError(t, err)
		require.Nil(t, lead.Score, "never scored")
		after(3 * 24 * time.Hour)
		require.Equal(t, "one:sent pause:done two:sent way:then three:sent", outcomes(r.only(person)))
		require.Equal(t, "one:sent pause:done two:sent way:else", outcomes(r.only(machine)))
	})
}

func TestMailEventsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		for _, messageID := range []string{"", "unknown@example.com"} {
			require.NoError(t, r.seq.MailEvent(t.Context(), leads.MailEvent{
				Kind: leads.MailComplained, ID: "1", MessageID: messageID, Recipient: "bob@example.com",
				Variables: map[string]string{"enrollment": r.only(id).ID},
			}))
		}
		require.Equal(t, sequence.Active, r.only(id).State)
		// The address is the delivery's, whatever the event says.
		require.NoError(t, r.seq.MailEvent(t.Context(), leads.MailEvent{
			Kind: leads.MailBounced, ID: "2", MessageID: r.out.all()[0].MessageID, Recipient: "victim@example.com",
		}))
		key, err := r.seq.AddressKey(t.Context(), leads.DefaultTenant, "victim@example.com")
		require.NoError(t, err)
		stops, err := r.store.Suppressed(t.Context(), leads.DefaultTenant, key)
		require.NoError(t, err)
		require.Empty(t, stops)
		require.Equal(t, sequence.ReasonBounce, r.only(id).Reason)
	})
}

func TestReplies(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		second := course()
		second.ID = "second"
		r := newRig(t, options(course(), second), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		reply := func(id string, rep leads.Reply) {
			ev := leads.MailEvent{Kind: leads.MailReplied, ID: id, At: time.Now(), MessageID: r.out.all()[0].MessageID, Reply: &rep}
			require.NoError(t, r.seq.MailEvent(t.Context(), ev))
			require.NoError(t, r.seq.MailEvent(t.Context(), ev))
		}
		reply("1", leads.Reply{From: "bob@example.com", Subject: "Automatic reply: First", Text: "I am away"})
		after(time.Hour)
		for _, e := range r.enrollments(id) {
			require.Equal(t, sequence.Active, e.State)
		}
		require.Empty(t, r.noted(leads.NotifyReplied))
		reply("2", leads.Reply{From: "bob@example.com", Subject: "Re: First", Text: "Yes, call me on Friday."})
		after(time.Hour)
		for _, e := range r.enrollments(id) {
			require.Equal(t, sequence.ReasonReply, e.Reason)
		}
		notices := r.noted(leads.NotifyReplied)
		require.Len(t, notices, 1)
		require.Equal(t, "Yes, call me on Friday.", notices[0].Note)
		require.Len(t, r.events(id, leads.EventMail), 2)
		require.Contains(t, r.events(id, leads.EventMail)[0], `"automatic":true`)
	})
}

func TestAutomatic(t *testing.T) {
	t.Parallel()
	header := func(name, value string) leads.Reply {
		return leads.Reply{From: "bob@example.com", Subject: "Re: First", Header: map[string]string{name: value}}
	}
	subject := func(s string) leads.Reply { return leads.Reply{From: "bob@example.com", Subject: s} }
	for name, c := range map[string]struct {
		reply     leads.Reply
		automatic bool
	}{
		"a person":                 {leads.Reply{From: "bob@example.com", Subject: "Re: First", Text: "Yes"}, false},
		"Auto-Submitted":           {header("Auto-Submitted", "auto-replied"), true},
		"Auto-Submitted, as typed": {header("auto-submitted", " Auto-Generated; owner-email=x"), true},
		"Auto-Submitted: no":       {header("Auto-Submitted", "no"), false},
		"Precedence":               {header("Precedence", "bulk"), true},
		"Precedence, a person's":   {header("Precedence", "normal"), false},
		"X-Autoreply":              {header("X-Autoreply", "yes"), true},
		"X-Autorespond":            {header("X-Autorespond", ""), true},
		"Exchange":                 {header("X-Auto-Response-Suppress", "All"), true},
		"null sender":              {leads.Reply{From: "<>", Subject: "Re: First"}, true},
		"no sender":                {leads.Reply{Subject: "Re: First"}, true},
		"return path":              {header("Return-Path", "<>"), true},
		"daemon":                   {leads.Reply{From: "MAILER-DAEMON@example.com", Subject: "failure"}, true},
		"report":                   {header("Content-Type", "multipart/report; report-type=delivery-status"), true},
		"a list's header":          {header("List-Id", "x"), false},
		"en":                       {subject("Out of Office: back on Monday"), true},
		"en, automatic":            {subject("Automatic reply: First"), true},
		"en, answered":             {subject("Re: Automatic reply: First"), false},
		"en, a person writes":      {subject("Office hours?"), false},
		"de":                       {subject("Automatische Antwort: Erste"), true},
		"de, absent":               {subject("Abwesenheitsnotiz: Erste"), true},
		"de, office":               {subject("Nicht im Büro"), true},
		"fr":                       {subject("Réponse automatique : Premier"), true},
		"fr, decomposed":           {subject("Re\u0301ponse automatique : Premier"), true},
		"fr, absent":               {subject("Absence du bureau"), true},
		"es":                       {subject("Respuesta automática: Primero"), true},
		"es, office":               {subject("Fuera de la oficina"), true},
		"pt":                       {subject("Resposta automática: Primeiro"), true},
		"pt, office":               {subject("Fora do escritório"), true},
		"pt, answered":             {subject("Re: Fora do escritório"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.automatic, sequence.Automatic(c.reply))
		})
	}
}

// TestEventsAfterTheEnd shows that a complaint counts after the enrolment has ended.
func TestEventsAfterTheEnd(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		require.NoError(t, r.seq.ExitLead(t.Context(), leads.DefaultTenant, id, sequence.ReasonErased))
		require.NoError(t, r.seq.MailEvent(t.Context(), leads.MailEvent{Kind: leads.MailComplained, MessageID: r.out.all()[0].MessageID, At: time.Now()}))
		require.Equal(t, sequence.ReasonErased, r.only(id).Reason, "it had ended before")
		key, err := r.seq.AddressKey(t.Context(), leads.DefaultTenant, "bob@example.com")
		require.NoError(t, err)
		stops, err := r.store.Suppressed(t.Context(), leads.DefaultTenant, key)
		require.NoError(t, err)
		require.Len(t, stops, 1)
		require.Equal(t, sequence.ReasonComplaint, stops[0].Reason)
	})
}
