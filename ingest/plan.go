package ingest

import (
	"maps"
	"slices"
)

// opened is a source as the door works with it: with everything worked out that is the same for all its submissions.
type opened struct {
	Source
	plan    *plan      // nil for a source that needs none
	blocked *blockList // nil for a source that blocks nobody
}

// plan says how the payloads of a source are taken apart before their members are mapped.
type plan struct {
	paths     []mappedPath // the source's own, by their names
	preset    *preset
	recognise bool // known senders by the shape of what they send
}

// mappedPath is an incoming name of the source's mappings that is a path.
type mappedPath struct {
	name string
	path path
}

// open works out the plan of a source. What Validate would refuse is left out: a source that is in the Store goes on working. before is what
// the source was opened as last, or nil.
func open(source Source, before *opened) *opened {
	var blocked *blockList
	if before != nil {
		blocked = before.blocked
	}
	blocked = blocked.as(source.Spam.Blocked)
	p := plan{preset: presetOf(source.Preset)}
	for _, name := range slices.Sorted(maps.Keys(source.Mappings)) {
		if !isPath(name) || len(p.paths) == maxPaths {
			continue
		}
		if way, err := parsePath(name); err == nil {
			p.paths = append(p.paths, mappedPath{name, way})
		}
	}
	p.recognise = source.Preset == "" && len(p.paths) == 0
	if p.preset == nil && p.paths == nil && !p.recognise {
		return &opened{source, nil, blocked}
	}
	return &opened{source, &p, blocked}
}

// rearrange brings out what lies deeper in the payload, by the source's own paths and then by the preset, as members that come before
// the others.
func (a *assembly) rearrange() {
	a.preset = a.plan.preset
	if a.plan.recognise {
		a.preset = a.recognised()
	}
	if a.preset == nil && a.plan.paths == nil {
		return
	}
	a.extra = a.extra[:0]
	for i := range a.plan.paths {
		a.bringOut(&a.plan.paths[i])
	}
	if a.preset != nil {
		a.preset.sort(a)
	}
	a.members, a.extra = append(a.extra, a.members...), a.members[:0]
}

// bringOut makes a member of what one of the source's own paths leads to. A member that bears the very name wins.
func (a *assembly) bringOut(m *mappedPath) {
	if a.find([]byte(m.name)) >= 0 {
		return
	}
	a.found = a.start(m.path, a.found[:0])
	target := a.source.Mappings[m.name]
	if len(a.found) == 0 {
		return
	}
	value := a.found[0]
	if len(a.found) > 1 && target != fullName && knownIndex([]byte(target)) < 0 {
		value = a.listOf(a.found)
	}
	for _, s := range a.found {
		a.cuts = append(a.cuts, s.from)
	}
	a.add(m.name, value, asIs)
}

// listOf writes a list of values.
func (a *assembly) listOf(values []span) span {
	return a.write(func(out []byte) []byte {
		out = append(out, '[')
		for _, v := range values {
			out = append(append(out, a.out[v.from:v.to]...), ',')
		}
		out[len(out)-1] = ']'
		return out
	})
}

// add adds a member with a name of our own.
func (a *assembly) add(name string, value span, as target) {
	a.extra = append(a.extra, member{a.write(func(out []byte) []byte { return append(out, name...) }), value, as})
}

// write appends to the document's text and returns what was appended.
func (a *assembly) write(appendTo func(out []byte) []byte) span {
	from := len(a.out)
	a.out = appendTo(a.out)
	return span{from, len(a.out)}
}

// without returns the value at s as it is kept in the metadata: without what paths have taken out of it. The value of a member goes with
// its name; an element of a list leaves null, so that the others keep their places.
func (a *assembly) without(s span) []byte {
	for _, cut := range a.cuts {
		if s.from < cut && cut < s.to {
			return a.bytes(a.write(func(out []byte) []byte { return a.appendWithout(out, s) }))
		}
	}
	return a.bytes(s)
}

func (a *assembly) appendWithout(out []byte, s span) []byte {
	open := a.out[s.from]
	if open != '{' && open != '[' {
		return append(out, a.out[s.from:s.to]...)
	}
	out = append(out, open)
	for name, value := range a.parts(s) {
		switch {
		case !slices.Contains(a.cuts, value.from):
			if open == '{' {
				out = append(append(out, a.out[name.from:name.to]...), ':')
			}
			out = a.appendWithout(out, value)
		case open == '[':
			out = append(out, "null"...)
		default:
			continue
		}
		out = append(out, ',')
	}
	if out[len(out)-1] == ',' {
		out = out[:len(out)-1]
	}
	return append(out, open+2) // "}" is two behind "{", "]" two behind "["
}
