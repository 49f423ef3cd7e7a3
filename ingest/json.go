package ingest

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// lenient makes the tokenizer pass over what the door mends itself (and flags) instead of refusing it.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// parser reads JSON token by token and writes its canonical text: no insignificant space, strings with the fewest escapes and
// without NUL or invalid UTF-8, numbers as they were typed, each name of an object once.
type parser struct {
	dec   jsontext.Decoder
	in    bytes.Buffer
	out   []byte // canonical text
	tmp   []byte // an unescaped string
	count int    // members of all objects so far
	names []sibling
	flags flags
}

// sibling is a member of an object that is being written: where it begins in out and where its quoted name ends.
type sibling struct{ start, nameEnd int }

// reset makes the parser read data, which it does not change and must not outlive.
func (p *parser) reset(data []byte) {
	p.in = *bytes.NewBuffer(data)
	p.dec.Reset(&p.in, lenient...)
	p.out, p.names, p.count, p.flags = p.out[:0], p.names[:0], 0, 0
}

// open reads the beginning of the outermost object.
func (p *parser) open() error {
	if p.dec.PeekKind() != '{' {
		return malformed("the body must be a JSON object", "")
	}
	_, err := p.dec.ReadToken()
	return p.syntax(err)
}

// more reports whether the object being read has a further member, and counts it.
func (p *parser) more() (bool, error) {
	if p.dec.PeekKind() == '}' {
		return false, nil
	}
	if p.count++; p.count > MaxMembers {
		return false, refuse("too_many_fields", "the body has more than 256 fields", string(p.dec.StackPointer().Parent()))
	}
	return true, nil
}

// end reads the end of the outermost object and makes sure that nothing follows.
func (p *parser) end() error {
	if _, err := p.dec.ReadToken(); err != nil {
		return p.syntax(err)
	}
	if _, err := p.dec.ReadToken(); err != io.EOF {
		return malformed("the body goes on after the JSON object", "")
	}
	return nil
}

// name reads the name of a member of the outermost object and writes it without quotes.
func (p *parser) name() error {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return p.syntax(err)
	}
	plain := p.unquote(raw)
	if len(plain) > MaxName {
		return p.longName()
	}
	p.out = append(p.out, plain...)
	return nil
}

func (p *parser) longName() error {
	return refuse("name_too_long", "a field name is longer than 128 bytes", string(p.dec.StackPointer().Parent()))
}

// value reads a value and writes its canonical text.
func (p *parser) value() error {
	switch p.dec.PeekKind() {
	case '{':
		return p.object()
	case '[':
		return p.array()
	}
	raw, err := p.dec.ReadValue()
	if err != nil {
		return p.syntax(err)
	}
	switch raw[0] {
	case '"':
		n := len(p.out)
		if p.quote(raw); len(p.out)-n > MaxString+2 && !p.fits(n) {
			return refuse("string_too_long", "a text is longer than 16 KiB", string(p.dec.StackPointer()))
		}
		return nil
	case 't', 'f', 'n':
	default:
		if code, message := checkNumber(raw); code != "" {
			return refuse(code, message, string(p.dec.StackPointer()))
		}
	}
	p.out = append(p.out, raw...)
	return nil
}

// fits reports whether the string written at n is short enough once its escapes are taken out.
func (p *parser) fits(n int) bool {
	p.tmp, _ = jsontext.AppendUnquote(p.tmp[:0], p.out[n:])
	return len(p.tmp) <= MaxString
}

func (p *parser) object() error {
	if err := p.descend(); err != nil {
		return err
	}
	p.out = append(p.out, '{')
	first := len(p.names)
	for {
		more, err := p.more()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := p.member(first); err != nil {
			return err
		}
	}
	p.names = p.names[:first]
	return p.ascend('}')
}

// member reads one member of an inner object whose siblings begin at first.
func (p *parser) member(first int) error {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return p.syntax(err)
	}
	start := len(p.out)
	p.quote(raw)
	nameEnd := len(p.out)
	if nameEnd-start > MaxName+2 {
		if p.tmp, _ = jsontext.AppendUnquote(p.tmp[:0], p.out[start:nameEnd]); len(p.tmp) > MaxName {
			return p.longName()
		}
	}
	p.names = append(p.names, sibling{start, nameEnd})
	p.out = append(p.out, ':')
	if err := p.value(); err != nil {
		return err
	}
	p.out = append(p.out, ',')
	p.dropEarlier(first)
	return nil
}

// dropEarlier takes the earlier member of the same name as the newest one out again.
func (p *parser) dropEarlier(first int) {
	last := len(p.names) - 1
	name := p.out[p.names[last].start:p.names[last].nameEnd]
	for i := first; i < last; i++ {
		if !bytes.Equal(p.out[p.names[i].start:p.names[i].nameEnd], name) {
			continue
		}
		from, to := p.names[i].start, p.names[i+1].start
		p.out = append(p.out[:from], p.out[to:]...)
		p.names = append(p.names[:i], p.names[i+1:]...)
		for j := i; j < len(p.names); j++ {
			p.names[j].start -= to - from
			p.names[j].nameEnd -= to - from
		}
		p.flags.set(FlagDuplicateKeys)
		return
	}
}

func (p *parser) array() error {
	if err := p.descend(); err != nil {
		return err
	}
	p.out = append(p.out, '[')
	for p.dec.PeekKind() != ']' {
		if err := p.value(); err != nil {
			return err
		}
		p.out = append(p.out, ',')
	}
	return p.ascend(']')
}

func (p *parser) descend() error {
	if _, err := p.dec.ReadToken(); err != nil {
		return p.syntax(err)
	}
	if p.dec.StackDepth() > MaxDepth {
		return refuse("too_deep", "objects and lists are nested more than 32 deep", string(p.dec.StackPointer()))
	}
	return nil
}

// ascend reads the end of an object or list and writes it in the place of the last comma.
func (p *parser) ascend(end byte) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return p.syntax(err)
	}
	if p.out[len(p.out)-1] == ',' {
		p.out[len(p.out)-1] = end
	} else {
		p.out = append(p.out, end)
	}
	return nil
}

// quote writes a string that was read, quoted anew unless it is canonical as it stands.
func (p *parser) quote(raw []byte) {
	if simple(raw) {
		p.out = append(p.out, raw...)
		return
	}
	p.out, _ = jsontext.AppendQuote(p.out, p.unquote(raw)) // unquote has left nothing to complain about
}

// unquote returns the text of a string that was read, mended. It is good until the next call.
func (p *parser) unquote(raw []byte) []byte {
	if simple(raw) {
		return raw[1 : len(raw)-1]
	}
	var err error
	if p.tmp, err = jsontext.AppendUnquote(p.tmp[:0], raw); err != nil {
		p.flags.set(FlagSanitised)
	}
	p.tmp = p.mend(p.tmp)
	return p.tmp
}

// mend returns the text with U+FFFD for NUL and for what is not UTF-8.
func (p *parser) mend(text []byte) []byte {
	if bytes.IndexByte(text, 0) < 0 && utf8.Valid(text) {
		return text
	}
	p.flags.set(FlagSanitised)
	return bytes.ReplaceAll(bytes.ToValidUTF8(text, []byte("\uFFFD")), []byte{0}, []byte("\uFFFD"))
}

// simple reports whether a quoted string is its own canonical form. The tokenizer has already refused bare control characters.
func simple(raw []byte) bool {
	ascii := byte(0)
	for _, c := range raw {
		if c == '\\' {
			return false
		}
		ascii |= c
	}
	return ascii < utf8.RuneSelf || utf8.Valid(raw)
}

// syntax turns the tokenizer's complaint into a fault that points at the place but quotes nothing of the body.
func (p *parser) syntax(err error) error {
	if err == nil {
		return nil
	}
	pointer := ""
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		pointer = string(syntactic.JSONPointer)
	}
	if len(pointer) > 1024 {
		pointer = ""
	}
	return malformed("the body is not valid JSON", pointer)
}

// checkNumber returns the code and the message of the limit that a JSON number breaks, if any.
func checkNumber(raw []byte) (code, message string) {
	if len(raw) > MaxNumber {
		return "number_too_long", "a number is longer than 40 bytes"
	}
	e := bytes.IndexAny(raw, "eE")
	if e < 0 {
		return "", ""
	}
	exponent := 0
	for _, c := range raw[e+1:] {
		if '0' <= c && c <= '9' {
			exponent = min(exponent*10+int(c-'0'), MaxExponent+1)
		}
	}
	if exponent > MaxExponent {
		return "number_out_of_range", "a number has an exponent beyond 308"
	}
	return "", ""
}
