package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func calling(number string) leads.Lead { return leads.Lead{Fields: ingest.Fields{Phone: number}} }

func TestPhonePlain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number string
		valid  leads.Truth
		e164   string
	}{
		"international":     {"+49 (30) 123-456", leads.Unknown, "+4930123456"},
		"00":                {"0049 30 123456", leads.Unknown, "+4930123456"},
		"national":          {"030 123456", leads.Unknown, ""},
		"too long":          {"+49 30 1234567890123", leads.Unknown, ""},
		"with an extension": {"+49 30 123456 ext 7", leads.Unknown, ""},
		"Arabic digits":     {"٠٣٠١٢٣٤٥٦", leads.Unknown, ""},
		"letters":           {"1-800-FLOWERS", leads.Unknown, ""},
		"words":             {"call me", leads.No, ""},
		"n/a":               {"-", leads.No, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := enrich.Phone{Clock: atNoon}.Enrich(t.Context(), calling(c.number))
			require.NoError(t, err)
			valid := fact(facts, enrich.PhoneValid)
			require.Equal(t, c.valid, valid.Truth)
			require.Equal(t, c.number, valid.Value, "the number stays as it was given")
			require.NotEmpty(t, valid.Reason)
			require.Equal(t, c.e164, leads.Enrichment{}.Merge(facts).Value(enrich.PhoneE164))
			require.Equal(t, "phone", valid.Source)
			if c.e164 != "" {
				id := leads.Identify(ingest.Submission{Fields: ingest.Fields{Phone: c.number}})
				require.Equal(t, id.Value, c.e164, "the fact and the identity are one")
			}
		})
	}
	facts, err := enrich.Phone{}.Enrich(t.Context(), calling(" "))
	require.NoError(t, err)
	require.Empty(t, facts)
}

// plan is a parser with two countries, in which "0…" is national and nine digits are valid.
type plan struct{ asked *[]string }

func (p plan) ParsePhone(number, region string) (enrich.PhoneNumber, error) {
	*p.asked = append(*p.asked, region)
	switch {
	case number == "junk":
		return enrich.PhoneNumber{}, errors.New("not a phone number")
	case region == "":
		return enrich.PhoneNumber{}, enrich.ErrNoRegion
	case len(number) != 9:
		return enrich.PhoneNumber{E164: "+1", Region: region, Valid: leads.No, Reason: "no number of the plan"}, nil
	}
	return enrich.PhoneNumber{E164: "+49" + number[1:], Region: region, Type: enrich.PhoneFixed, Extension: "7", Valid: leads.Yes, Reason: "a number of the plan"}, nil
}

func TestPhoneRegion(t *testing.T) {
	t.Parallel()
	inGermany := func(l *leads.Lead) {
		l.Enrichment = leads.Enrichment{enrich.GeoCountry: {Key: enrich.GeoCountry, Truth: leads.Yes, Value: "DE", At: noon, Expires: noon.Add(time.Hour)}}
	}
	expired := func(l *leads.Lead) {
		l.Enrichment = leads.Enrichment{enrich.GeoCountry: {Key: enrich.GeoCountry, Truth: leads.Yes, Value: "DE", Expires: noon}}
	}
	stated := func(name, value string) func(*leads.Lead) {
		return func(l *leads.Lead) { l.Metadata = ingest.Metadata{}; l.Metadata.SetText(name, value) }
	}
	for name, c := range map[string]struct {
		number string
		change func(*leads.Lead)
		part   enrich.Phone
		asked  []string
		valid  leads.Truth
		region string
		reason string
	}{
		"nobody knows":                  {"030123456", nil, enrich.Phone{}, []string{""}, leads.Unknown, "", "no country code, and no country is known"},
		"the lead says so":              {"030123456", stated("country", "de"), enrich.Phone{Region: "FR"}, []string{"DE"}, leads.Yes, "DE", "a number of the plan"},
		"another field says so":         {"030123456", stated("land", "DE"), enrich.Phone{Fields: []string{"land"}}, []string{"DE"}, leads.Yes, "DE", "a number of the plan"},
		"what is no code is ignored":    {"030123456", stated("country", "Germany"), enrich.Phone{Region: "FR"}, []string{"", "FR"}, leads.Yes, "FR", "read as a number of FR, where the site is at home"},
		"where the lead is":             {"030123456", inGermany, enrich.Phone{Region: "FR"}, []string{"", "DE"}, leads.Yes, "DE", "read as a number of DE, where the lead is"},
		"where the lead was long ago":   {"030123456", expired, enrich.Phone{Region: "FR"}, []string{"", "FR"}, leads.Yes, "FR", "read as a number of FR, where the site is at home"},
		"where the CDN says":            {"030123456", func(l *leads.Lead) { l.Last.Place.Country = "AT" }, enrich.Phone{Region: "FR"}, []string{"", "AT"}, leads.Yes, "AT", "read as a number of AT, where the lead is"},
		"the host's own":                {"030123456", nil, enrich.Phone{Region: "fr"}, []string{"", "FR"}, leads.Yes, "FR", "read as a number of FR, where the site is at home"},
		"wrong in the country stated":   {"030", stated("country", "DE"), enrich.Phone{}, []string{"DE"}, leads.No, "", "no number of the plan"},
		"wrong in the country assumed":  {"030", inGermany, enrich.Phone{}, []string{"", "DE"}, leads.Unknown, "", "no number of DE, which was assumed where the lead is"},
		"no number, whatever a country": {"junk", inGermany, enrich.Phone{}, []string{""}, leads.No, "", "not a phone number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lead := calling(c.number)
			if c.change != nil {
				c.change(&lead)
			}
			var asked []string
			c.part.Parser, c.part.Clock = plan{&asked}, atNoon
			facts, err := c.part.Enrich(t.Context(), lead)
			require.NoError(t, err)
			require.Equal(t, c.asked, asked)
			valid := fact(facts, enrich.PhoneValid)
			require.Equal(t, c.valid, valid.Truth)
			require.Equal(t, c.reason, valid.Reason)
			found := leads.Enrichment{}.Merge(facts)
			require.Equal(t, c.region, found.Value(enrich.PhoneRegion))
			require.Len(t, facts, map[bool]int{true: 5, false: 1}[c.valid == leads.Yes])
		})
	}
}

func TestPhoneFollowsTheLead(t *testing.T) {
	t.Parallel()
	var asked []string
	part := enrich.Phone{Parser: plan{&asked}, Region: "DE", Clock: atNoon}
	lead := calling("030123456")
	update := func() []leads.Fact {
		facts, err := part.Enrich(t.Context(), lead)
		require.NoError(t, err)
		lead.Enrichment = lead.Enrichment.Merge(facts)
		return facts
	}
	update()
	require.Equal(t, "+4930123456", lead.Enrichment.Value(enrich.PhoneE164))
	require.Empty(t, update())
	part.Region = ""
	update()
	require.Equal(t, "+4930123456", lead.Enrichment.Value(enrich.PhoneE164), "what was read once stays while the number does")

	lead.Phone = "040 123" // edited
	update()
	require.Equal(t, leads.Unknown, lead.Enrichment[enrich.PhoneValid].Truth)
	for _, key := range []string{enrich.PhoneE164, enrich.PhoneRegion, enrich.PhoneType, enrich.PhoneExtension} {
		require.Empty(t, lead.Enrichment.Value(key), "the old number's %s", key)
	}
}

func TestPhoneSaysWhenTheCountryCouldNotBeLookedUp(t *testing.T) {
	t.Parallel()
	lead := calling("030 123456")
	lead.Last = seen("81.2.69.142", ingest.Place{}).Last
	var asked []string
	part := enrich.Phone{Parser: plan{&asked}, Geo: enrich.Geo{Locators: []enrich.Locator{fails(errors.New("down"))}}}
	facts, err := part.Enrich(t.Context(), lead)
	require.ErrorContains(t, err, "down")
	require.Equal(t, leads.Unknown, fact(facts, enrich.PhoneValid).Truth)
}

func ExamplePhone() {
	for _, number := range []string{"+49 30 12345678", "030 12345678", "none"} {
		facts, _ := enrich.Phone{}.Enrich(context.Background(), leads.Lead{Fields: ingest.Fields{Phone: number}})
		for _, f := range facts {
			fmt.Printf("%s: %s %q\n", f.Key, f.Truth, f.Value)
		}
	}
	// Output:
	// phone.valid: unknown "+49 30 12345678"
	// phone.e164: yes "+493012345678"
	// phone.valid: unknown "030 12345678"
	// phone.valid: no "none"
}
