package ingest

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// The parts of payloads that are taken apart by code. The paths are parsed once.
var (
	typeformAnswers = sync.OnceValue(func() path { return mustParse("form_response.answers")[0] })
	typeformFields  = sync.OnceValue(func() []path {
		return mustParse("form_response.definition.fields[*]", "form_response.definition.fields[*].properties.fields[*]")
	})
	typeformID  = sync.OnceValue(func() path { return mustParse("field.id")[0] })
	typeformRef = sync.OnceValue(func() path { return mustParse("field.ref")[0] })
	tallyFields = sync.OnceValue(func() path { return mustParse("data.fields")[0] })
	metaLeads   = sync.OnceValue(func() path { return mustParse("entry[*].changes[*].value.leadgen_id")[0] })
)

// code does what the data of a preset cannot say. It is no field of the preset, because then every assembly would be on the heap.
func (p *preset) code(a *assembly) {
	switch p.name {
	case "typeform":
		typeform(a)
	case "tally":
		tally(a)
	case "elementor":
		elementor(a)
	case "gravityforms":
		gravity(a)
	case "hubspot":
		hubspot(a)
	case "netlify":
		netlify(a)
	case "jotform":
		jotform(a)
	case "meta":
		meta(a)
	}
}

// typeform makes members of the answers. An answer names its question by id, and holds its value under the name of its type.
func typeform(a *assembly) {
	list, ok := a.first(typeformAnswers())
	if !ok {
		return
	}
	titles := a.titles()
	for _, answer := range a.parts(list) {
		kind := a.textAt(answer, "type")
		value, ok := a.within(answer, kind)
		if !ok || kind == "" {
			continue
		}
		ref := string(a.nameOf(answer, []path{typeformRef()}))
		id := string(a.nameOf(answer, []path{typeformID()}))
		name, as := titles[id], labelled([]byte(titles[id]))
		switch {
		case kind == "email":
			as = asEmail
		case kind == "phone_number":
			as = asPhone
		case as == asIs:
			as = labelled([]byte(ref))
		}
		for _, other := range [...]string{ref, id} {
			if name == "" {
				name = other
			}
		}
		a.addOnce([]byte(name), a.chosen(value), as)
	}
}

// titles returns the questions of a Typeform form by their ids.
func (a *assembly) titles() map[string]string {
	titles := make(map[string]string)
	for _, way := range typeformFields() {
		for _, field := range a.start(way, nil) {
			if id := a.textAt(field, "id"); id != "" {
				titles[id] = a.textAt(field, "title")
			}
		}
	}
	return titles
}

// chosen returns the label or the labels of a choice, and any other value as it is.
func (a *assembly) chosen(value span) span {
	for _, name := range [...]string{"label", "labels", "other"} {
		if text, ok := a.within(value, name); ok {
			return text
		}
	}
	return value
}

// textAt returns the text of a member of an object, or "".
func (a *assembly) textAt(object span, name string) string {
	value, ok := a.within(object, name)
	if !ok || isNull(a.bytes(value)) {
		return ""
	}
	text, _ := a.plain(a.bytes(value))
	return string(text)
}

// tally makes members of the fields. A choice is a list of the ids of options. Beside it Tally sends one field of true or false an option, which
// says the same once more.
func tally(a *assembly) {
	list, ok := a.first(tallyFields())
	if !ok {
		return
	}
	for _, field := range a.parts(list) {
		kind, name := a.textAt(field, "type"), a.textAt(field, "label")
		value, ok := a.within(field, "value")
		if raw := a.bytes(value); !ok || isNull(raw) || kind == "CHECKBOXES" && (raw[0] == 't' || raw[0] == 'f') {
			continue
		}
		if name == "" {
			name = a.textAt(field, "key")
		}
		as := labelled([]byte(name))
		switch kind {
		case "INPUT_EMAIL":
			as = asEmail
		case "INPUT_PHONE_NUMBER":
			as = asPhone
		}
		if options, ok := a.within(field, "options"); ok {
			value = a.options(value, options)
		}
		a.addOnce([]byte(name), value, as)
	}
}

// options returns the list of the texts of the options whose ids are in value, one text if it is only one.
func (a *assembly) options(value, options span) span {
	texts := make(map[string]span)
	for _, option := range a.parts(options) {
		if text, ok := a.within(option, "text"); ok {
			texts[a.textAt(option, "id")] = text
		}
	}
	var picked []span
	for _, id := range a.parts(value) {
		text, _ := a.plain(a.bytes(id))
		if option, ok := texts[string(text)]; ok {
			picked = append(picked, option)
		}
	}
	switch len(picked) {
	case 0:
		return value
	case 1:
		return picked[0]
	}
	return a.listOf(picked)
}

// elementor makes members of the fields that come as fields[id][value] with fields[id][title] and fields[id][type] beside them.
func elementor(a *assembly) {
	for _, m := range a.members {
		id, isField := bytes.CutPrefix(a.bytes(m.name), []byte("fields["))
		id, isValue := bytes.CutSuffix(id, []byte("][value]"))
		if !isField || !isValue {
			continue
		}
		name := a.besides(string(id), "title")
		if name == "" {
			name = string(id)
		}
		as := labelled([]byte(name))
		switch kind := a.besides(string(id), "type"); {
		case kind == "email":
			as = asEmail
		case kind == "tel":
			as = asPhone
		case as == asIs:
			as = labelled(id)
		}
		a.addOnce([]byte(name), m.value, as)
	}
}

// besides returns what an Elementor field is described with.
func (a *assembly) besides(id, what string) string {
	i := a.find([]byte("fields[" + id + "][" + what + "]"))
	if i < 0 {
		return ""
	}
	text, _ := a.plain(a.bytes(a.members[i].value))
	return string(text)
}

// The forms in which Gravity Forms sends the numbers of fields and their parts, addresses and phone numbers.
var (
	gravityPart  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{1,6})\.([36])$`) })
	gravityField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{1,6}$`) })
	looksEmail   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^\s@<>"]{1,64}@[^\s@<>"]+\.[^\s@<>"]+$`) })
	looksPhone   = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(\(\d{3}\) \d{3}-\d{4}|\+[0-9][0-9 ().-]{6,20})$`)
	})
)

// gravity marks what can be told without the labels. The parts .3 and .6 of a name are the first and the last name; an address has
// parts of these numbers too, but a street in .1.
func gravity(a *assembly) {
	for i := range a.members {
		m := &a.members[i]
		name := a.bytes(m.name)
		if part := gravityPart().FindSubmatch(name); part != nil {
			if a.find(append(part[1], ".1"...)) < 0 && a.find(append(part[1], ".5"...)) < 0 {
				m.as = asFirstName
				if part[2][0] == '6' {
					m.as = asLastName
				}
			}
			continue
		}
		if text, ok := a.plain(a.bytes(m.value)); ok && gravityField().Match(name) && len(text) <= MaxEmail {
			switch {
			case looksEmail().Match(text):
				m.as = asEmail
			case looksPhone().Match(text):
				m.as = asPhone
			}
		}
	}
}

// hubspot makes members of the properties of a contact, which are texts or objects with a value and its history.
func hubspot(a *assembly) {
	i := a.find([]byte("properties"))
	if i < 0 {
		return
	}
	for name, value := range a.parts(a.members[i].value) {
		if name.to == name.from {
			break
		}
		if inner, ok := a.within(value, "value"); ok {
			value = inner
		}
		text := bytes.Clone(a.unquote(a.bytes(name)))
		if v := a.bytes(value); !isNull(v) && string(v) != `""` {
			a.addOnce(text, value, labelled(text))
		}
	}
}

// netlify makes members of the fields, without what Netlify adds to them.
func netlify(a *assembly) {
	i := a.find([]byte("data"))
	if i < 0 {
		return
	}
	for name, value := range a.parts(a.members[i].value) {
		if name.to == name.from {
			break
		}
		switch text := bytes.Clone(a.unquote(a.bytes(name))); string(text) {
		case "ip", "user_agent", "referrer":
		default:
			a.addOnce(text, value, labelled(text))
		}
	}
	if i := a.find([]byte("email")); i >= 0 && !isNull(a.bytes(a.members[i].value)) {
		a.addOnce([]byte("email"), a.members[i].value, asEmail)
	}
}

// jotformField is the name of a field in rawRequest: its number, and the name that its author can change.
var jotformField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^q\d+_(.+)$`) })

// jotform makes members of the fields, which come as JSON within a field of the form.
func jotform(a *assembly) {
	i := a.find([]byte("rawRequest"))
	if i < 0 {
		return
	}
	text, _ := a.plain(a.bytes(a.members[i].value))
	inner := documents.Get().(*document)
	defer inner.release()
	inner.body = append(inner.body[:0], text...)
	if err := inner.decode(media{kind: mediaJSON}); err != nil {
		a.addOnce([]byte("answers"), a.members[i].value, asIs)
		return
	}
	a.flags |= inner.flags
	for _, m := range inner.members {
		if name := jotformField().FindSubmatch(inner.bytes(m.name)); name != nil {
			value := a.write(func(out []byte) []byte { return append(out, inner.bytes(m.value)...) })
			a.jotformAnswer(bytes.Clone(name[1]), value)
		}
	}
}

// jotformAnswer adds an answer. Names and phone numbers come in parts.
func (a *assembly) jotformAnswer(name []byte, value span) {
	first, isName := a.within(value, "first")
	last, hasLast := a.within(value, "last")
	switch as := labelled(name); {
	case isName && hasLast:
		a.addOnce([]byte("firstName"), first, asFirstName)
		a.addOnce([]byte("lastName"), last, asLastName)
	case as == asPhone && a.out[value.from] == '{':
		var parts []string
		for _, part := range [...]string{"full", "country", "area", "phone"} {
			if text := a.textAt(value, part); text != "" {
				parts = append(parts, text)
			}
		}
		joined := a.write(func(out []byte) []byte {
			out, _ = jsontext.AppendQuote(out, strings.Join(parts, " ")) // the texts are mended
			return out
		})
		a.addOnce(name, joined, as)
	default:
		a.addOnce(name, value, as)
	}
}

// meta keeps a notification of several leads as a whole, since its members can name only one.
func meta(a *assembly) {
	if leads := a.start(metaLeads(), nil); len(leads) > 1 {
		if i := a.find([]byte("entry")); i >= 0 {
			a.addOnce([]byte("entry"), a.members[i].value, asIs)
		}
		a.asides.event = ""
		for _, lead := range leads {
			text, _ := a.plain(a.bytes(lead))
			a.asides.event += " " + string(text)
		}
	}
}
