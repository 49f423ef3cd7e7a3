package ingest

import "iter"

// membersOf goes through the members of a canonical object: the names with their quotes, the values as they stand.
func membersOf(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := 1; i < len(object)-1; i++ { // the step is over the comma
			colon := endOfValue(object, i)
			end := endOfValue(object, colon+1)
			if !yield(object[i:colon], object[colon+1:end]) {
				return
			}
			i = end
		}
	}
}

// parts goes through what an object or list holds: the names with their quotes, empty spans for the elements of a list, and the values.
// A scalar holds nothing.
func (d *document) parts(of span) iter.Seq2[span, span] {
	return func(yield func(name, value span) bool) {
		open := d.out[of.from]
		if open != '{' && open != '[' {
			return
		}
		for i := of.from + 1; i < of.to-1; i++ { // the step is over the comma
			var name span
			if open == '{' {
				name = span{i, endOfValue(d.out, i)}
				i = name.to + 1
			}
			end := endOfValue(d.out, i)
			if !yield(name, span{i, end}) {
				return
			}
			i = end
		}
	}
}

// endOfValue returns where the value that begins at i ends in canonical JSON.
func endOfValue(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// endOfString returns the place of the quote that ends the string whose first quote is at i.
func endOfString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}
