package score

import (
	"cmp"
	"strings"
)

// maxPhrase is the most words that a phrase can have.
const maxPhrase = 6

// phrasebook finds the phrases of all levels and caps in one pass over a text. Each level or cap that has phrases is a slot.
type phrasebook struct {
	words map[string]word // by folded spelling
	next  map[edge]int32  // the trie of all phrases
	slots map[int32][]int // node → the slots for which a phrase ends there
	size  int             // how many slots
	last  int32           // the highest number of a word
}

type edge struct{ node, word int32 }

// word is what is known about a word.
type word struct {
	number   int32 // in phrases; 0 when it is in none
	kind     int32 // kindMonth, kindWeekday or kindNone
	negation bool
	filler   bool // a negation reaches over it: "do not | need to see a | demo"
}

// The numbers of kinds of words. Those of words follow.
const (
	kindNone int32 = iota
	kindNumber
	kindYear
	kindMonth
	kindWeekday
	firstWord
)

func kindOf(name string) int32 {
	switch name {
	case "<number>":
		return kindNumber
	case "<year>":
		return kindYear
	case "<month>":
		return kindMonth
	case "<weekday>":
		return kindWeekday
	}
	return kindNone
}

func newPhrasebook() *phrasebook {
	b := &phrasebook{last: firstWord - 1, words: make(map[string]word), next: make(map[edge]int32), slots: make(map[int32][]int)}
	b.mark(monthWords(), func(w *word) { w.kind = kindMonth })
	b.mark(weekdayWords(), func(w *word) { w.kind = kindWeekday })
	b.mark(negationWords(), func(w *word) { w.negation = true })
	b.mark(fillerWords(), func(w *word) { w.filler = true })
	return b
}

func (b *phrasebook) mark(spellings []string, set func(*word)) {
	for _, spelling := range spellings {
		for _, folded := range phraseWords(spelling) {
			w := b.words[folded]
			set(&w)
			b.words[folded] = w
		}
	}
}

// add makes a slot of the phrases and returns its number.
func (b *phrasebook) add(phrases []string) int {
	slot := b.size
	b.size++
	for _, phrase := range phrases {
		node := int32(0)
		for _, spelling := range phraseWords(phrase) {
			e := edge{node, b.number(spelling)}
			if b.next[e] == 0 {
				b.next[e] = int32(len(b.next)) + 1
			}
			node = b.next[e]
		}
		b.slots[node] = append(b.slots[node], slot)
	}
	return slot
}

// number returns the number of a word in phrases, and gives it one if it has none.
func (b *phrasebook) number(spelling string) int32 {
	if kind := kindOf(spelling); kind != kindNone {
		return kind
	}
	w := b.words[spelling]
	if w.number == 0 {
		b.last++
		w.number = b.last
		b.words[spelling] = w
	}
	return w.number
}

// phraseWords splits a phrase as a text is split.
func phraseWords(phrase string) []string {
	var words []string
	for part := range strings.FieldsSeq(phrase) {
		if kindOf(part) != kindNone {
			words = append(words, part)
			continue
		}
		tokens(part, func(t token) { words = append(words, string(t.word)) })
	}
	return words
}

// read goes through the texts once.
func (b *phrasebook) read(texts []string) writing {
	w := writing{hits: make([]hit, b.size)}
	for _, text := range texts {
		s := scan{book: b, into: &w, text: text}
		tokens(text, s.step)
		w.links += countLinks(text)
	}
	return w
}

// scan is the state of going through one text.
type scan struct {
	book    *phrasebook
	into    *writing
	text    string
	open    []path // the phrases that may be going on
	spare   []path
	negated bool // what begins now is negated
}

// path is a phrase of which the beginning was found.
type path struct {
	node    int32
	start   int
	negated bool
}

func (s *scan) step(t token) {
	s.into.words++
	if t.stop {
		s.negated = false
	}
	s.open = append(s.open, path{start: t.start, negated: s.negated})
	s.spare = s.spare[:0]
	w := s.book.words[string(t.word)]
	s.follow(w.number, t.end)
	switch kind := cmp.Or(w.kind, numeric(t.word)); kind {
	case kindYear:
		s.follow(kindYear, t.end)
		s.follow(kindNumber, t.end)
	default:
		s.follow(kind, t.end)
	}
	s.open, s.spare = s.spare, s.open
	s.negated = w.negation || s.negated && w.filler
}

// follow takes every open phrase one word on.
func (s *scan) follow(word int32, end int) {
	if word == kindNone {
		return
	}
	for _, p := range s.open {
		node := s.book.next[edge{p.node, word}]
		if node == 0 {
			continue
		}
		s.spare = append(s.spare, path{node: node, start: p.start, negated: p.negated})
		for _, slot := range s.book.slots[node] {
			switch h := &s.into.hits[slot]; {
			case h.field != "":
			case p.negated:
				h.denied = true
			default:
				*h = hit{field: s.text, start: p.start, end: end}
			}
		}
	}
}

// numeric returns kindNumber for digits, kindYear for those of a year from 2000 to 2099.
func numeric(word []byte) int32 {
	for _, c := range word {
		if c < '0' || c > '9' {
			return kindNone
		}
	}
	if len(word) == 4 && word[0] == '2' && word[1] == '0' {
		return kindYear
	}
	return kindNumber
}
