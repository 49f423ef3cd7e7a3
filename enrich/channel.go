package enrich

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/openleads/leads/ingest"
)

// Channel is a way by which people come to a site. The names and rules are those of Google Analytics 4's default channel group,
// written as one word; docs/enrichment.md has the table.
type Channel string

// The channels. The zero value says that it is not known how the person came.
const (
	ChannelUnknown         Channel = ""
	ChannelDirect          Channel = "direct"           // typed in, a bookmark, or a link that says nothing
	ChannelCrossNetwork    Channel = "cross_network"    // a campaign that runs on several networks (Performance Max)
	ChannelPaidShopping    Channel = "paid_shopping"    //
	ChannelPaidSearch      Channel = "paid_search"      // an advertisement beside the results of a search
	ChannelPaidSocial      Channel = "paid_social"      //
	ChannelPaidVideo       Channel = "paid_video"       //
	ChannelDisplay         Channel = "display"          // banners
	ChannelPaidOther       Channel = "paid_other"       // paid for, elsewhere
	ChannelOrganicShopping Channel = "organic_shopping" //
	ChannelOrganicSocial   Channel = "organic_social"   //
	ChannelOrganicVideo    Channel = "organic_video"    //
	ChannelOrganicSearch   Channel = "organic_search"   //
	ChannelReferral        Channel = "referral"         // a link on another site
	ChannelEmail           Channel = "email"            //
	ChannelAffiliate       Channel = "affiliate"        //
	ChannelAudio           Channel = "audio"            //
	ChannelSMS             Channel = "sms"              //
	ChannelPush            Channel = "push"             // a notification
	ChannelOther           Channel = "other"            // named by its link, by words that no rule knows
)

// Origin is how somebody came to a site.
type Origin struct {
	Channel Channel
	// Source, Medium and Campaign are the link's own words, in lower case for the first two; without them what the click identifier
	// or the referrer stands for ("google", "cpc"). For a direct visit they are "(direct)" and "(none)".
	Source, Medium, Campaign string
	// Reason says by which evidence, in a few words.
	Reason string
}

// ChannelOf says how somebody came to a page on pageHost ("www.example.com"); "" takes the host of the page's address. It is a pure
// function of what the visitor's browser sent, which proves nothing.
//
// An identifier that an advertising network adds to every paid click decides first, then the UTM parameters, then the referrer. UTM parameters
// that were not sent are read from the landing page's address, or the page's. A referrer on the same site says nothing; without any, a visit whose
// page is known was direct, and one of which nothing is known is [ChannelUnknown].
func ChannelOf(a ingest.Attribution, pageHost string) Origin {
	utm, ids := parametersOf(a)
	o := Origin{Source: word(utm.Source), Medium: word(utm.Medium), Campaign: strings.TrimSpace(utm.Campaign)}
	if click, ok := clicked(ids); ok {
		return o.fromClick(click)
	}
	if o.Source != "" || o.Medium != "" {
		o.Channel, o.Reason = channelOf(o.Source, o.Medium, strings.ToLower(o.Campaign)), "the link's UTM parameters"
		return o
	}
	host := hostOf(a.Referrer)
	switch {
	case host != "" && !sameSite(host, cmp.Or(strings.ToLower(pageHost), hostOf(a.Landing), hostOf(a.Page))):
		return o.fromReferrer(host)
	case ids["fbclid"] != "": // Meta adds it to every link out, paid or not
		return Origin{Channel: ChannelOrganicSocial, Source: "facebook", Medium: "social", Campaign: o.Campaign, Reason: "fbclid"}
	case o.Campaign != "":
		o.Channel, o.Reason = ChannelOther, "a campaign without a source"
		return o
	case a.Referrer == "" && a.Page == "" && a.Landing == "":
		return Origin{Reason: "nothing is known of the visit"}
	}
	return Origin{Channel: ChannelDirect, Source: "(direct)", Medium: "(none)", Reason: "no referrer and no campaign"}
}

// click is what an identifier of a paid click stands for.
type click struct{ id, source, medium string }

// clicks are the identifiers that only advertisements have, in the order in which they count.
var clicks = []click{
	{"gclid", "google", "cpc"}, {"gbraid", "google", "cpc"}, {"wbraid", "google", "cpc"}, {"msclkid", "bing", "cpc"}, {"yclid", "yandex", "cpc"},
	{"dclid", "google", "display"}, {"ttclid", "tiktok", "cpc"}, {"li_fat_id", "linkedin", "cpc"}, {"twclid", "twitter", "cpc"},
	{"rdt_cid", "reddit", "cpc"}, {"epik", "pinterest", "cpc"}, {"ScCid", "snapchat", "cpc"},
}

func clicked(ids map[string]string) (click, bool) {
	for _, c := range clicks {
		if strings.TrimSpace(ids[c.id]) != "" {
			return c, true
		}
	}
	return click{}, false
}

// fromClick fills what the link did not say. A medium that contradicts the identifier gives way: the network knows what it sold.
func (o Origin) fromClick(c click) Origin {
	source := c.source
	if categoryOf(o.Source) != "" {
		source = o.Source
	}
	medium := c.medium
	if isPaid(o.Medium) || isDisplay(o.Medium) {
		medium = o.Medium
	}
	o.Channel = channelOf(source, medium, strings.ToLower(o.Campaign))
	o.Source, o.Medium = cmp.Or(o.Source, source), cmp.Or(o.Medium, medium)
	o.Reason = c.id
	return o
}

// channelOf is the table of GA4's default channel group, in its order. All are in lower case.
func channelOf(source, medium, campaign string) Channel {
	category, paid, shopping := categoryOf(source), isPaid(medium), isShopping(campaign)
	is := func(text string, any ...string) bool { return slices.Contains(any, text) }
	switch {
	case is(source, "(direct)", "direct") && is(medium, "", "(none)", "(not set)"):
		return ChannelDirect
	case strings.Contains(campaign, "cross-network"):
		return ChannelCrossNetwork
	case paid && (category == shop || shopping):
		return ChannelPaidShopping
	case paid && category == search:
		return ChannelPaidSearch
	case paid && category == social:
		return ChannelPaidSocial
	case paid && category == video:
		return ChannelPaidVideo
	case isDisplay(medium):
		return ChannelDisplay
	case paid:
		return ChannelPaidOther
	case category == shop || shopping:
		return ChannelOrganicShopping
	case category == social || is(medium, "social", "social-network", "social-media", "sm", "social network", "social media"):
		return ChannelOrganicSocial
	case category == video || strings.Contains(medium, "video"):
		return ChannelOrganicVideo
	case category == search || medium == "organic":
		return ChannelOrganicSearch
	case is(medium, "referral", "app", "link"):
		return ChannelReferral
	case category == webmail || isEmail(source) || isEmail(medium):
		return ChannelEmail
	case is(medium, "affiliate", "affiliates"):
		return ChannelAffiliate
	case medium == "audio":
		return ChannelAudio
	case source == "sms" || medium == "sms":
		return ChannelSMS
	case strings.HasSuffix(medium, "push") || strings.Contains(medium, "mobile") || strings.Contains(medium, "notification") || source == "firebase":
		return ChannelPush
	}
	return ChannelOther
}

// isPaid is GA4's ^(.*cp.*|ppc|retargeting|paid.*)$.
func isPaid(medium string) bool {
	return strings.Contains(medium, "cp") || medium == "ppc" || medium == "retargeting" || strings.HasPrefix(medium, "paid")
}

func isDisplay(medium string) bool {
	switch medium {
	case "display", "banner", "expandable", "interstitial", "cpm":
		return true
	}
	return false
}

func isEmail(text string) bool {
	switch text {
	case "email", "e-mail", "e_mail", "e mail", "newsletter":
		return true
	}
	return false
}

// isShopping is GA4's ^(.*(([^a-df-z]|^)shop|shopping).*)$: "shop" that does not end another word, but for one ending in e ("eshop").
func isShopping(campaign string) bool {
	for at := 0; ; {
		i := strings.Index(campaign[at:], "shop")
		if i < 0 {
			return false
		}
		at += i
		if at == 0 || campaign[at-1] < 'a' || campaign[at-1] > 'z' || campaign[at-1] == 'e' || strings.HasPrefix(campaign[at:], "shopping") {
			return true
		}
		at += len("shop")
	}
}

// fromReferrer classifies another site's host.
func (o Origin) fromReferrer(host string) Origin {
	o = Origin{Channel: ChannelReferral, Source: host, Medium: "referral", Campaign: o.Campaign, Reason: "the referrer"}
	switch categoryOfHost(host) {
	case search:
		o.Channel, o.Medium = ChannelOrganicSearch, "organic"
	case social:
		o.Channel, o.Medium = ChannelOrganicSocial, "social"
	case video:
		o.Channel, o.Medium = ChannelOrganicVideo, "video"
	case shop:
		o.Channel = ChannelOrganicShopping
	case webmail:
		o.Channel, o.Medium = ChannelEmail, "email"
	}
	return o
}

// parametersOf returns the UTM parameters and click identifiers that were sent or, where there are none of either, those in the address of
// the landing page or of the page.
func parametersOf(a ingest.Attribution) (ingest.UTM, map[string]string) {
	if a.UTM != (ingest.UTM{}) || len(a.ClickIDs) > 0 {
		return a.UTM, a.ClickIDs
	}
	for _, address := range []string{a.Landing, a.Page} {
		_, query, _ := strings.Cut(address, "?")
		query, _, _ = strings.Cut(query, "#")
		values, _ := url.ParseQuery(query) // what cannot be read is left out
		utm := ingest.UTM{Source: values.Get("utm_source"), Medium: values.Get("utm_medium"), Campaign: values.Get("utm_campaign"), Term: values.Get("utm_term"), Content: values.Get("utm_content")}
		ids := make(map[string]string)
		for _, name := range append([]string{"fbclid"}, clickNames()...) {
			if id := values.Get(name); id != "" {
				ids[name] = id
			}
		}
		if utm != (ingest.UTM{}) || len(ids) > 0 {
			return utm, ids
		}
	}
	return ingest.UTM{}, nil
}

func clickNames() []string {
	names := make([]string, len(clicks))
	for i, c := range clicks {
		names[i] = c.id
	}
	return names
}

// hostOf returns the host of an address in lower case, or "". An Android app's is its package (android-app://com.google.android.gm).
func hostOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return ""
	}
	switch u.Scheme {
	case "http", "https", "android-app":
		return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	}
	return ""
}

// sameSite reports whether two hosts belong to one registered domain.
func sameSite(a, b string) bool { return a == b || b != "" && site(a) == site(b) }

// site returns the registered domain of a host, else the host.
func site(host string) string {
	if name, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return name
	}
	return host
}

func word(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
