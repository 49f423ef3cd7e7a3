package ingest

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeForm reads application/x-www-form-urlencoded as the WHATWG URL Standard does: a "%" that begins no escape stands for
// itself.
func (d *document) decodeForm() error {
	d.reset(nil)
	for pair := range bytes.SplitSeq(d.text, []byte{'&'}) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		d.form = appendUnescaped(d.form[:0], name)
		n := len(d.form)
		d.form = appendUnescaped(d.form, value)
		if err := d.field(d.form[:n], d.form[n:]); err != nil {
			return err
		}
	}
	d.group()
	return nil
}

func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s):
			if high, low := unhex(s[i+1]), unhex(s[i+2]); high < 16 && low < 16 {
				c = high<<4 | low
				i += 2
			}
		}
		dst = append(dst, c)
	}
	return dst
}

// unhex returns the value of a hexadecimal digit, or 16.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// field adds a text field of a form.
func (d *document) field(name, value []byte) error {
	written, err := d.fieldName(name)
	if err != nil {
		return err
	}
	if value = d.mend(value); len(value) > MaxString {
		return refuse("string_too_long", "a text is longer than 16 KiB", pointerTo(name))
	}
	from := len(d.out)
	d.out, _ = jsontext.AppendQuote(d.out, value) // mend has left nothing to complain about
	d.members = append(d.members, member{name: written, value: span{from, len(d.out)}})
	return nil
}

// fieldName counts a field and writes its name.
func (d *document) fieldName(name []byte) (span, error) {
	if d.count++; d.count > MaxMembers {
		return span{}, refuse("too_many_fields", "the form has more than 256 fields", "")
	}
	if name = d.mend(name); len(name) > MaxName {
		return span{}, refuse("name_too_long", "a field name is longer than 128 bytes", "")
	}
	from := len(d.out)
	d.out = append(d.out, name...)
	return span{from, len(d.out)}, nil
}

// group makes the fields of one name into one member that holds their list, in the place of the first.
func (d *document) group() {
	fields := d.members
	d.members = d.members[:0]
	for i, field := range fields {
		if field.name.from < 0 { // already in a list
			continue
		}
		field.value = d.collect(field, fields[i+1:])
		d.members = append(d.members, field)
	}
}

// collect returns the value of the first field, or the list of the values of all fields that bear its name. Those are marked.
func (d *document) collect(first member, rest []member) span {
	from := len(d.out)
	for i, field := range rest {
		if field.name.from < 0 || !bytes.Equal(d.bytes(field.name), d.bytes(first.name)) {
			continue
		}
		if len(d.out) == from {
			d.out = append(append(d.out, '['), d.bytes(first.value)...)
		}
		d.out = append(append(d.out, ','), d.bytes(field.value)...)
		rest[i].name.from = -1
	}
	if len(d.out) == from {
		return first.value
	}
	d.out = append(d.out, ']')
	return span{from, len(d.out)}
}
