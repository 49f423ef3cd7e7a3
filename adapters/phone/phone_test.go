package phone_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/phone"
	"github.com/openleads/leads/enrich"
)

func TestParse(t *testing.T) {
	t.Parallel()
	yes := func(e164, region, kind, extension string) enrich.PhoneNumber {
		return enrich.PhoneNumber{E164: e164, Region: region, Type: kind, Extension: extension, Valid: leads.Yes, Reason: "a number of its country's numbering plan"}
	}
	no := func(e164 string) enrich.PhoneNumber {
		return enrich.PhoneNumber{E164: e164, Valid: leads.No, Reason: "no number of its country's numbering plan"}
	}
	for name, c := range map[string]struct {
		number, region string
		want           enrich.PhoneNumber
		err            string
	}{
		"international":                 {"+49 30 12345678", "", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"international, elsewhere":      {"+49 30 12345678", "US", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"00 anywhere":                   {"0049 30 12345678", "", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"00 where the prefix is 011":    {"0049 30 12345678", "US", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"011 from the US":               {"011 49 30 12345678", "US", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"national":                      {"030 12345678", "DE", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"national, lower case":          {"030 12345678", "de", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"trunk zero in brackets":        {"+49 (0)30 12345678", "", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"mobile":                        {"0151 23456789", "DE", yes("+4915123456789", "DE", enrich.PhoneMobile, ""), ""},
		"North America":                 {"(212) 555-2368", "US", yes("+12125552368", "US", enrich.PhoneFixedOrMobile, ""), ""},
		"Canada":                        {"+1 416 555 2368", "", yes("+14165552368", "CA", enrich.PhoneFixedOrMobile, ""), ""},
		"extension":                     {"+1 212 555 2368 ext. 42", "", yes("+12125552368", "US", enrich.PhoneFixedOrMobile, "42"), ""},
		"extension with x":              {"212-555-2368 x7", "US", yes("+12125552368", "US", enrich.PhoneFixedOrMobile, "7"), ""},
		"a tel address":                 {"tel:+44-20-7946-0018", "", yes("+442079460018", "GB", enrich.PhoneFixed, ""), ""},
		"letters":                       {"1-800-FLOWERS", "US", yes("+18003569377", "US", enrich.PhoneTollFree, ""), ""},
		"Arabic digits":                 {"+٤٩ ٣٠ ١٢٣٤٥٦٧٨", "", yes("+493012345678", "DE", enrich.PhoneFixed, ""), ""},
		"no country's":                  {"+800 1234 5678", "", yes("+80012345678", "", enrich.PhoneTollFree, ""), ""},
		"too short for the plan":        {"12345", "US", no("+112345"), ""},
		"no such number":                {"+1 000 000 0000", "", no("+10000000000"), ""},
		"national, no country":          {"030 12345678", "", enrich.PhoneNumber{}, enrich.ErrNoRegion.Error()},
		"national, a bad country":       {"030 12345678", "Germany", enrich.PhoneNumber{}, enrich.ErrNoRegion.Error()},
		"national, nobody's country":    {"030 12345678", "AQ", enrich.PhoneNumber{}, enrich.ErrNoRegion.Error()},
		"an unknown country code":       {"+999 1234 5678", "US", enrich.PhoneNumber{}, "no country has this country code"},
		"words":                         {"call me", "US", enrich.PhoneNumber{}, "not a phone number"},
		"nothing":                       {" ", "US", enrich.PhoneNumber{}, "not a phone number"},
		"one digit":                     {"7", "US", enrich.PhoneNumber{}, "not a phone number"},
		"an essay":                      {strings.Repeat("1", 5000), "US", enrich.PhoneNumber{}, "too long for a phone number"},
		"more digits than there can be": {"+49 301234567890123456789", "", enrich.PhoneNumber{}, "too long for a phone number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.Parser{}.ParsePhone(c.number, c.region)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				require.Equal(t, c.err == enrich.ErrNoRegion.Error(), errors.Is(err, enrich.ErrNoRegion))
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.TestEnricher(t, enrich.Phone{Parser: phone.Parser{}, Region: "DE"})
}

// Whatever is typed, it does not panic, what it finds keeps its form, and reading that again finds the same.
func FuzzParse(f *testing.F) {
	for _, number := range []string{"+49 30 12345678", "030 12345678", "1-800-FLOWERS ext 3", "tel:+1;phone-context=x", "+", "٣٠", "00", "\xff\x00", "+800 1234 5678"} {
		f.Add(number, "DE")
	}
	f.Fuzz(func(t *testing.T, number, region string) {
		got, err := phone.Parser{}.ParsePhone(number, region)
		if err != nil || got.Valid != leads.Yes {
			return
		}
		require.Regexp(t, `^\+[1-9][0-9]{4,16}$`, got.E164)
		require.Regexp(t, `^([A-Z]{2})?$`, got.Region)
		again, err := phone.Parser{}.ParsePhone(got.E164, "")
		require.NoError(t, err)
		require.Equal(t, got.E164, again.E164)
	})
}

func BenchmarkPhone(b *testing.B) {
	part := enrich.Phone{Parser: phone.Parser{}, Region: "DE"}
	lead := leads.Lead{}
	lead.Phone = "030 12345678"
	b.ReportAllocs()
	for b.Loop() {
		if facts, err := part.Enrich(b.Context(), lead); err != nil || len(facts) != 4 {
			b.Fatal(facts, err)
		}
	}
}
