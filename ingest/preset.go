package ingest

import (
	"bytes"
	"embed"
	"slices"
	"strings"
	"sync"
)

// NoPreset is a Source.Preset that takes every payload as it stands: no sender is recognised.
const NoPreset = "none"

// Preset is a known sender, for those who choose one for a source.
type Preset struct {
	Name  string // what Source.Preset holds
	Title string // what people call the sender
	// Recognised says that the sender is known by the shape of what it sends, without the setting.
	Recognised bool
	// Signature is the scheme by which the sender signs, for Source.Signature; "" if it does not.
	Signature string
	// Note is what there is to know about the sender, in a sentence or two; "" if nothing.
	Note string
	// ContentType and Payload are a test submission as the sender would send it, after its documentation.
	ContentType string
	Payload     []byte
}

//go:embed testdata/presets/*.json testdata/presets/*.form testdata/presets/*.multipart
var payloads embed.FS

// Presets lists the known senders in the order of their titles.
func Presets() []Preset {
	list := make([]Preset, 0, len(presets()))
	for _, p := range presets() {
		shown := Preset{Name: p.name, Title: p.title, Recognised: p.shape != nil, Signature: p.signature, Note: p.note}
		shown.ContentType, shown.Payload = payload(p.name)
		list = append(list, shown)
	}
	slices.SortFunc(list, func(a, b Preset) int { return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	return list
}

// payload returns the test submission of a sender.
func payload(name string) (contentType string, body []byte) {
	for _, kind := range []struct{ extension, contentType string }{
		{".json", "application/json"},
		{".form", "application/x-www-form-urlencoded"},
		{".multipart", "multipart/form-data; boundary=xxBOUNDARYxx"},
	} {
		if body, err := payloads.ReadFile("testdata/presets/" + name + kind.extension); err == nil {
			return kind.contentType, body
		}
	}
	return "", nil
}

// preset says how the payloads of a sender are taken apart. Most is data; what data cannot say is done by code.
type preset struct {
	name, title, note string
	signature         string // the scheme by which the sender signs

	shape    []test      // tells its payloads from all others; nil for those that cannot be told
	id       []string    // paths, joined with "+", to what names the event; the first that leads somewhere counts
	idHeader string      // a header that names the event
	keep     [][2]string // path, and the name under which what is there goes on: known, for attribution or for the metadata
	answers  []answers   // lists of answers
	hoist    []string    // paths to objects whose members stand for themselves
	drop     []string    // members of the body that are only the envelope; one that ends in "*" stands for all that begin so

	// worked out of the above
	ids        [][]path
	keepPaths  []path
	hoistPaths []path
}

// test is a path of two names at most that has to be there, with a text if one is given.
type test struct{ name, text string }

// answers says where a list of answers is, and in each what names it, what it is, and of which type.
type answers struct {
	list        string
	name        []string
	value, kind string
	kinds       map[string]target

	path, valuePath path
	namePaths       []path
}

// presets are the known senders, by name.
var presets = sync.OnceValue(func() map[string]*preset {
	known := make(map[string]*preset)
	for _, p := range senders() {
		p.compile()
		known[p.name] = &p
	}
	return known
})

func presetOf(name string) *preset { return presets()[name] }

func (p *preset) compile() {
	for _, id := range p.id {
		p.ids = append(p.ids, mustParse(strings.Split(id, "+")...))
	}
	for _, k := range p.keep {
		p.keepPaths = append(p.keepPaths, mustParse(k[0])...)
	}
	p.hoistPaths = mustParse(p.hoist...)
	for i := range p.answers {
		a := &p.answers[i]
		a.path, a.valuePath, a.namePaths = mustParse(a.list)[0], mustParse(a.value)[0], mustParse(a.name...)
	}
}

func mustParse(texts ...string) []path {
	paths := make([]path, 0, len(texts))
	for _, text := range texts {
		p, err := parsePath(text)
		if err != nil {
			panic("ingest: a preset's path " + text + ": " + err.Error())
		}
		paths = append(paths, p)
	}
	return paths
}

// recognised returns the preset whose payloads have the shape of this one, or nil. It is asked about every submission of a source
// that has nothing set, so that the names that tell are looked for in one go.
func (a *assembly) recognised() *preset {
	for _, m := range a.members {
		name := ""
		switch string(a.bytes(m.name)) {
		case "form_response":
			name = "typeform"
		case "eventType":
			name = "tally"
		case "triggerType":
			name = "webflow"
		case "user_column_data":
			name = "googleads"
		case "entry":
			name = "meta"
		case "rawRequest":
			name = "jotform"
		case "ordered_human_fields":
			name = "netlify"
		case "event":
			name = "calendly"
		default:
			continue
		}
		if p := presetOf(name); p.fits(a) {
			return p
		}
	}
	return nil
}

// fits reports whether the payload has the shape of the sender's.
func (p *preset) fits(a *assembly) bool {
	for _, t := range p.shape {
		i := a.find([]byte(t.name))
		if i < 0 {
			return false
		}
		if text, ok := a.plain(a.bytes(a.members[i].value)); t.text != "" && (!ok || string(text) != t.text) {
			return false
		}
	}
	return true
}

// sort brings out what the sender has put into its envelope, and leaves out the envelope.
func (p *preset) sort(a *assembly) {
	a.eventID(p)
	for i, way := range p.keepPaths {
		if value, ok := a.first(way); ok {
			a.addOnce([]byte(p.keep[i][1]), value, labelledAs(p.keep[i][1]))
		}
	}
	for i := range p.answers {
		a.answers(&p.answers[i])
	}
	p.code(a)
	for _, way := range p.hoistPaths {
		if object, ok := a.first(way); ok {
			a.hoist(object)
		}
	}
	rest := a.members[:0]
	for _, m := range a.members {
		if name := a.bytes(m.name); !p.drops(name) && a.brought(name) < 0 {
			m.as = max(m.as, labelled(name))
			rest = append(rest, m)
		}
	}
	a.members = rest
}

// labelledAs is labelled for names that a preset gives itself: those of known fields and fullName.
func labelledAs(name string) target {
	if name == fullName {
		return asFullName
	}
	if i := knownIndex([]byte(name)); i >= 0 {
		return asEmail + target(i)
	}
	return asIs
}

// eventID notes the sender's own name for the event.
func (a *assembly) eventID(p *preset) {
	for _, ways := range p.ids {
		var id []byte
		complete := true
		for _, way := range ways {
			part, ok := a.first(way)
			if !ok || a.out[part.from] == '{' || a.out[part.from] == '[' {
				complete = false
				break
			}
			text, _ := a.plain(a.bytes(part))
			if id != nil {
				id = append(id, ' ')
			}
			id = append(id, text...)
		}
		if complete {
			a.asides.event = string(id)
			return
		}
	}
}

// answers makes a member of each answer in a list.
func (a *assembly) answers(list *answers) {
	found, ok := a.first(list.path)
	if !ok {
		return
	}
	for _, answer := range a.parts(found) {
		name := a.nameOf(answer, list.namePaths)
		value, ok := a.leads(list.valuePath, answer)
		if !ok || len(name) == 0 {
			continue
		}
		as := labelled(name)
		if kind, ok := a.within(answer, list.kind); ok && list.kind != "" {
			text, _ := a.plain(a.bytes(kind))
			if known, ok := list.kinds[string(text)]; ok {
				as = known
			}
		}
		a.addOnce(name, value, as)
	}
}

// nameOf returns the first text that names an answer.
func (a *assembly) nameOf(answer span, ways []path) []byte {
	for _, way := range ways {
		if value, ok := a.leads(way, answer); ok {
			if text, ok := a.plain(a.bytes(value)); ok && len(text) > 0 {
				return bytes.Clone(text)
			}
		}
	}
	return nil
}

// leads returns the first value to which a path leads from another one.
func (a *assembly) leads(p path, from span) (span, bool) {
	a.found = a.follow(p, from, a.found[:0])
	if len(a.found) == 0 || isNull(a.bytes(a.found[0])) {
		return span{}, false
	}
	return a.found[0], true
}

// hoist makes members of the members of an object.
func (a *assembly) hoist(object span) {
	for name, value := range a.parts(object) {
		if name.to > name.from {
			text := bytes.Clone(a.unquote(a.bytes(name)))
			a.addOnce(text, value, labelled(text))
		}
	}
}

// addOnce adds a member under its name, or, if there is one already with another value, under that name with a number.
func (a *assembly) addOnce(name []byte, value span, as target) {
	name = []byte(shorten(strings.TrimSpace(string(name)), MaxName-4, &a.flags))
	if len(name) == 0 {
		return
	}
	unique := name
	for n := byte('2'); n <= '9'; n++ {
		i := a.brought(unique)
		if i < 0 {
			break
		}
		if bytes.Equal(a.bytes(a.extra[i].value), a.bytes(value)) {
			return
		}
		unique = append(append(slices.Clip(name), ' '), n)
	}
	a.add(string(unique), value, as)
}

// brought returns the index of the member of that name among those that are brought out, or -1.
func (a *assembly) brought(name []byte) int {
	return slices.IndexFunc(a.extra, func(m member) bool { return bytes.Equal(a.bytes(m.name), name) })
}

// drops reports whether a member of the body is only the envelope.
func (p *preset) drops(name []byte) bool {
	return slices.ContainsFunc(p.drop, func(d string) bool {
		if begin, ok := strings.CutSuffix(d, "*"); ok {
			return strings.HasPrefix(string(name), begin)
		}
		return d == string(name)
	})
}
