package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-playground/validator/v10"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// rules is the one validator of the package. The rules are kept here and not in tags, so that the exported types stay plain.
var rules = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for tag, check := range map[string]validator.Func{
		"bytes": func(f validator.FieldLevel) bool {
			n, err := strconv.Atoi(f.Param())
			return err == nil && f.Field().Len() <= n
		},
		"origin":   func(f validator.FieldLevel) bool { return isOrigin(f.Field().String()) },
		"redirect": func(f validator.FieldLevel) bool { _, err := parseRedirect(f.Field().String()); return err == nil },
		"incoming": func(f validator.FieldLevel) bool { return !isOwn(f.Field().String()) },
		"target":   func(f validator.FieldLevel) bool { return !strings.HasPrefix(f.Field().String(), "_") },
		"preset": func(f validator.FieldLevel) bool {
			name := f.Field().String()
			return name == NoPreset || presetOf(name) != nil
		},
		"scheme": func(f validator.FieldLevel) bool { return slices.Contains(Schemes(), f.Field().String()) },
		"trap":   func(f validator.FieldLevel) bool { return knownIndex([]byte(f.Field().String())) < 0 },
		"free":   func(f validator.FieldLevel) bool { return knownIndex([]byte(f.Field().String())) < 0 },
	} {
		if err := v.RegisterValidation(tag, check); err != nil {
			panic(err) // a tag of ours is misspelt
		}
	}
	v.RegisterStructValidationMapRules(map[string]string{
		"Tenant":    "required,bytes=255",
		"ID":        "required,uuid",
		"Name":      "required,bytes=255",
		"Mappings":  "max=256,dive,keys,required,bytes=128,incoming,endkeys,required,bytes=128,target",
		"Origins":   "max=100,dive,origin",
		"Redirects": "max=100,dive,redirect",
		"PerMinute": "min=0,max=100000",
		"Preset":    "omitempty,preset",
	}, Source{})
	v.RegisterStructValidationMapRules(map[string]string{"Scheme": "omitempty,scheme"}, Signature{})
	v.RegisterStructValidationMapRules(map[string]string{"Name": "bytes=128", "Field": "bytes=128,free", "OnOutage": "omitempty,oneof=accept"}, CaptchaSettings{})
	v.RegisterStructValidationMapRules(map[string]string{"Honeypot": "bytes=128,trap", "MinFill": "max=3600000000000"}, Spam{})
	text := fmt.Sprintf("bytes=%d", MaxString)
	v.RegisterStructValidationMapRules(map[string]string{
		"Email": fmt.Sprintf("bytes=%d", MaxEmail), "FirstName": text, "LastName": text, "Phone": text, "Company": text,
	}, Fields{})
	v.RegisterStructValidationMapRules(map[string]string{"Referrer": text, "Page": text, "Landing": text, "ClickIDs": "max=32,dive,keys,bytes=128,endkeys," + text}, Attribution{})
	v.RegisterStructValidationMapRules(map[string]string{"Source": text, "Medium": text, "Campaign": text, "Term": text, "Content": text}, UTM{})
	return v
})

// check validates a struct by rules and returns one error for each field that breaks one, joined.
func check(what string, s any) error {
	err := rules().Struct(s)
	if err == nil {
		return nil
	}
	broken, ok := errors.AsType[validator.ValidationErrors](err)
	if !ok {
		return fmt.Errorf("ingest: %s: %w", what, err)
	}
	var all []error
	for _, field := range broken {
		_, path, _ := strings.Cut(field.Namespace(), ".")
		all = append(all, fmt.Errorf("ingest: %s.%s %s", what, path, complaint(field)))
	}
	return errors.Join(all...)
}

// complaint says what is wrong with a field and what to do about it.
func complaint(field validator.FieldError) string {
	switch field.Tag() {
	case "required":
		return "is required"
	case "bytes":
		return "is longer than " + field.Param() + " bytes: shorten it"
	case "uuid":
		return "is not a UUID: give it one in text form, such as uuid.NewV7 makes"
	case "origin":
		return `is not an origin: write it as a browser sends it, such as "https://example.com"`
	case "redirect":
		return `is no place to send a form on to: write a path such as "/thanks" or an address such as "https://example.com/thanks"`
	case "incoming":
		return "maps a name that belongs to the door itself: take the entry out"
	case "target":
		return `begins with "_", which is reserved: choose another name`
	case "preset":
		return "is no known sender: choose one of Presets, or leave it empty"
	case "scheme":
		return "is no known scheme: choose one of " + strings.Join(Schemes(), ", ")
	case "oneof":
		return `is neither "" nor "accept": leave it empty to quarantine`
	case "trap":
		return "is a known field, which people do see: choose another name"
	case "free":
		return "is a known field: choose another name"
	case "min":
		return "is below " + field.Param() + ": use 0 for the default"
	}
	return "is above " + limitOf(field) + ": lower it"
}

func limitOf(field validator.FieldError) string {
	if field.Type() == reflect.TypeFor[time.Duration]() {
		n, _ := strconv.ParseInt(field.Param(), 10, 64)
		return time.Duration(n).String()
	}
	return cmp.Or(field.Param(), "its limit")
}

// isOwn reports whether an incoming name is taken by the door before any mapping.
func isOwn(name string) bool {
	switch name {
	case "_hp", "_t", "_id", "_redirect", "_next", "_utm", "_referrer", "_page", "_landing", "_touches":
		return true
	}
	return false
}

// isOrigin reports whether s is an origin as browsers send it: a scheme and a host in lower case, without a path.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && s == u.Scheme+"://"+strings.ToLower(u.Host)
}

// Validate reports every field that a stored source must not have, each named and with its remedy, joined; nil if there is none.
// Tenant, ID and Name are required. The door itself does not call it: a source that is in the Store goes on working.
func (s Source) Validate() error {
	return errors.Join(check("Source", s), s.checkPaths(), s.checkSignature(), s.Spam.checkBlocked())
}

// checkPaths reports the incoming names that are meant as paths and are none, and too many of them.
func (s Source) checkPaths() error {
	var all []error
	paths := 0
	for _, name := range slices.Sorted(maps.Keys(s.Mappings)) {
		if !isPath(name) {
			continue
		}
		paths++
		if _, err := parsePath(name); err != nil {
			all = append(all, fmt.Errorf("ingest: Source.Mappings[%s] is no path: %w: write it like data.fields[?label=Email].value", name, err))
		}
	}
	if paths > maxPaths {
		all = append(all, fmt.Errorf("ingest: Source.Mappings has %d paths: leave at most %d", paths, maxPaths))
	}
	return errors.Join(all...)
}

// checkSignature reports a signature that cannot be checked. It never quotes a secret.
func (s Source) checkSignature() error {
	sign := s.Signature
	switch name := s.scheme(); {
	case sign.Scheme != "" && !sign.Secret.IsSet():
		return errors.New("ingest: Source.Signature.Secret is required: enter the one that the sender shows, or take the scheme out")
	case sign.Previous.IsSet() && !sign.Secret.IsSet():
		return errors.New("ingest: Source.Signature.Previous is given without Secret: enter the one that counts now")
	case sign.Secret.IsSet() && name == "":
		return fmt.Errorf("ingest: Source.Signature.Scheme is required with a secret, since the preset has none: choose one of %s", strings.Join(Schemes(), ", "))
	case name == StandardWebhooks:
		for i, secret := range s.secrets() {
			if _, err := standardwebhooks.NewWebhook(secret); err != nil {
				return fmt.Errorf("ingest: Source.Signature.%s is not base64: enter it as the sender shows it, with or without whsec_", [...]string{"Secret", "Previous"}[i])
			}
		}
	}
	return nil
}
