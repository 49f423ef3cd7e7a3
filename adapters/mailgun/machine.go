package mailgun

import (
	"regexp"
	"strings"
)

// client is what Mailgun tells of the program that opened a mail or followed a link.
type client struct {
	Bot       text
	Type      text `json:"client-type"`
	UserAgent text `json:"user-agent"`
}

// machines are found in the user agents of programs: image proxies of mail providers, scanners, libraries. None is part of a browser's or mail
// program's.
var machines = regexp.MustCompile(`(?i)` +
	`imageproxy|yahoomailproxy|ggpht\.com|` + // Gmail, Yahoo: images are fetched once, by them
	`barracuda|mimecast|proofpoint|forcepoint|trendmicro|symantec|fireeye|safelinks|` + // scanners that name themselves
	`(?:bot|crawler|spider|scanner|preview)(?:[/;),-]|$)|headless|phantomjs|` +
	`^(?:curl|wget|python|go-http-client|java|okhttp|libwww-perl|apache-httpclient|node|axios|ruby|php)\b`)

// machine reports whether a program rather than a person is behind an open or a click:
//
//   - Mailgun says so (client-info.bot: apple for Mail Privacy Protection, gmail, generic for scanners);
//   - the user agent is missing, nothing but "Mozilla/5.0" (Apple's), or one of a program.
//
// Scanners that pass for a browser are not known by what one event tells. Whether a click came within a second of the delivery, or every link was
// followed at once, can be seen only where the events of a mail are kept together.
func (c client) machine() bool {
	agent := strings.TrimSpace(string(c.UserAgent))
	return c.Bot != "" || strings.EqualFold(string(c.Type), "robot") || agent == "" || strings.EqualFold(agent, "Mozilla/5.0") || machines.MatchString(agent)
}
