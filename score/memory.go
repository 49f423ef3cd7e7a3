package score

import "github.com/openleads/leads"

// remembered returns e, which is about level number present, or in its place what the lead's last score found in the lead's words. See
// Rubric for the rule.
func (q *question) remembered(s *subject, present int, e leads.Evidence) leads.Evidence {
	if !s.returns || !q.written || e.Points < 0 {
		return e
	}
	for i := range s.lead.Score.Evidence {
		old := &s.lead.Score.Evidence[i]
		if old.Criterion != q.name {
			continue
		}
		// Only the levels before the present one: those would be taken if the earlier words stood beside the new ones.
		for n := range q.level[:present] {
			if l := &q.level[n]; l.Name == old.Level && l.Points > e.Points && q.match[n].outlasts(s) {
				e.Level, e.Points, e.Reason, e.Quote = l.Name, l.Points, earlierReason+l.Reason, quote(old.Quote)
				return e
			}
		}
	}
	return e
}

// outlasts reports whether what was found by the condition still holds when it is not said again: words that the lead has not denied since.
func (m *condition) outlasts(s *subject) bool {
	if m.slot >= 0 {
		return !s.text.hits[m.slot].denied
	}
	return m.AtLeast > 0
}

// earlierReason begins the reason of what is remembered.
const earlierReason = "earlier: "
