package adaptertest

import (
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

const (
	saysSearch      = "Search selects leads in whose name, email address, phone number or company every word of it begins a word, without regard to case and the marks of Latin letters."
	saysSearchWords = "Words are letters and digits; anything else only stands between them."
	saysSearchPhone = "The digits of a phone number are found from the first one on, however they are grouped."
	saysSearchMost  = "At most 200 bytes and eight words count."
	saysSearchNone  = "A search of nothing but signs selects no lead."
)

func searchContracts() []contract {
	return []contract{
		{"search/names", saysSearch, searches(map[string][]int{
			"ann": {0, 3}, "ANN": {0, 3}, "Ann-Kathrin": {0}, "ann kath": {0}, "kath ann": {0}, "ann smith": {3}, "müll": {0}, "o'brien": {1}, "brien": {1},
			"athrin": nil, "nn": nil, "annn": nil, "ann bob": nil, "josé": {1}, "brien josé": {1},
		})},
		{"search/companies", saysSearch, searches(map[string][]int{
			"gmbh": {0}, "gmbh über": {0}, "24 7": {1}, "7 media": {1}, "247": nil, "株式": nil, "日本": {2}, "한": {2}, "하": nil, "media ann": nil,
		})},
		{"search/parts of addresses", saysSearch, searches(map[string][]int{
			"ann.mueller@example.com": {0}, "mueller": {0}, "@sub.example": {1}, "example": {0, 1, 3}, "example.net": {3}, "jose tag": {1}, "xample": nil,
			"a_b%c@example.net": {3}, "иванова example": nil,
		})},
		{"search/marks and case", saysSearch, searches(map[string][]int{
			"muller": {0}, "MÜLLER": {0}, "Mu\u0308ller": {0}, "uber": {0}, "jose": {1}, "JOSÉ": {1}, "ÿose": nil, "ИВАНОВА": {2}, "иванова": {2}, "Йог": {2}, "и\u0306ог": {2},
		})},
		{"search/phone numbers", saysSearchPhone, searches(map[string][]int{
			"+49 30 1234567": {0}, "+49301234567": {0}, "4930123": {0}, "+49 (30) 12-34": {0}, "0049 30 1234567": {0}, "49": {0, 1}, "ann +49 30 123": {0}, "+49 30 ann": {0},
			"+49 89 76": {1}, "0049897": {1}, "+49 89 76 54 32 1": {1}, "12125550100": {3}, "+1 (212) 555.0100": {3}, "+49 31": nil, "930": nil, "1234": {0}, "+49 301 234 568": nil,
		})},
		{"search/signs", saysSearchWords, searches(map[string][]int{
			"(ann)": {0, 3}, "ann*": {0, 3}, "ann & kathrin": {0}, "100%": {3}, "a_b": {3}, "b%c": {3}, "ann -smith": {3}, `"smith ann"`: {3}, "ann:smith": {3}, "ann OR bob": nil,
			"NOT ann": nil, "ann NEAR smith": nil, "col:ann": nil,
		})},
		{"search/nothing but signs", saysSearchNone, searches(map[string][]int{
			"%": nil, "_": nil, `"`: nil, "'": nil, "*": nil, "+": nil, "@": nil, "--": nil, "\\": nil, "👍": nil, "\x00": nil, "\xff\xfe": nil, "": {0, 1, 2, 3, 4}, " \t": {0, 1, 2, 3, 4},
		})},
		{"search/too long", saysSearchMost, searches(map[string][]int{
			"ann ann ann ann ann ann ann smith": {3}, "ann ann ann ann ann ann ann ann bob": {0, 3}, "ann" + strings.Repeat(" ", 197) + "bob": {0, 3},
			"ann" + strings.Repeat(" ", 196) + "smith": {3}, "smith" + strings.Repeat("-", 194) + "é": {3}, strings.Repeat("x", 100_000): nil, "ann" + strings.Repeat(" ", 100_000): {0, 3},
		})},
		{"search/hostile text", saysSearch, searchHostile},
		{"search/what a lead has become", saysSearch, searchCurrent},
	}
}

// searches checks which people a search finds, by the search.
func searches(cases map[string][]int) func(r *rig) {
	return func(r *rig) {
		r.as("other").known()
		all := r.known()
		for search, want := range cases {
			r.selects(desk.Filter{Search: search}, all, want...)
		}
	}
}

func (r *rig) known() []leads.Lead {
	r.t.Helper()
	var all []leads.Lead
	for _, fields := range []ingest.Fields{
		{FirstName: "Ann-Kathrin", LastName: "Müller", Company: "Über GmbH & Co. KG", Email: "ann.mueller@example.com", Phone: "+49 (30) 1234-567"},
		{FirstName: "José", LastName: "O'Brien", Company: "24 7 Media", Email: "jose+tag@sub.example.org", Phone: "0049 89 7654321"},
		{FirstName: "Йога", LastName: "ИВАНОВА", Company: "日本語 会社 한국"},
		{FirstName: "Ann", LastName: "Smith", Company: "100% Ltd", Email: "a_b%c@example.net", Phone: "+1-212-555-0100"},
		{},
	} {
		all = append(all, r.lead(r.named(fields)))
	}
	return all
}

// named captures somebody by all their fields.
func (r *rig) named(fields ingest.Fields) string {
	r.t.Helper()
	sub := r.sub(fields.Email)
	sub.Fields = fields
	return r.one(sub).LeadID
}

// searchHostile finds people by hostile names, and is not led astray by what a query language could take for its own.
func searchHostile(r *rig) {
	canary := r.lead(r.named(ingest.Fields{LastName: "Plain"}))
	for _, text := range hostile() {
		id := r.named(ingest.Fields{Email: leads.NewID() + "@example.com", FirstName: text, Company: text})
		words, selects := desk.ParseSearch(text)
		found := false
		for _, lead := range r.find(desk.Filter{Search: text, Limit: 1000}).Leads {
			found = found || lead.ID == id
			r.check(lead.ID != canary.ID || len(words) == 0, "%s finds a lead that has nothing of it", shown(text))
		}
		r.check(found == selects, "%s finds the lead of that name: %v, want %v", shown(text), found, selects)
	}
	for _, text := range hostile() {
		r.find(desk.Filter{Search: "plain " + text})
	}
	r.selects(desk.Filter{Search: "plain"}, []leads.Lead{canary}, 0)
}

// searchCurrent changes a lead in every way, and searches it by what it was and what it is.
func searchCurrent(r *rig) {
	task := r.begun()
	r.settle(task, leads.Outcome{Change: func(l *leads.Lead) { l.LastName = "settled" }})
	is := func(word, was string) {
		r.t.Helper()
		all := []leads.Lead{r.lead(task.LeadID)}
		r.selects(desk.Filter{Search: "ann " + word}, all, 0)
		r.selects(desk.Filter{Search: was}, all)
	}
	is("settled", "bob")
	r.made(task.LeadID, func(l *leads.Lead) { l.LastName = "edited" })
	is("edited", "settled")
	r.named(ingest.Fields{Email: "ann@example.com", Company: "Merged"})
	is("merged", "settled")
	sub := r.sub("ann@example.com")
	sub.Fields.Phone = "+49 30 1234"
	r.release(r.quarantined(sub).ID)
	is("+49301234", "settled")
	r.made(task.LeadID, func(l *leads.Lead) { l.Fields = ingest.Fields{FirstName: "Ann"} })
	is("", "merged")
	r.eraseLead(task.LeadID)
	r.selects(desk.Filter{Search: "ann"}, nil)
}
