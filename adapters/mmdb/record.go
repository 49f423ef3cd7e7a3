package mmdb

import (
	"cmp"

	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"

	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

// record is what both families of files say of an address: MaxMind's schema, which DB-IP's own files follow, and the flat one of ip-location-db.
type record struct {
	Country      place    `maxminddb:"country"`
	Subdivisions []place  `maxminddb:"subdivisions"`
	City         place    `maxminddb:"city"` // text in the flat schema
	Location     location `maxminddb:"location"`
	Traits       network  `maxminddb:"traits"` // of GeoIP2 Enterprise

	CountryCode string `maxminddb:"country_code"`
	State       string `maxminddb:"state1"`
	TimeZone    string `maxminddb:"timezone"`

	ASN          uint32 `maxminddb:"autonomous_system_number"`
	Organisation string `maxminddb:"autonomous_system_organization"`
}

type location struct {
	TimeZone string `maxminddb:"time_zone"`
}

type network struct {
	ASN          uint32 `maxminddb:"autonomous_system_number"`
	Organisation string `maxminddb:"autonomous_system_organization"`
}

// location picks what is there. The country in which a network is registered is none of it: nobody need be there.
func (r record) location() enrich.Location {
	l := enrich.Location{
		Country: ingest.CountryCode(cmp.Or(r.Country.code, r.CountryCode, r.Country.name)), Region: r.State, City: r.City.name,
		TimeZone: cmp.Or(r.Location.TimeZone, r.TimeZone),
		ASN:      cmp.Or(r.ASN, r.Traits.ASN), Organisation: cmp.Or(r.Organisation, r.Traits.Organisation),
	}
	if len(r.Subdivisions) > 0 {
		l.Region = cmp.Or(r.Subdivisions[0].name, r.Subdivisions[0].code)
	}
	return l
}

// place is a text, or a map with a code and names in several languages.
type place struct{ code, name string }

// UnmarshalMaxMindDBCursor reads either form and passes over anything else. It takes the English name.
func (p *place) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	kind, err := c.Kind()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	if kind != mmdbdata.KindMap {
		return text(c, &p.name)
	}
	return each(c, func(key string, value mmdbdata.Cursor) (mmdbdata.Cursor, error) {
		switch key {
		case "iso_code":
			return text(value, &p.code)
		case "names":
			return names(value, &p.name)
		}
		return value.Skip()
	})
}

// names takes the English name out of a map of languages.
func names(c mmdbdata.Cursor, name *string) (mmdbdata.Cursor, error) {
	if kind, err := c.Kind(); err != nil || kind != mmdbdata.KindMap {
		return text(c, name)
	}
	return each(c, func(language string, value mmdbdata.Cursor) (mmdbdata.Cursor, error) {
		if language == "en" {
			return text(value, name)
		}
		return value.Skip()
	})
}

// each reads the entries of a map.
func each(c mmdbdata.Cursor, read func(key string, value mmdbdata.Cursor) (mmdbdata.Cursor, error)) (mmdbdata.Cursor, error) {
	entries, err := c.Map()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	var after mmdbdata.Cursor
	for {
		key, value, ok := entries.Next(after)
		if !ok {
			return entries.End()
		}
		if after, err = read(string(key), value); err != nil {
			return mmdbdata.Cursor{}, err
		}
	}
}

// text reads a string, and passes over what is none.
func text(c mmdbdata.Cursor, into *string) (mmdbdata.Cursor, error) {
	kind, err := c.Kind()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	if kind != mmdbdata.KindString {
		return c.Skip()
	}
	value, next, err := c.ReadString()
	*into = value
	return next, err
}
