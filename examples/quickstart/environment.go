package main

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"
)

func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// noteUnused tells of settings that a user may expect to work.
func noteUnused() {
	var set []string
	for _, name := range []string{"OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "MAILGUN_DOMAIN", "MAILGUN_API_KEY", "MAILGUN_API_BASE"} {
		if os.Getenv(name) != "" {
			set = append(set, name)
		}
	}
	if len(set) > 0 {
		fmt.Fprintf(os.Stderr, "quickstart: note: not used yet: %s\n", strings.Join(set, ", "))
	}
}

// baseURL is where a browser on this machine reaches the listener.
func baseURL(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String()) // of a TCP listener, so it has both
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
