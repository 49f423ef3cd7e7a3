package ingest

import (
	"slices"
	"strings"
)

// particles begin a family name of several words; suffixes end one.
var (
	particles = []string{"af", "al", "av", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "dos", "du", "ibn", "la", "le", "ten", "ter", "van", "von", "zu", "zur"}
	suffixes  = []string{"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d."}
)

// splitName splits a person's full name: "Ann Lee" and "Lee, Ann" alike, "Ludwig van Beethoven" before the particle, "John
// Smith Jr." before the family name. A single word is a first name.
func splitName(full string) (first, last string) {
	family, given, inverted := strings.Cut(full, ",")
	given = strings.Join(strings.Fields(given), " ")
	if family = strings.Join(strings.Fields(family), " "); inverted && given != "" && family != "" && !isAny(given, suffixes) {
		return given, family
	}
	words := strings.Fields(strings.ReplaceAll(full, ",", " "))
	if len(words) < 2 {
		return strings.Join(words, ""), ""
	}
	i := len(words) - 1
	if i > 1 && isAny(words[i], suffixes) {
		i--
	}
	for i > 1 && isAny(words[i-1], particles) {
		i--
	}
	return strings.Join(words[:i], " "), strings.Join(words[i:], " ")
}

func isAny(word string, words []string) bool { return slices.Contains(words, strings.ToLower(word)) }
