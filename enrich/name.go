package enrich

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// title makes a name of a label: words in title case, initials in capitals, and the trade at its end as a word of its own.
func title(label string) string {
	if decoded, err := idna.ToUnicode(label); err == nil {
		label = decoded
	}
	if name, ok := strings.CutSuffix(label, "hq"); ok && len(name) >= 4 { // where the name alone was taken
		label = name
	}
	words := strings.FieldsFunc(label, func(r rune) bool { return r == '-' })
	if len(words) == 1 {
		words = splitTrade(words[0])
	}
	for i, word := range words {
		switch form := legalForms[word]; {
		case form != "" && i > 0:
			words[i] = form
		case isInitials(word, len(words) == 1):
			words[i] = strings.ToUpper(word)
		default:
			first, size := utf8.DecodeRuneInString(word)
			words[i] = string(unicode.ToTitle(first)) + word[size:]
		}
	}
	return strings.Join(words, " ")
}

// legalForms are written in their own way.
var legalForms = map[string]string{
	"gmbh": "GmbH", "ag": "AG", "kg": "KG", "se": "SE", "ohg": "OHG", "inc": "Inc", "llc": "LLC", "llp": "LLP", "ltd": "Ltd", "plc": "plc", "co": "Co",
	"corp": "Corp", "sa": "SA", "sas": "SAS", "sarl": "SARL", "srl": "Srl", "spa": "SpA", "bv": "BV", "nv": "NV", "ab": "AB", "oy": "Oy", "as": "AS", "sl": "SL",
}

// trades are words that end the names of many organisations and hardly any other word.
var trades = []string{
	"accounting", "advisors", "aerospace", "airlines", "airways", "analytics", "architects", "architecture", "associates", "automation", "automotive",
	"biosciences", "brewery", "builders", "capital", "catering", "chemicals", "cleaning", "clinic", "cloud", "communications", "construction", "consultants",
	"consulting", "creative", "dental", "design", "designs", "development", "digital", "dynamics", "education", "electric", "electronics", "energy", "engineering",
	"enterprises", "equipment", "events", "express", "financial", "fitness", "foods", "foundation", "furniture", "global", "group", "health", "healthcare",
	"holdings", "homes", "hospital", "hotels", "industries", "instruments", "insurance", "interiors", "international", "investments", "kitchens", "laboratories",
	"landscaping", "lawyers", "learning", "logistics", "machinery", "management", "manufacturing", "marketing", "materials", "media", "medical", "mills", "mobility",
	"motors", "networks", "nutrition", "packaging", "partners", "pharma", "pharmaceuticals", "photography", "plastics", "plumbing", "power", "printing",
	"productions", "products", "properties", "publishing", "realty", "recruitment", "renewables", "resources", "restaurants", "robotics", "roofing", "school",
	"sciences", "security", "semiconductor", "services", "shipping", "software", "solar", "solutions", "steel", "stores", "strategies", "studio", "studios",
	"supplies", "supply", "systems", "technologies", "technology", "telecom", "textiles", "therapeutics", "tools", "trading", "training", "transport",
	"travel", "university", "ventures", "wealth", "wines",
}

// splitTrade takes trades from the end of a word, as long as something is left that can be a name ("greenenergysolutions").
func splitTrade(word string) []string {
	for _, trade := range trades {
		if name, ok := strings.CutSuffix(word, trade); ok && len(name) >= 3 && strings.ContainsAny(name, "aeiouyäöü") {
			return append(splitTrade(name), trade)
		}
	}
	return []string{word}
}

// isInitials guesses whether a word is an abbreviation: up to three letters standing alone (ibm, sap), up to four without a vowel (kpmg).
func isInitials(word string, alone bool) bool {
	return alone && len(word) <= 3 || len(word) <= 4 && !strings.ContainsAny(word, "aeiouy")
}

// maxName bounds a company's name, in bytes.
const maxName = 200

// stated returns the company that a lead gave, in one line, or "" for what people type when they have none.
func stated(company string) string {
	name := shorten(strings.Join(strings.Fields(company), " "), maxName)
	switch strings.ToLower(strings.Trim(name, " .-_/")) {
	case "", "na", "n/a", "none", "no", "nil", "null", "test", "self", "private", "individual", "personal", "x", "xx", "xxx",
		"keine", "privat", "aucune", "ninguna", "nenhuma", "particulier", "particular":
		return ""
	}
	return name
}

// shorten cuts a text to at most so many bytes, between two characters.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
