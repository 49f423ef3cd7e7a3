package ingest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeMultipart reads multipart/form-data (RFC 7578). Of a file only the name, the type and the size are kept; its content
// is cut out of what is stored as Raw.
func (d *document) decodeMultipart(boundary string) error {
	if boundary == "" {
		return malformed("the multipart body has no boundary", "")
	}
	d.reset(nil)
	parts := multipart.NewReader(bytes.NewReader(d.text), boundary)
	files := cutter{text: d.text, delimiter: []byte("\n--" + boundary)}
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { // a wrapped one means that the end is missing
			break
		}
		if err != nil {
			return malformed("the body is not valid multipart/form-data", "")
		}
		if err := d.part(part, &files); err != nil {
			return err
		}
	}
	d.raw = files.rest(d.body)
	d.group()
	return nil
}

// part reads one part: a field, a file, or the empty file of an input in which nothing was chosen, which is left out.
func (d *document) part(part *multipart.Part, files *cutter) error {
	content, err := io.ReadAll(part)
	if err != nil {
		return malformed("the body is not valid multipart/form-data", "")
	}
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	filename, isFile := params["filename"]
	if !files.pass(content, isFile) {
		return malformed("the body is not valid multipart/form-data", "")
	}
	switch name := []byte(params["name"]); {
	case len(name) == 0 || isFile && filename == "" && len(content) == 0:
		return nil
	case isFile:
		return d.file(name, filename, part.Header.Get("Content-Type"), len(content))
	default:
		return d.field(name, content)
	}
}

// file adds what is kept of a file.
func (d *document) file(name []byte, filename, contentType string, size int) error {
	written, err := d.fieldName(name)
	if err != nil {
		return err
	}
	from := len(d.out)
	d.out = append(d.out, `{"name":`...)
	d.out, _ = jsontext.AppendQuote(d.out, d.short(filename))
	if contentType != "" {
		d.out = append(d.out, `,"type":`...)
		d.out, _ = jsontext.AppendQuote(d.out, d.short(contentType))
	}
	d.out = append(strconv.AppendInt(append(d.out, `,"size":`...), int64(size), 10), '}')
	d.members = append(d.members, member{name: written, value: span{from, len(d.out)}})
	return nil
}

// short mends a text that describes a file and cuts it to 255 bytes.
func (d *document) short(s string) string { return shorten(s, 255, &d.flags) }

// cutter follows a multipart reader through the text and cuts the contents of files out of it.
type cutter struct {
	text      []byte
	delimiter []byte // with the line feed before it
	pos       int    // behind the delimiter that begins the present part
	kept      []byte // the text before done without the files
	done      int
	cut       bool
}

// pass moves behind the part with that content, and cuts it if it is a file. It reports false if it does not find the part.
func (c *cutter) pass(content []byte, file bool) bool {
	if c.pos == 0 {
		if bytes.HasPrefix(c.text, c.delimiter[1:]) {
			c.pos = len(c.delimiter) - 1
		} else if !c.next(0) {
			return false
		}
	}
	begin := c.pos
	for c.next(c.pos) {
		end := c.pos - len(c.delimiter)
		if c.text[end-1] == '\r' && !bytes.HasSuffix(c.text[:end], content) {
			end--
		}
		start := end - len(content)
		if start < begin || !bytes.Equal(c.text[start:end], content) {
			continue
		}
		if file && len(content) > 0 {
			c.kept = append(c.kept, c.text[c.done:start]...)
			c.done, c.cut = end, true
		}
		return true
	}
	return false
}

// next moves behind the next delimiter at or after from.
func (c *cutter) next(from int) bool {
	i := bytes.Index(c.text[from:], c.delimiter)
	if i < 0 {
		return false
	}
	c.pos = from + i + len(c.delimiter)
	return true
}

// rest returns body, which ends with the text, without the files; nil if nothing was cut.
func (c *cutter) rest(body []byte) []byte {
	if !c.cut {
		return nil
	}
	raw := make([]byte, 0, len(body))
	raw = append(raw, body[:len(body)-len(c.text)]...)
	raw = append(raw, c.kept...)
	return append(raw, c.text[c.done:]...)
}
