package sequence

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	nethtml "golang.org/x/net/html"
)

// checkMarkdown refuses markup that a mail must not have.
func checkMarkdown(doc ast.Node, source []byte, tags []tag) (problems []string) {
	say := func(problem string) {
		if !slices.Contains(problems, problem) {
			problems = append(problems, problem)
		}
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock, *ast.RawHTML:
			say("HTML is not sent: write Markdown")
		case *ast.Image:
			say("images are not sent, since they tell on the reader and most programs block them: link to the picture")
		case *ast.AutoLink:
			if problem := checkLink(string(n.URL(source)), n.AutoLinkType == ast.AutoLinkEmail, tags); problem != "" {
				say(problem)
			}
		case *ast.Link:
			if problem := checkLink(string(n.Destination), false, tags); problem != "" {
				say(problem)
			}
			if len(marks(string(n.Title))) > 0 {
				say("the title of a link cannot have variables")
			}
		}
		return ast.WalkContinue, nil
	})
	return problems
}

// checkLink says what is wrong with the target of a link, or "".
func checkLink(target string, address bool, tags []tag) string {
	if found := marks(target); len(found) > 0 {
		if len(found) == 1 && target == markOf(found[0]) && tags[found[0]].name == unsubscribeName && tags[found[0]].kind == 0 {
			return ""
		}
		return "a link's target cannot be made of variables, except {{unsubscribe}} alone: what people type would choose where it leads"
	}
	if address {
		target = "mailto:" + target
	}
	u, err := url.Parse(target)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil {
		return ""
	}
	if err == nil && u.Scheme == "mailto" {
		to, _ := url.PathUnescape(u.Opaque)
		if _, err := mail.ParseAddress(to); err == nil {
			return ""
		}
	}
	return fmt.Sprintf("the link to %q cannot be followed from a mail: write the whole address, https://… or mailto:…", clip(target, 80))
}

// checkPlaces makes sure that what a section leaves out is whole markup, and that no tag stands in an attribute but the one that may.
func checkPlaces(page string, tags []tag) string {
	p := places{tags: tags}
	z := nethtml.NewTokenizer(strings.NewReader(page))
	for kind := z.Next(); kind != nethtml.ErrorToken; kind = z.Next() {
		problem := ""
		switch token := z.Token(); kind {
		case nethtml.StartTagToken:
			if token.Data != "br" && token.Data != "hr" {
				p.count++
				p.elements = append(p.elements, p.count)
			}
			problem = checkAttributes(token, tags)
		case nethtml.EndTagToken:
			p.elements = p.elements[:max(0, len(p.elements)-1)]
		case nethtml.TextToken:
			problem = p.text(token.Data)
		}
		if problem != "" {
			return problem
		}
	}
	return ""
}

// places is where a walk through a page stands.
type places struct {
	tags     []tag
	count    int
	elements []int // the open elements, by the order in which they began
	sections []int // the elements within which the open sections began
}

// text goes through the tags in a text between elements.
func (p *places) text(text string) string {
	within := 0
	if n := len(p.elements); n > 0 {
		within = p.elements[n-1]
	}
	for _, i := range marks(text) {
		switch t := p.tags[i]; {
		case t.kind == '#' || t.kind == '^':
			p.sections = append(p.sections, within)
		case t.kind == '/':
			last := len(p.sections) - 1
			if last < 0 || p.sections[last] != within {
				return fmt.Sprintf("%s must end in the same paragraph, list item or emphasis as it began, or both ends stand on lines of their own", t)
			}
			p.sections = p.sections[:last]
		case t.name == unsubscribeName:
			return "{{unsubscribe}} can only be the target of a link: [stop these mails]({{unsubscribe}})"
		}
	}
	return ""
}

func checkAttributes(token nethtml.Token, tags []tag) string {
	for _, a := range token.Attr {
		if a.Key == "href" && len(marks(a.Val)) == 0 && !safeScheme(a.Val) {
			return fmt.Sprintf("the link to %q cannot be followed from a mail: write the whole address, https://… or mailto:…", clip(a.Val, 80))
		}
		for _, i := range marks(a.Val) {
			if a.Key != "href" || a.Val != markOf(i) || tags[i].name != unsubscribeName {
				return fmt.Sprintf("%s stands where no text is: move it into the text", tags[i])
			}
		}
	}
	return ""
}

func safeScheme(target string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(target), ":")
	return scheme == "http" || scheme == "https" || scheme == "mailto"
}

// clip cuts s to n bytes at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
