package enrich

import (
	"time"

	"github.com/openleads/leads"
)

// withdraw returns the facts that make those of the given keys Unknown, because what they are about has changed and nothing is known
// of what it is now. It passes over keys that are not established.
//
// [leads.Enrichment.Merge] lets no Unknown replace what is still fresh, so each fact first comes to its end and then gives way.
func withdraw(lead leads.Lead, now time.Time, source, reason string, keys ...string) []leads.Fact {
	var facts []leads.Fact
	for _, key := range keys {
		old, ok := lead.Enrichment[key]
		if !ok || old.Truth == leads.Unknown {
			continue
		}
		old.Expires = now
		facts = append(facts, old, leads.Fact{
			Key: key, Truth: leads.Unknown, Reason: reason, Source: source, At: now, Expires: now.Add(keepUnknown),
		})
	}
	return facts
}

// missing returns those of the keys that no fact has.
func missing(facts []leads.Fact, keys []string) []string {
	var without []string
	for _, key := range keys {
		if !hasKey(facts, key) {
			without = append(without, key)
		}
	}
	return without
}

func hasKey(facts []leads.Fact, key string) bool {
	for _, f := range facts {
		if f.Key == key {
			return true
		}
	}
	return false
}
