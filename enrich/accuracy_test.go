package enrich_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/enrich/lists"
)

// entries returns the lines of a data set that say something.
func entries(t *testing.T, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// companies returns the names by their domains, in the order of the data set.
func companies(t *testing.T) (domains []string, names map[string][]string) {
	t.Helper()
	names = make(map[string][]string)
	for _, line := range entries(t, "testdata/companies.txt") {
		domain, name, ok := strings.Cut(line, " = ")
		require.True(t, ok, line)
		require.NotContains(t, names, domain, "twice in the data set")
		domains = append(domains, domain)
		names[domain] = strings.Split(name, " | ")
	}
	return domains, names
}

// legal are words at the end of a name that tell no two organisations apart.
var legal = []string{"group", "holding", "holdings", "company", "co", "corporation", "corp", "inc", "ltd", "plc", "llc", "gmbh", "ag", "se", "sa", "nv"}

var accents = strings.NewReplacer("&", " and ", "ä", "a", "ã", "a", "é", "e", "è", "e", "í", "i", "ó", "o", "ö", "o", "ü", "u", "ú", "u", "š", "s")

// folded brings a name into the form by which it is judged. With blanks the words must be the same too.
func folded(name string, blanks bool) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '\'', r == '’':
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return ' '
	}, accents.Replace(strings.ToLower(name)))
	words := strings.Fields(plain)
	for len(words) > 1 && slices.Contains(legal, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if blanks {
		return strings.Join(words, " ")
	}
	return strings.Join(words, "")
}

// TestCompanyNamesFromDomains reports how often the name made from the domain, offline, is the one that people use. The misses are listed
// with -v.
func TestCompanyNamesFromDomains(t *testing.T) {
	t.Parallel()
	domains, names := companies(t)
	require.GreaterOrEqual(t, len(domains), 300)
	right, spaced := 0, 0
	var missed []string
	for _, domain := range domains {
		facts, err := enrich.Company{}.Enrich(t.Context(), at("ann@"+domain))
		require.NoError(t, err)
		made := fact(facts, enrich.CompanyName).Value
		is := func(blanks bool) bool {
			return slices.ContainsFunc(names[domain], func(name string) bool { return folded(name, blanks) == folded(made, blanks) })
		}
		if is(true) {
			spaced++
		}
		if is(false) {
			right++
			continue
		}
		missed = append(missed, domain+": "+made+", not "+names[domain][0])
	}
	t.Logf("%d domains: %d right (%.1f %%), %d of them with the right blanks too (%.1f %%)", len(domains),
		right, 100*float64(right)/float64(len(domains)), spaced, 100*float64(spaced)/float64(len(domains)))
	for _, miss := range missed {
		t.Log(miss)
	}
	require.GreaterOrEqual(t, right*100, 85*len(domains))
}

// TestMailboxClasses reports how often a domain is taken for what it is. The disagreements are listed with -v.
func TestMailboxClasses(t *testing.T) {
	t.Parallel()
	labelled := make(map[string]lists.Class)
	for _, line := range entries(t, "testdata/mailboxes.txt") {
		words := strings.Fields(line)
		for _, domain := range words[1:] {
			require.NotContains(t, labelled, domain, "twice in the data set")
			labelled[domain] = lists.Class(words[0])
		}
	}
	business, _ := companies(t)
	for _, domain := range business {
		require.NotContains(t, labelled, domain)
		labelled[domain] = lists.Business
	}
	require.GreaterOrEqual(t, len(labelled), 500)
	right := make(map[lists.Class][2]int)
	wrong := 0
	for domain, class := range labelled {
		entry, counts := lists.Lookup(domain), right[class]
		counts[1]++
		if entry.Class == class {
			counts[0]++
		} else {
			wrong++
			t.Logf("%s is %s, not %s, by %q", domain, class, entry.Class, entry.List)
		}
		right[class] = counts
	}
	t.Logf("%d domains, %d wrong (%.2f %% right): %v", len(labelled), wrong, 100-100*float64(wrong)/float64(len(labelled)), right)
	require.LessOrEqual(t, wrong*100, len(labelled))
}
