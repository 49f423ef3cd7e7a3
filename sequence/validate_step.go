package sequence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openleads/leads"
)

// kinds are the names of the kinds of steps, as in JSON.
const kinds = "email, wait, branch, split, notify, assign, status, tag, webhook"

// statuses are the values that a lead's status can have.
var statuses = []string{
	string(leads.StatusNew), string(leads.StatusContacted), string(leads.StatusQualified), string(leads.StatusConverted), string(leads.StatusClosed),
}

func (c *checker) steps() {
	if len(c.d.Steps) == 0 {
		c.say("steps", "there is none: add the first, like an email")
	}
	if len(c.d.Steps) > maxSteps {
		c.say("steps", "there are %d: keep to %d, and let people go on in another sequence", len(c.d.Steps), maxSteps)
		return
	}
	for i, s := range c.d.Steps {
		path := fmt.Sprintf("steps[%d]", i)
		c.id(path+".id", s.ID)
		if s.ID == end {
			c.say(path+".id", "\"end\" stands for the end of the sequence: choose another")
		}
		if first := c.d.index(s.ID); first < i {
			c.say(path+".id", "steps[%d] is called %q already: choose another", first, s.ID)
		}
		c.way(path+".next", i, s.Next)
		c.kind(path, i, s)
	}
	c.reachable()
}

// kind checks what is set of a step's pointers.
func (c *checker) kind(path string, i int, s Step) {
	set := 0
	each := func(name string, isSet bool, check func(path string)) {
		if !isSet {
			return
		}
		if set++; set == 1 {
			check(path + "." + name)
		}
	}
	each("email", s.Email != nil, func(path string) { c.email(path, *s.Email) })
	each("wait", s.Wait != nil, func(path string) { c.wait(path, *s.Wait) })
	each("branch", s.Branch != nil, func(path string) { c.branch(path, i, *s.Branch) })
	each("split", s.Split != nil, func(path string) { c.split(path, i, *s.Split) })
	each("notify", s.Notify != nil, func(path string) { c.notify(path, *s.Notify) })
	each("assign", s.Assign != nil, func(path string) { c.name(path+".to", s.Assign.To, maxName) })
	each("status", s.Status != nil, func(path string) {
		c.oneOf(path+".to", string(s.Status.To), statuses)
	})
	each("tag", s.Tag != nil, func(path string) { c.tag(path, *s.Tag) })
	each("webhook", s.Webhook != nil, func(path string) { c.webhook(path, *s.Webhook) })
	if set == 0 {
		c.say(path, "it does nothing: set one of %s", kinds)
	} else if set > 1 {
		c.say(path, "it is of %d kinds: make a step of each of %s", set, kinds)
	}
}

// way checks the name of a step that follows step i.
func (c *checker) way(path string, i int, to string) {
	if to == "" || to == end {
		return
	}
	switch at := c.d.index(to); {
	case at < 0:
		c.say(path, "there is no step %q: name one further down, or \"end\"", clip(to, 60))
	case at <= i:
		c.say(path, "step %q does not stand further down: ways only lead forward, so that every enrolment comes to an end", to)
	}
}

func (c *checker) email(path string, e EmailStep) {
	_, problems := e.compile()
	for _, name := range []string{"subject", "body"} {
		for _, problem := range problems[name] {
			c.say(path+"."+name, "%s", problem)
		}
	}
}

func (c *checker) wait(path string, w WaitStep) {
	c.duration(path+".for", w.For)
	if w.For.IsZero() && w.Until == nil {
		c.say(path, "it lets no time pass: set for, like \"2d\", or until, like {\"at\": \"09:00\"}")
	}
	if w.Until == nil {
		return
	}
	c.days(path+".until.days", w.Until.Days)
	if minute, ok := minuteOf(w.Until.At); !ok || minute == 1440 {
		c.say(path+".until.at", "%q is not a time of day: write it like \"09:00\"", clip(w.Until.At, 40))
	}
}

func (c *checker) branch(path string, i int, b BranchStep) {
	c.condition(path+".if", b.If, 1)
	c.way(path+".then", i, b.Then)
	c.way(path+".else", i, b.Else)
}

func (c *checker) split(path string, i int, s SplitStep) {
	if len(s.Arms) == 0 || len(s.Arms) > maxArms {
		c.say(path+".arms", "there are %d: give 1 to %d", len(s.Arms), maxArms)
		return
	}
	sum := 0
	for n, arm := range s.Arms {
		at := fmt.Sprintf("%s.arms[%d]", path, n)
		c.name(at+".name", arm.Name, maxID)
		if first := slices.IndexFunc(s.Arms, func(a Arm) bool { return a.Name == arm.Name }); first < n {
			c.say(at+".name", "arms[%d] is called %q already: choose another", first, arm.Name)
		}
		if arm.Weight < 0 || arm.Weight > maxWeight {
			c.say(at+".weight", "%d is not within 0 to %d", arm.Weight, maxWeight)
		}
		c.way(at+".next", i, arm.Next)
		sum += max(0, arm.Weight)
	}
	if sum == 0 {
		c.say(path+".arms", "all weights are 0, so that nobody goes any way: give one a weight")
	}
}

func (c *checker) notify(path string, n NotifyStep) {
	_, problems := plainTemplate(n.Note, maxNote)
	for _, problem := range problems {
		c.say(path+".note", "%s", problem)
	}
	c.line(path+".to", n.To, maxName)
}

func (c *checker) tag(path string, t TagStep) {
	if t.Add == "" && t.Remove == "" {
		c.say(path, "it does nothing: set add or remove")
	}
	if t.Add != "" {
		c.name(path+".add", t.Add, maxName)
	}
	if t.Remove != "" {
		c.name(path+".remove", t.Remove, maxName)
	}
}

func (c *checker) webhook(path string, w WebhookStep) {
	c.line(path+".endpoint", w.Endpoint, maxName)
	if len(w.Event) > 100 || strings.Trim(w.Event, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		c.say(path+".event", "%q is not a type of event: write lower-case letters, digits, - _ and ., like \"trial.ended\"", clip(w.Event, 60))
	}
}

func (c *checker) oneOf(path, value string, values []string) {
	if !slices.Contains(values, value) {
		c.say(path, "%q is not one of %s", clip(value, 60), strings.Join(values, ", "))
	}
}

// reachable finds steps to which no way leads: an unfinished edit, mostly.
func (c *checker) reachable() {
	if len(c.problems) > 0 || len(c.d.Steps) == 0 {
		return
	}
	reached := map[string]bool{c.d.first(): true}
	for i, s := range c.d.Steps {
		if !reached[s.ID] {
			c.say(fmt.Sprintf("steps[%d]", i), "no way leads to %q: name it as the next of another, or take it out", s.ID)
			continue
		}
		for _, way := range s.ways() {
			reached[c.d.behind(s, way)] = true
		}
	}
}

// ways are the names of what may follow a step.
func (s Step) ways() []string {
	switch {
	case s.Branch != nil:
		return []string{s.Branch.Then, s.Branch.Else}
	case s.Split != nil:
		var ways []string
		for _, arm := range s.Split.Arms {
			ways = append(ways, arm.Next)
		}
		return ways
	}
	return []string{""}
}
