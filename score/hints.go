package score

import (
	"slices"
	"strings"

	"github.com/openleads/leads/ingest"
)

// readSearch prefers the latest visit.
func readSearch(s *subject) reading {
	best := reading{value: unknown}
	for _, a := range []*ingest.Attribution{&s.lead.Last.Attribution, &s.lead.First.Attribution} {
		for _, text := range []string{a.UTM.Term, a.UTM.Campaign, a.UTM.Content} {
			switch searchedFor(text) {
			case "buying":
				return reading{value: "buying", quote: text}
			case "comparing":
				if best.value == unknown {
					best = reading{value: "comparing", quote: text}
				}
			}
		}
	}
	return best
}

// searchedFor judges the words of an ad's term or name, of which people write "crm-pricing_2026" and "crm pricing" alike.
func searchedFor(text string) (intent string) {
	tokens(text[:min(len(text), 256)], func(t token) {
		switch string(t.word) {
		case "price", "prices", "pricing", "cost", "buy", "quote", "demo", "trial", "preis", "preise", "kosten", "kaufen", "angebot", "prix", "tarif", "tarifs",
			"devis", "precio", "precios", "comprar", "preco", "precos", "orcamento", "presupuesto":
			intent = "buying"
		case "alternative", "alternatives", "alternativen", "vs", "versus", "compare", "comparison", "best", "top", "review", "reviews", "vergleich", "test",
			"comparatif", "meilleur", "comparativa", "mejor", "melhor":
			if intent == "" {
				intent = "comparing"
			}
		}
	})
	return intent
}

// sizeNames are how forms name the size of a company, in lower case without blanks and dashes.
var sizeNames = []string{
	"companysize", "employees", "numberofemployees", "numemployees", "noofemployees", "employeecount", "headcount", "teamsize", "organizationsize", "organisationsize", "staff", "seats",
	"mitarbeiter", "mitarbeiterzahl", "anzahlmitarbeiter", "unternehmensgröße", "firmengröße", "effectif", "nombredemployés", "tailledelentreprise", "empleados",
	"númerodeempleados", "funcionários", "númerodefuncionários",
}

// readSize takes the largest of several such fields, so that the order of a map does not matter.
func readSize(s *subject) reading {
	best := reading{value: unknown}
	for name := range s.lead.Metadata {
		if len(name) > 40 || !slices.Contains(sizeNames, bareName(name)) {
			continue
		}
		text := strings.TrimSpace(s.lead.Metadata.Text(name))
		n := firstNumber(text)
		if n > best.count || n == best.count && n > 0 && text < best.quote {
			best = reading{value: "given", count: n, quote: text}
		}
	}
	return best
}

func bareName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-'’.:", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}
