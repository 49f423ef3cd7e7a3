package enrich

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The keys of the facts that [Phone] learns.
const (
	// PhoneValid tells whether the number can exist; Value is the number as the lead gave it.
	PhoneValid = "phone.valid"
	// PhoneE164 is the number in international form (ITU-T E.164): "+493012345678", without its extension.
	PhoneE164 = "phone.e164"
	// PhoneRegion is the country that the number belongs to, ISO 3166-1 alpha-2.
	PhoneRegion = "phone.region"
	// PhoneType is one of the PhoneType constants.
	PhoneType = "phone.type"
	// PhoneExtension is what is dialled after the number, digits.
	PhoneExtension = "phone.extension"
)

// The values of the fact [PhoneType]. Where mobile and fixed numbers look alike, as in North America, it is fixed_or_mobile.
const (
	PhoneMobile        = "mobile"
	PhoneFixed         = "fixed"
	PhoneFixedOrMobile = "fixed_or_mobile"
	PhoneTollFree      = "toll_free"
	PhonePremium       = "premium"
	PhoneSharedCost    = "shared_cost"
	PhoneVoIP          = "voip"
	PhoneOther         = "other" // pagers, voice mail, personal and company-wide numbers
)

// PhoneNumber is what a [PhoneParser] makes of a text. Every field but Valid may be empty.
type PhoneNumber struct {
	E164      string
	Region    string // ISO 3166-1 alpha-2
	Type      string // a PhoneType constant
	Extension string
	// Valid is Yes or No as the region's numbering plan has it, Unknown if it was not asked.
	Valid leads.Truth
	// Reason says why, in a few words that do not quote the number.
	Reason string
}

// ErrNoRegion says that a number is not in international form and that it is not known which country's it is.
var ErrNoRegion = errors.New("no country code, and no country is known")

// PhoneParser understands phone numbers; adapters/phone has one.
type PhoneParser interface {
	// ParsePhone reads a number as it is dialled within region, an ISO 3166-1 alpha-2 code or "" when none is known. It returns
	// ErrNoRegion if it would need one, and another error, whose text does not quote the number, for what is no number. It may be
	// called concurrently.
	ParsePhone(number, region string) (PhoneNumber, error)
}

// Phone learns from a lead's phone number: [PhoneValid], and if it can be read [PhoneE164], [PhoneRegion], [PhoneType] and
// [PhoneExtension]. The number itself stays as the lead gave it. The zero value reads numbers in international form only.
//
// A number without a country code is read as one of the country that the first of these names: the lead's metadata, the fact
// [GeoCountry], Geo, and Region. The first is the lead's own word. The others are assumptions, which can make a number readable but not wrong: it is
// Unknown then, not No.
type Phone struct {
	// Parser reads the numbers. Nil means one that knows the international form ("+" or "00", then 8 to 15 digits) and no numbering
	// plan.
	Parser PhoneParser
	// Fields are the names of metadata that hold the country, as ISO 3166-1 alpha-2; others are ignored. Nil means "country",
	// "countryCode", "country_code" and "phoneCountry".
	Fields []string
	// Geo is asked where the lead is when it has no fresh fact yet: parts of a [Chain] run side by side. The zero value believes the CDN
	// only.
	Geo Geo
	// Region is the host's own country, ISO 3166-1 alpha-2. "" means none.
	Region string
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
}

var phoneFields = []string{"country", "countryCode", "country_code", "phoneCountry"}

// Enrich learns about the lead's number.
func (p Phone) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	raw := strings.TrimSpace(lead.Phone)
	if raw == "" {
		return nil, nil
	}
	now := clockOr(p.Clock)
	number, err := p.read(ctx, lead, raw, now)
	about := capped(strings.Join(strings.Fields(raw), " "), maxPhone)
	facts := []leads.Fact{{Key: PhoneValid, Truth: number.Valid, Value: about, Reason: number.Reason, Source: "phone"}}
	for _, f := range []struct{ key, value string }{
		{PhoneE164, number.E164}, {PhoneRegion, ingest.CountryCode(number.Region)}, {PhoneType, number.Type}, {PhoneExtension, number.Extension},
	} {
		if f.value != "" && number.Valid != leads.No {
			facts = append(facts, leads.Fact{Key: f.key, Truth: leads.Yes, Value: f.value, Reason: number.Reason, Source: "phone"})
		}
	}
	var gone []leads.Fact
	if number.Valid == leads.No || lead.Enrichment[PhoneValid].Value != about {
		gone = withdraw(lead, now, "phone", "the number is another one", missing(facts, []string{PhoneE164, PhoneRegion, PhoneType, PhoneExtension})...)
	}
	return append(learned(lead, now, facts...), gone...), err
}

// maxPhone bounds what is quoted of a number, in bytes; E.164 has 15 digits.
const maxPhone = 64

// read tries the number as it stands, and if that needs a country those that come into question.
func (p Phone) read(ctx context.Context, lead leads.Lead, raw string, now time.Time) (PhoneNumber, error) {
	parser := p.Parser
	if parser == nil {
		parser = plainParser{}
	}
	region := p.stated(lead)
	number, err := parser.ParsePhone(raw, region)
	if !errors.Is(err, ErrNoRegion) {
		return judged(number, err), nil
	}
	region, why, failed := p.assumed(ctx, lead, now)
	if region != "" {
		number, err = parser.ParsePhone(raw, region)
	}
	number = judged(number, err)
	if region == "" || errors.Is(err, ErrNoRegion) {
		return number, failed
	}
	if number.Valid == leads.No {
		return PhoneNumber{Reason: "no number of " + region + ", which was assumed " + why}, failed
	}
	number.Reason = "read as a number of " + region + ", " + why
	return number, failed
}

// judged says what a parser's error means.
func judged(number PhoneNumber, err error) PhoneNumber {
	switch {
	case err == nil:
		return number
	case errors.Is(err, ErrNoRegion):
		return PhoneNumber{Reason: ErrNoRegion.Error()}
	}
	return PhoneNumber{Valid: leads.No, Reason: err.Error()}
}

// stated returns the country that the lead's metadata names.
func (p Phone) stated(lead leads.Lead) string {
	fields := p.Fields
	if fields == nil {
		fields = phoneFields
	}
	for _, name := range fields {
		if region := ingest.CountryCode(lead.Metadata.Text(name)); region != "" {
			return region
		}
	}
	return ""
}

// assumed returns the country where the lead seems to be, else the host's, and why.
func (p Phone) assumed(ctx context.Context, lead leads.Lead, now time.Time) (region, why string, err error) {
	if f := lead.Enrichment[GeoCountry]; f.Truth == leads.Yes && f.Fresh(now) {
		return f.Value, "where the lead is", nil
	}
	seen, err := p.Geo.look(ctx, lead.Last)
	if seen.country != "" {
		return seen.country, "where the lead is", err
	}
	return ingest.CountryCode(p.Region), "where the site is at home", err
}

// Check asks the Locators of Geo.
func (p Phone) Check(ctx context.Context) []leads.Finding { return p.Geo.Check(ctx) }

// Background runs the own work of the Locators of Geo.
func (p Phone) Background(ctx context.Context, wake func()) error { return p.Geo.Background(ctx, wake) }

// plainParser takes numbers in international form.
type plainParser struct{}

var errNoNumber = errors.New("not a phone number")

// ParsePhone holds to the rule by which a lead is found by its number, so that the fact and the identity agree.
func (plainParser) ParsePhone(number, _ string) (PhoneNumber, error) {
	id := leads.Identify(ingest.Submission{Fields: ingest.Fields{Phone: number}})
	if id.Kind == leads.IdentityPhone {
		return PhoneNumber{E164: id.Value, Reason: "in international form, not checked against a numbering plan"}, nil
	}
	digits := 0
	for _, r := range number {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	switch {
	case digits < 3:
		return PhoneNumber{}, errNoNumber
	case strings.HasPrefix(number, "+"), strings.HasPrefix(number, "00"):
		return PhoneNumber{Reason: "in international form, but it could not be read"}, nil
	}
	return PhoneNumber{}, ErrNoRegion
}

// capped cuts a text to most bytes, between two characters.
func capped(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
