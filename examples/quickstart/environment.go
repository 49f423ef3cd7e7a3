package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/adapters/mailgun"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// hasModel reports whether a model is to judge the leads.
func hasModel() bool { return os.Getenv("OPENAI_BASE_URL") != "" || os.Getenv("OPENAI_API_KEY") != "" }

// scorer is the rules, with a model before them if there is one. The model judges by the rules that the program begins with.
func scorer(rules leads.Scorer) leads.Scorer {
	if !hasModel() {
		return rules
	}
	model := openai.New(os.Getenv("OPENAI_BASE_URL"), os.Getenv("OPENAI_API_KEY"), env("OPENAI_MODEL", "gpt-4o-mini"), &openai.Options{Rubric: score.DefaultRubric()})
	return score.Fallback{model, rules}
}

// mailer writes mails into the outbox, or sends them through Mailgun if the environment names an account.
func mailer(outbox *emldir.Mailer) (leads.Mailer, error) {
	domain, key := os.Getenv("MAILGUN_DOMAIN"), os.Getenv("MAILGUN_API_KEY")
	switch {
	case domain == "" && key == "":
		return outbox, nil
	case domain == "" || key == "":
		return nil, errors.New("MAILGUN_DOMAIN and MAILGUN_API_KEY belong together: set both or neither")
	}
	return mailgun.New(domain, key, &mailgun.Options{Base: os.Getenv("MAILGUN_API_BASE")}), nil
}

// noteUnused tells of settings that do nothing without others.
func noteUnused() {
	var set []string
	for name, used := range map[string]bool{"OPENAI_MODEL": hasModel(), "MAILGUN_API_BASE": os.Getenv("MAILGUN_DOMAIN") != ""} {
		if os.Getenv(name) != "" && !used {
			set = append(set, name)
		}
	}
	if len(set) > 0 {
		fmt.Fprintf(os.Stderr, "quickstart: note: not used: %s\n", strings.Join(slices.Sorted(slices.Values(set)), ", "))
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
