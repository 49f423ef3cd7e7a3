package main

import (
	"html/template"
	"net/http"
	"slices"
)

// kinds are the demo forms, in the order of their links.
var kinds = []struct{ Name, Title, Text string }{
	{"plain", "Plain form", "A plain HTML form that posts to the webhook. It works without JavaScript."},
	{"snippet", "Form with the snippet", "A form without an action: the snippet sends it and says so beside it."},
	{"observed", "A form of one's own", "A form that goes to a page of its own; the snippet only watches, and the page is reached as without it."},
	{"steps", "Several steps", "One form in two steps."},
	{"late", "Rendered later", "The form is put into the page after a second, as single-page applications do."},
	{"shadow", "Web component", "The form lives in the shadow root of a web component."},
}

// demoPage is what the template needs.
type demoPage struct {
	Kind, Title, Text string
	Action, Token     string
	Kinds             any
	Nonce             template.JS
}

// demo shows a form; it needs no sign-in. An empty kind is taken from the path.
func demo(token, kind string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := kind
		if name == "" {
			name = r.PathValue("kind")
		}
		if name == "script.js" {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write([]byte(demoScript))
			return
		}
		i := slices.IndexFunc(kinds, func(k struct{ Name, Title, Text string }) bool { return k.Name == name })
		if i < 0 && name != "thanks" {
			show(w, http.StatusNotFound, "missing", nil)
			return
		}
		w.Header().Set("Content-Security-Policy",
			"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		page := demoPage{Kind: name, Action: "/api/webhooks/" + token, Token: token, Kinds: kinds}
		if i >= 0 {
			page.Title, page.Text = kinds[i].Title, kinds[i].Text
		}
		show(w, http.StatusOK, "demo", page)
	})
}

// demoScript is what the pages of some kinds do themselves.
const demoScript = `'use strict';
const fields = document.querySelector('template').content;
const place = document.getElementById('place');
const kind = place.dataset.kind;
if (kind === 'late') setTimeout(() => place.append(fields.cloneNode(true)), 1000);
if (kind === 'shadow') {
  customElements.define('contact-form', class extends HTMLElement {
    connectedCallback() { this.attachShadow({mode: 'open'}).append(fields.cloneNode(true)); }
  });
  place.append(document.createElement('contact-form'));
}
if (kind === 'steps') {
  place.append(fields.cloneNode(true));
  const [first, second] = place.querySelectorAll('fieldset');
  second.hidden = true;
  first.querySelector('button').onclick = () => { if (first.querySelector('input').reportValidity()) { first.hidden = true; second.hidden = false; } };
}
`
