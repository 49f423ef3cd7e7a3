package score_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// person makes a lead: an address with its class and deliverability, a name, and a message.
func person(email, class string, deliverable leads.Truth, name, message string) leads.Lead {
	first, last, _ := strings.Cut(name, " ")
	lead := leads.Lead{Fields: ingest.Fields{Email: email, FirstName: first, LastName: last}, Metadata: make(ingest.Metadata), Submissions: 1}
	if message != "" {
		lead.Metadata.SetText("message", message)
	}
	lead.Enrichment = leads.Enrichment{"email.deliverable": {Key: "email.deliverable", Truth: deliverable}}
	if class != "" {
		lead.Enrichment["email.class"] = leads.Fact{Key: "email.class", Truth: leads.Yes, Value: class}
	}
	if class == "business" || class == "role" {
		lead.Enrichment["company.name"] = leads.Fact{Key: "company.name", Truth: leads.Yes, Value: "Acme"}
	}
	return lead
}

// with changes a lead.
func with(lead leads.Lead, change func(*leads.Lead)) leads.Lead {
	change(&lead)
	return lead
}

func judge(t testing.TB, lead leads.Lead) leads.Score {
	t.Helper()
	s, err := score.DefaultRubric().Score(t.Context(), lead)
	require.NoError(t, err)
	return s
}

// people are leads as they come, and what a sales person would say of them.
func people() map[string]struct {
	lead leads.Lead
	want leads.Qualification
} {
	type lead = struct {
		lead leads.Lead
		want leads.Qualification
	}
	phone := func(l *leads.Lead) { l.Phone = "+49 30 1234567" }
	company := func(l *leads.Lead) { l.Company = "Acme GmbH" }
	return map[string]lead{
		"CEO asks for a demo by a date": {person("ann@acme.com", "business", leads.Yes, "Ann Smith",
			"I'm the CEO of Acme. We would like a demo by Friday, December 4."), leads.Hot},
		"CEO asks for a demo by a date, DNS is down": {person("ann@acme.com", "business", leads.Unknown, "Ann Smith",
			"I'm the CEO of Acme. We would like a demo by Friday, December 4."), leads.Hot},
		"buyer asks for a quote this quarter": {with(person("bob@acme.com", "business", leads.Yes, "Bob Jones",
			"How much is it for 250 seats? We want to decide this quarter, please send a quote and show us the product in a call next week."), phone), leads.Hot},
		"Geschäftsführerin möchte Angebot": {with(person("eva@firma.de", "business", leads.Yes, "Eva Maier",
			"Als Geschäftsführerin suche ich eine Lösung bis Ende Januar. Bitte senden Sie mir ein Angebot für 40 Lizenzen."), phone), leads.Hot},
		"directrice demande une démo": {with(person("lea@societe.fr", "business", leads.Yes, "Léa Martin",
			"Directrice commerciale, je souhaite une démonstration la semaine prochaine et un devis pour 20 utilisateurs."), company), leads.Hot},
		"directora pide precio": {with(person("sol@empresa.es", "business", leads.Yes, "Sol Díaz",
			"Soy la directora. ¿Cuánto cuesta? Queremos agendar una llamada lo antes posible."), phone), leads.Hot},
		"sócio pede orçamento": {with(person("rui@empresa.com.br", "business", leads.Yes, "Rui Costa",
			"Sou sócio da empresa e preciso de um orçamento até sexta. Podemos marcar uma reunião na semana que vem?"), phone), leads.Hot},
		"founder on a private mailbox who wants to buy": {with(with(person("kim@gmail.com", "personal", leads.Yes, "Kim Lee",
			"Founder of Acme here. We want to buy 30 seats, please schedule a call with me tomorrow, we go live on 2027-01-15 and need the price before that."), phone), company), leads.Hot},
		"came back by an ad and asks for the price": {with(person("ann@acme.com", "business", leads.Yes, "Ann Smith",
			"We looked at it last month. What is the pricing for our team, and can we have a free trial?"), func(l *leads.Lead) {
			l.Phone, l.Submissions = "+1 415 555 0100", 2
			l.Last.Attribution.UTM = ingest.UTM{Source: "google", Medium: "cpc"}
		}), leads.Hot},

		"business, asks for a demo only":      {person("ann@acme.com", "business", leads.Yes, "Ann Smith", "Could we see a demo of your product some time?"), leads.Warm},
		"business, vague":                     {with(person("ann@acme.com", "business", leads.Yes, "Ann Smith", "Tell me more about what you do, please, we may be interested."), company), leads.Warm},
		"business with phone, asks the price": {with(person("ann@acme.com", "business", leads.Yes, "Ann Smith", "What does it cost?"), phone), leads.Warm},
		"role address asks for a quote":       {with(person("info@acme.com", "role", leads.Yes, "", "Please send us your price list and a quotation for 5 licenses."), phone), leads.Warm},
		"private mailbox asks the price":      {person("kim@gmail.com", "personal", leads.Yes, "Kim Lee", "How much is it?"), leads.Cold},
		"phone only, wants to be called":      {with(person("", "", leads.Unknown, "Joe Doe", "Please call me back tomorrow about a quote for our office, we are twenty people."), phone), leads.Warm},
		"agency that also wants a demo":       {with(person("max@agency.com", "business", leads.Yes, "Max Roe", "We provide SEO services and want a demo for our clients next week, what are your prices?"), company), leads.Hot},

		"student with one word":        {person("kim@gmail.com", "personal", leads.Yes, "Kim", "info"), leads.Cold},
		"student with a thesis":        {person("kim@uni.edu", "business", leads.Yes, "Kim Lee", "I am a student and need data on your prices for my thesis by Friday."), leads.Cold},
		"spam for backlinks":           {person("seo@gmail.com", "personal", leads.Yes, "Jack", "Get to the first page of Google! Cheap backlinks, best price. http://a.example http://b.example http://c.example"), leads.Cold},
		"spam from a business address": {with(person("joe@rank.com", "business", leads.Yes, "Joe Doe", "We sell guest posts and backlinks at the best price. Schedule a call this week, our CEO will call you!"), phone), leads.Cold},
		"web design offer":             {with(person("dev@studio.com", "business", leads.Yes, "Dev Rao", "We offer our services: web design services at low cost. Can we schedule a meeting tomorrow?"), phone), leads.Cold},
		"Bewerbung":                    {person("tim@web.de", "personal", leads.Yes, "Tim Groß", "Anbei meine Bewerbung als Entwickler, Lebenslauf im Anhang. Rufen Sie mich gerne an."), leads.Cold},
		"throw-away address": {with(person("x@mailinator.com", "disposable", leads.Yes, "Ann Smith",
			"CEO here, we want a demo by Friday and a quote for 500 seats."), phone), leads.Cold},
		"undeliverable domain":   {with(person("ann@acme.invalid", "business", leads.No, "Ann Smith", "CEO here, we want a demo by Friday and a quote for 500 seats."), company), leads.Cold},
		"nobody can answer":      {with(person("ann@@acme", "invalid", leads.Unknown, "Ann Smith", "CEO here, we want a demo by Friday and a quote for 500 seats."), company), leads.Cold},
		"does not want a demo":   {person("ann@acme.com", "business", leads.Yes, "Ann Smith", "We do not need a demo."), leads.Cold},
		"empty":                  {leads.Lead{}, leads.Cold},
		"newsletter, no message": {person("kim@gmail.com", "personal", leads.Yes, "", ""), leads.Cold},
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	for name, c := range people() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := judge(t, c.lead)
			require.Equal(t, c.want, s.Qualification, s.Summary)
		})
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	lead := people()["CEO asks for a demo by a date"].lead
	rubric := score.DefaultRubric()
	rubric.Clock = func() time.Time { return noon.In(time.FixedZone("", 3600)).Add(7) }
	s, err := rubric.Score(t.Context(), lead)
	require.NoError(t, err)
	require.Equal(t, leads.Score{
		Value: 73, Qualification: leads.Hot, By: "rules", Rubric: rubric.Hash(), At: noon,
		Summary: "Hot, 73 of 100 (fit 42, intent 31): writes from a company's own domain; asks for a demo, a trial or a call; names a date or is in a hurry; " +
			"the company is known from the address; speaks as somebody who decides.",
		NextStep: "Answer today and offer two times for a call.",
		Evidence: []leads.Evidence{
			{Criterion: "email address", Level: "business", Points: 18, Max: 18, Reason: "writes from a company's own domain", Quote: "ann@acme.com", By: "rule"},
			{Criterion: "deliverability", Level: "yes", Points: 4, Max: 4, Reason: "the domain takes mail", By: "rule"},
			{Criterion: "company", Level: "found", Points: 8, Max: 8, Reason: "the company is known from the address", By: "rule"},
			{Criterion: "role", Level: "decides", Points: 8, Max: 8, Reason: "speaks as somebody who decides", Quote: "I'm the CEO of Acme. We would like a demo by Friday, December 4.", By: "rule"},
			{Criterion: "company size", Level: "unknown", Points: 0, Max: 4, Reason: "the size of the company is not known", By: "rule"},
			{Criterion: "phone", Level: "none", Points: 0, Max: 4, Reason: "gave no phone number", By: "rule"},
			{Criterion: "name", Level: "full", Points: 4, Max: 4, Reason: "gave a full name", By: "rule"},
			{Criterion: "demo", Level: "asked", Points: 16, Max: 16, Reason: "asks for a demo, a trial or a call", Quote: "I'm the CEO of Acme. We would like a demo by Friday, December 4.", By: "rule"},
			{Criterion: "price", Level: "none", Points: 0, Max: 12, Reason: "does not ask about price", By: "rule"},
			{Criterion: "timeline", Level: "soon", Points: 12, Max: 12, Reason: "names a date or is in a hurry", Quote: "I'm the CEO of Acme. We would like a demo by Friday, December 4.", By: "rule"},
			{Criterion: "message", Level: "short", Points: 3, Max: 3, Reason: "wrote a message", By: "rule"},
			{Criterion: "channel", Level: "unknown", Points: 0, Max: 2, Reason: "how they came is not known", By: "rule"},
			{Criterion: "search", Level: "unknown", Points: 0, Max: 3, Reason: "what they searched for is not known", By: "rule"},
			{Criterion: "return", Level: "first", Points: 0, Max: 2, Reason: "is here for the first time", By: "rule"},
			{Criterion: "other purpose", Level: "none", Points: 0, Max: 0, Reason: "nothing speaks for another purpose", By: "rule"},
			{Criterion: "links", Level: "few", Points: 0, Max: 0, Reason: "there are few links", By: "rule"},
		},
	}, s)
}

func TestCapsAndFloorAreEvidence(t *testing.T) {
	t.Parallel()
	last := func(name string) leads.Evidence {
		s := judge(t, people()[name].lead)
		return s.Evidence[len(s.Evidence)-1]
	}
	require.Equal(t, leads.Evidence{Criterion: "throw-away address", Level: "cap", Points: -43, Reason: "the address is a throw-away one", Quote: "x@mailinator.com", By: "rule"}, last("throw-away address"))
	require.Equal(t, leads.Evidence{Criterion: "undeliverable domain", Level: "cap", Points: -51, Reason: "the domain of the address takes no mail", By: "rule"}, last("undeliverable domain"))
	require.Equal(t, leads.Evidence{Criterion: "floor", Level: "0", Points: 50, Max: 50, Reason: "a score does not go below 0", By: "rule"}, last("spam for backlinks"))
}

func TestNextStep(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"CEO asks for a demo by a date":       "Answer today and offer two times for a call.",
		"buyer asks for a quote this quarter": "Call today.",
		"business, asks for a demo only":      "Answer within a day and ask what is needed and by when.",
		"student with one word":               "Nothing by hand: let automatic follow-up do it.",
		"undeliverable domain":                "Check how the lead can be reached before anybody spends time on it.",
	} {
		require.Equal(t, want, judge(t, people()[name].lead).NextStep, name)
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		thresholds score.Thresholds
		values     map[int]leads.Qualification
	}{
		"defaults":   {score.Thresholds{}, map[int]leads.Qualification{0: leads.Cold, 39: leads.Cold, 40: leads.Warm, 69: leads.Warm, 70: leads.Hot, 100: leads.Hot}},
		"own":        {score.Thresholds{Hot: 90, Warm: 10}, map[int]leads.Qualification{9: leads.Cold, 10: leads.Warm, 89: leads.Warm, 90: leads.Hot}},
		"half of it": {score.Thresholds{Hot: 50}, map[int]leads.Qualification{39: leads.Cold, 49: leads.Warm, 50: leads.Hot}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for value, want := range c.values {
				require.Equal(t, want, c.thresholds.Qualify(value), value)
			}
		})
	}
	rubric := score.DefaultRubric()
	rubric.Thresholds = score.Thresholds{Hot: 95, Warm: 80}
	s, err := rubric.Score(t.Context(), people()["CEO asks for a demo by a date"].lead)
	require.NoError(t, err)
	require.Equal(t, leads.Cold, s.Qualification)
	require.Equal(t, 73, s.Value, "thresholds do not change the value")
}

func TestSummaryIsShort(t *testing.T) {
	t.Parallel()
	r := &score.Rubric{}
	for i := range 5 {
		r.Criteria = append(r.Criteria, score.Criterion{Name: strings.Repeat("n", i+1), Axis: score.Fit, Signal: score.SignalName, Levels: []score.Level{
			{Name: "all", Points: 10 + i, Reason: strings.Repeat("é", 41) + strings.Repeat("x", i)},
		}})
	}
	s, err := r.Score(t.Context(), leads.Lead{})
	require.NoError(t, err)
	long := strings.Repeat("é", 41)
	require.Equal(t, "Warm, 60 of 100 (fit 60, intent 0): "+long+"xxxx; "+long+"xxx.", s.Summary, "whole reasons, as many as fit into 280 bytes")
}

// The target is 20 µs a lead.
func BenchmarkScore(b *testing.B) {
	lead := people()["buyer asks for a quote this quarter"].lead
	lead.Metadata.SetText("jobTitle", "Head of Operations")
	lead.Metadata.SetText("comments", strings.Repeat("We make tools for gardeners and have forty people in three offices. ", 6))
	rubric := score.DefaultRubric()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rubric.Score(b.Context(), lead); err != nil {
			b.Fatal(err)
		}
	}
}
