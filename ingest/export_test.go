package ingest

import "sync/atomic"

// lastOpened remembers what open made of the last source, as the cache of the handler does of all.
var lastOpened atomic.Pointer[openedForTest]

type openedForTest struct {
	source *Source
	*opened
}

// DecodeForTest decodes a body as the handler does and returns what it means, for tests and benchmarks of decoding alone.
func DecodeForTest(body []byte, contentType string, source *Source) (Submission, error) {
	kind, err := mediaOf(map[string][]string{"Content-Type": {contentType}})
	if err != nil {
		return Submission{}, err
	}
	d := documents.Get().(*document)
	defer d.release()
	d.body = append(d.body[:0], body...)
	if err := d.decode(kind); err != nil {
		return Submission{}, err
	}
	known := lastOpened.Load()
	if known == nil || known.source != source {
		known = &openedForTest{source, open(*source, nil)}
		lastOpened.Store(known)
	}
	var sub Submission
	a := assembly{document: d, source: &known.Source, plan: known.plan, sub: &sub}
	err = a.assemble()
	sub.Flags = d.flags.list()
	return sub, err
}

// ParsePathForTest parses a path and returns how many steps it has.
func ParsePathForTest(text string) (int, error) {
	if !isPath(text) {
		return 0, nil
	}
	p, err := parsePath(text)
	return len(p), err
}
