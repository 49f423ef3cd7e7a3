package ingest

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

const (
	maxPlace    = 128 // of a region's or city's name, in bytes
	maxTimeZone = 64
)

// Place is where a client was, as far as it is known. Every field may be empty.
type Place struct {
	Country  string `json:"country,omitempty"`  // ISO 3166-1 alpha-2, upper case
	Region   string `json:"region,omitempty"`   // the first-level subdivision, its name or ISO 3166-2 code without the country, at most 128 bytes
	City     string `json:"city,omitempty"`     // its name, at most 128 bytes
	TimeZone string `json:"timeZone,omitempty"` // an IANA name ("Europe/Berlin"), at most 64 bytes
}

// IsZero reports whether nothing is known.
func (p Place) IsZero() bool { return p == Place{} }

// CountryCode returns an ISO 3166-1 alpha-2 code in upper case, or "" for what names no country: the codes that vendors write for
// "unknown" (XX, ZZ) and for something else (T1 for Tor, A1, AP, EU), and anything that is not two letters.
func CountryCode(code string) string {
	code = strings.TrimSpace(code)
	if len(code) != 2 {
		return ""
	}
	code = strings.ToUpper(code)
	for i := range 2 {
		if code[i] < 'A' || code[i] > 'Z' {
			return ""
		}
	}
	switch code {
	case "XX", "ZZ", "AA", "AP", "EU", "UN":
		return ""
	}
	return code
}

// Clean returns the place as it is stored: its country by [CountryCode], the names in one line of visible, valid UTF-8, cut to
// their limits, and a time zone that cannot be one left out.
func (p Place) Clean() Place {
	if p.IsZero() {
		return p
	}
	zone := strings.TrimSpace(p.TimeZone)
	if !isZone(zone) {
		zone = ""
	}
	return Place{Country: CountryCode(p.Country), Region: placeName(p.Region), City: placeName(p.City), TimeZone: zone}
}

// placeName makes one line of a name. "?" is what App Engine writes for unknown.
func placeName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }), " ")
	if name == "?" || name == "-" {
		return ""
	}
	var none flags // of nothing that the sender wrote into the body
	return strings.TrimSpace(shorten(name, maxPlace, &none))
}

// isZone reports whether a text has the form of an IANA time zone's name. Whether there is such a zone depends on the machine's data.
func isZone(zone string) bool {
	for i := range len(zone) {
		switch c := zone[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("_+-/", c) < 0:
			return false
		}
	}
	return zone != "" && len(zone) <= maxTimeZone
}

// geoHeaders are the headers of one vendor, in canonical form. Of two regions the first that is there counts.
type geoHeaders struct{ country, region, regionCode, city, zone string }

// vendors are those whose headers tell where the visitor is. Fly-Region is not among them: it is where the edge is.
var vendors = [...]geoHeaders{
	{"Cf-Ipcountry", "Cf-Region", "Cf-Region-Code", "Cf-Ipcity", "Cf-Timezone"},
	{"Cloudfront-Viewer-Country", "Cloudfront-Viewer-Country-Region-Name", "Cloudfront-Viewer-Country-Region", "Cloudfront-Viewer-City", "Cloudfront-Viewer-Time-Zone"},
	{"X-Vercel-Ip-Country", "", "X-Vercel-Ip-Country-Region", "X-Vercel-Ip-City", "X-Vercel-Ip-Timezone"},
	{"X-Appengine-Country", "", "X-Appengine-Region", "X-Appengine-City", ""},
}

// ClientPlace returns where the client is, as a CDN in front of this server says: Cloudflare, CloudFront, Vercel or App Engine. Headers
// are believed only when the peer of the connection is a trusted proxy, as [ClientIP] believes X-Forwarded-For. A CDN passes
// another vendor's headers through, and those the visitor may have written: when two vendors name different countries neither is believed,
// and a header that stands there twice counts as absent. A trusted proxy that sets none of them must drop them.
func ClientPlace(r *http.Request, trusted []netip.Prefix) Place {
	if !fromProxy(r, trusted) {
		return Place{}
	}
	var found *geoHeaders
	country := ""
	for i := range vendors {
		code, ok := only(r.Header, vendors[i].country)
		switch {
		case !ok:
		case found == nil:
			found, country = &vendors[i], CountryCode(code)
		case CountryCode(code) != country:
			return Place{}
		}
	}
	if found == nil || country == "" {
		return Place{}
	}
	region := said(r.Header, found.region)
	if region == "" {
		region = said(r.Header, found.regionCode)
	}
	return Place{Country: country, Region: region, City: said(r.Header, found.city), TimeZone: said(r.Header, found.zone)}.Clean()
}

// fromProxy reports whether the peer is a trusted proxy, by the rule of [ClientIP].
func fromProxy(r *http.Request, trusted []netip.Prefix) bool {
	if len(trusted) == 0 {
		return false
	}
	peer := parseHop(r.RemoteAddr)
	return !peer.IsValid() || isTrusted(peer, trusted)
}

// only returns a header that stands there once.
func only(h http.Header, name string) (string, bool) {
	values := h[name]
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// said returns a header's text. Vercel and CloudFront percent-encode what is not ASCII, the others write UTF-8.
func said(h http.Header, name string) string {
	text, _ := only(h, name)
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}
