package dashboard

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

var settingsRoutes = []route{
	{Method: "GET", Path: "/settings", Role: desk.Reader, Area: "settings", Do: showPreferences},
	{Method: "POST", Path: "/settings", Role: desk.Reader, Area: "settings", Do: savePreferences},
	{Method: "GET", Path: "/settings/team", Role: desk.Reader, Area: "settings", Do: showTeam},
	{Method: "POST", Path: "/settings/team", Role: desk.Admin, Area: "settings", Do: saveShare},
	{Method: "GET", Path: "/settings/scoring", Role: desk.Reader, Area: "settings", Do: showRubric},
	{Method: "POST", Path: "/settings/scoring", Role: desk.Admin, Area: "settings", Do: editRubric},
	{Method: "GET", Path: "/settings/keys", Role: desk.Admin, Area: "settings", Do: listKeys},
	{Method: "POST", Path: "/settings/keys", Role: desk.Admin, Area: "settings", Do: changeKeys},
	{Method: "GET", Path: "/settings/webhooks", Role: desk.Admin, Area: "settings", Do: listWebhooks},
	{Method: "POST", Path: "/settings/webhooks", Role: desk.Admin, Area: "settings", Do: changeWebhooks},
	{Method: "GET", Path: "/settings/suppressions", Role: desk.Admin, Area: "settings", Do: listSuppressions},
	{Method: "POST", Path: "/settings/suppressions", Role: desk.Admin, Area: "settings", Do: changeSuppressions},
	{Method: "GET", Path: "/settings/retention", Role: desk.Reader, Area: "settings", Do: showRetention},
	{Method: "POST", Path: "/settings/retention", Role: desk.Owner, Area: "settings", Do: saveRetention},
	{Method: "GET", Path: "/settings/check", Role: desk.Admin, Area: "settings", Do: showCheck},
}

// tab is a part of the settings.
type tab struct {
	Path, Text string
	Current    bool
}

// settings is what every part of them shows.
type settings struct {
	Tabs []tab
	Part any
}

// part shows one part of the settings with the way to the others.
func (p *page) part(name string, data any) view {
	s := settings{Part: data}
	for _, x := range []struct {
		path, key string
		role      desk.Role
	}{
		{"settings", "me", desk.Reader}, {"settings/team", "team", desk.Reader}, {"settings/scoring", "scoring", desk.Reader},
		{"pipelines", "pipelines", desk.Admin}, {"settings/keys", "keys", desk.Admin}, {"settings/webhooks", "webhooks", desk.Admin},
		{"settings/suppressions", "suppressions", desk.Admin}, {"settings/retention", "retention", desk.Reader}, {"settings/check", "check", desk.Admin},
	} {
		if p.user.Role.May(x.role) {
			s.Tabs = append(s.Tabs, tab{x.path, p.say("settings." + x.key), x.key == name})
		}
	}
	return view{Title: p.say("settings." + name), Data: s}
}

// keysPage lists the API keys. Secret is that of the one that was just made.
type keysPage struct {
	Keys   []desk.Key
	Secret string
	Label  string
}

func listKeys(p *page) error { return p.showKeys(keysPage{}, nil) }

func (p *page) showKeys(data keysPage, wrong error) error {
	var err error
	if data.Keys, err = p.desk().Keys(p.ctx(), p.user); err != nil {
		return err
	}
	if wrong != nil {
		return p.invalid(lines(wrong), "keys", p.part("keys", data))
	}
	return p.show("keys", p.part("keys", data))
}

// Expired reports whether a key has come to its end.
func (v *view) Expired(k desk.Key) bool { return !k.ExpiresAt.IsZero() && !v.now().Before(k.ExpiresAt) }

// changeKeys makes, switches or deletes a key. The secret of a new one is in the answer itself and nowhere else.
func changeKeys(p *page) error {
	id := p.form("key")
	switch do := p.form("do"); do {
	case "create":
		return p.createKey()
	case "on", "off":
		active := do == "on"
		if _, err := p.desk().UpdateKey(p.ctx(), p.user, id, nil, &active); err != nil {
			return err
		}
		return p.done("/settings/keys", "key."+do)
	case "delete":
		if err := p.desk().DeleteKey(p.ctx(), p.user, id); err != nil {
			return err
		}
		return p.done("/settings/keys", "key.deleted")
	}
	return errForm
}

func (p *page) createKey() error {
	k := desk.Key{Label: p.form("label"), Scope: desk.Scope(p.form("scope"))}
	if days, err := strconv.Atoi(cmp.Or(p.form("days"), "0")); err == nil && days > 0 && days <= 36_500 {
		k.ExpiresAt = p.now().AddDate(0, 0, days)
	}
	_, secret, err := p.desk().CreateKey(p.ctx(), p.user, k)
	return p.showKeys(keysPage{Secret: secret, Label: k.Label}, err)
}

// suppressionsPage lists whom not to write to.
type suppressionsPage struct {
	Rows    []sequence.Suppression
	Next    *sequence.Suppression
	After   string
	Address string
}

const suppressionsShown = 100

func listSuppressions(p *page) error { return p.showSuppressions(nil) }

func (p *page) showSuppressions(wrong error) error {
	found, err := p.desk().Suppressions(p.ctx(), p.user, p.query("key"), p.query("purpose"), suppressionsShown)
	if err != nil {
		return err
	}
	data := suppressionsPage{Rows: found, After: p.query("key"), Address: p.form("address")}
	if len(found) == suppressionsShown {
		data.Next = &found[len(found)-1]
	}
	v := p.part("suppressions", data)
	if wrong != nil {
		return p.invalid(lines(wrong), "suppressions", v)
	}
	return p.show("suppressions", v)
}

// changeSuppressions goes by the address: what is kept is its keyed hash.
func changeSuppressions(p *page) error {
	do, key := p.desk().Suppress, "suppression.added"
	if p.form("do") == "remove" {
		do, key = p.desk().Unsuppress, "suppression.removed"
	}
	if err := do(p.ctx(), p.user, p.form("address"), p.form("purpose")); err != nil {
		if leads.IsNotFound(err) || !isInvalid(err) {
			return err
		}
		return p.showSuppressions(asInvalid(err, "/address", p.say("settings.address.wrong")))
	}
	return p.done("/settings/suppressions", key)
}

// retentionRow is one rule.
type retentionRow struct {
	Name string
	Days int
}

func showRetention(p *page) error {
	rules, err := p.desk().Retention(p.ctx(), p.user)
	if err != nil {
		return err
	}
	return p.show("retention", p.part("retention", retentionRows(rules)))
}

// LastExpiry is when the rules were applied last; nil if they never were.
func (v *view) LastExpiry() (*desk.RetentionRun, error) {
	run, err := v.desk().LastExpiry(v.ctx(), v.User)
	if err != nil || run.At.IsZero() {
		return nil, err
	}
	return &run, nil
}

func retentionRows(r desk.RetentionRules) []retentionRow {
	return []retentionRow{{"raw", r.Raw}, {"clients", r.Clients}, {"quarantined", r.Quarantined}, {"events", r.Events}, {"leads", r.Leads}}
}

func saveRetention(p *page) error {
	var rules desk.RetentionRules
	var wrong []desk.FieldError
	for name, to := range map[string]*int{
		"raw": &rules.Raw, "clients": &rules.Clients, "quarantined": &rules.Quarantined, "events": &rules.Events, "leads": &rules.Leads,
	} {
		n, err := strconv.Atoi(cmp.Or(p.form(name), "0"))
		if err != nil {
			wrong = append(wrong, desk.FieldError{Pointer: "/" + name, Message: p.say("sequences.number.wrong", p.form(name))})
		}
		*to = n
	}
	slices.SortFunc(wrong, func(a, b desk.FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	err := error(&desk.InvalidError{Fields: wrong})
	if len(wrong) == 0 {
		err = p.desk().SetRetention(p.ctx(), p.user, rules)
	}
	if err == nil {
		return p.done("/settings/retention", "retention.saved")
	}
	return p.invalid(err, "retention", p.part("retention", retentionRows(rules)))
}

func showCheck(p *page) error {
	began := time.Now()
	found, err := p.desk().Check(p.ctx(), p.user)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b leads.Finding) int {
		if a.Fatal == b.Fatal {
			return 0
		} else if a.Fatal {
			return -1
		}
		return 1
	})
	return p.show("check", p.part("check", checkPage{found, time.Since(began)}))
}

// checkPage is what the pre-flight found, and how long it took.
type checkPage struct {
	Findings []leads.Finding
	Took     time.Duration
}
