// Package lists knows which mail domains belong to providers of private mailboxes, of throw-away mailboxes and of forwarding
// aliases.
//
//	lists.Lookup("gmail.com").Class // lists.Personal
//
// The lists are generated from published ones (see NOTICE) and corrected by overlay.txt, which wins. They take about 1 MB of
// the binary, and nothing of memory or time until the first look-up: a program that never reaches Lookup does not even carry
// them. To bring them up to date, raise the versions in gen/package.json and run go generate.
//
// Package enrich uses Lookup unless it is given another function.
package lists

import (
	"strings"
	"sync"
)

//go:generate npm ci --prefix gen --ignore-scripts --silent --no-audit --no-fund
//go:generate go run ./gen

// Class is what a mail domain is used for.
type Class string

// The classes.
const (
	Business   Class = "business"   // on no list: an organisation's own domain, as far as is known
	Personal   Class = "personal"   // private mailboxes for everybody: free providers and access providers
	Disposable Class = "disposable" // throw-away mailboxes
	Relay      Class = "relay"      // aliases that forward to somebody's real mailbox
)

// Entry is what the lists say about a domain.
type Entry struct {
	Class Class
	// List names the list with its version ("mailchecker 6.0.21"); "" means that the domain is on none.
	List string
	// Date is when the lists were brought up to date, as YYYY-MM-DD.
	Date string
}

// Lookup returns what is known about a domain, which must be in lower-case ASCII without a dot at its end. Some entries stand for
// all names below them too. It may be called concurrently. The first call unpacks the lists, which takes some 20 ms and 3 MB.
func Lookup(domain string) Entry {
	l := load()
	if class, ok := l.overlay.find(domain); ok {
		return Entry{Class: class, List: l.overlay.name, Date: l.overlay.date}
	}
	for _, t := range l.tables {
		if t.has(domain) {
			return Entry{Class: t.class, List: t.name, Date: t.date}
		}
	}
	return Entry{Class: Business, Date: l.overlay.date}
}

// Source describes one of the lists.
type Source struct {
	Name    string // with its version
	Licence string // its SPDX name
	Date    string // YYYY-MM-DD
	Class   Class  // "" for the overlay, which has all of them
	Domains int
}

// Sources returns the lists in the order in which they are asked.
func Sources() []Source {
	l := load()
	all := []Source{{Name: l.overlay.name, Licence: l.overlay.licence, Date: l.overlay.date, Domains: len(l.overlay.classes)}}
	for _, t := range l.tables {
		all = append(all, Source{Name: t.name, Licence: t.licence, Date: t.date, Class: t.class, Domains: len(t.starts)})
	}
	return all
}

type loaded struct {
	overlay overlay
	tables  []table
}

// A sync.OnceValue in a variable would be made when the program starts, and so would keep the data in every binary that imports
// this package; this is linked only where Lookup is.
var once struct {
	sync.Once
	lists loaded
}

func load() *loaded {
	once.Do(func() { once.lists = unpackAll() })
	return &once.lists
}

func unpackAll() loaded {
	return loaded{
		overlay: parseOverlay(overlayText),
		tables: []table{
			unpack(disposableGzip, Disposable),
			unpack(mailcheckerGzip, Disposable),
			unpack(freeGzip, Personal),
		},
	}
}

// overlay is the list kept by hand.
type overlay struct {
	header
	classes map[string]Class // a name with a dot in front stands for all below it too
}

func (o overlay) find(domain string) (Class, bool) {
	if class, ok := o.classes[domain]; ok {
		return class, true
	}
	for name := range parents(domain) {
		if class, ok := o.classes[name]; ok {
			return class, true
		}
	}
	return "", false
}

func parseOverlay(text string) overlay {
	o := overlay{classes: make(map[string]Class)}
	o.header, text = parseHeader(text)
	for line := range strings.Lines(text) {
		class, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && class != "#" {
			o.classes[name] = Class(class)
		}
	}
	return o
}
