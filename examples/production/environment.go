package main

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/openleads/leads/notify"
)

// config is what the environment says.
type config struct {
	addr, base, database, token               string
	mailDomain, mailKey, mailBase, signingKey string
	from                                      mail.Address
	postal                                    string
	team                                      notify.People
	modelURL, modelKey, model                 string
	secret                                    []byte
}

// fromEnvironment reads every setting and reports all that are wrong.
func fromEnvironment(getenv func(string) string) (config, error) {
	var errs []error
	required := func(name string) string {
		value := getenv(name)
		if value == "" {
			errs = append(errs, fmt.Errorf("%s is required", name))
		}
		return value
	}
	c := config{
		addr: cmp.Or(getenv("ADDR"), "127.0.0.1:8080"), base: strings.TrimSuffix(required("BASE_URL"), "/"),
		database: required("DATABASE_URL"), token: required("WEBHOOK_TOKEN"),
		mailDomain: required("MAILGUN_DOMAIN"), mailKey: required("MAILGUN_API_KEY"), mailBase: getenv("MAILGUN_API_BASE"), signingKey: getenv("MAILGUN_SIGNING_KEY"),
		postal:   getenv("MAIL_POSTAL"),
		modelURL: getenv("OPENAI_BASE_URL"), modelKey: getenv("OPENAI_API_KEY"), model: cmp.Or(getenv("OPENAI_MODEL"), "gpt-4o-mini"),
	}
	from, err := mail.ParseAddress(required("MAIL_FROM"))
	if err != nil {
		errs = append(errs, errors.New(`MAIL_FROM must be an address such as "Acme <hello@example.com>"`))
	} else {
		c.from = *from
	}
	for entry := range strings.SplitSeq(required("TEAM"), ",") {
		id, address, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok {
			errs = append(errs, fmt.Errorf("TEAM: %q is not of the form name=address", entry))
		}
		c.team = append(c.team, notify.Person{ID: id, Name: id, Email: address, Weight: 1})
	}
	if text := getenv("SECRET"); text != "" {
		if c.secret, err = hex.DecodeString(text); err != nil || len(c.secret) < 32 {
			errs = append(errs, errors.New("SECRET must be 32 bytes or more in hex"))
		}
	}
	return c, errors.Join(errs...)
}
