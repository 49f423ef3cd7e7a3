package sequence

import (
	"bufio"
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	renderer "github.com/yuin/goldmark/renderer/html"
)

// textOf writes a document as plain text: what a person would type, with the targets of links in brackets behind them.
func textOf(doc ast.Node, source []byte) string {
	return strings.TrimRight(blocksText(doc, source, "\n\n"), "\n") + "\n"
}

// blocksText writes the blocks within a node.
func blocksText(parent ast.Node, source []byte, between string) string {
	var blocks []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		blocks = append(blocks, blockText(n, source))
	}
	return strings.Join(blocks, between)
}

func blockText(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Heading:
		return inlineText(n, source)
	case *ast.ThematicBreak:
		return "---"
	case *ast.Blockquote:
		return indent(blocksText(n, source, "\n\n"), "> ", "> ")
	case *ast.List:
		return listText(n, source)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return indent(strings.TrimRight(string(n.Lines().Value(source)), "\n"), "    ", "    ")
	}
	return inlineText(n, source)
}

func listText(list *ast.List, source []byte) string {
	var items []string
	between, number := "\n", list.Start
	if !list.IsTight {
		between = "\n\n"
	}
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		bullet := "- "
		if list.IsOrdered() {
			bullet = strconv.Itoa(number) + ". "
			number++
		}
		items = append(items, indent(blocksText(item, source, between), bullet, strings.Repeat(" ", len(bullet))))
	}
	return strings.Join(items, between)
}

// indent puts first before the first line and rest before the others.
func indent(s, first, rest string) string {
	return first + strings.ReplaceAll(s, "\n", "\n"+rest)
}

// inlineText writes the text within a paragraph.
func inlineText(parent ast.Node, source []byte) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.WriteString(literal(n, source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.Link:
			label, target := inlineText(n, source), strings.TrimPrefix(string(n.Destination), "mailto:")
			b.WriteString(label)
			if target != label {
				b.WriteString(" (" + target + ")")
			}
		default:
			b.WriteString(inlineText(n, source))
		}
	}
	return b.String()
}

// literal returns the characters that a text stands for: escapes and entities are resolved as in the HTML part.
func literal(n *ast.Text, source []byte) string {
	if n.IsRaw() {
		return string(n.Value(source))
	}
	var b strings.Builder
	w := bufio.NewWriterSize(&b, 16)
	renderer.DefaultWriter.Write(w, n.Value(source))
	_ = w.Flush() // a strings.Builder takes everything
	return html.UnescapeString(b.String())
}
