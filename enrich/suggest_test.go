package enrich_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
)

// saying is a DNS that answers every question alike.
func saying(truth leads.Truth) *enrich.DNS {
	return enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		switch truth {
		case leads.Yes:
			return []*net.MX{{Host: "mx.test."}}, nil
		case leads.No:
			return nil, errAbsent
		}
		return nil, &net.DNSError{IsTemporary: true}
	}), &enrich.DNSOptions{Witness: "-"})
}

func TestSuggestion(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		dns     leads.Truth
		domains string // those typed
		want    string // what was meant, or ""
	}{
		"letters of Gmail":                    {leads.Unknown, "gmial.com gamil.com gmai.com gmal.com gmaill.com gnail.com gmsil.com gmail.con gmail.cm gmail.co gmail.cpm", "gmail.com"},
		"Gmail, caught by somebody":           {leads.Yes, "gmial.com gnail.com gmaill.com", "gmail.com"},
		"letters of Hotmail":                  {leads.No, "hotmial.com hotmai.com hotmal.com hotmil.com hotnail.com hotmail.con", "hotmail.com"},
		"letters of Outlook":                  {leads.Unknown, "outlok.com outlook.con oulook.com", "outlook.com"},
		"letters of Yahoo":                    {leads.No, "yahooo.com yaho.com yhaoo.com", "yahoo.com"},
		"letters of iCloud":                   {leads.No, "iclod.com icloud.con icluod.com", "icloud.com"},
		"two slips in a long name":            {leads.No, "prtonmail.con protonmial.co", "protonmail.com"},
		"hyphen":                              {leads.No, "tonline.de t-onlne.de", "t-online.de"},
		"a short name that does not exist":    {leads.No, "gmx.dee", "gmx.de"},
		"a short name that may exist":         {leads.Unknown, "gmy.de wed.de ao1.com aol.con sol.com", ""},
		"a short name that exists":            {leads.Yes, "gmy.de wed.de sol.com gmx.dee", ""},
		"one that takes mail":                 {leads.Yes, "gmail.co iclod.com icloud.co protonmail.co t-onlne.de gmail.con", ""},
		"spelled right":                       {leads.No, "gmail.com yahoo.com hotmail.co.uk gmx.de web.de icloud.com outlook.com", ""},
		"on the lists, and alike":             {leads.No, "ymail.com email.com mail.com gmx.at live.co.uk yahoo.co hotmail.co me.com", ""},
		"two slips in a name of usual length": {leads.No, "gamill.com gmail.example hotmeil.con", ""},
		"business":                            {leads.No, "acme.com acme-tools.co.uk gmailer.example mail.acme.com a.com x.gmail.com", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for typed := range strings.FieldsSeq(c.domains) {
				facts, err := enrich.Email{DNS: saying(c.dns)}.Enrich(t.Context(), at("Ann.B@"+typed))
				require.NoError(t, err)
				f := fact(facts, enrich.EmailSuggestion)
				if c.want == "" {
					require.Zero(t, f, typed)
					continue
				}
				require.Equal(t, leads.Yes, f.Truth, typed)
				require.Equal(t, "Ann.B@"+c.want, f.Value, typed)
				require.Equal(t, typed+" looks like "+c.want, f.Reason)
				require.Equal(t, "spelling", f.Source)
			}
		})
	}
}

// A person whose finger slipped is not taken for one who hides behind a throw-away address.
func TestASlipIsNoThrowAway(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]leads.Truth{"gmial.com": leads.Unknown, "mailinator.com": leads.Yes} {
		facts, err := enrich.Email{DNS: saying(leads.Yes)}.Enrich(t.Context(), at("ann@"+domain))
		require.NoError(t, err)
		class := leads.Enrichment{}.Merge(facts)[enrich.EmailClass]
		require.Equal(t, enrich.ClassDisposable, class.Value, domain)
		require.Equal(t, want, class.Truth, domain)
	}
}

// A suggestion is about one address. When that is mended or replaced, it goes.
func TestSuggestionsAreTakenBack(t *testing.T) {
	t.Parallel()
	email := enrich.Email{DNS: saying(leads.No), Clock: atNoon}
	lead := at("ann@gmial.com")
	learn := func() {
		facts, err := email.Enrich(t.Context(), lead)
		require.NoError(t, err)
		lead.Enrichment = lead.Enrichment.Merge(facts)
	}
	learn()
	require.Equal(t, "ann@gmail.com", lead.Enrichment.Value(enrich.EmailSuggestion))
	facts, err := email.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Empty(t, facts, "and is not made twice")

	lead.Email = "ann@gmail.com"
	learn()
	require.Equal(t, leads.No, lead.Enrichment[enrich.EmailSuggestion].Truth)

	lead.Email = "ann@gmial.com"
	learn()
	lead.Email = "ann at gmail"
	learn()
	require.Equal(t, leads.No, lead.Enrichment[enrich.EmailSuggestion].Truth)
	require.Equal(t, leads.No, lead.Enrichment[enrich.EmailDeliverable].Truth, "nothing is delivered to what is no address")
}
