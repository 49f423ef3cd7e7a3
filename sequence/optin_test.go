package sequence_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestPublicFormsAskFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		second := course()
		second.ID, second.Name = "second", "Second"
		r := newRig(t, options(course(), second), parts{})
		form := r.source(ingest.Source{Name: "form"})
		id := r.submit(ingest.Submission{SourceID: form, Fields: ingest.Fields{Email: "bob@example.com", FirstName: "Win at evil.example", Company: "Evil"}})
		after(time.Hour)
		require.Len(t, r.out.all(), 1)
		m := r.out.all()[0]
		require.Equal(t, "Please confirm your address", m.Subject)
		require.NotContains(t, strings.ToLower(m.Text+m.HTML+m.Subject+m.To[0].String()), "evil", "nothing of the submission")
		require.Equal(t, sequence.Pending, r.only(id).State)
		require.Equal(t, http.StatusOK, r.visit(http.MethodGet, linkTo(t, m.Email, "c"), "").Code)
		require.Equal(t, sequence.Pending, r.only(id).State, "looking changes nothing")

		require.Equal(t, http.StatusOK, r.post(linkTo(t, m.Email, "c")))
		require.Equal(t, http.StatusOK, r.post(linkTo(t, m.Email, "c")), "again")
		after(time.Hour)
		require.Len(t, r.enrollments(id), 2, "the other sequence follows")
		after(30 * 24 * time.Hour)
		for _, e := range r.enrollments(id) {
			require.Equal(t, sequence.Finished, e.State)
		}
		require.Len(t, r.out.all(), 5)
		key, err := r.seq.AddressKey(t.Context(), leads.DefaultTenant, "bob@example.com")
		require.NoError(t, err)
		consents, err := r.store.Consents(t.Context(), leads.DefaultTenant, key)
		require.NoError(t, err)
		require.Len(t, consents, 1)
		require.Equal(t, sequence.ConsentGranted, consents[0].Action)
		require.Contains(t, consents[0].Wording, "May we write to you?")
		require.Len(t, r.events(id, leads.EventConsent), 1)
	})
}

func TestUnconfirmed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{poll: 20 * time.Minute})
		form := r.source(ingest.Source{Name: "form"})
		sub := ingest.Submission{SourceID: form, Fields: ingest.Fields{Email: "bob@example.com"}}
		id := r.submit(sub)
		after(8 * 24 * time.Hour)
		require.Equal(t, sequence.ReasonUnconfirmed, r.only(id).Reason)
		require.Len(t, r.out.all(), 1)
		require.Contains(t, r.visit(http.MethodPost, linkTo(t, r.out.all()[0].Email, "c"), "").Body.String(), "Nothing to confirm")
		r.submit(sub)
		after(8 * 24 * time.Hour)
		require.Len(t, r.out.all(), 1, "not asked again so soon")
		after(30 * 24 * time.Hour)
		r.submit(sub)
		after(time.Hour)
		require.Len(t, r.out.all(), 2)
		require.Equal(t, http.StatusOK, r.post(linkTo(t, r.out.all()[1].Email, "u")), "never write to me")
		require.Contains(t, r.visit(http.MethodPost, linkTo(t, r.out.all()[1].Email, "c"), "").Body.String(), "Nothing to confirm")
		after(60 * 24 * time.Hour)
		r.submit(sub)
		after(24 * time.Hour)
		require.Len(t, r.out.all(), 2)
	})
}

// TestOneQuestionForAll asks once for two sequences, and takes the answer for both.
func TestOneQuestionForAll(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]bool{"a yes": true, "no answer": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				second := course()
				second.ID, second.Name = "second", "Second"
				r := newRig(t, options(course(), second), parts{})
				form := r.source(ingest.Source{Trusted: true, Consent: ingest.Consent{Purpose: "marketing", DoubleOptIn: true}})
				id := r.submit(ingest.Submission{SourceID: form, Fields: ingest.Fields{Email: "bob@example.com"}})
				after(6 * 24 * time.Hour)
				require.Len(t, r.enrollments(id), 2)
				require.Len(t, r.out.all(), 1)
				if answers {
					require.Equal(t, http.StatusOK, r.post(linkTo(t, r.out.all()[0].Email, "c")))
				}
				after(30 * 24 * time.Hour)
				for _, e := range r.enrollments(id) {
					require.Equal(t, answers, e.State == sequence.Finished)
					require.Equal(t, !answers, e.Reason == sequence.ReasonUnconfirmed)
				}
			})
		})
	}
}

// TestBombing submits one victim's address again and again: to many sources, in many spellings, for many sequences, at once and over a day.
func TestBombing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var all []sequence.Definition
		for i := range 5 {
			d := course()
			d.ID = number("s%d", i)
			all = append(all, d)
		}
		r := newRig(t, options(all...), parts{})
		var forms []string
		for range 4 {
			forms = append(forms, r.source(ingest.Source{Name: "form"}))
		}
		spellings := []string{"vic.tim@gmail.com", "VICTIM@gmail.com", "victim+a@googlemail.com", "v.i.c.t.i.m+zzz@gmail.com"}
		n := count(2_000, 10_000)
		for hour := range 23 {
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					for j := range n / 23 / 4 {
						k := hour + i*7 + j
						r.submit(ingest.Submission{
							SourceID: forms[k%4], Fields: ingest.Fields{Email: spellings[(k/4)%4], FirstName: number("n%d", k)},
							Metadata: ingest.Metadata{"k": []byte(number("%d", hour*100_000+i*10_000+j))},
						})
					}
				})
			}
			wg.Wait()
			after(time.Hour)
		}
		require.Len(t, r.out.all(), 1)
	})
}

func TestTrustedSourcesAndTheWayToTurnItOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source ingest.Source
		allow  bool
		asks   bool
	}{
		"public":                    {ingest.Source{}, false, true},
		"trusted":                   {ingest.Source{Trusted: true}, false, false},
		"allowed":                   {ingest.Source{}, true, false},
		"trusted, double opt-in":    {ingest.Source{Trusted: true, Consent: ingest.Consent{Purpose: "marketing", DoubleOptIn: true}}, false, true},
		"allowed, double opt-in":    {ingest.Source{Consent: ingest.Consent{Purpose: "marketing", DoubleOptIn: true}}, true, true},
		"trusted, another's opt-in": {ingest.Source{Trusted: true, Consent: ingest.Consent{Purpose: "other", DoubleOptIn: true}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				opts := options(course())
				opts.AllowUnconfirmed = c.allow
				r := newRig(t, opts, parts{})
				r.submit(ingest.Submission{SourceID: r.source(c.source), Fields: ingest.Fields{Email: "bob@example.com"}})
				after(time.Hour)
				require.Len(t, r.out.all(), 1)
				require.Equal(t, c.asks, r.out.all()[0].Subject == "Please confirm your address")
			})
		})
	}
}

func TestConsentOfAForm(t *testing.T) {
	t.Parallel()
	form := ingest.Consent{Purpose: "newsletter", Wording: "Yes, send me the newsletter.", Field: "news"}
	for name, c := range map[string]struct {
		trusted, double bool
		box             string
		actions         []sequence.ConsentAction
		enrolled        sequence.State
	}{
		"not ticked":              {true, false, "", nil, ""},
		"a no":                    {true, false, "false", nil, ""},
		"ticked, trusted":         {true, false, "on", []sequence.ConsentAction{sequence.ConsentGranted}, sequence.Active},
		"ticked, double opt-in":   {true, true, "1", []sequence.ConsentAction{sequence.ConsentRequested}, sequence.Pending},
		"ticked on a public form": {false, false, "yes", []sequence.ConsentAction{sequence.ConsentRequested}, sequence.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				d := course()
				d.Purpose, d.NeedsConsent = "newsletter", true
				d.Match = &sequence.Condition{Field: "consent", Is: []string{"newsletter"}}
				r := newRig(t, options(d), parts{poll: time.Minute})
				s := ingest.Source{Trusted: c.trusted, Consent: form}
				s.Consent.DoubleOptIn = c.double
				sub := ingest.Submission{SourceID: r.source(s), Fields: ingest.Fields{Email: "bob@example.com"}, Metadata: ingest.Metadata{}}
				sub.Metadata.SetText("news", c.box)
				id := r.submit(sub)
				after(time.Minute)
				key, err := r.seq.AddressKey(t.Context(), leads.DefaultTenant, "bob@example.com")
				require.NoError(t, err)
				entries, err := r.store.Consents(t.Context(), leads.DefaultTenant, key)
				require.NoError(t, err)
				var actions []sequence.ConsentAction
				for _, e := range entries {
					actions = append(actions, e.Action)
					require.Equal(t, form.Wording, e.Wording)
					require.Len(t, e.Digest, 64)
					require.NotEmpty(t, e.SubmissionID)
				}
				require.Equal(t, c.actions, actions)
				require.Len(t, r.events(id, leads.EventConsent), len(actions))
				if c.enrolled == "" {
					require.Empty(t, r.enrollments(id))
					return
				}
				require.Equal(t, c.enrolled, r.only(id).State)
				if c.enrolled == sequence.Pending {
					require.Equal(t, http.StatusOK, r.post(linkTo(t, r.out.all()[0].Email, "c")))
					require.Equal(t, sequence.Active, r.only(id).State)
				}
				after(time.Hour)
				r.post(linkTo(t, r.out.all()[len(r.out.all())-1].Email, "u"))
				entries, err = r.store.Consents(t.Context(), leads.DefaultTenant, key)
				require.NoError(t, err)
				require.Equal(t, sequence.ConsentWithdrawn, entries[len(entries)-1].Action)
				n := len(entries)
				r.post(linkTo(t, r.out.all()[len(r.out.all())-1].Email, "u"))
				entries, err = r.store.Consents(t.Context(), leads.DefaultTenant, key)
				require.NoError(t, err)
				require.Len(t, entries, n, "withdrawn once")
			})
		})
	}
}

// TestAnEarlierTickIsNotOneNow shows that what an earlier submission has left in the lead's metadata is not taken for consent.
func TestAnEarlierTickIsNotOneNow(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{})
		plain := r.source(ingest.Source{Trusted: true})
		asks := r.source(ingest.Source{Trusted: true, Consent: ingest.Consent{Purpose: "newsletter", Wording: "Yes", Field: "news"}})
		sub := ingest.Submission{SourceID: plain, Fields: ingest.Fields{Email: "bob@example.com"}, Metadata: ingest.Metadata{"news": []byte(`"on"`)}}
		id := r.submit(sub)
		after(time.Hour)
		sub.SourceID, sub.Metadata = asks, ingest.Metadata{"other": []byte("1")}
		r.submit(sub)
		after(time.Hour)
		require.Empty(t, r.events(id, leads.EventConsent))
		sub.Metadata = ingest.Metadata{"news": []byte(`true`)}
		r.submit(sub)
		after(time.Hour)
		require.Len(t, r.events(id, leads.EventConsent), 1)
	})
}

func TestWhoIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	fact := func(key string, truth leads.Truth, value string) leads.Enrichment {
		return leads.Enrichment{key: {Key: key, Truth: truth, Value: value}}
	}
	for name, c := range map[string]struct {
		email string
		facts leads.Enrichment
		taken bool
	}{
		"a person":          {"bob@example.com", nil, true},
		"no address":        {"", nil, false},
		"no valid address":  {"bob@", nil, false},
		"known not valid":   {"bob@example.com", fact("email.valid", leads.No, ""), false},
		"takes no mail":     {"bob@example.com", fact("email.deliverable", leads.No, "example.com"), false},
		"unknown":           {"bob@example.com", fact("email.deliverable", leads.Unknown, "example.com"), true},
		"disposable":        {"bob@example.com", fact("email.class", leads.Yes, "disposable"), false},
		"a shared mailbox":  {"info@example.com", fact("email.class", leads.Yes, "role"), false},
		"a free mail class": {"bob@example.com", fact("email.class", leads.Yes, "free"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				r := newRig(t, options(course()), parts{idle: true})
				id := r.capture(ingest.Fields{Email: c.email, Phone: "+441632960000"})
				lead, err := r.store.Edit(t.Context(), leads.DefaultTenant, id, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
					l.Enrichment = c.facts
					return nil, nil, nil
				})
				require.NoError(t, err)
				_, err = r.seq.Enroll(t.Context(), lead)
				require.NoError(t, err)
				require.Equal(t, c.taken, len(r.enrollments(id)) == 1)
			})
		})
	}
}
