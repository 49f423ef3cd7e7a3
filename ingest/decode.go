package ingest

import (
	"bytes"
	"sync"
)

// document is a body while it is read: its bytes, and its members as names and canonical JSON values. Documents are reused, so
// nothing that outlives the request may point into one.
type document struct {
	parser
	body    []byte
	text    []byte   // the part of body behind the byte order mark
	members []member // in the order of their first appearance, each name once
	form    []byte   // a field of a form
	extra   []member // members that are brought out of others
	found   []span   // what a path leads to
	raw     []byte   // what is kept of the body when that is not all of it (files are not kept); else nil
}

// member is a member of the outermost object, or a field of a form: its name and its value in parser.out, and what a preset takes it
// for.
type member struct {
	name, value span
	as          target
}

// span is a part of parser.out.
type span struct{ from, to int }

var documents = sync.Pool{New: func() any { return &document{body: make([]byte, 0, 4096)} }}

// release gives the document back for the next request. Large ones are left to the garbage collector.
func (d *document) release() {
	if cap(d.body) > 64<<10 || cap(d.out) > 64<<10 {
		return
	}
	d.raw = nil // belongs to the submission
	documents.Put(d)
}

func (d *document) bytes(s span) []byte { return d.out[s.from:s.to] }

// decode reads the body as the media type says.
func (d *document) decode(m media) error {
	d.members, d.raw = d.members[:0], nil
	if len(d.body) == 0 {
		return errEmpty
	}
	if bytes.HasPrefix(d.body, []byte{0xFE, 0xFF}) || bytes.HasPrefix(d.body, []byte{0xFF, 0xFE}) {
		return malformed("the body is UTF-16; send UTF-8", "")
	}
	d.text = bytes.TrimPrefix(d.body, []byte("\uFEFF"))
	var err error
	switch m.kind {
	case mediaForm:
		err = d.decodeForm()
	case mediaMultipart:
		err = d.decodeMultipart(m.boundary)
	default:
		err = d.decodeJSON()
		if f, ok := err.(*fault); ok && m.kind == mediaGuess && f.code == codeMalformed {
			err = errMedia
		}
	}
	if err == nil && len(d.members) == 0 {
		return errEmpty
	}
	return err
}

func (d *document) decodeJSON() error {
	d.reset(d.text)
	if err := d.open(); err != nil {
		return err
	}
	for {
		more, err := d.more()
		if err != nil {
			return err
		}
		if !more {
			return d.end()
		}
		var m member
		if m.name, err = d.written(d.name); err != nil {
			return err
		}
		if m.value, err = d.written(d.value); err != nil {
			return err
		}
		d.put(m)
	}
}

// written calls write and returns the part of out that it wrote.
func (d *document) written(write func() error) (span, error) {
	from := len(d.out)
	err := write()
	return span{from, len(d.out)}, err
}

// put adds a member; one of the same name gives way to it.
func (d *document) put(m member) {
	if i := d.find(d.bytes(m.name)); i >= 0 {
		d.flags.set(FlagDuplicateKeys)
		d.members[i].value = m.value
		return
	}
	d.members = append(d.members, m)
}

// find returns the index of the member of that name, or -1. There are at most 256 of them, so that a map would cost more.
func (d *document) find(name []byte) int {
	for i, m := range d.members {
		if m.name.to-m.name.from == len(name) && bytes.Equal(d.bytes(m.name), name) {
			return i
		}
	}
	return -1
}

// isText reports whether the canonical value is a string.
func isText(value []byte) bool { return value[0] == '"' }

// plain returns the text of a canonical scalar: of a string without its quotes, of a number or bool as it is written. It is
// good until the next call. ok is false for an object or list.
func (d *document) plain(value []byte) (text []byte, ok bool) {
	switch value[0] {
	case '{', '[':
		return nil, false
	case '"':
		return d.unquote(value), true
	}
	return value, true
}
