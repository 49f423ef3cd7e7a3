package ingest

import (
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// fullName is the target of a mapping whose text is split into first and last name.
const fullName = "fullName"

// assembly makes a Submission of a document: it applies the source's mappings and tells known fields, attribution and what is
// meant for the door itself from the metadata.
type assembly struct {
	*document
	source *Source
	plan   *plan   // of the source, or nil
	preset *preset // of the sender, or nil
	sub    *Submission
	asides asides

	blocked *blockList // of the source, or nil

	text   strings.Builder // holds all texts of the submission, so that they are one allocation
	values []byte          // holds all values of the metadata, likewise
	owners [5]owner        // of the known fields
	full   span            // the value that is to be split into first and last name, and the name it came under
	fullAs span
	cuts   []int // where the values begin that paths have brought out
	work   int   // bytes read over by paths
}

// owner says which incoming field a known field was taken from, and how much that counts.
type owner struct {
	name span
	rank rank
}

// rank says who found that a field is a known one. The source itself counts most.
type rank uint8

const (
	rankName   rank = iota // it bears the name
	rankPreset             // the sender's preset
	rankSource             // a mapping of the source
)

// assemble fills the submission's Fields, Metadata and Attribution.
func (a *assembly) assemble() error {
	if a.plan != nil {
		a.rearrange()
	}
	a.text.Grow(len(a.out))
	for _, m := range a.members {
		if err := a.take(m); err != nil {
			return err
		}
	}
	a.splitFull()
	return nil
}

// take puts one member where it belongs.
func (a *assembly) take(m member) error {
	name, value := a.bytes(m.name), a.bytes(m.value)
	if a.reserved(name, value) {
		return nil
	}
	to, mapped := a.source.Mappings[string(name)]
	switch mapped = mapped && !strings.HasPrefix(to, "_"); { // whatever begins so is the door's own
	case mapped:
		if known := knownIndex([]byte(to)); known >= 0 {
			return a.known(known, m, rankSource)
		}
		if to == fullName {
			return a.wholeName(m, rankSource)
		}
		a.keep(to, a.without(m.value))
		return nil
	case m.as == asFullName:
		return a.wholeName(m, rankPreset)
	case m.as >= asEmail:
		return a.known(int(m.as-asEmail), m, rankPreset)
	}
	if known := knownIndex(name); known >= 0 {
		return a.known(known, m, rankName)
	}
	if !a.campaign(name, value) {
		a.keep(a.str(name), a.without(m.value))
	}
	return nil
}

// wholeName remembers a full name, which is split when everything else is known. The source's own mapping counts most, then the first.
func (a *assembly) wholeName(m member, r rank) error {
	value := a.bytes(m.value)
	switch {
	case value[0] == '{' || value[0] == '[':
		a.flags.set(FlagNotScalar)
		a.keep(a.str(a.bytes(m.name)), a.without(m.value))
	case r == rankPreset && a.full.to > a.full.from:
		a.keep(a.str(a.bytes(m.name)), value)
	default:
		a.full, a.fullAs = m.value, m.name
	}
	return nil
}

// knownIndex returns the place of a known field in the order of KnownFields, or -1.
func knownIndex(name []byte) int {
	switch string(name) {
	case "email":
		return 0
	case "firstName":
		return 1
	case "lastName":
		return 2
	case "phone":
		return 3
	case "company":
		return 4
	}
	return -1
}

func (f *Fields) at(i int) *string {
	return [...]*string{&f.Email, &f.FirstName, &f.LastName, &f.Phone, &f.Company}[i]
}

// known fills a known field. An empty value never displaces one that is given; of two, the one of the higher rank wins, else the
// later one, or the first that a preset finds; the other is kept in the metadata under the name it came with.
func (a *assembly) known(i int, m member, r rank) error {
	name, value := a.bytes(m.name), a.bytes(m.value)
	if isNull(value) {
		return nil
	}
	text, ok := a.plain(value)
	if !ok {
		a.flags.set(FlagNotScalar)
		a.keep(a.str(name), a.without(m.value))
		return nil
	}
	if i == 0 && len(text) > MaxEmail {
		return refuse("email_too_long", "the email address is longer than 254 bytes", pointerTo(name))
	}
	field, who := a.sub.Fields.at(i), &a.owners[i]
	switch {
	case len(text) == 0 || string(text) == *field:
		return nil
	case *field != "" && (who.rank > r || who.rank == r && r == rankPreset):
		a.keep(a.str(name), value)
		return nil
	case *field != "":
		a.keepText(a.bytes(who.name), *field)
	}
	*field, *who = a.str(text), owner{m.name, r}
	return nil
}

// str returns the bytes as a string of its own.
func (a *assembly) str(b []byte) string {
	from := a.text.Len()
	a.text.Write(b)
	return a.text.String()[from:]
}

// own returns a copy of a canonical value.
func (a *assembly) own(value []byte) json.RawMessage {
	if a.values == nil {
		a.values = make([]byte, 0, len(a.out))
	}
	from := len(a.values)
	a.values = append(a.values, value...)
	return a.values[from:len(a.values):len(a.values)]
}

// keep stores a value in the metadata.
func (a *assembly) keep(name string, value []byte) {
	if a.sub.Metadata == nil {
		a.sub.Metadata = make(Metadata)
	}
	a.sub.Metadata[name] = a.own(value)
}

func (a *assembly) keepText(name []byte, text string) {
	quoted, _ := jsontext.AppendQuote(nil, text) // the text is mended
	a.keep(a.str(name), quoted)
}

// splitFull fills first and last name from the value mapped to fullName where they are blank. A name that fills nothing and says
// something else is kept in the metadata.
func (a *assembly) splitFull() {
	value := a.bytes(a.full)
	if len(value) == 0 || isNull(value) {
		return
	}
	text, _ := a.plain(value)
	first, last := splitName(a.str(text))
	fields := &a.sub.Fields
	filled := false
	for _, part := range [...]struct {
		field *string
		text  string
	}{{&fields.FirstName, first}, {&fields.LastName, last}} {
		if *part.field == "" && part.text != "" {
			*part.field, filled = part.text, true
		}
	}
	if same := first == fields.FirstName && last == fields.LastName; !filled && !same && len(text) > 0 {
		a.keep(a.str(a.bytes(a.fullAs)), value)
	}
}

func isNull(value []byte) bool { return value[0] == 'n' }
