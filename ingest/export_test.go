package ingest

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
	var sub Submission
	a := assembly{document: d, source: source, sub: &sub}
	err = a.assemble()
	sub.Flags = d.flags.list()
	return sub, err
}
