package sequence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openleads/leads"
)

// The limits of conditions.
const (
	maxConditions = 100 // in one definition
	maxDepth      = 6
	maxValues     = 200 // in one condition
)

// numeric are the fields whose values are numbers.
var numeric = []string{"score", "submissions"}

// steps of mails are what these fields hold.
var mailFields = []string{"sent", "opened", "clicked"}

func (c *checker) condition(path string, cond Condition, depth int) {
	if c.conditions++; c.conditions > maxConditions || depth > maxDepth {
		if c.conditions == maxConditions+1 || depth == maxDepth+1 {
			c.say(path, "conditions are nested more than %d deep, or more than %d: make them simpler", maxDepth, maxConditions)
		}
		return
	}
	set := 0
	for _, is := range []bool{len(cond.All) > 0, len(cond.Any) > 0, cond.Not != nil, cond.Field != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		c.say(path, "it has %d of all, any, not and field: set exactly one", set)
	}
	if cond.Field == "" && (len(cond.Is) > 0 || len(cond.Contains) > 0 || cond.Min != nil || cond.Max != nil) {
		c.say(path, "is, contains, min and max say something of a field: set field")
	}
	for i, one := range cond.All {
		c.condition(fmt.Sprintf("%s.all[%d]", path, i), one, depth+1)
	}
	for i, one := range cond.Any {
		c.condition(fmt.Sprintf("%s.any[%d]", path, i), one, depth+1)
	}
	if cond.Not != nil {
		c.condition(path+".not", *cond.Not, depth+1)
	}
	if cond.Field != "" {
		c.field(path, cond)
	}
}

// field checks what is said of a field.
func (c *checker) field(path string, cond Condition) {
	given, isField := strings.CutPrefix(cond.Field, fieldPrefix)
	key, isFact := strings.CutPrefix(cond.Field, factPrefix)
	_, isKnown := fields[cond.Field]
	switch {
	case isField && given == "", isFact && key == "":
		c.say(path+".field", "%q names nothing: write a name behind the colon", cond.Field)
	case !isField && !isFact && !isKnown:
		c.say(path+".field", "%q is not a field: use one of %s, or field:NAME, or fact:KEY", clip(cond.Field, 60), names(fields))
	}
	c.values(path+".is", cond.Is)
	c.values(path+".contains", cond.Contains)
	c.enumerated(path, cond)
	if (cond.Min != nil || cond.Max != nil) && isKnown && !slices.Contains(numeric, cond.Field) {
		c.say(path, "%s is not a number: use is or contains instead of min and max", cond.Field)
	}
	if cond.Min != nil && cond.Max != nil && *cond.Min > *cond.Max {
		c.say(path, "min is above max, so that nothing is between: exchange them")
	}
}

func (c *checker) values(path string, values []string) {
	if len(values) > maxValues {
		c.say(path, "there are %d values: keep to %d", len(values), maxValues)
		return
	}
	for i, value := range values {
		c.name(fmt.Sprintf("%s[%d]", path, i), value, maxName)
	}
}

// enumerated checks values of fields that only have certain ones, since a slip there matches nobody without a word.
func (c *checker) enumerated(path string, cond Condition) {
	for i, value := range cond.Is {
		at := fmt.Sprintf("%s.is[%d]", path, i)
		switch cond.Field {
		case "qualification":
			c.oneOf(at, lower(value), []string{string(leads.Hot), string(leads.Warm), string(leads.Cold)})
		case "status":
			c.oneOf(at, lower(value), statuses)
		case "country":
			if len(value) != 2 {
				c.say(at, "%q is not a country's code of two letters (ISO 3166-1), like \"DE\"", clip(value, 60))
			}
		case "sent", "opened", "clicked":
			if s, ok := c.d.step(value); !ok || s.Email == nil {
				c.say(at, "%q is not a step that sends a mail", clip(value, 60))
			}
		}
	}
}

// usesMails reports whether a condition looks at the mails of an enrolment.
func usesMails(c Condition) bool {
	return slices.Contains(mailFields, c.Field) || c.Not != nil && usesMails(*c.Not) || slices.ContainsFunc(c.All, usesMails) || slices.ContainsFunc(c.Any, usesMails)
}
