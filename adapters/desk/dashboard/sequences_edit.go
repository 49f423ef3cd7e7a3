package dashboard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

// The editor keeps nothing: every button sends the whole form, and the page that comes back holds what it said, changed as the button asks for.

// kinds are the kinds of steps, as in JSON.
var kinds = []string{"email", "wait", "branch", "split", "notify", "assign", "status", "tag", "webhook"}

// maxFormSteps and maxArms bound what a form may hold; a definition has the same limits.
const (
	maxFormSteps = 100
	maxArms      = 20
	// maxSequenceID is how long the ID of a sequence may be, as that of a step.
	maxSequenceID = 40
)

// sequenceEditor is a definition being edited.
type sequenceEditor struct {
	Def         sequence.Definition
	New         bool
	Copy        bool // of another: saved, it is paused
	Match, Goal condition
	Steps       []editedStep
	Kinds       []string
	Days        []dayBox
	Statuses    []leads.Status
	Fine        bool         // it was checked, and nothing is wrong
	Preview     *previewPage // of what is in the form, or nil
	Focus       string       // the ID of the element on which the page opens, or ""
	Variables   []string
	Fields      []string
}

// editedStep is a step with what the form needs besides.
type editedStep struct {
	N int
	sequence.Step
	Kind        string
	If          condition
	UntilDays   []dayBox
	Arms        []sequence.Arm
	First, Last bool
}

// dayBox is a box for a day of the week.
type dayBox struct {
	Day string
	On  bool
}

// week begins on Monday.
var week = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func dayBoxes(days sequence.Days) []dayBox {
	boxes := make([]dayBox, len(week))
	for i, day := range week {
		boxes[i] = dayBox{day, slices.Contains(days, time.Weekday((i+1)%7))}
	}
	return boxes
}

// kindOf names the kind of a step.
func kindOf(s sequence.Step) string {
	set := []bool{s.Email != nil, s.Wait != nil, s.Branch != nil, s.Split != nil, s.Notify != nil, s.Assign != nil, s.Status != nil, s.Tag != nil, s.Webhook != nil}
	if i := slices.Index(set, true); i >= 0 {
		return kinds[i]
	}
	return ""
}

// emptyStep is a new step of a kind.
func emptyStep(kind, id string) sequence.Step {
	s := sequence.Step{ID: id}
	switch kind {
	case "email":
		s.Email = &sequence.EmailStep{}
	case "wait":
		s.Wait = &sequence.WaitStep{For: sequence.Duration{Days: 2}}
	case "branch":
		s.Branch = &sequence.BranchStep{}
	case "split":
		s.Split = &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a", Weight: 1}, {Name: "b", Weight: 1}}}
	case "notify":
		s.Notify = &sequence.NotifyStep{}
	case "assign":
		s.Assign = &sequence.AssignStep{}
	case "status":
		s.Status = &sequence.StatusStep{To: leads.StatusContacted}
	case "tag":
		s.Tag = &sequence.TagStep{}
	case "webhook":
		s.Webhook = &sequence.WebhookStep{}
	}
	return s
}

func (p *page) editor(def sequence.Definition) sequenceEditor {
	e := sequenceEditor{
		Def: def, New: p.id() == "", Copy: p.id() == "" && def.Paused, Match: conditionOf("match", def.Match), Goal: conditionOf("goal", def.Goal), Kinds: kinds, Statuses: desk.Statuses(),
		Fields: fieldNames(), Variables: variableNames(),
	}
	if def.Hours != nil {
		e.Days = dayBoxes(def.Hours.Days)
	} else {
		e.Days = dayBoxes(nil)
	}
	for i, s := range def.Steps {
		edited := editedStep{N: i, Step: s, Kind: kindOf(s), First: i == 0, Last: i == len(def.Steps)-1}
		if s.Branch != nil {
			edited.If = conditionOf(fmt.Sprintf("s%d.if", i), &s.Branch.If)
		}
		if s.Wait != nil && s.Wait.Until != nil {
			edited.UntilDays = dayBoxes(s.Wait.Until.Days)
		} else {
			edited.UntilDays = dayBoxes(nil)
		}
		if s.Split != nil {
			edited.Arms = append(slices.Clip(s.Split.Arms), sequence.Arm{})
		}
		e.Steps = append(e.Steps, edited)
	}
	return e
}

// Under returns what is wrong at or below a step.
func (v *view) Under(pointer string) []desk.FieldError {
	return slices.DeleteFunc(slices.Clone(v.Wrong), func(f desk.FieldError) bool {
		return f.Pointer != pointer && !strings.HasPrefix(f.Pointer, pointer+"/")
	})
}

// newSequence begins with a mail, since most sequences do.
func newSequence(p *page) error {
	def := sequence.Definition{Steps: []sequence.Step{emptyStep("email", "email-1")}}
	return p.show("sequenceedit", view{Title: p.say("sequences.new"), Data: p.editor(def)})
}

// copySequence opens a sequence under another ID.
func copySequence(p *page) error {
	def, err := p.desk().Sequence(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	def.ID, def.Version = def.ID[:min(len(def.ID), maxSequenceID-len("-copy"))]+"-copy", 0
	def.Name = p.say("sequences.copy.name", def.Name)
	editor := p.editor(def.Definition)
	editor.New, editor.Copy = true, true
	return p.show("sequenceedit", view{Title: p.say("sequences.new"), Data: editor})
}

func openSequence(p *page) error {
	def, err := p.editable()
	if err != nil {
		return err
	}
	return p.show("sequenceedit", view{Title: def.Name, Data: p.editor(def.Definition)})
}

// editSequence does what the button says with what the form says.
func editSequence(p *page) error {
	if p.id() != "" {
		if _, err := p.editable(); err != nil {
			return err
		}
	}
	def, wrong := p.sequenceForm()
	title := cmp.Or(def.Name, p.say("sequences.new"))
	do, at, _ := strings.Cut(p.form("do"), ":")
	if do != "save" && do != "check" && do != "preview" {
		focus := p.changeSteps(&def, do, at)
		editor := p.editor(def)
		editor.Focus = focus
		return p.show("sequenceedit", view{Title: title, Data: editor})
	}
	var err error
	if err = faults(def.Validate()); err == nil && len(wrong) == 0 && do == "save" {
		var saved sequence.Definition
		if saved, err = p.desk().SaveSequence(p.ctx(), p.user, def); err == nil {
			return p.done("/sequences/"+saved.ID, "sequence.saved")
		}
		err = p.taken(err)
	}
	var found *desk.InvalidError
	if errors.As(err, &found) {
		wrong = append(wrong, found.Fields...)
		err = nil
	}
	if err != nil {
		return err
	}
	editor := p.editor(def)
	p.keepText(&editor)
	editor.Fine = len(wrong) == 0
	if editor.Fine && do == "preview" {
		shown, err := p.previewed(def, p.form("lead"))
		if err != nil {
			return err
		}
		editor.Preview = &shown
	}
	v := view{Title: title, Data: editor}
	if editor.Fine {
		return p.show("sequenceedit", v)
	}
	return p.invalid(&desk.InvalidError{Fields: wrong}, "sequenceedit", v)
}

// taken makes a field error of it that a new sequence has the ID of another.
func (p *page) taken(err error) error {
	if p.id() == "" && (leads.IsStale(err) || errors.Is(err, desk.ErrFromProgram)) {
		return &desk.InvalidError{Fields: []desk.FieldError{{Pointer: "/id", Message: p.say("sequences.id.taken")}}}
	}
	return unchangeable(err)
}

// keepText keeps the JSON of conditions as it was typed, which may not be readable.
func (p *page) keepText(e *sequenceEditor) {
	keep := func(c *condition) {
		if p.form(c.Name+".mode") == "json" {
			c.Mode, c.JSON = "json", p.r.PostFormValue(c.Name+".json")
		}
	}
	keep(&e.Match)
	keep(&e.Goal)
	for i := range e.Steps {
		if e.Steps[i].Branch != nil {
			keep(&e.Steps[i].If)
		}
	}
}

// changeSteps adds, moves or removes a step, and returns the element to go on with.
func (p *page) changeSteps(def *sequence.Definition, do, at string) string {
	n, err := strconv.Atoi(at)
	known := err == nil && n >= 0 && n < len(def.Steps)
	switch {
	case do == "add" && slices.Contains(kinds, p.form("kind")) && len(def.Steps) < maxFormSteps:
		def.Steps = append(def.Steps, emptyStep(p.form("kind"), freeID(*def, p.form("kind"))))
		return fmt.Sprintf("step-%d", len(def.Steps)-1)
	case do == "up" && known && n > 0:
		def.Steps[n-1], def.Steps[n] = def.Steps[n], def.Steps[n-1]
		return fmt.Sprintf("step-%d", n-1)
	case do == "down" && known && n+1 < len(def.Steps):
		def.Steps[n+1], def.Steps[n] = def.Steps[n], def.Steps[n+1]
		return fmt.Sprintf("step-%d", n+1)
	case do == "remove" && known:
		def.Steps = slices.Delete(def.Steps, n, n+1)
	}
	return "add"
}

// freeID is an ID that no step has.
func freeID(def sequence.Definition, kind string) string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("%s-%d", kind, n)
		if !slices.ContainsFunc(def.Steps, func(s sequence.Step) bool { return s.ID == id }) {
			return id
		}
	}
}
