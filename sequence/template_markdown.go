package sequence

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"

	"github.com/cbroglie/mustache"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// body is a compiled body: Markdown has been rendered already, so that no value can become markup.
type body struct{ html, text *mustache.Template }

// While Markdown is rendered a tag is a number between two private-use characters, which mean nothing to it.
const (
	tagStart = '\uE000'
	tagEnd   = '\uE001'
)

// encodedMark is a mark in the target of a link, where Markdown encodes it.
var encodedMark = regexp.MustCompile("%EE%80%80([0-9]+)%EE%80%81")

// markdown is plain CommonMark: raw HTML is left out by it, and refused by us before. A line break is one in the mail too.
var markdown = goldmark.New(goldmark.WithRendererOptions(html.WithHardWraps()))

// compileBody renders a body's Markdown and compiles the result, or says what is wrong with it.
func compileBody(source string) (body, []string) {
	problems := checkText(source, maxTemplate)
	tags, more := parseTags(source)
	problems = append(problems, checkEffort(source)...)
	if problems = append(problems, more...); len(problems) > 0 {
		return body{}, problems
	}
	marked := []byte(mark(source, tags))
	doc := markdown.Parser().Parse(text.NewReader(marked))
	if problems := checkMarkdown(doc, marked, tags); len(problems) > 0 {
		return body{}, problems
	}
	if encodedMark.MatchString(source) { // it would be taken for a tag
		return body{}, []string{"it has %EE%80%80, as nobody writes: leave it out"}
	}
	plainText := textOf(doc, marked)
	dress(doc, marked, tags)
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, marked, doc); err != nil {
		return body{}, []string{err.Error()}
	}
	page := encodedMark.ReplaceAllString(unwrap(b.String()), string(tagStart)+"$1"+string(tagEnd))
	if problem := checkPlaces(page, tags); problem != "" {
		return body{}, []string{problem}
	}
	return compileBoth(page, plainText, tags)
}

// The time that Markdown takes grows with the square of how deep quotes and lists stand in each other, and of how many signs there are in one
// paragraph.
const (
	maxBlocks = 20
	maxSigns  = 2000
)

// checkEffort refuses what would take Markdown long.
func checkEffort(source string) (problems []string) {
	deepest, most, signs := 0, 0, 0
	for line := range strings.Lines(source) {
		deepest = max(deepest, depthOf(line))
		if strings.TrimSpace(line) == "" {
			signs = 0
		}
		for i := range len(line) {
			if strings.IndexByte("*_[]`<!&", line[i]) >= 0 {
				signs++
			}
		}
		most = max(most, signs)
	}
	if deepest > maxBlocks {
		problems = append(problems, fmt.Sprintf("quotes and lists are nested more than %d deep", maxBlocks))
	}
	if most > maxSigns {
		problems = append(problems, fmt.Sprintf("there are more than %d signs like * and [ in one paragraph: divide it", maxSigns))
	}
	return problems
}

// depthOf counts the quotes and lists that begin at the head of a line.
func depthOf(line string) int {
	depth := 0
	for i := 0; i < len(line) && strings.IndexByte("> \t-*+.)0123456789", line[i]) >= 0; i++ {
		if line[i] == '>' || i > 0 && line[i] == ' ' && strings.IndexByte("-*+.)", line[i-1]) >= 0 {
			depth++
		}
	}
	return depth
}

// compileBoth puts the tags back into both parts and compiles them.
func compileBoth(page, plainText string, tags []tag) (body, []string) {
	for _, part := range []string{page, plainText} {
		if strings.Contains(part, "{{") {
			return body{}, []string{"two braces { { that begin no variable cannot be written"}
		}
		if lost := missingTag(part, tags); lost != "" {
			return body{}, []string{fmt.Sprintf("%s stands where no text is: move it into the text", lost)}
		}
	}
	var c body
	var err error
	if c.html, err = parseMustache(unmark(page, tags), template.HTMLEscapeString); err == nil {
		c.text, err = parseMustache(unmark(plainText, tags), plain)
	}
	if err != nil {
		return body{}, []string{err.Error()}
	}
	if empty, err := c.text.Render(map[string]string{}); err != nil || strings.TrimSpace(empty) == "" {
		return body{}, []string{"it is empty when nothing is known of a lead: put some text outside of the sections"}
	}
	return c, nil
}

// mark puts marks in the place of tags. A line of nothing but the ends of sections becomes a block of its own, so that a section can
// hold paragraphs and lists; comments go.
func mark(source string, tags []tag) string {
	var b strings.Builder
	at := 0
	for i, t := range tags {
		b.WriteString(source[at:t.from])
		if t.kind != '!' {
			b.WriteString(markOf(i))
		}
		at = t.to
	}
	b.WriteString(source[at:])
	lines := strings.Split(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), string(tagStart)) && onlySections(line, tags) {
			lines[i] = "\n" + strings.TrimSpace(line) + "\n"
		}
	}
	return strings.Join(lines, "\n")
}

func markOf(i int) string { return string(tagStart) + strconv.Itoa(i) + string(tagEnd) }

// onlySections reports whether there is nothing in a line but where sections begin and end.
func onlySections(line string, tags []tag) bool {
	rest := strings.TrimSpace(line)
	for rest != "" {
		i, after, ok := cutMark(rest)
		if !ok || tags[i].kind == 0 {
			return false
		}
		rest = strings.TrimSpace(after)
	}
	return true
}

// cutMark reads the mark that s begins with.
func cutMark(s string) (i int, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, string(tagStart))
	if !ok {
		return 0, "", false
	}
	number, rest, ok := strings.Cut(s, string(tagEnd))
	i, err := strconv.Atoi(number)
	return i, rest, ok && err == nil
}

// marks returns the tags that are marked in s, in their order.
func marks(s string) []int {
	var found []int
	for {
		at := strings.IndexRune(s, tagStart)
		if at < 0 {
			return found
		}
		i, rest, ok := cutMark(s[at:])
		if !ok {
			return found
		}
		found, s = append(found, i), rest
	}
}

// missingTag returns the first tag that is not in a rendered part where it stood in the source, or "".
func missingTag(part string, tags []tag) string {
	want := make([]int, 0, len(tags))
	for i, t := range tags {
		if t.kind != '!' {
			want = append(want, i)
		}
	}
	got := marks(part)
	for n, i := range want {
		if n >= len(got) || got[n] != i {
			return tags[i].String()
		}
	}
	if len(got) > len(want) {
		return tags[got[len(want)]].String()
	}
	return ""
}

// unmark puts the tags back.
func unmark(part string, tags []tag) string {
	for i, t := range tags {
		part = strings.Replace(part, markOf(i), t.String(), 1)
	}
	return part
}

// unwrap takes away the paragraph that Markdown puts around a mark that is a block of its own.
func unwrap(page string) string {
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		inside, ok := strings.CutPrefix(line, "<p>")
		if inside, closed := strings.CutSuffix(inside, "</p>"); ok && closed {
			lines[i] = inside
		}
	}
	return strings.Join(lines, "\n")
}
