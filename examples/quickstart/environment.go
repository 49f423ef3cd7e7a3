package main

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// hasModel reports whether a model is to judge the leads.
func hasModel() bool { return os.Getenv("OPENAI_BASE_URL") != "" || os.Getenv("OPENAI_API_KEY") != "" }

// scorer is the rules, with a model before them if there is one.
func scorer() leads.Scorer {
	rules := score.DefaultRubric()
	if !hasModel() {
		return rules
	}
	model := openai.New(os.Getenv("OPENAI_BASE_URL"), os.Getenv("OPENAI_API_KEY"), env("OPENAI_MODEL", "gpt-4o-mini"), &openai.Options{Rubric: rules})
	return score.Fallback{model, rules}
}

// noteUnused tells of settings that a user may expect to work.
func noteUnused() {
	var set []string
	names := []string{"MAILGUN_DOMAIN", "MAILGUN_API_KEY", "MAILGUN_API_BASE"}
	if !hasModel() {
		names = append(names, "OPENAI_MODEL")
	}
	for _, name := range names {
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
