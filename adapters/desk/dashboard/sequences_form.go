package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

// sequenceForm reads the form. What cannot be read is returned beside it, with where it stands.
func (p *page) sequenceForm() (sequence.Definition, []desk.FieldError) {
	f := reader{page: p}
	def := sequence.Definition{
		ID: cmp.Or(p.id(), p.form("id")), Name: p.form("name"), Purpose: p.form("purpose"), NeedsConsent: p.form("needsConsent") != "",
		ReEnter: f.duration("reEnter", "/reEnter"), Delay: f.duration("delay", "/delay"),
		Match: f.condition("match", "/match"), Goal: f.condition("goal", "/goal"),
	}
	def.Version, _ = strconv.ParseInt(p.form("version"), 10, 64) // a wrong one is stale
	def.Paused = p.id() == "" && p.form("copy") != ""            // or leads would be written to twice
	if days := f.days("days"); len(days) > 0 || p.form("from") != "" || p.form("to") != "" {
		def.Hours = &sequence.Hours{Days: days, From: p.form("from"), To: p.form("to")}
	}
	steps, _ := strconv.Atoi(p.form("steps"))
	for i := range min(steps, maxFormSteps) {
		def.Steps = append(def.Steps, f.step(fmt.Sprintf("s%d.", i), fmt.Sprintf("/steps/%d", i)))
	}
	return def, f.wrong
}

// reader reads a form and notes what is wrong with it.
type reader struct {
	page  *page
	wrong []desk.FieldError
}

func (f *reader) say(pointer, message string) {
	f.wrong = append(f.wrong, desk.FieldError{Pointer: pointer, Message: message})
}

func (f *reader) duration(name, pointer string) sequence.Duration {
	d, err := sequence.ParseDuration(f.page.form(name))
	if err != nil {
		f.say(pointer, f.page.say("sequences.duration.wrong", f.page.form(name)))
	}
	return d
}

func (f *reader) days(name string) sequence.Days {
	var days sequence.Days
	for i, day := range week {
		if slices.Contains(f.page.r.PostForm[name], day) {
			days = append(days, time.Weekday((i+1)%7))
		}
	}
	return days
}

// text is a text of several lines, whose ends browsers write as CR and LF.
func (f *reader) text(name string) string {
	return strings.ReplaceAll(f.page.r.PostFormValue(name), "\r\n", "\n")
}

// step reads a step, whose fields have a prefix in the form.
func (f *reader) step(prefix, pointer string) sequence.Step {
	value := func(name string) string { return f.page.form(prefix + name) }
	s := emptyStep(value("kind"), value("id"))
	s.Next = value("next")
	switch {
	case s.Email != nil:
		*s.Email = sequence.EmailStep{Subject: value("subject"), Body: f.text(prefix + "body"), Resend: value("resend") != ""}
	case s.Wait != nil:
		*s.Wait = sequence.WaitStep{For: f.duration(prefix+"for", pointer+"/wait/for")}
		if days := f.days(prefix + "days"); value("at") != "" || len(days) > 0 {
			s.Wait.Until = &sequence.TimeOfDay{Days: days, At: value("at")}
		}
	case s.Branch != nil:
		s.Branch.Then, s.Branch.Else = value("then"), value("else")
		if c := f.condition(prefix+"if", pointer+"/branch/if"); c != nil {
			s.Branch.If = *c
		}
	case s.Split != nil:
		s.Split.Arms = f.arms(prefix, pointer)
	case s.Notify != nil:
		*s.Notify = sequence.NotifyStep{Note: f.text(prefix + "note"), To: value("to")}
	case s.Assign != nil:
		s.Assign.To = value("to")
	case s.Status != nil:
		s.Status.To = leads.Status(value("to"))
	case s.Tag != nil:
		*s.Tag = sequence.TagStep{Add: value("add"), Remove: value("remove")}
	case s.Webhook != nil:
		*s.Webhook = sequence.WebhookStep{Endpoint: value("endpoint"), Event: value("event")}
	}
	return s
}

func (f *reader) arms(prefix, pointer string) []sequence.Arm {
	form := f.page.r.PostForm
	names, weights, nexts := form[prefix+"arm"], form[prefix+"weight"], form[prefix+"armnext"]
	var arms []sequence.Arm
	for i := range min(len(names), len(weights), len(nexts), maxArms+1) {
		if names[i] == "" {
			continue
		}
		weight, err := strconv.Atoi(cmp.Or(strings.TrimSpace(weights[i]), "0"))
		if err != nil {
			f.say(fmt.Sprintf("%s/split/arms/%d/weight", pointer, len(arms)), f.page.say("sequences.number.wrong", weights[i]))
		}
		arms = append(arms, sequence.Arm{Name: strings.TrimSpace(names[i]), Weight: weight, Next: strings.TrimSpace(nexts[i])})
	}
	return arms
}
