package score

import "strings"

// maxPhrase is the most words that a phrase can have.
const maxPhrase = 6

// phrasebook finds the phrases of all levels and caps in one pass over a text. Each level or cap that has phrases is a slot.
type phrasebook struct {
	words map[string]int32 // word → its number
	next  map[edge]int32   // the trie of all phrases
	slots map[int32][]int  // node → the slots for which a phrase ends there
	size  int              // how many slots
}

type edge struct{ node, word int32 }

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
	return &phrasebook{words: make(map[string]int32), next: make(map[edge]int32), slots: make(map[int32][]int)}
}

// add makes a slot of the phrases and returns its number.
func (b *phrasebook) add(phrases []string) int {
	slot := b.size
	b.size++
	for _, phrase := range phrases {
		node := int32(0)
		for _, word := range phraseWords(phrase) {
			e := edge{node, b.number(word)}
			if b.next[e] == 0 {
				b.next[e] = int32(len(b.next)) + 1
			}
			node = b.next[e]
		}
		b.slots[node] = append(b.slots[node], slot)
	}
	return slot
}

func (b *phrasebook) number(word string) int32 {
	if kind := kindOf(word); kind != kindNone {
		return kind
	}
	if b.words[word] == 0 {
		b.words[word] = firstWord + int32(len(b.words))
	}
	return b.words[word]
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
	s.follow(s.book.words[string(t.word)], t.end)
	kind := kindOfWord(t.word)
	s.follow(kind, t.end)
	if kind == kindYear {
		s.follow(kindNumber, t.end)
	}
	s.open, s.spare = s.spare, s.open
	s.negated = isNegation(t.word) || s.negated && isFiller(t.word)
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
		if p.negated {
			continue
		}
		for _, slot := range s.book.slots[node] {
			if s.into.hits[slot].field == "" {
				s.into.hits[slot] = hit{field: s.text, start: p.start, end: end}
			}
		}
	}
}

func kindOfWord(word []byte) int32 {
	if word[0] >= '0' && word[0] <= '9' {
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
	return calendar(word)
}

// calendar recognises the names of months and weekdays in five languages.
func calendar(word []byte) int32 {
	switch string(word) {
	case "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
		"jan", "feb", "apr", "jun", "jul", "aug", "sept", "oct", "nov", "dec",
		"januar", "janner", "februar", "marz", "mai", "juni", "juli", "oktober", "dezember",
		"janvier", "fevrier", "mars", "avril", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
		"janeiro", "fevereiro", "marco", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro":
		return kindMonth
	case "monday", "tuesday", "wednesday", "thursday", "friday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag",
		"lundi", "mardi", "mercredi", "jeudi", "vendredi", "lunes", "martes", "miercoles", "jueves", "viernes":
		return kindWeekday
	}
	return kindNone
}

func isNegation(word []byte) bool {
	switch string(word) {
	case "no", "not", "never", "without", "t", "dont", "kein", "keine", "keinen", "keiner", "nicht", "ohne", "pas", "sans", "aucun", "aucune",
		"sin", "nunca", "ningun", "ninguna", "nao", "sem", "nenhum", "nenhuma":
		return true
	}
	return false
}

// isFiller tells the words over which a negation reaches: "do not | need to see a | demo".
func isFiller(word []byte) bool {
	switch string(word) {
	case "a", "an", "any", "the", "in", "for", "to", "of", "your", "our", "need", "want", "require", "book", "schedule", "interested", "looking", "wish", "get", "see", "give", "me", "us", "have",
		"ein", "eine", "einen", "einer", "den", "die", "das", "ihr", "ihre", "fur", "brauchen", "benotigen", "interessiert",
		"de", "du", "des", "le", "la", "les", "un", "une", "d", "l", "en", "besoin", "interesse",
		"el", "los", "las", "una", "del", "quiero", "queremos", "necesito", "necesitamos", "interesado",
		"o", "os", "as", "um", "uma", "do", "da", "em", "quero", "preciso", "precisamos", "interessado":
		return true
	}
	return false
}
