package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// by is who assigns, in a lead's timeline.
const by = "routing"

// Bounds of what is computed with; no share of leads needs more.
const (
	maxWeight = 1000
	maxTurn   = 1_000_000
)

// turns is the state between two decisions: how far each person has come towards the next lead. Their sum is 0 as long as nobody joins or leaves.
type turns map[string]int

// decide says who takes the lead of b. It depends on nothing but what it is given.
func (r *Router) decide(b Book, people []Person, now time.Time) (Decision, error) {
	if b.Lead.Assignee != "" || !open(b.Lead) {
		return Decision{Assign: leads.Change{To: b.Lead.Assignee}}, nil
	}
	if b.Owner != "" && r.organisation(b.Lead) && slices.ContainsFunc(people, func(p Person) bool { return p.ID == b.Owner }) {
		return Decision{Assign: leads.Change{To: b.Owner, By: by, Reason: "looks after " + domain(b.Lead)}}, nil
	}
	state := make(turns)
	if len(b.State) > 0 {
		if err := json.Unmarshal(b.State, &state); err != nil {
			state = make(turns) // begins anew: a lead is worth more than its turn
		}
	}
	free := r.free(b, people, now)
	for i, rule := range r.opts.Rules {
		if !rule.matches(b.Lead) {
			continue
		}
		some := slices.DeleteFunc(slices.Clone(free), func(p Person) bool { return !slices.Contains(rule.To, p.ID) })
		if len(some) > 0 || rule.Only {
			return state.choose(some, people, ruleName(rule, i))
		}
	}
	return state.choose(free, people, "in turn")
}

func ruleName(rule Rule, i int) string {
	if rule.Name != "" {
		return "rule " + rule.Name
	}
	return fmt.Sprintf("rule %d", i+1)
}

// choose gives the turn to one of the free, and returns an empty decision if there is none.
func (t turns) choose(free, all []Person, reason string) (Decision, error) {
	if len(free) == 0 {
		return Decision{}, nil
	}
	for id := range t { // who has left is forgotten
		if !slices.ContainsFunc(all, func(p Person) bool { return p.ID == id }) {
			delete(t, id)
		}
	}
	to := t.next(free)
	state, err := json.Marshal(t)
	if err != nil {
		return Decision{}, err
	}
	return Decision{Assign: leads.Change{To: to, By: by, Reason: reason}, State: state}, nil
}

// next is smooth weighted round robin, as nginx does it: everybody moves on by their weight, and who is in front takes the lead and falls
// back by all weights together. Of two that are level the first in the directory comes first.
func (t turns) next(free []Person) string {
	total, best := 0, free[0]
	for _, p := range free {
		w := min(p.Weight, maxWeight)
		total += w
		t[p.ID] = min(t[p.ID]+w, maxTurn)
		if t[p.ID] > t[best.ID] {
			best = p
		}
	}
	t[best.ID] = max(t[best.ID]-total, -maxTurn)
	return best.ID
}

// free are those who can take one more lead now.
func (r *Router) free(b Book, people []Person, now time.Time) []Person {
	var found []Person
	for _, p := range people {
		room := p.Capacity <= 0 || b.Open[p.ID] < p.Capacity
		twice := slices.ContainsFunc(found, func(q Person) bool { return q.ID == p.ID })
		if p.ID != "" && p.Weight > 0 && room && !twice && p.Hours.office().Contains(now, p.zone(r.zone)) {
			found = append(found, p)
		}
	}
	return found
}

// anybody reports whether somebody can take a lead now, if not this one.
func (r *Router) anybody(b Book, people []Person, now time.Time) bool {
	return len(r.free(b, people, now)) > 0
}

// organisation reports whether the lead's email domain is an organisation's own.
func (r *Router) organisation(lead leads.Lead) bool {
	d := domain(lead)
	if d == "" {
		return false
	}
	if r.opts.Shared != nil {
		return !r.opts.Shared(d)
	}
	class := lead.Enrichment.Value("email.class")
	return class == "business" || class == "role"
}

// domain is the part of the lead's address after the @, in lower case.
func domain(lead leads.Lead) string {
	at := strings.LastIndexByte(lead.Email, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(lead.Email[at+1:])
}
