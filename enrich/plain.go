package enrich

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// invisible tells characters that are not seen, or that change how others are: control and format characters (among them those that
// turn the direction of writing), and what is none. Blanks stay.
func invisible(r rune) bool {
	return r == utf8.RuneError || !unicode.IsGraphic(r) && !unicode.IsSpace(r)
}

// withoutTags takes out what looks like markup, and every angle bracket that is left.
func withoutTags(text string) string {
	var b strings.Builder
	for text != "" {
		open := strings.IndexByte(text, '<')
		if open < 0 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:open])
		text = text[open+1:]
		if end := strings.IndexByte(text, '>'); end >= 0 {
			text = text[end+1:]
			b.WriteByte(' ')
		}
	}
	return strings.ReplaceAll(b.String(), ">", " ")
}

// generic are names that content management systems, parked domains and error pages give themselves.
var generic = map[string]bool{
	"home": true, "homepage": true, "welcome": true, "website": true, "my site": true, "my website": true, "site": true, "index": true, "untitled": true,
	"startseite": true, "willkommen": true, "accueil": true, "inicio": true, "início": true, "wordpress": true, "my wordpress": true, "my blog": true,
	"just a moment": true, "attention required": true, "access denied": true, "forbidden": true, "403 forbidden": true, "404 not found": true,
	"not found": true, "error": true, "coming soon": true, "under construction": true, "parked domain": true, "domain for sale": true, "test": true, "default": true,
	"site name": true, "company": true, "company name": true, "your company": true, "example": true, "undefined": true, "null": true,
}

func isGeneric(name string) bool {
	return generic[strings.ToLower(strings.Trim(name, " .!…-|"))] || !strings.ContainsFunc(name, unicode.IsLetter)
}

// alike reports whether a name can be the one that a label was made from: one begins with the other, or the label is its initials.
func alike(name, label string) bool {
	var letters, initials strings.Builder
	for _, word := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters.WriteString(word)
		first, _ := utf8.DecodeRuneInString(word)
		initials.WriteRune(first)
	}
	folded, wanted := letters.String(), strings.ReplaceAll(strings.ToLower(title(label)), " ", "")
	switch {
	case len(folded) < 2 || len(wanted) < 2:
		return false
	case initials.String() == wanted:
		return true
	case len(folded) > 3*len(wanted)+12: // a whole sentence that begins with the name
		return false
	}
	return strings.HasPrefix(folded, wanted) || len(folded) >= 4 && strings.HasPrefix(wanted, folded)
}

// organizationName finds the name of the organisation in a piece of JSON-LD, or "". It need not be whole: pages have broken ones.
func organizationName(raw string) string {
	var value any
	if json.Unmarshal([]byte(raw), &value) != nil {
		return ""
	}
	return findOrganization(value, 6)
}

// findOrganization looks into lists, graphs and the properties that name a site's owner.
func findOrganization(value any, depth int) string {
	if depth == 0 {
		return ""
	}
	switch v := value.(type) {
	case []any:
		for _, each := range v {
			if name := findOrganization(each, depth-1); name != "" {
				return name
			}
		}
	case map[string]any:
		if isOrganization(v["@type"]) {
			if name := textOf(v["name"]); name != "" {
				return name
			}
			return textOf(v["legalName"])
		}
		for _, key := range []string{"@graph", "publisher", "mainEntity", "about"} {
			if name := findOrganization(v[key], depth-1); name != "" {
				return name
			}
		}
	}
	return ""
}

// isOrganization knows schema.org's Organization and those below it that homepages use.
func isOrganization(kind any) bool {
	switch k := kind.(type) {
	case []any:
		for _, each := range k {
			if name, ok := each.(string); ok && isOrganization(name) {
				return true
			}
		}
	case string:
		k = k[strings.LastIndexAny(k, "/#:")+1:]
		for _, ending := range []string{"Organization", "Business", "Corporation", "Store", "Agency", "Service", "Agent", "Dealer"} {
			if strings.HasSuffix(k, ending) && k != "Service" {
				return true
			}
		}
		switch k {
		case "Airline", "Consortium", "Cooperative", "NGO", "CollegeOrUniversity", "School", "Library", "Hospital", "Restaurant", "Hotel", "Attorney", "Dentist",
			"Brand", "Physician", "BankOrCreditUnion", "InsuranceCompany", "Electrician", "Plumber", "RoofingContractor", "GeneralContractor":
			return true
		}
	}
	return false
}

// textOf returns a text, the first of several, or one that has its language beside it.
func textOf(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return textOf(v[0])
		}
	case map[string]any:
		text, _ := v["@value"].(string)
		return text
	}
	return ""
}
