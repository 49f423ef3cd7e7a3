package hostile

import (
	"slices"
	"strings"
)

// words are for templates, chats, databases, paths and eyes.
func words() []string {
	return slices.Concat(templates(), chats, queries, names, eyes())
}

// templates are places that one of our own templates, or somebody's service behind us, would fill in.
func templates() []string {
	return product("%s%s", []string{"", "x ", "}}", "\"", "{{/firstName}}"}, []string{
		"{{company}}", "{{{lastName}}}", "{{&firstName}}", "{{> /etc/passwd}}", "{{=<% %>=}}", "}}{{#x}}", "{{/firstName}}", "{{.URL}}", `{{template "score"}}`, "${7*7}", "#{7*7}",
		"<%= 7*7 %>", "%recipient.email%", "%unsubscribe_url%", "*|EMAIL|*", "[[${7*7}]]", "\uE0000\uE001", "%EE%80%800%EE%80%81", "%s%n%x", "{0}", "$1 $$", "{{unsubscribe}}",
	})
}

// chats would call everybody of a team, or hide where a link leads.
var chats = []string{
	"<!channel>", "<!here> <@U123>", "<https://evil.example|click>", "<#C1>", "@everyone", "@here", "<@123456789012345678>", "<@&123>", "<at>all</at>", "[click](https://evil.example)",
	"![x](https://evil.example/p.gif)", "<https://evil.example>", "**bold** _em_ ~~no~~ `code` ||spoiler||", "# heading", "\n\n# heading\n\n- list", "> quote", "```\ncode\n```", "<t:0:R>",
	"Win at http://evil.example/now", "Win at evil.com", "Win at evil。com", "Win at evil．com", "EVIL.COM/login", "evil\u200b.com", "evil.\u00adcom", "www.evil.example", "x@evil.com",
	"//evil.com", `\\evil.com\x`, `hTTps:\\evil.com`, "tel:+491234", "(http://evil.com)", "mailto:x@evil.com", "пример.рф", "http://1.2.3.4", "1.2.3.4", "evil.com,evil.net", "a,b.com", "x.evil.co.uk",
}

// queries are for databases, shells, file systems and parsers of numbers, times and JSON.
var queries = []string{
	"'", `"`, `\`, "'; DROP TABLE leads_leads; --", "' OR '1'='1", "1 OR 1=1", "?0 ?1 ?", "?", "%", "_", "%_%", "$$", `\x00`, `\u0000`, `\`, "{}", "{NULL}", "[]", "null", "true", "NaN", "1e309",
	"-0", "99999999999999999999", "../../../../etc/passwd", `..\..\windows\win.ini`, "%2e%2e%2f", "a%00b", "$(reboot)", "`reboot`", "; reboot", "| reboot", "&& reboot", "*", "~root",
	"2026-13-45", "0000-01-01", "9999-12-31T23:59:59Z", "../UTC", "a,b,c", "a\tb", "a b", " leading", "trailing ", `{"a":1}`, `"}],"x":[{"`, "a[0].b", "a.b", "from", "select",
}

// names clobber what scripts and parsers of forms rely on.
var names = []string{
	"__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "submit", "action", "method", "id", "name", "length", "innerHTML", "document", "cookie", "main", "list", "htmx",
	"tenant", "tenant_id", "TenantID", "score", "status", "version", "created_at", "_hp", "_captcha", "_method", "email", "EMAIL", "ſource", "İ", "ﬀ", "constructor[prototype][x]", "__proto__.x",
}

// eyes are texts that look like another, cover others, or are long.
func eyes() []string {
	all := []string{
		"gpj\u202Eexe.", "\u202Emoc.live", "\u2066x\u2069", "a\u200bb", "a\u00adb", "tag\U000E0041", "\u3164", "\u2800", "\u115f", "\ufffe", "\ufeff", "\x00", "\xff\xfe\xfd", "\xed\xa0\x80",
		"\xc0\xbc", "a\xf0\x9f", "\u0000\u202e", "é", "e\u0301", "İstanbul", "ẞ", "محمد", "李小龙", "👩\u200d👩\u200d👧", "\U0001F3F4\U000E0067\U000E0062\U000E007F", "Ａｎｎ", "раураl", "\u2028", "\u2029",
	}
	for _, long := range []string{"A", "very long ", "\U0001F600", "\u0300", "ä", "<", "&", `"`, "\n", "a,", "=", "a.b@c:/"} {
		for _, n := range []int{61, 256, 998, 5000} {
			all = append(all, strings.Repeat(long, n/len(long)+1))
		}
	}
	return append(all, "Z"+strings.Repeat("\u0301", 300))
}
