package leads

import (
	"maps"
	"slices"
	"time"
)

// Truth is three-valued. The zero value is Unknown, which is not No.
type Truth int8

// The truths.
const (
	Unknown Truth = iota
	Yes
	No
)

// String returns "unknown", "yes" or "no".
func (v Truth) String() string { return [...]string{"unknown", "yes", "no"}[v%3] }

// Fact is one thing learned about a lead, with its provenance.
type Fact struct {
	// Key names the fact, in dotted form: "email.deliverable", "company.name".
	Key   string `json:"key"`
	Truth Truth  `json:"truth"`
	// Value is what was found, where the fact is more than a yes or no.
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason,omitempty"` // why, in a few words for people
	Source string `json:"source"`           // where from: "dns", "list", "model", …
	// At is when it was learned, Expires when it should be learned anew. A zero At means when it is stored, a zero Expires never.
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires,omitzero"`
}

// Fresh reports whether the fact has not expired at now.
func (f Fact) Fresh(now time.Time) bool { return f.Expires.IsZero() || now.Before(f.Expires) }

// Enrichment is what is known about a lead beyond what was submitted, by the keys of the facts.
type Enrichment map[string]Fact

// Value returns the value of the fact under key if it is established, else "".
func (e Enrichment) Value(key string) string {
	if f := e[key]; f.Truth == Yes {
		return f.Value
	}
	return ""
}

// Facts returns the facts sorted by key.
func (e Enrichment) Facts() []Fact {
	facts := make([]Fact, 0, len(e))
	for _, key := range slices.Sorted(maps.Keys(e)) {
		facts = append(facts, e[key])
	}
	return facts
}

// Merge returns e with the newer facts put in. What the newer ones do not speak of stays, and an Unknown never replaces an
// established fact that is still fresh when the Unknown was found, unless it is about another value (an edited address).
func (e Enrichment) Merge(facts []Fact) Enrichment {
	merged := maps.Clone(e)
	if merged == nil && len(facts) > 0 {
		merged = make(Enrichment, len(facts))
	}
	for _, f := range facts {
		old, ok := merged[f.Key]
		same := f.Value == "" || f.Value == old.Value
		if ok && same && f.Truth == Unknown && old.Truth != Unknown && old.Fresh(f.At) {
			continue
		}
		merged[f.Key] = f
	}
	return merged
}

// Qualification is the short form of a score.
type Qualification string

// The qualifications.
const (
	Hot  Qualification = "hot"
	Warm Qualification = "warm"
	Cold Qualification = "cold"
)

// Score is a judgement of a lead and what it rests on.
type Score struct {
	Value         int           `json:"value"` // 0–100
	Qualification Qualification `json:"qualification"`
	// Summary is plain text of at most 280 characters; NextStep is what to do, likewise.
	Summary  string     `json:"summary,omitempty"`
	NextStep string     `json:"nextStep,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	// By names the part that judged, Rubric the hash of the rules it used.
	By     string `json:"by"`
	Rubric string `json:"rubric,omitempty"`
	// Provisional means that a better score was wanted and is being tried for.
	Provisional bool `json:"provisional,omitempty"`
	// Reason says why a part that was asked first did not judge, in a few words for people: "timed out".
	Reason string `json:"reason,omitempty"`
	// Model is what a model had to do with it; zero when none did.
	Model ModelUse  `json:"model,omitzero"`
	At    time.Time `json:"at"`
}

// ModelUse is how a model was asked, so that its judgement can be traced and paid for.
type ModelUse struct {
	Name   string `json:"name"`   // as its server calls it
	Prompt string `json:"prompt"` // the version of the question
	Input  string `json:"input"`  // the digest of what it was shown
	// InputTokens and OutputTokens are what the server counted; 0 when it did not say or was not asked.
	InputTokens  int `json:"inputTokens,omitempty"`
	OutputTokens int `json:"outputTokens,omitempty"`
	// CostMicros is the price in millionths of the currency in which prices are configured; 0 without prices.
	CostMicros int  `json:"costMicros,omitempty"`
	Cached     bool `json:"cached,omitempty"` // an earlier answer to the same question was taken, which cost nothing
}

// Evidence is how one criterion was judged.
type Evidence struct {
	Criterion string `json:"criterion"`
	Level     string `json:"level"`
	Points    int    `json:"points"`          // negative points count against the lead
	Max       int    `json:"max"`             // the most that this criterion gives
	Reason    string `json:"reason"`          // for people
	Quote     string `json:"quote,omitempty"` // from the lead's own data
	By        string `json:"by,omitempty"`    // who decided: "rule" or "model"
}
