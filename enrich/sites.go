package enrich

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// category is what sort of site a source is, for the rules that ask.
type category string

const (
	search  category = "search"
	social  category = "social"
	video   category = "video"
	shop    category = "shopping"
	webmail category = "webmail"
)

// brands are sites with a host under many top-level domains, by the label before the public suffix, and the names that links give them.
var brands = map[string]category{
	"google": search, "bing": search, "yahoo": search, "duckduckgo": search, "baidu": search, "yandex": search, "ecosia": search, "qwant": search,
	"naver": search, "daum": search, "seznam": search, "sogou": search, "startpage": search, "aol": search, "ask": search, "lycos": search, "rambler": search,
	"mojeek": search, "kagi": search, "metager": search, "dogpile": search, "adwords": search, "googleads": search, "google-ads": search, "google_ads": search,
	"bingads": search, "microsoft": search, "presearch": search, "swisscows": search, "petalsearch": search, "coccoc": search, "so360": search,

	"facebook": social, "fb": social, "instagram": social, "ig": social, "meta": social, "linkedin": social, "twitter": social, "x": social, "tiktok": social,
	"pinterest": social, "reddit": social, "snapchat": social, "threads": social, "whatsapp": social, "telegram": social, "tumblr": social, "quora": social,
	"vk": social, "vkontakte": social, "weibo": social, "wechat": social, "xing": social, "mastodon": social, "bluesky": social, "discord": social, "line": social,
	"messenger": social, "flickr": social, "medium": social, "stackoverflow": social, "hackernews": social, "producthunt": social, "nextdoor": social,
	"odnoklassniki": social, "ok.ru": social, "meetup": social, "slack": social, "viadeo": social, "substack": social, "lemmy": social, "kakaotalk": social,

	"youtube": video, "vimeo": video, "dailymotion": video, "twitch": video, "netflix": video, "hulu": video, "bilibili": video, "wistia": video, "rumble": video,
	"youku": video, "rutube": video, "niconico": video, "ted": video,

	"amazon": shop, "ebay": shop, "etsy": shop, "alibaba": shop, "aliexpress": shop, "walmart": shop, "shopping": shop, "google shopping": shop, "rakuten": shop,
	"mercadolibre": shop, "mercadolivre": shop, "zalando": shop, "idealo": shop, "shopzilla": shop, "pricegrabber": shop, "otto": shop, "allegro": shop, "temu": shop,
}

// hosts are sites known by their host or a parent of it, and apps by their package. They count before the brands.
var hosts = map[string]category{
	"mail.google.com": webmail, "gmail.com": webmail, "outlook.live.com": webmail, "outlook.office.com": webmail, "outlook.office365.com": webmail,
	"outlook.com": webmail, "mail.yahoo.com": webmail, "mail.aol.com": webmail, "mail.yandex.ru": webmail, "mail.yandex.com": webmail, "mail.ru": webmail,
	"mail.proton.me": webmail, "app.fastmail.com": webmail, "mail.zoho.com": webmail, "icloud.com": webmail, "mail.qq.com": webmail, "mail.163.com": webmail,
	"deref-web.de": webmail, "deref-gmx.net": webmail, "navigator.web.de": webmail, "navigator.gmx.net": webmail, "mail.naver.com": webmail,
	"com.google.android.gm": webmail, "com.microsoft.office.outlook": webmail, "com.yahoo.mobile.client.android.mail": webmail,

	"com.google.android.googlequicksearchbox": search, "search.brave.com": search, "so.com": search, "search.marginalia.nu": search, "t-online.de": search,
	"suche.web.de": search, "suche.gmx.net": search, "suche.t-online.de": search,

	"t.co": social, "lnkd.in": social, "youtu.be": video, "redd.it": social, "pin.it": social, "fb.me": social, "l.wl.co": social, "t.me": social,
	"bsky.app": social, "wa.me": social, "news.ycombinator.com": social, "x.com": social, "vk.com": social, "ok.ru": social, "line.me": social,
	"threads.net": social, "threads.com": social, "mastodon.social": social, "discord.com": social, "m.me": social,
	"com.linkedin.android": social, "com.facebook.katana": social, "com.twitter.android": social, "com.instagram.android": social,
	"com.reddit.frontpage": social, "com.slack": social, "org.telegram.messenger": social, "com.google.android.youtube": video,

	// The few that contradict the brands.
	"docs.google.com": "", "sites.google.com": "", "meet.google.com": "", "calendar.google.com": "", "drive.google.com": "", "cloud.google.com": "",
	"groups.google.com": "", "classroom.google.com": "", "translate.google.com": "", "accounts.google.com": "", "aws.amazon.com": "", "finance.yahoo.com": "",
	"news.yahoo.com": "",
	"ask.com":        search, "medium.com": social,
}

// bareWords are brands that are too ordinary a word, or too short, to stand for a host of any top-level domain; they are known by hosts only.
var bareWords = map[string]bool{
	"x": true, "fb": true, "ig": true, "meta": true, "medium": true, "line": true, "ask": true, "ted": true, "otto": true, "shopping": true, "vk": true,
	"discord": true, "threads": true, "telegram": true, "messenger": true, "slack": true, "microsoft": true, "mastodon": true, "rumble": true, "allegro": true,
}

// categoryOf knows a source as links name it: "google", "facebook.com", "l.instagram.com".
func categoryOf(source string) category {
	if kind, ok := brands[source]; ok {
		return kind
	}
	if strings.Contains(source, ".") {
		return categoryOfHost(source)
	}
	return ""
}

// categoryOfHost knows a host by itself, then by its parents, then by its brand.
func categoryOfHost(host string) category {
	for name := host; name != ""; {
		if kind, ok := hosts[name]; ok {
			return kind
		}
		_, name, _ = strings.Cut(name, ".")
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	below, ok := strings.CutSuffix(host, "."+suffix)
	if !ok || !icann { // google.github.io is not Google's
		return ""
	}
	if brand := below[strings.LastIndexByte(below, '.')+1:]; !bareWords[brand] {
		return brands[brand]
	}
	return ""
}
