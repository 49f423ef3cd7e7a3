package desk

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// table reads the rows of a CSV file, holding one at a time.
type table struct {
	in     *csv.Reader
	source *bounded
	above  int // lines before the header
}

// bounded ends a row that does not: a quotation mark that is never closed would make one cell of the rest of the file.
type bounded struct {
	r           io.Reader
	read, until int64
}

var errEndless = errors.New("the row does not end")

func (b *bounded) Read(p []byte) (int, error) {
	if b.read > b.until {
		return 0, errEndless
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	return n, err
}

// newTable finds out how a file is written. A separator of 0 is found out too.
func newTable(r io.Reader, sep rune) (*table, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := in.Peek(2); bytes.Equal(mark, []byte("\xff\xfe")) || bytes.Equal(mark, []byte("\xfe\xff")) {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		in = bufio.NewReaderSize(transform.NewReader(in, utf16), 64<<10)
	}
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	t := &table{source: &bounded{r: in}}
	first, _ := in.Peek(16 << 10)
	if line, _, found := bytes.Cut(first, []byte("\n")); found && bytes.HasPrefix(line, []byte("sep=")) { // a spreadsheet's own
		if given := bytes.TrimRight(line[len("sep="):], "\r"); utf8.RuneCount(given) == 1 && sep == 0 {
			sep, _ = utf8.DecodeRune(given)
		}
		_, _ = in.Discard(len(line) + 1)
		t.above, first = 1, first[len(line)+1:]
	}
	if sep == 0 {
		sep = separator(first)
	}
	if sep == '"' || sep == '\r' || sep == '\n' || sep == utf8.RuneError || !utf8.ValidRune(sep) {
		return nil, invalid("/separator", "a character other than a quotation mark or a line break")
	}
	t.in = csv.NewReader(t.source)
	t.in.Comma, t.in.FieldsPerRecord = sep, -1
	return t, nil
}

// separator guesses what stands between cells: the most frequent of the three outside of quotation marks in the first line.
func separator(first []byte) rune {
	best, counts, quoted := ',', map[byte]int{}, false
	for _, c := range first {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[c]++
		}
	}
	for _, c := range ";\t" {
		if counts[byte(c)] > counts[byte(best)] {
			best = c
		}
	}
	return best
}

// next reads a row and the line on which it begins. After a *csv.ParseError the rows behind can be read.
func (t *table) next() (line int, cells []string, err error) {
	t.source.until = t.in.InputOffset() + maxRow
	cells, err = t.in.Read()
	wrong := isCSV(err)
	switch {
	case errors.Is(err, errEndless):
		return 0, nil, invalid("/file", "a row behind line %d is longer than %d bytes: a quotation mark is missing in it", t.line(), maxRow)
	case wrong != nil:
		return wrong.StartLine + t.above, nil, err
	case err != nil:
		return 0, nil, err
	}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			cells[i], _ = charmap.Windows1252.NewDecoder().String(cell) // every byte means something
		}
	}
	return t.line(), cells, nil
}

// line is where the last row that could be read begins.
func (t *table) line() int {
	line, _ := t.in.FieldPos(0)
	return line + t.above
}

func empty(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

// nameOf names a column for people.
func nameOf(header string, i int) string {
	if header != "" {
		return header
	}
	return fmt.Sprintf("column %d", i+1)
}
