package sequence

import (
	_ "embed"
	"html/template"

	"github.com/yuin/goldmark/ast"
)

//go:embed layout.html.tmpl
var layoutPage string

// layout has its styles inline, which all mail programs take; the block in its head is for dark mode only.
var layout = template.Must(template.New("mail").Parse(layoutPage))

// page is what the layout is filled with.
type page struct {
	Subject     string
	Body        template.HTML // made by our own templates, whose values are escaped
	Postal      []string      // lines; empty for no footer
	Unsubscribe template.URL  // checked; "" for none
	Label       string
}

// styles of what Markdown makes. Classes are for dark mode.
const (
	styleParagraph = "margin:0 0 16px"
	styleLast      = "margin:0" // within what has its own margin
	styleList      = "margin:0 0 16px;padding:0 0 0 24px"
	styleItem      = "margin:0 0 6px"
	styleLink      = "color:#175cd3;text-decoration:underline"
	styleQuote     = "margin:0 0 16px;padding:2px 0 2px 14px;border-left:3px solid #c3cad4;color:#5b6472"
	styleCode      = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:14px"
	styleRule      = "margin:24px 0;border:0;border-top:1px solid #e1e5ea"
)

var styleHeadings = map[int]string{
	1: "margin:8px 0 12px;font-size:24px;line-height:30px;font-weight:650",
	2: "margin:8px 0 10px;font-size:20px;line-height:26px;font-weight:650",
	3: "margin:8px 0 8px;font-size:17px;line-height:24px;font-weight:650",
}

// dress gives every element its style. A paragraph of nothing but the ends of sections gets none: it is taken away later.
func dress(doc ast.Node, source []byte, tags []tag) {
	set := func(n ast.Node, style, class string) {
		n.SetAttributeString("style", []byte(style))
		if class != "" {
			n.SetAttributeString("class", []byte(class))
		}
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Paragraph:
			if !onlySections(inlineText(n, source), tags) {
				style := styleParagraph
				if n.NextSibling() == nil && n.Parent().Kind() == ast.KindBlockquote {
					style = styleLast
				}
				set(n, style, "")
				n.SetAttributeString("dir", []byte("auto"))
			}
		case *ast.Heading:
			set(n, styleHeadings[min(n.Level, 3)], "")
			n.SetAttributeString("dir", []byte("auto"))
		case *ast.List:
			set(n, styleList, "")
		case *ast.ListItem:
			set(n, styleItem, "")
		case *ast.Link, *ast.AutoLink:
			set(n, styleLink, "link")
		case *ast.Blockquote:
			set(n, styleQuote, "muted line")
		case *ast.CodeSpan:
			set(n, styleCode, "")
		case *ast.ThematicBreak:
			set(n, styleRule, "line")
		}
		return ast.WalkContinue, nil
	})
}
