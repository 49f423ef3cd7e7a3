package score

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/openleads/leads"
)

// maxSummary is the longest summary, in runes.
const maxSummary = 280

// summary says the score and what counted most, in words of the rubric only: nothing that a lead wrote gets into it.
func (t *tally) summary(q leads.Qualification) string {
	var b strings.Builder
	b.Grow(maxSummary)
	b.WriteString(strings.ToUpper(string(q[:1])) + string(q[1:]))
	b.WriteString(", " + strconv.Itoa(t.value) + " of 100 (fit " + strconv.Itoa(t.fit) + ", intent " + strconv.Itoa(t.intent) + ")")
	for i, reason := range t.reasons() {
		if b.Len()+len(reason)+2 > maxSummary-1 { // bytes, so never too many runes
			break
		}
		b.WriteString([...]string{": ", "; "}[min(i, 1)] + reason)
	}
	return b.String() + "."
}

// reasons returns up to five reasons, those that moved the score most first; a cap always comes first.
func (t *tally) reasons() []string {
	order := make([]int, 0, len(t.weights))
	for i, weight := range t.weights {
		if weight > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.weights[b], t.weights[a]) })
	reasons := make([]string, 0, 5)
	for _, i := range order[:min(len(order), 5)] {
		reasons = append(reasons, t.evidence[i].Reason)
	}
	return reasons
}

// nextStep suggests what a person does now.
func nextStep(q leads.Qualification, capped bool, lead *leads.Lead) string {
	switch {
	case capped:
		return "Check how the lead can be reached before anybody spends time on it."
	case q == leads.Hot && lead.Phone != "":
		return "Call today."
	case q == leads.Hot:
		return "Answer today and offer two times for a call."
	case q == leads.Warm:
		return "Answer within a day and ask what is needed and by when."
	}
	return "Nothing by hand: let automatic follow-up do it."
}
