package score

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/emailaddr"
)

// Signal names something that can be read from a lead. Besides the constants there are
//
//	truth:KEY   the fact under KEY as "yes", "no" or "unknown"
//	value:KEY   the value of the fact under KEY if it is established, else "no" or "unknown"
//	field:NAME  a known field or a field of the metadata as its text, "none" without one; its number counts for AtLeast
//
// Values are compared without regard to ASCII case.
type Signal string

// The signals.
const (
	// SignalEmail reads the class of the email address ("business", "personal", "role", "relay", "disposable", "invalid"), "none"
	// without an address, "unknown" when the class was not learned.
	SignalEmail Signal = "email"
	// SignalReach reads how the lead can be answered: "email", "phone" or "none".
	SignalReach Signal = "reach"
	// SignalName reads "full" (first and last name), "part" or "none".
	SignalName Signal = "name"
	// SignalPhone reads "international" (with its country code), "given" or "none".
	SignalPhone Signal = "phone"
	// SignalCompany reads "stated" (by the lead), "found" (by enrichment) or "unknown".
	SignalCompany Signal = "company"
	// SignalText reads the text that the lead wrote, in any field of the metadata: "given" or "none"; it counts its words. At
	// most the first 8 KiB are looked at, 4 KiB of each field.
	SignalText Signal = "text"
	// SignalLinks counts the links in that text.
	SignalLinks Signal = "links"
	// SignalSubmissions counts the lead's submissions.
	SignalSubmissions Signal = "submissions"
	// SignalChannel reads how the lead came: "paid" (an ad was clicked), "campaign" (any other UTM parameters), "referral" (a link on
	// another site) or "unknown".
	SignalChannel Signal = "channel"
	// SignalSearch reads what the UTM term, campaign and content say the lead looked for: "buying" ("pricing", "demo", …), "comparing"
	// ("alternative", "best", …) or "unknown".
	SignalSearch Signal = "search"
	// SignalSize counts the people of the lead's company: the number in a field of the metadata that is named so ("companySize", "employees",
	// "Mitarbeiter", …), of a range its lower end; "given" or "unknown".
	SignalSize Signal = "size"
)

const (
	unknown = "unknown"
	none    = "none"
)

// reading is what a signal says about one lead.
type reading struct {
	value string
	count int
	quote string // from the lead's own data, uncleaned
}

// reader returns the function that reads the signal, or false if there is no such signal.
func (s Signal) reader() (func(*subject) reading, bool) {
	if read := s.builtin(); read != nil {
		return read, true
	}
	kind, key, _ := strings.Cut(string(s), ":")
	if key == "" {
		return nil, false
	}
	switch kind {
	case "truth":
		return func(s *subject) reading { return reading{value: s.lead.Enrichment[key].Truth.String()} }, true
	case "value":
		return func(s *subject) reading { return reading{value: factValue(s.lead.Enrichment[key])} }, true
	case "field":
		return func(s *subject) reading { return readField(s.lead, key) }, true
	}
	return nil, false
}

func (s Signal) builtin() func(*subject) reading {
	switch s {
	case SignalEmail:
		return readEmail
	case SignalReach:
		return readReach
	case SignalName:
		return readName
	case SignalPhone:
		return readPhone
	case SignalCompany:
		return readCompany
	case SignalText:
		return func(s *subject) reading { return s.text.reading() }
	case SignalLinks:
		return func(s *subject) reading { return reading{count: s.text.links} }
	case SignalSubmissions:
		return func(s *subject) reading { return reading{count: s.lead.Submissions} }
	case SignalChannel:
		return readChannel
	case SignalSearch:
		return readSearch
	case SignalSize:
		return readSize
	}
	return nil
}

func factValue(f leads.Fact) string {
	if f.Truth == leads.Yes && f.Value != "" {
		return f.Value
	}
	return f.Truth.String()
}

func readField(lead *leads.Lead, name string) reading {
	text := lead.Metadata.Text(name)
	if field := lead.Field(name); field != nil {
		text = *field
	}
	if text = strings.TrimSpace(text); text == "" {
		return reading{value: none}
	}
	return reading{value: text, count: firstNumber(text), quote: text}
}

// firstNumber reads the first number of a text ("about 50-100 people" is 50, "1,200" is 1200), or 0. More than nine digits are cut.
func firstNumber(text string) int {
	from := strings.IndexAny(text, "0123456789")
	if from < 0 {
		return 0
	}
	digits := make([]byte, 0, 9)
	for i := from; i < len(text) && len(digits) < 9; i++ {
		if c := text[i]; '0' <= c && c <= '9' {
			digits = append(digits, c)
		} else if strings.IndexByte(",.' ", c) < 0 || i+3 >= len(text) || !isDigits(text[i+1:i+4]) {
			break
		}
	}
	n, _ := strconv.Atoi(string(digits)) // at most nine digits
	return n
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func readEmail(s *subject) reading {
	email := strings.TrimSpace(s.lead.Email)
	if email == "" {
		return reading{value: none}
	}
	return reading{value: factValue(s.lead.Enrichment["email.class"]), quote: email}
}

func readReach(s *subject) reading {
	if _, err := emailaddr.Parse(s.lead.Email); err == nil {
		return reading{value: "email"}
	}
	if readPhone(s).value != none {
		return reading{value: "phone"}
	}
	return reading{value: none}
}

func readName(s *subject) reading {
	first, last := strings.TrimSpace(s.lead.FirstName), strings.TrimSpace(s.lead.LastName)
	switch {
	case first != "" && last != "":
		return reading{value: "full"}
	case first != "" || last != "":
		return reading{value: "part"}
	}
	return reading{value: none}
}

// readPhone takes what has at least six digits for a number.
func readPhone(s *subject) reading {
	phone := strings.TrimSpace(s.lead.Phone)
	digits := 0
	for i := range len(phone) {
		if '0' <= phone[i] && phone[i] <= '9' {
			digits++
		}
	}
	switch {
	case digits < 6:
		return reading{value: none}
	case digits >= 8 && (strings.HasPrefix(phone, "+") || strings.HasPrefix(phone, "00")):
		return reading{value: "international", quote: phone}
	}
	return reading{value: "given", quote: phone}
}

func readCompany(s *subject) reading {
	name := s.lead.Enrichment["company.name"]
	switch {
	case strings.TrimSpace(s.lead.Company) != "":
		return reading{value: "stated", quote: s.lead.Company}
	case name.Truth == leads.Yes || s.lead.Enrichment["company.domain"].Truth == leads.Yes:
		return reading{value: "found"}
	}
	return reading{value: unknown}
}

func readChannel(s *subject) reading {
	best := reading{value: unknown}
	for _, a := range []*ingest.Attribution{&s.lead.First.Attribution, &s.lead.Last.Attribution} {
		switch quote, paid := paidClick(a); {
		case paid:
			return reading{value: "paid", quote: quote}
		case a.UTM != (ingest.UTM{}):
			best = reading{value: "campaign", quote: a.UTM.Source}
		case best.value == unknown && referred(a):
			best = reading{value: "referral", quote: a.Referrer}
		}
	}
	return best
}

// paidClick recognises ads by their UTM medium or their click identifier. fbclid is left out: Facebook adds it to every link.
func paidClick(a *ingest.Attribution) (quote string, paid bool) {
	medium := strings.ToLower(a.UTM.Medium)
	switch {
	case strings.HasPrefix(medium, "paid"), medium == "cpc", medium == "ppc", medium == "cpm", medium == "cpv", medium == "sem",
		medium == "display", medium == "retargeting", medium == "remarketing":
		return a.UTM.Medium, true
	}
	for _, name := range []string{"gclid", "gbraid", "wbraid", "msclkid", "ttclid", "li_fat_id", "dclid"} {
		if a.ClickIDs[name] != "" {
			return a.ClickIDs[name], true
		}
	}
	return "", false
}

// referred reports whether the visitor came from another site.
func referred(a *ingest.Attribution) bool {
	from, err := url.Parse(a.Referrer)
	if err != nil || from.Host == "" {
		return false
	}
	page, err := url.Parse(a.Page)
	return err != nil || !strings.EqualFold(strings.TrimPrefix(from.Host, "www."), strings.TrimPrefix(page.Host, "www."))
}
