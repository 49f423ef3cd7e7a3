package enrich_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func utm(source, medium, campaign string) ingest.Attribution {
	return ingest.Attribution{UTM: ingest.UTM{Source: source, Medium: medium, Campaign: campaign}}
}

func TestChannelOfUTM(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source, medium, campaign string
		want                     enrich.Channel
	}{
		"paid search":                   {"google", "cpc", "spring", enrich.ChannelPaidSearch},
		"in capitals":                   {" Google ", "CPC", "", enrich.ChannelPaidSearch},
		"paid search, ppc":              {"bing", "ppc", "", enrich.ChannelPaidSearch},
		"paid search by cpm":            {"google", "cpm", "", enrich.ChannelPaidSearch},
		"paid shopping by site":         {"amazon", "cpc", "", enrich.ChannelPaidShopping},
		"paid shopping by campaign":     {"google", "cpc", "shop-de", enrich.ChannelPaidShopping},
		"an eshop":                      {"google", "cpc", "my eshop", enrich.ChannelPaidShopping},
		"no shop but a workshop":        {"google", "cpc", "workshop", enrich.ChannelPaidSearch},
		"window shopping":               {"google", "cpc", "windowshopping", enrich.ChannelPaidShopping},
		"a workshop and a shop":         {"google", "cpc", "workshop_shop", enrich.ChannelPaidShopping},
		"paid social":                   {"facebook", "paid_social", "", enrich.ChannelPaidSocial},
		"paid social by host":           {"l.instagram.com", "paid", "", enrich.ChannelPaidSocial},
		"retargeting":                   {"linkedin", "retargeting", "", enrich.ChannelPaidSocial},
		"paid video":                    {"youtube", "cpv", "", enrich.ChannelPaidVideo},
		"display":                       {"partner", "banner", "", enrich.ChannelDisplay},
		"display by cpm":                {"partner", "cpm", "", enrich.ChannelDisplay},
		"paid elsewhere":                {"partner", "cpc", "", enrich.ChannelPaidOther},
		"cross-network":                 {"google", "cpc", "Cross-Network pmax", enrich.ChannelCrossNetwork},
		"organic shopping":              {"etsy", "", "", enrich.ChannelOrganicShopping},
		"organic social":                {"twitter", "", "", enrich.ChannelOrganicSocial},
		"social by medium":              {"ann", "social-media", "", enrich.ChannelOrganicSocial},
		"organic video":                 {"vimeo", "", "", enrich.ChannelOrganicVideo},
		"video by medium":               {"acme", "demo-video", "", enrich.ChannelOrganicVideo},
		"organic search":                {"duckduckgo", "", "", enrich.ChannelOrganicSearch},
		"organic by medium":             {"niche", "organic", "", enrich.ChannelOrganicSearch},
		"referral":                      {"partner", "referral", "", enrich.ChannelReferral},
		"email by medium":               {"mailchimp", "email", "", enrich.ChannelEmail},
		"email by source":               {"newsletter", "", "", enrich.ChannelEmail},
		"email, other spelling":         {"crm", "E-Mail", "", enrich.ChannelEmail},
		"affiliate":                     {"partner", "affiliate", "", enrich.ChannelAffiliate},
		"audio":                         {"spotify", "audio", "", enrich.ChannelAudio},
		"sms":                           {"crm", "sms", "", enrich.ChannelSMS},
		"push":                          {"crm", "web-push", "", enrich.ChannelPush},
		"notification":                  {"crm", "app notification", "", enrich.ChannelPush},
		"tagged as direct":              {"(direct)", "(none)", "", enrich.ChannelDirect},
		"nobody's words":                {"foo", "bar", "", enrich.ChannelOther},
		"only a campaign":               {"", "", "spring", enrich.ChannelOther},
		"a word that is in another":     {"notgoogle", "cpc", "", enrich.ChannelPaidOther},
		"a host of another's":           {"google.evil.example", "", "", enrich.ChannelOther},
		"a free host named like Google": {"google.github.io", "", "", enrich.ChannelOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, enrich.ChannelOf(utm(c.source, c.medium, c.campaign), "").Channel)
		})
	}
}

func TestChannelOfReferrer(t *testing.T) {
	t.Parallel()
	for referrer, want := range map[string]enrich.Channel{
		"https://www.google.com/":                                enrich.ChannelOrganicSearch,
		"https://www.google.co.uk/search?q=acme":                 enrich.ChannelOrganicSearch,
		"https://WWW.Bing.com./":                                 enrich.ChannelOrganicSearch,
		"https://de.search.yahoo.com/":                           enrich.ChannelOrganicSearch,
		"https://duckduckgo.com/":                                enrich.ChannelOrganicSearch,
		"https://search.brave.com/":                              enrich.ChannelOrganicSearch,
		"android-app://com.google.android.googlequicksearchbox/": enrich.ChannelOrganicSearch,
		"https://mail.google.com/mail/u/0":                       enrich.ChannelEmail,
		"android-app://com.google.android.gm":                    enrich.ChannelEmail,
		"https://outlook.live.com/":                              enrich.ChannelEmail,
		"https://docs.google.com/document/d/x":                   enrich.ChannelReferral,
		"https://l.facebook.com/l.php":                           enrich.ChannelOrganicSocial,
		"https://t.co/abc":                                       enrich.ChannelOrganicSocial,
		"https://www.linkedin.com/feed/":                         enrich.ChannelOrganicSocial,
		"https://news.ycombinator.com/item?id=1":                 enrich.ChannelOrganicSocial,
		"https://www.youtube.com/watch?v=1":                      enrich.ChannelOrganicVideo,
		"https://www.amazon.de/":                                 enrich.ChannelOrganicShopping,
		"https://aws.amazon.com/":                                enrich.ChannelReferral,
		"https://blog.partner.example/post":                      enrich.ChannelReferral,
		"https://google.partner.example/":                        enrich.ChannelReferral,
		"https://google.github.io/":                              enrich.ChannelReferral,
		"https://notgoogle.com/":                                 enrich.ChannelReferral,
		"https://x.org/":                                         enrich.ChannelReferral,
		"https://www.acme.co.uk/about":                           enrich.ChannelDirect,
		"https://shop.acme.co.uk/":                               enrich.ChannelDirect,
		"https://other.co.uk/":                                   enrich.ChannelReferral,
		"about:blank":                                            enrich.ChannelDirect,
		"javascript:alert(1)":                                    enrich.ChannelDirect,
		"::":                                                     enrich.ChannelDirect,
		"https://192.0.2.7/":                                     enrich.ChannelReferral,
		"":                                                       enrich.ChannelDirect,
	} {
		t.Run(referrer, func(t *testing.T) {
			t.Parallel()
			a := ingest.Attribution{Referrer: referrer, Page: "https://www.acme.co.uk/contact"}
			require.Equal(t, want, enrich.ChannelOf(a, "").Channel)
			a.Page = ""
			require.Equal(t, want == enrich.ChannelDirect && referrer == "", enrich.ChannelOf(a, "www.acme.co.uk").Channel == enrich.ChannelUnknown)
		})
	}
}

func TestChannelOfClick(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ids  map[string]string
		a    ingest.Attribution
		want enrich.Origin
	}{
		"Google Ads":                   {map[string]string{"gclid": "1"}, ingest.Attribution{}, enrich.Origin{Channel: "paid_search", Source: "google", Medium: "cpc", Reason: "gclid"}},
		"Google Ads on YouTube":        {map[string]string{"gclid": "1"}, utm("youtube", "cpc", "c"), enrich.Origin{Channel: "paid_video", Source: "youtube", Medium: "cpc", Campaign: "c", Reason: "gclid"}},
		"Google Ads as a banner":       {map[string]string{"gclid": "1"}, utm("gdn", "display", ""), enrich.Origin{Channel: "display", Source: "gdn", Medium: "display", Reason: "gclid"}},
		"a link with a wrong medium":   {map[string]string{"gclid": "1"}, utm("google", "organic", ""), enrich.Origin{Channel: "paid_search", Source: "google", Medium: "organic", Reason: "gclid"}},
		"Microsoft":                    {map[string]string{"msclkid": "1"}, ingest.Attribution{Referrer: "https://www.bing.com/"}, enrich.Origin{Channel: "paid_search", Source: "bing", Medium: "cpc", Reason: "msclkid"}},
		"Campaign Manager":             {map[string]string{"dclid": "1"}, ingest.Attribution{}, enrich.Origin{Channel: "display", Source: "google", Medium: "display", Reason: "dclid"}},
		"LinkedIn":                     {map[string]string{"li_fat_id": "1"}, ingest.Attribution{}, enrich.Origin{Channel: "paid_social", Source: "linkedin", Medium: "cpc", Reason: "li_fat_id"}},
		"TikTok":                       {map[string]string{"ttclid": "1"}, ingest.Attribution{}, enrich.Origin{Channel: "paid_social", Source: "tiktok", Medium: "cpc", Reason: "ttclid"}},
		"Meta adds its to every link":  {map[string]string{"fbclid": "1"}, ingest.Attribution{}, enrich.Origin{Channel: "organic_social", Source: "facebook", Medium: "social", Reason: "fbclid"}},
		"Meta, paid by the link":       {map[string]string{"fbclid": "1"}, utm("ig", "paid", ""), enrich.Origin{Channel: "paid_social", Source: "ig", Medium: "paid", Reason: "the link's UTM parameters"}},
		"an identifier without a text": {map[string]string{"gclid": " "}, ingest.Attribution{Page: "https://acme.example"}, enrich.Origin{Channel: "direct", Source: "(direct)", Medium: "(none)", Reason: "no referrer and no campaign"}},
		"an unknown identifier":        {map[string]string{"zclid": "1"}, ingest.Attribution{}, enrich.Origin{Reason: "nothing is known of the visit"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.a.ClickIDs = c.ids
			require.Equal(t, c.want, enrich.ChannelOf(c.a, ""))
		})
	}
}

func TestChannelOfAddress(t *testing.T) {
	t.Parallel()
	landing := ingest.Attribution{Landing: "https://acme.example/?utm_source=google&utm_medium=cpc&utm_campaign=Spring%20Sale#top", Page: "https://acme.example/contact?utm_source=x"}
	require.Equal(t, enrich.Origin{Channel: "paid_search", Source: "google", Medium: "cpc", Campaign: "Spring Sale", Reason: "the link's UTM parameters"}, enrich.ChannelOf(landing, ""))
	require.Equal(t, enrich.ChannelPaidSearch, enrich.ChannelOf(ingest.Attribution{Page: "/contact?gclid=1"}, "").Channel)
	landing.UTM.Source = "newsletter"
	require.Equal(t, enrich.ChannelEmail, enrich.ChannelOf(landing, "").Channel, "what was sent counts before what an address says")
	require.Equal(t, enrich.ChannelUnknown, enrich.ChannelOf(ingest.Attribution{}, "acme.example").Channel, "an import is not a direct visit")
}

// Whatever a browser sends, the channel is one of the known ones, is the same again, and only nothing at all is unknown.
func TestChannelOfAnything(t *testing.T) {
	t.Parallel()
	known := map[enrich.Channel]bool{}
	for _, c := range strings.Fields("direct cross_network paid_shopping paid_search paid_social paid_video display paid_other organic_shopping " +
		"organic_social organic_video organic_search referral email affiliate audio sms push other") {
		known[enrich.Channel(c)] = true
	}
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"google", "cpc", "facebook.com", "https://x.com/", "https://a.b.c.example/?utm_source=q&gclid=%zz", "http://[::1]:80/", "%", "https://%41/"}))
	rapid.Check(t, func(t *rapid.T) {
		a := utm(text.Draw(t, "source"), text.Draw(t, "medium"), text.Draw(t, "campaign"))
		a.Referrer, a.Page, a.Landing = text.Draw(t, "referrer"), text.Draw(t, "page"), text.Draw(t, "landing")
		host := text.Draw(t, "host")
		o := enrich.ChannelOf(a, host)
		if !known[o.Channel] && fmt.Sprint(a.Referrer, a.Page, a.Landing, strings.TrimSpace(a.UTM.Source+a.UTM.Medium+a.UTM.Campaign)) != "" {
			t.Fatalf("%q of %+v", o.Channel, a)
		}
		if again := enrich.ChannelOf(a, host); again != o {
			t.Fatalf("%+v, then %+v", o, again)
		}
		if utf8.ValidString(a.UTM.Campaign) && !utf8.ValidString(o.Campaign) {
			t.Fatalf("%q", o.Campaign)
		}
	})
}

func ExampleChannelOf() {
	for _, a := range []ingest.Attribution{
		{UTM: ingest.UTM{Source: "google", Medium: "cpc", Campaign: "spring"}},
		{ClickIDs: map[string]string{"msclkid": "8a1b"}},
		{Referrer: "https://www.google.de/", Page: "https://www.example.com/contact"},
		{Referrer: "https://www.example.com/", Page: "https://www.example.com/contact"},
		{},
	} {
		o := enrich.ChannelOf(a, "www.example.com")
		fmt.Printf("%q from %q by %q\n", o.Channel, o.Source, o.Reason)
	}
	// Output:
	// "paid_search" from "google" by "the link's UTM parameters"
	// "paid_search" from "bing" by "msclkid"
	// "organic_search" from "www.google.de" by "the referrer"
	// "direct" from "(direct)" by "no referrer and no campaign"
	// "" from "" by "nothing is known of the visit"
}
