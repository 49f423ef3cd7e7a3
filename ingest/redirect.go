package ingest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var errRedirect = errors.New("ingest: not a plain path or http(s) address")

// parseRedirect parses a place that a browser is to be sent on to. It takes only what every parser of addresses reads alike: an
// absolute path, or scheme, host and path in plain ASCII. "//", "\", blanks, control characters, "@", dot segments and encoded
// slashes are refused wherever they stand before a query.
func parseRedirect(s string) (*url.URL, error) {
	if s == "" || len(s) > 2048 {
		return nil, errRedirect
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F || strings.IndexByte("\\\"<>^`{|}", s[i]) >= 0 {
			return nil, errRedirect
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.User != nil || !plainPath(u.EscapedPath()) {
		return nil, errRedirect
	}
	if u.Scheme == "" && u.Host == "" {
		if s[0] != '/' {
			return nil, errRedirect
		}
		return u, nil
	}
	if u.Scheme != "https" && u.Scheme != "http" || !plainHost(u.Host) || !strings.HasPrefix(strings.ToLower(s), u.Scheme+"://") {
		return nil, errRedirect
	}
	u.Host = strings.ToLower(u.Host)
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

func plainHost(host string) bool {
	if host == "" || host[0] == ':' {
		return false
	}
	return !strings.ContainsAny(host, "@%,;'()*!$&+=~") && !strings.Contains(host, "..")
}

// plainPath reports whether a path has no empty, dot or disguised segments.
func plainPath(path string) bool {
	lower := strings.ToLower(path)
	if strings.ContainsAny(path, "@;") || strings.Contains(path, "//") ||
		strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") || strings.Contains(lower, "%2e") ||
		strings.Contains(lower, "%0") || strings.Contains(lower, "%1") || strings.Contains(lower, "%7f") || strings.Contains(lower, "%25") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// destination returns where a plain form is sent on to: where it wishes if the source allows that, else to the first absolute
// address of the source, else nowhere ("").
func destination(r *http.Request, source *Source, wish string) string {
	if to := granted(r, source, wish); to != "" {
		return to
	}
	for _, entry := range source.Redirects {
		if u, err := parseRedirect(entry); err == nil && u.Host != "" {
			return u.String()
		}
	}
	return ""
}

// granted returns the wish as an address, or "" if the source does not allow it.
func granted(r *http.Request, source *Source, wish string) string {
	u, err := parseRedirect(wish)
	if err != nil {
		return ""
	}
	for _, entry := range source.Redirects {
		allowed, err := parseRedirect(entry)
		switch {
		case err != nil:
		case allowed.Host == "":
			if to := atHome(r, source, u, allowed.Path); to != "" {
				return to
			}
		case u.Host != "" && sameOrigin(u, allowed) && (allowed.Path == "/" || u.Path == allowed.Path):
			return u.String()
		}
	}
	return ""
}

// atHome returns the wish as an address on the form's own host if it is at or below base there, else "". A form on another host than
// the door's counts only if the source lists its origin: anybody can have a form on a page of his own.
func atHome(r *http.Request, source *Source, wish *url.URL, base string) string {
	if base = strings.TrimSuffix(base, "/"); wish.Path != base && !strings.HasPrefix(wish.Path, base+"/") {
		return ""
	}
	home := formOrigin(r)
	foreign := home != nil && !strings.EqualFold(home.Host, r.Host)
	switch {
	case foreign && !slices.Contains(source.Origins, home.String()):
		return ""
	case wish.Host == "" && foreign:
		return home.ResolveReference(wish).String()
	case wish.Host == "", home != nil && sameOrigin(wish, home):
		return wish.String()
	}
	return ""
}

// formOrigin returns the origin of the page with the form, or nil when the browser does not tell.
func formOrigin(r *http.Request) *url.URL {
	from := r.Header.Get("Origin")
	if from == "" {
		from = r.Header.Get("Referer")
	}
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !plainHost(u.Host) {
		return nil
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && hostOf(a) == hostOf(b)
}

// hostOf returns the host without the port that goes without saying.
func hostOf(u *url.URL) string {
	if u.Scheme == "https" {
		return strings.TrimSuffix(u.Host, ":443")
	}
	return strings.TrimSuffix(u.Host, ":80")
}
