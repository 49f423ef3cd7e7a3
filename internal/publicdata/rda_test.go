package publicdata_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// table is a data frame of R whose cells are text: the labels of factors, whole numbers in digits.
type table struct {
	names  []string
	labels map[string][]string // of each factor, its labels in their order
	cells  map[string][]string // of each column, one a row
}

// readTable reads the one data frame of an .rda file that is no longer compressed: R's serialization, version 2, in XDR
// ("R Internals", section 1.8).
func readTable(raw []byte) (*table, error) {
	const head = "RDX2\nX\n"
	if !bytes.HasPrefix(raw, []byte(head)) || len(raw) < len(head)+12 {
		return nil, errors.New("not an .rda file of version 2 in XDR")
	}
	r := &rReader{rest: raw[len(head)+12:]} // the version of the format and those of R
	top := r.item()
	if r.err != nil {
		return nil, r.err
	}
	if len(top.pairs) != 1 {
		return nil, fmt.Errorf("the file holds %d objects, not one", len(top.pairs))
	}
	return top.pairs[0].value.table()
}

// rValue is one object of R.
type rValue struct {
	text    string // of a symbol or a character string
	numbers []float64
	list    []rValue // of a list or a character vector
	pairs   []rPair  // of a pair list
	attrs   []rPair
}

type rPair struct {
	name  string
	value rValue
}

func (v rValue) attr(name string) []string {
	var texts []string
	for _, a := range v.attrs {
		if a.name == name {
			for _, s := range a.value.list {
				texts = append(texts, s.text)
			}
		}
	}
	return texts
}

func (v rValue) table() (*table, error) {
	t := &table{names: v.attr("names"), labels: make(map[string][]string), cells: make(map[string][]string)}
	if len(t.names) == 0 || len(t.names) != len(v.list) || !slices.Contains(v.attr("class"), "data.frame") {
		return nil, errors.New("the object is no data frame")
	}
	for i, name := range t.names {
		cells, err := v.list[i].cells()
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		if i > 0 && len(cells) != len(t.cells[t.names[0]]) {
			return nil, fmt.Errorf("column %s has %d rows", name, len(cells))
		}
		t.cells[name] = cells
		if labels := v.list[i].attr("levels"); labels != nil {
			t.labels[name] = labels
		}
	}
	return t, nil
}

// cells are the values of a column.
func (v rValue) cells() ([]string, error) {
	labels, cells := v.attr("levels"), make([]string, len(v.numbers))
	for i, n := range v.numbers {
		switch {
		case labels == nil:
			cells[i] = strconv.FormatFloat(n, 'f', -1, 64)
		case n < 1 || int(n) > len(labels):
			return nil, fmt.Errorf("row %d has no label", i+1)
		default:
			cells[i] = labels[int(n)-1]
		}
	}
	return cells, nil
}

// rReader reads objects; after an error it gives empty ones.
type rReader struct {
	rest    []byte
	symbols []rValue
	err     error
}

func (r *rReader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		r.fail(errors.New("the file is cut off"))
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *rReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *rReader) int() int {
	if b := r.take(4); b != nil {
		return int(int32(binary.BigEndian.Uint32(b)))
	}
	return 0
}

// item reads one object. The kinds are R's SEXPTYPEs.
func (r *rReader) item() rValue {
	flags := r.int()
	hasAttrs, hasTag := flags&0x200 != 0, flags&0x400 != 0
	switch kind := flags & 0xff; kind {
	case 254: // nil
		return rValue{}
	case 255: // a symbol that was read before
		if n := flags>>8 - 1; n >= 0 && n < len(r.symbols) {
			return r.symbols[n]
		}
	case 1:
		r.symbols = append(r.symbols, r.item())
		return r.symbols[len(r.symbols)-1]
	case 2:
		return r.pairs(hasAttrs, hasTag)
	case 9:
		n := r.int()
		if n < 0 { // NA
			return rValue{}
		}
		return rValue{text: string(r.take(n))}
	case 10, 13, 14, 16, 19:
		v := r.vector(kind)
		if hasAttrs {
			v.attrs = r.item().pairs
		}
		return v
	}
	r.fail(fmt.Errorf("objects with the flags %#x are not read", flags))
	return rValue{}
}

// pairs reads a pair list, the flags of whose first element were read.
func (r *rReader) pairs(hasAttrs, hasTag bool) rValue {
	var p rPair
	if hasAttrs {
		r.item()
	}
	if hasTag {
		p.name = r.item().text
	}
	p.value = r.item()
	rest := r.item()
	return rValue{pairs: append([]rPair{p}, rest.pairs...)}
}

func (r *rReader) vector(kind int) rValue {
	var v rValue
	for range r.int() {
		if r.err != nil {
			break
		}
		switch kind {
		case 14:
			if b := r.take(8); b != nil {
				v.numbers = append(v.numbers, math.Float64frombits(binary.BigEndian.Uint64(b)))
			}
		case 16, 19:
			v.list = append(v.list, r.item())
		default:
			v.numbers = append(v.numbers, float64(r.int()))
		}
	}
	return v
}

// frame is a data frame of two rows, the bytes written by hand: a = 1.5, 2; b = a factor of "no", "yes".
func frame() []byte {
	out := []byte("RDX2\nX\n")
	word := func(words ...int) {
		for _, w := range words {
			out = binary.BigEndian.AppendUint32(out, uint32(int32(w)))
		}
	}
	text := func(s string) { word(9, len(s)); out = append(out, s...) }
	texts := func(all ...string) {
		word(16, len(all))
		for _, s := range all {
			text(s)
		}
	}
	word(2, 0, 0, 0x402, 1)
	text("frame")
	word(0x313, 2, 14, 2)
	out = binary.BigEndian.AppendUint64(out, math.Float64bits(1.5))
	out = binary.BigEndian.AppendUint64(out, math.Float64bits(2))
	word(0x30d, 2, 2, 1, 0x402, 1)
	text("levels")
	texts("no", "yes")
	word(0x402, 1)
	text("class")
	texts("factor")
	word(254, 0x402, 1)
	text("names")
	texts("a", "b")
	word(0x402, 3<<8|255) // "class" again
	texts("data.frame")
	word(254, 254)
	return out
}

func TestReadTable(t *testing.T) {
	t.Parallel()
	raw := frame()
	got, err := readTable(raw)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, got.names)
	require.Equal(t, map[string][]string{"a": {"1.5", "2"}, "b": {"yes", "no"}}, got.cells)
	require.Equal(t, map[string][]string{"b": {"no", "yes"}}, got.labels)
	for n := range len(raw) - 4 { // the end of the outer list is not missed
		_, err := readTable(raw[:n])
		require.Errorf(t, err, "of the first %d bytes", n)
	}
}
