package ingest

import (
	"bytes"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// maxReferer bounds the header that is looked at, in bytes.
const maxReferer = 4096

// asides are what a body says to the door itself and not about the lead.
type asides struct {
	evidence
	wish string // where a plain form wants to be sent on to: _redirect or _next
	id   string // the idempotency key of the snippet: _id
	// event is the sender's own name for the event, where its preset knows one, and token the answer of a captcha.
	event, token string
}

// evidence is what the spam gate judges by.
type evidence struct {
	trapped bool          // a field that people do not see was filled
	timed   bool          // the form sent its fill time
	fill    time.Duration // how long it took
	blocked bool          // the source's block list names the sender or the client
}

// reserved takes a member whose name belongs to the door, before any mapping. A value of the wrong type is not taken and so ends up
// in the metadata.
func (a *assembly) reserved(name, value []byte) bool {
	if trap := a.source.Spam.Honeypot; trap != "" && trap != "-" && string(name) == trap {
		a.asides.trapped = a.asides.trapped || filled(value)
		return true
	}
	if a.source.Captcha.Name != "" && a.captchaToken(name, value) {
		return true
	}
	if len(name) < 2 || name[0] != '_' {
		return false
	}
	switch string(name) {
	case "_hp":
		a.asides.trapped = a.asides.trapped || a.source.Spam.Honeypot != "-" && filled(value)
		return true
	case "_t":
		return a.fillTime(value)
	case "_id":
		return a.line(value, &a.asides.id)
	case "_redirect", "_next":
		return isText(value) && a.line(value, &a.asides.wish) || isNull(value)
	case "_utm":
		return a.utm(value)
	case "_referrer":
		return a.page(value, &a.sub.Attribution.Referrer)
	case "_page":
		return a.page(value, &a.sub.Attribution.Page)
	case "_landing":
		return a.page(value, &a.sub.Attribution.Landing)
	case "_touches":
		return a.touches(value)
	}
	// A plain form cannot send an object.
	if name, ok := bytes.CutPrefix(name, []byte("_utm[")); ok && bytes.HasSuffix(name, []byte("]")) {
		return a.parameter(name[:len(name)-1], value, true)
	}
	return false
}

// filled reports whether the value of a trap is more than nothing: "", null, false and empty lists and objects are nothing.
func filled(value []byte) bool {
	switch string(value) {
	case `""`, "null", "false", "[]", "{}", `["",""]`:
		return false
	}
	return true
}

func (a *assembly) fillTime(value []byte) bool {
	if isNull(value) {
		return true
	}
	text, ok := a.plain(value)
	if !ok || len(text) == 0 || len(text) > MaxNumber {
		return false
	}
	ms, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(ms) {
		return false
	}
	limit := float64(24 * time.Hour / time.Millisecond)
	a.asides.timed = true
	a.asides.fill = time.Duration(max(-limit, min(ms, limit)) * float64(time.Millisecond))
	return true
}

// line stores a scalar in an aside that is still blank.
func (a *assembly) line(value []byte, into *string) bool {
	text, ok := a.plain(value)
	if ok && *into == "" && !isNull(value) {
		*into = a.str(text)
	}
	return ok
}

// page stores an address, which is a string or nothing.
func (a *assembly) page(value []byte, into *string) bool {
	if isText(value) {
		text, _ := a.plain(value)
		*into = a.str(text)
	}
	return isText(value) || isNull(value)
}

func (a *assembly) touches(value []byte) bool {
	if value[0] == '[' || value[0] == '{' {
		a.sub.Attribution.Touches = a.own(value)
		return true
	}
	return isNull(value)
}

// utm takes the object _utm. What it holds beyond the campaign parameters and click identifiers is kept in the metadata. A plain form may
// send the query of an address instead ("utm_source=google&utm_medium=cpc").
func (a *assembly) utm(value []byte) bool {
	if isText(value) {
		text, _ := a.plain(value)
		return a.query(string(text), true)
	}
	if value[0] != '{' {
		return isNull(value)
	}
	var rest []byte
	for name, value := range membersOf(value) {
		if a.parameter(a.unquote(name), value, true) {
			continue
		}
		rest = append(append(append(append(rest, ','), name...), ':'), value...)
	}
	if rest != nil {
		rest[0] = '{'
		a.keep("_utm", append(rest, '}'))
	}
	return true
}

// query takes the campaign parameters and click identifiers of an address, and reports whether there were any.
func (a *assembly) query(text string, override bool) bool {
	values, err := url.ParseQuery(strings.TrimPrefix(text, "?"))
	if err != nil || len(values) > MaxMembers {
		return false
	}
	any := false
	for name, all := range values {
		if a.sub.Attribution.UTM.field(name) == nil && clickID([]byte(name)) == "" {
			continue
		}
		var seen flags
		quoted, _ := jsontext.AppendQuote(nil, mended(all[0], &seen))
		any = a.parameter([]byte(name), quoted, override) || any
	}
	return any
}

// referer takes from the Referer header of a plain form what a script would have told: the page, without its query, and the campaign
// parameters in that. What the form itself says wins.
func (a *assembly) referer(header string) {
	if header == "" || len(header) > maxReferer {
		return
	}
	u, err := url.Parse(header)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return
	}
	a.query(u.RawQuery, false)
	if a.sub.Attribution.Page == "" {
		u.User, u.RawQuery, u.Fragment, u.ForceQuery = nil, "", "", false
		a.sub.Attribution.Page = u.String()
	}
}

// campaign takes a campaign parameter or click identifier that stands for itself. It gives way to the same one in _utm.
func (a *assembly) campaign(name, value []byte) bool { return a.parameter(name, value, false) }

func (a *assembly) parameter(name, value []byte, override bool) bool {
	field, id := a.sub.Attribution.UTM.field(string(name)), clickID(name)
	if field == nil && id == "" {
		return false
	}
	text, ok := a.plain(value)
	switch {
	case !ok:
		return false
	case len(text) == 0 || isNull(value):
	case field == nil:
		a.keepClickID(id, text, override)
	case override || *field == "":
		*field = a.str(text)
	}
	return true
}

func (a *assembly) keepClickID(id string, text []byte, override bool) {
	ids := a.sub.Attribution.ClickIDs
	if ids == nil {
		ids = make(map[string]string, 1)
		a.sub.Attribution.ClickIDs = ids
	}
	if _, given := ids[id]; override || !given {
		ids[id] = a.str(text)
	}
}

// field returns the parameter of that name, or nil.
func (u *UTM) field(name string) *string {
	switch name {
	case "utm_source":
		return &u.Source
	case "utm_medium":
		return &u.Medium
	case "utm_campaign":
		return &u.Campaign
	case "utm_term":
		return &u.Term
	case "utm_content":
		return &u.Content
	}
	return nil
}

// clickIDs are the ad click identifiers of Google (the first four), Meta, Microsoft, TikTok, LinkedIn, X, Reddit, Pinterest,
// Snapchat and Yandex.
var clickIDs = [...]string{"gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid", "rdt_cid", "epik", "ScCid", "yclid"}

// clickID returns the click identifier of that name, or "".
func clickID(name []byte) string {
	if len(name) < 4 || len(name) > 9 {
		return ""
	}
	for _, id := range clickIDs {
		if id == string(name) {
			return id
		}
	}
	return ""
}
