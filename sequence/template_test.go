package sequence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// withBody is a sequence of one mail.
func withBody(body string) sequence.Definition {
	return sequence.Definition{ID: "x", Name: "X", Steps: []sequence.Step{{ID: "one", Email: &sequence.EmailStep{Subject: "Hello", Body: body}}}}
}

func withSubject(subject string) sequence.Definition {
	d := withBody("Text.")
	d.Steps[0].Email.Subject = subject
	return d
}

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, body, want string }{
		{"empty", " \n ", "it is empty"},
		{"too long", strings.Repeat("x", 64<<10+1), "shorten it to 65536"},
		{"not text", "a\xffb", "not text"},
		{"control characters", "a\x00b", "cannot be seen"},
		{"our own marks", "a\uE0000\uE001b", "cannot be seen"},
		{"triple braces", "{{{name}}}", "unescaped"},
		{"ampersand", "{{&name}}", "unescaped"},
		{"ampersand behind a blank", "{{ & name}}", "unescaped"},
		{"partial", "{{> /etc/hostname}}", "includes are not supported"},
		{"delimiters", "{{=<% %>=}}", "delimiters are not supported"},
		{"empty tag", "{{ }}", "names nothing"},
		{"not closed", "Hello {{name", "has no }}"},
		{"unknown", "{{frstName}}", "{{frstName}} is not a variable: use one of assignee, "},
		{"dot", "{{.}}", "is not a variable"},
		{"path", "{{lead.name}}", "is not a variable"},
		{"a field's path", "{{field:a.b}}", "is not a variable"},
		{"a field without a name", "{{field:}}", "is not a variable"},
		{"method", "{{#String}}x{{/String}}", "is not a variable"},
		{"no default", "Hello {{firstName}},", "{{firstName}} has no default and may be empty"},
		{"a default elsewhere", "{{#company}}{{^firstName}}x{{/firstName}}{{/company}}{{firstName}} y", "{{firstName}} has no default"},
		{"a section of another name", "x {{#company}}{{firstName}}{{/company}}", "{{firstName}} has no default"},
		{"section not closed", "a {{#name}}b", "{{#name}} is not closed"},
		{"section not open", "a{{/name}}", "{{/name}} closes nothing"},
		{"sections crossed", "{{#name}}{{#company}}x{{/name}}{{/company}}", "{{/name}} closes nothing"},
		{"nested too deep", strings.Repeat("{{#name}}", 11) + "x" + strings.Repeat("{{/name}}", 11), "nested more than 10"},
		{"too many", strings.Repeat("{{#name}}x{{/name}}", 101), "more than 200"},
		{"nothing left", "{{#name}}Hello {{name}}{{/name}}", "empty when nothing is known"},
		{"quotes in quotes", strings.Repeat("> ", 21) + "x", "nested more than 20"},
		{"lists in lists", strings.Repeat("- ", 21) + "x", "nested more than 20"},
		{"numbers in numbers", strings.Repeat("1. ", 21) + "x", "nested more than 20"},
		{"too much emphasis", strings.Repeat("*a_", 1001), "divide it"},
		{"HTML block", "<div>x</div>", "HTML is not sent"},
		{"HTML inline", "a <b>x</b>", "HTML is not sent"},
		{"HTML comment", "a <!-- x -->", "HTML is not sent"},
		{"image", "![x](https://example.com/x.png)", "images are not sent"},
		{"image by reference", "![x]\n\n[x]: https://example.com/x.png", "images are not sent"},
		{"javascript", "[x](javascript:alert(1))", "cannot be followed"},
		{"javascript by entity", "[x](&#106;avascript:alert(1))", "cannot be followed"},
		{"data", "[x](data:text/html,x)", "cannot be followed"},
		{"relative", "[x](/book)", "cannot be followed"},
		{"no host", "[x](https:///book)", "cannot be followed"},
		{"protocol-relative", "[x](//example.com)", "cannot be followed"},
		{"user in the address", "[x](https://example.com@evil.example)", "cannot be followed"},
		{"autolink of another scheme", "<ftp://example.com>", "cannot be followed"},
		{"mailto of nobody", "[x](mailto:nobody)", "cannot be followed"},
		{"variable as a target", "[x]({{company}}{{^company}}https://example.com{{/company}})", "a link's target cannot be made of variables"},
		{"variable in a target", "[x](https://example.com/{{name}}{{^name}}x{{/name}})", "a link's target cannot be made of variables"},
		{"unsubscribe in a target", "[x](https://example.com/{{unsubscribe}})", "a link's target cannot be made of variables"},
		{"variable in a title", `[x](https://example.com "{{name}}{{^name}}x{{/name}}")`, "title of a link"},
		{"variable in a reference", "[x]\n\n[x]: {{unsubscribe}}/x", "a link's target cannot be made of variables"},
		{"variable in an autolink", "<https://example.com/{{name}}{{^name}}x{{/name}}>", "a link's target cannot be made of variables"},
		{"variable as a fence's language", "```{{name}}{{^name}}x{{/name}}\nx\n```", "stands where no text is"},
		{"variable in a definition that nothing uses", "text\n\n[x]: https://example.com '{{name}}{{^name}}x{{/name}}'", "stands where no text is"},
		{"unsubscribe as text", "stop: {{unsubscribe}}", "can only be the target of a link"},
		{"unsubscribe as a section", "{{#unsubscribe}}x{{/unsubscribe}}", "is no section"},
		{"section over half an emphasis", "*a {{#name}}b* c{{/name}}", "must end in the same paragraph"},
		{"section over two paragraphs", "a {{#name}}b\n\nc{{/name}} d", "must end in the same paragraph"},
		{"section over two items", "- a {{#name}}b\n- c{{/name}}", "must end in the same paragraph"},
		{"braces by entity", "{&#123;name}}", "two braces"},
		{"triple braces by entity", "&#123;&#123;&#123;name}}}", "two braces"},
		{"braces by escape", `\{\{name}}`, "two braces"},
		{"a mark by entity", "x {{name}}{{^name}}y{{/name}} &#xE000;0&#xE001;", "stands where no text is"},
		{"a mark by its bytes", "x %EE%80%800%EE%80%81 {{name}}{{^name}}y{{/name}}", "leave it out"},
		{"a mark by its bytes and no tag", "x %EE%80%800%EE%80%81", "leave it out"},
		{"a mark in a target", "x {{#name}}y{{/name}} [x](%EE%80%800%EE%80%81)", "cannot be followed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := withBody(tc.body).Validate()
			require.ErrorContains(t, err, "steps[0].email.body: ")
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestSubjectsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, subject, want string }{
		{"empty", "", "it is empty"},
		{"two lines", "a\nBcc: x", "more than one line"},
		{"too long", strings.Repeat("x", 256), "shorten it to 255"},
		{"unknown", "{{password}}", "is not a variable"},
		{"no default", "Hello {{name}}", "has no default"},
		{"nothing left", "{{#name}}Hello {{name}}{{/name}}", "empty when nothing is known"},
		{"unsubscribe", "x {{unsubscribe}}", "can only be the target of a link"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := withSubject(tc.subject).Validate()
			require.ErrorContains(t, err, "steps[0].email.subject: ")
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestBodiesThatPass(t *testing.T) {
	t.Parallel()
	ann := ingest.Fields{FirstName: "Ann", Company: "Acme"}
	for _, tc := range []struct {
		name, body  string
		known, text string
		unknown     string
	}{
		{"a default", "Hi {{firstName}}{{^firstName}}there{{/firstName}}", "Hi Ann", "Hi Ann", "Hi there"},
		{"a default before", "Hi {{^firstName}}there{{/firstName}}{{firstName}}", "Hi Ann", "Hi Ann", "Hi there"},
		{"a default for a whole", "{{#firstName}}Hi {{firstName}}{{/firstName}}{{^firstName}}Hello{{/firstName}}", ">Hi Ann<", "Hi Ann", "Hello"},
		{"blanks in braces", "Hi{{# firstName }} {{ firstName }}{{/ firstName }}!", "Hi Ann!", "Hi Ann!", "Hi!"},
		{"a comment", "Hi{{! for later }}!", "Hi!", "Hi!", "Hi!"},
		{"emphasis around", "**{{firstName}}{{^firstName}}you{{/firstName}}**", "<strong>Ann</strong>", "Ann", "you"},
		{"a section of paragraphs", "a\n\n{{#company}}\nb\n\nc {{company}}\n{{/company}}\n\nd", ">c Acme</p>", "a\n\nb\n\nc Acme\n\nd", "a\n\nd"},
		{"a section of items", "- a\n{{#company}}\n- b\n{{/company}}\n- c", ">b</li>", "- a\n\n- b\n\n- c", "- a\n\n- c"},
		{"a section in a quote", "> a {{#company}}b{{/company}}c", ">a bc</p>", "> a bc", "> a c"},
		{"the unsubscribe link", "[no more]({{unsubscribe}})", `<a href="https://example.com/u/abc?x=1&amp;y=2" style=`, "no more (https://example.com/u/abc?x=1&y=2)", "no more (https://example.com/u/abc?x=1&y=2)"},
		{"one brace", "a { b } c", "a { b } c", "a { b } c", "a { b } c"},
		{"code", "`{{firstName}}{{^firstName}}x{{/firstName}}`", ">Ann</code>", "Ann", "x"},
		{"a link's text", "[{{firstName}}{{^firstName}}you{{/firstName}}](https://example.com)", ">Ann</a>", "Ann (https://example.com)", "you (https://example.com)"},
		{"a reference", "[x][1]\n\n[1]: https://example.com", ">x</a>", "x (https://example.com)", "x (https://example.com)"},
		{"an address by autolink", "<a@example.com>", `href="mailto:a@example.com"`, "a@example.com", "a@example.com"},
		{"entities and escapes", `&copy; \*x\* &amp;lt;`, "© *x* &amp;lt;", "© *x* &lt;", "© *x* &lt;"},
		{"numbers go on", "3. a\n4. b", `<ol start="3"`, "3. a\n4. b", "3. a\n4. b"},
		{"a field", "{{#field:plan}}Plan {{field:plan}}.{{/field:plan}} Bye", "Plan Pro. Bye", "Plan Pro. Bye", "Bye"},
		{"no HTML that looks like it", "a < b > c & d", "a &lt; b &gt; c &amp; d", "a < b > c & d", "a < b > c & d"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := withBody(tc.body)
			require.NoError(t, d.Validate())
			v := viewOfFields(ann)
			v.Lead.Metadata = ingest.Metadata{"plan": []byte(`"Pro"`)}
			m, err := d.Preview("one", v, mailFrame())
			require.NoError(t, err)
			require.Contains(t, m.HTML, tc.known)
			require.True(t, strings.HasPrefix(m.Text, tc.text+"\n\n-- \n"), m.Text)
			m, err = d.Preview("one", viewOfFields(ingest.Fields{}), mailFrame())
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(strings.TrimSpace(m.Text), tc.unknown+"\n\n-- \n"), m.Text)
			for _, left := range []string{"{{", "}}", "<p></p>", "\uE000", "%EE%80%80"} {
				require.NotContains(t, m.HTML, left)
			}
		})
	}
}

// A template that takes long to render would let one tenant stand in the way of all others.
func TestBodiesDoNotTakeLong(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"quotes": strings.Repeat(strings.Repeat(">", 20)+"\n", 3000), "ordered": strings.Repeat("1. ", 20_000), "lists": strings.Repeat("- ", 30_000), "brackets": strings.Repeat("[", 60_000), "emphasis": strings.Repeat("*a_", 20_000),
		"backticks": strings.Repeat("`a``", 15_000), "links": strings.Repeat("[a](", 15_000), "autolinks": strings.Repeat("<a:", 20_000), "entities": strings.Repeat("&#", 30_000),
		"paragraphs": strings.Repeat(strings.Repeat("*a_", 600)+"\n\n", 36), "half-open": strings.Repeat(strings.Repeat("[a](", 400)+"\n\n", 40), "definitions": strings.Repeat("[a]: b\n", 9000),
		"setext": strings.Repeat("a\n", 30_000) + "===", "tabs": strings.Repeat("\t", 60_000) + "x",
	} {
		start := time.Now()
		_ = withBody(body).Validate()
		require.Lessf(t, time.Since(start), 10*time.Second, name) // it takes milliseconds, and what is quadratic takes minutes
		t.Logf("%s: %s", name, time.Since(start))
	}
}

func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	for name, about := range sequence.Variables() {
		require.NotEmpty(t, about, name)
		if name != "unsubscribe" {
			require.NoError(t, withBody("x {{#"+name+"}}{{"+name+"}}{{/"+name+"}}").Validate(), name)
		}
	}
}

func FuzzBody(f *testing.F) {
	for _, body := range []string{welcome, oneOfEach.Body, "a {{#name}}b{{/name}} c", "- {{#name}}\n- {{name}}\n{{/name}}", "[x]({{unsubscribe}})", "{&#123;{name}}}", "{{^name}}\n> a\n{{/name}}"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d := withBody(body)
		if d.Validate() != nil {
			return
		}
		evil := hostileView(`<script x="&lt;">{{company}}</script>`)
		for _, v := range []sequence.View{viewOfFields(ingest.Fields{}), evil} {
			m, err := d.Preview("one", v, mailFrame())
			require.NoError(t, err, "what is valid can be rendered")
			require.NotContains(t, m.HTML, "<script")
			require.NotContains(t, m.HTML, "\uE000")
			balanced(t, m.HTML)
		}
	})
}
