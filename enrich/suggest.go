package enrich

import (
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich/lists"
	"github.com/openleads/leads/internal/emailaddr"
)

// common are the providers whose names are mistyped often because they are typed often, the biggest first.
var common = [...]string{
	"gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com", "live.com", "msn.com", "googlemail.com",
	"protonmail.com", "comcast.net", "verizon.net", "sbcglobal.net", "yandex.ru", "mail.ru",
	"gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de", "hotmail.de", "outlook.de", "yahoo.de",
	"yahoo.co.uk", "hotmail.co.uk", "btinternet.com",
	"orange.fr", "wanadoo.fr", "laposte.net", "hotmail.fr", "yahoo.fr", "outlook.fr", "free.fr", "sfr.fr",
	"libero.it", "hotmail.it", "yahoo.it", "hotmail.es", "yahoo.es", "outlook.es", "uol.com.br", "bol.com.br", "terra.com.br", "hotmail.com.br",
	"yahoo.com.br",
}

// suggestion tells whether the domain looks like a mistyped one of a common provider. A suggestion that was made for an earlier address
// is taken back.
func suggestion(lead leads.Lead, a emailaddr.Address, entry lists.Entry, deliverable leads.Truth) (leads.Fact, bool) {
	if meant := mistyped(a.Domain, entry.Class, deliverable); meant != "" {
		return leads.Fact{
			Key: EmailSuggestion, Truth: leads.Yes, Value: a.Local + "@" + meant, Reason: a.Domain + " looks like " + meant, Source: "spelling",
		}, true
	}
	if old, ok := lead.Enrichment[EmailSuggestion]; ok && old.Truth == leads.Yes {
		return leads.Fact{Key: EmailSuggestion, Truth: leads.No, Reason: a.Domain + " is spelled as usual", Source: "spelling"}, true
	}
	return leads.Fact{}, false
}

// mistyped returns the provider that was meant, or "". A domain that a list knows for what it is, or that takes mail, is meant as it is.
// But the lists of throw-away domains are full of those that somebody has registered to catch such slips (gmial.com), and their mail
// servers take everything: of those only the spelling counts.
func mistyped(domain string, class lists.Class, deliverable leads.Truth) string {
	switch {
	case class != lists.Business && class != lists.Disposable:
		return ""
	case class == lists.Business && deliverable == leads.Yes:
		return ""
	}
	for _, provider := range common {
		slips := 1
		switch label, _, _ := strings.Cut(provider, "."); {
		case len(label) >= 8:
			slips = 2 // only then do two changes leave most of the name as it was
		case len(label) < 5 && (class != lists.Business || deliverable != leads.No):
			continue // too many short names are one letter apart; what does not exist at all is another thing
		}
		if within(domain, provider, slips) {
			return provider
		}
	}
	return ""
}

// maxProvider is longer than any name in common.
const maxProvider = 32

// within reports whether a becomes b by at most most slips: a letter too many, too few or another, or two neighbours swapped.
func within(a, b string, most int) bool {
	if a == b || len(a)-len(b) > most || len(b)-len(a) > most || len(b) >= maxProvider {
		return false
	}
	var rows [3][maxProvider]int // the last two lines of the table, and the one being made
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)] <= most
}
