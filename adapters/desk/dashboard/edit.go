package dashboard

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

// editData is the form of a lead's fields.
type editData struct {
	ID, Back string
	Version  int64
	Fields   []input
	Metadata []input
	Sources  []desk.Source
	Other    string // the lead that has the address or number which was entered, or ""
}

// input is a field of a form.
type input struct{ Name, Value string }

func fieldsOf(f ingest.Fields, value func(name string) (string, bool)) []input {
	var inputs []input
	for _, name := range ingest.KnownFields() {
		in := input{name, *f.Field(name)}
		if v, ok := value(name); ok {
			in.Value = v
		}
		inputs = append(inputs, in)
	}
	return inputs
}

func (p *page) posted(name string) (string, bool) {
	if p.r.PostForm.Has(name) {
		return p.form(name), true
	}
	return "", false
}

func newLead(p *page) error {
	v, err := p.newLeadView()
	if err != nil {
		return err
	}
	return p.show("edit", v)
}

func (p *page) newLeadView() (view, error) {
	sources, err := p.desk().Sources(p.ctx(), p.user)
	x := editData{Fields: fieldsOf(ingest.Fields{}, p.posted), Sources: sources, Back: "/"}
	x.Metadata = append(x.Metadata, input{Name: "message", Value: p.form("meta.message")})
	return view{Title: p.board.texts.text("new.title"), Data: x}, err
}

func createLead(p *page) error {
	in := desk.NewLead{SourceID: p.form("source"), Metadata: make(ingest.Metadata)}
	for _, name := range ingest.KnownFields() {
		*in.Fields.Field(name) = p.form(name)
	}
	if text := p.form("meta.message"); text != "" {
		in.Metadata.SetText("message", text)
	}
	var err error = &desk.InvalidError{Fields: []desk.FieldError{{Message: p.board.texts.text("new.nothing")}}}
	var lead leads.Lead
	var created bool
	if in.Fields != (ingest.Fields{}) || len(in.Metadata) > 0 {
		lead, created, err = p.desk().Create(p.ctx(), p.user, in)
	}
	if err != nil {
		v, broken := p.newLeadView()
		if broken != nil {
			return broken
		}
		return p.invalid(err, "edit", v)
	}
	key := "lead.merged"
	if created {
		key = "lead.created"
	}
	return p.done("/leads/"+lead.ID, key)
}

func editLead(p *page) error {
	v, err := p.editLeadView()
	if err != nil {
		return err
	}
	return p.show("edit", v)
}

func (p *page) editLeadView() (view, error) {
	lead, err := p.desk().Lead(p.ctx(), p.user, p.id())
	if err != nil {
		return view{}, err
	}
	x := editData{ID: lead.ID, Version: lead.Version, Fields: fieldsOf(lead.Fields, p.posted), Back: "/leads/" + lead.ID}
	for _, name := range slices.Sorted(maps.Keys(lead.Metadata)) {
		in := input{name, lead.Metadata.Text(name)}
		if v, ok := p.posted("meta." + name); ok {
			in.Value = v
		}
		x.Metadata = append(x.Metadata, in)
	}
	return view{Title: p.board.texts.text("edit.title", p.board.who(lead)), Data: x}, nil
}

func saveLead(p *page) error {
	lead, err := p.desk().Lead(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	patch := desk.Patch{Fields: make(map[string]string), Metadata: make(map[string]json.RawMessage)}
	patch.Version, _ = strconv.ParseInt(p.form("version"), 10, 64) // 0, which is any, for what is no number
	for _, name := range ingest.KnownFields() {
		if v, ok := p.posted(name); ok {
			patch.Fields[name] = v
		}
	}
	for name := range lead.Metadata {
		v, ok := p.posted("meta." + name)
		if v = unixLines(v); ok && v != strings.TrimSpace(unixLines(lead.Metadata.Text(name))) {
			patch.Metadata[name] = metadataValue(v, lead.Metadata[name])
		}
	}
	if name := p.form("new.name"); name != "" {
		patch.Metadata[name] = metadataValue(unixLines(p.form("new.value")), nil)
	}
	if _, err := p.desk().Update(p.ctx(), p.user, p.id(), patch); err != nil {
		v, broken := p.editLeadView()
		if broken != nil {
			return broken
		}
		err = p.orTaken(err, &v)
		return p.invalid(err, "edit", v)
	}
	return p.done("/leads/"+p.id(), "lead.saved")
}

// orTaken says it of a field, and of the form by a link, where another lead has what was entered.
func (p *page) orTaken(err error, v *view) error {
	var taken *leads.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	x := v.Data.(editData)
	x.Other = taken.LeadID
	v.Data = x
	return &desk.InvalidError{Fields: []desk.FieldError{{Pointer: "/" + string(taken.Kind), Message: p.board.texts.text("edit.taken")}}}
}

// unixLines takes the carriage returns out that browsers put into text.
func unixLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// metadataValue is what somebody typed, as JSON: a string, unless the old value is none and the new one can be read as JSON too. Nothing removes
// it.
func metadataValue(text string, old json.RawMessage) json.RawMessage {
	if text == "" {
		return nil
	}
	if len(old) > 0 && old[0] != '"' && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	raw, _ := json.Marshal(text) // a string always encodes
	return raw
}
