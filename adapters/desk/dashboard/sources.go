package dashboard

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/ingest/snippet"
)

var sourceRoutes = []route{
	{Method: "GET", Path: "/sources", Role: desk.Reader, Area: "sources", Do: listSources},
	{Method: "POST", Path: "/sources", Role: desk.Admin, Area: "sources", Do: createSource},
	{Method: "GET", Path: "/sources/{id}", Role: desk.Reader, Area: "sources", Do: showSource},
	{Method: "POST", Path: "/sources/{id}", Role: desk.Admin, Area: "sources", Do: saveSource},
	{Method: "POST", Path: "/sources/{id}/rotate", Role: desk.Admin, Area: "sources", Do: rotateToken},
	{Method: "POST", Path: "/sources/{id}/delete", Role: desk.Admin, Area: "sources", Do: deleteSource},
	{Method: "GET", Path: "/sources/{id}/mapping", Role: desk.Reader, Area: "sources", Do: showMapping},
	{Method: "POST", Path: "/sources/{id}/mapping", Role: desk.Admin, Area: "sources", Do: saveMapping},
	{Method: "POST", Path: "/sources/{id}/mapping/take", Role: desk.Admin, Area: "sources", Do: takeSuggestion},
	{Method: "POST", Path: "/sources/{id}/preview", Role: desk.Reader, Area: "sources", Do: previewMapping},
}

const (
	healthShort = 20 // submissions that the list looks at, each source
	healthLong  = 50 // and the page of one source
)

// health is what became of the newest submissions of a source.
type health struct {
	Looked, Accepted, Quarantined int
	Reasons                       []reasonCount // why, the most frequent first
}

type reasonCount struct {
	Reason string
	Count  int
}

// healthOf counts the verdicts.
func healthOf(subs []ingest.Submission) health {
	h := health{Looked: len(subs)}
	why := make(map[string]int)
	for _, sub := range subs {
		if sub.Verdict != ingest.Quarantined {
			h.Accepted++
			continue
		}
		h.Quarantined++
		for _, reason := range sub.Reasons {
			why[reason]++
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(why)) {
		h.Reasons = append(h.Reasons, reasonCount{reason, why[reason]})
	}
	slices.SortStableFunc(h.Reasons, func(a, b reasonCount) int { return cmp.Compare(b.Count, a.Count) })
	return h
}

func (p *page) health(sourceID string, limit int) (health, []ingest.Submission, error) {
	subs, err := p.desk().Payloads(p.ctx(), p.user, sourceID, limit)
	return healthOf(subs), subs, err
}

// sourceRow is a source in the list.
type sourceRow struct {
	desk.Source
	Health health
}

type sourceList struct {
	Rows    []sourceRow
	Presets []ingest.Preset
	Name    string // of a new one that could not be made
	Preset  string
}

func listSources(p *page) error {
	list, err := p.sourceList()
	if err != nil {
		return err
	}
	return p.show("sources", view{Title: p.say("nav.sources"), Data: list})
}

func (p *page) sourceList() (sourceList, error) {
	list := sourceList{Presets: ingest.Presets()}
	sources, err := p.desk().Sources(p.ctx(), p.user)
	for _, s := range sources {
		h, _, herr := p.health(s.ID, healthShort)
		err = errors.Join(err, herr)
		list.Rows = append(list.Rows, sourceRow{s, h})
	}
	slices.Reverse(list.Rows)
	return list, err
}

func createSource(p *page) error {
	made, err := p.desk().CreateSource(p.ctx(), p.user, ingest.Source{Name: p.form("name"), Preset: p.form("preset")})
	if err != nil {
		list, listErr := p.sourceList()
		list.Name, list.Preset = p.form("name"), p.form("preset")
		return cmp.Or(listErr, p.invalid(lines(err), "sources", view{Title: p.say("nav.sources"), Data: list}))
	}
	return p.done("/sources/"+made.ID, "source.created")
}

// sourcePage is the page of one source.
type sourcePage struct {
	sourceRow
	Base    string // the door: the URL without the token
	Snippet string
	Curl    string
	Form    string
	Presets []ingest.Preset
	Preset  ingest.Preset // the chosen one
	Schemes []string
	Recent  []ingest.Submission
	Edit    ingest.Source // what the form shows
}

func showSource(p *page) error {
	s, err := p.desk().Source(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	data, err := p.sourcePage(s)
	if err != nil {
		return err
	}
	return p.show("source", view{Title: s.Name, Data: data})
}

func (p *page) sourcePage(s desk.Source) (sourcePage, error) {
	h, recent, err := p.health(s.ID, healthLong)
	data := sourcePage{
		sourceRow: sourceRow{s, h}, Presets: ingest.Presets(), Schemes: ingest.Schemes(), Recent: recent[:min(len(recent), 5)], Edit: s.Source,
	}
	if i := slices.IndexFunc(data.Presets, func(x ingest.Preset) bool { return x.Name == s.Preset }); i >= 0 {
		data.Preset = data.Presets[i]
	}
	if len(s.Tokens) > 0 {
		data.Base = strings.TrimSuffix(s.URL, s.Tokens[0])
		data.Snippet = snippetTag(data.Base, s.Tokens[0])
		data.Curl = "curl -H 'Content-Type: application/json' \\\n  -d '{\"email\":\"ann@example.com\",\"firstName\":\"Ann\",\"message\":\"Hello\"}' \\\n  " + s.URL
		data.Form = formCode(s)
	}
	return data, err
}

// snippetTag is the tag for a page of whatever system: it names the newest script, since such pages are not changed with every version.
func snippetTag(base, token string) string {
	return `<script src="` + base + snippet.Stable + `" data-token="` + token + `" defer></script>`
}

// formCode is a form that works without any script. Its trap is out of sight and out of the way of the keyboard.
func formCode(s desk.Source) string {
	trap := cmp.Or(s.Spam.Honeypot, "_hp")
	code := []string{
		`<form action="` + s.URL + `" method="post">`,
		`  <label>Name <input name="firstName" autocomplete="name"></label>`,
		`  <label>Email <input name="email" type="email" autocomplete="email" required></label>`,
		`  <label>Message <textarea name="message"></textarea></label>`,
		`  <div hidden><input name="` + attribute(trap) + `" tabindex="-1" autocomplete="off"></div>`,
		`  <button>Send</button>`,
		`</form>`,
	}
	if trap == "-" {
		code = slices.Delete(code, 4, 5)
	}
	return strings.Join(code, "\n")
}

// attribute escapes a text for the code that people paste.
func attribute(s string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func saveSource(p *page) error {
	s, err := p.desk().Source(p.ctx(), p.user, p.id())
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(p.form("version"), 10, 64)
	if err != nil || version < 1 {
		return errForm
	}
	edit := s.Source
	p.sourceForm(&edit)
	if _, err = p.desk().ChangeSource(p.ctx(), p.user, s.ID, version, p.sourceForm); err == nil {
		return p.done("/sources/"+s.ID, "source.saved")
	}
	data, pageErr := p.sourcePage(s)
	data.Edit = edit
	return cmp.Or(pageErr, p.invalid(lines(err), "source", view{Title: s.Name, Data: data}))
}

// sourceForm puts what the form says into a source. What it does not have stays as it is.
func (p *page) sourceForm(s *ingest.Source) {
	s.Name, s.Preset = p.form("name"), p.form("preset")
	s.Origins, s.Redirects = textLines(p.form("origins")), textLines(p.form("redirects"))
	s.PerMinute, _ = strconv.Atoi(cmp.Or(p.form("perMinute"), "0")) // the field takes numbers only
	s.Trusted = p.form("trusted") != ""
	s.Spam = ingest.Spam{Honeypot: p.form("honeypot"), Blocked: textLines(p.form("blocked"))}
	if p.form("spam") == "" {
		s.Spam.Honeypot, s.Spam.MinFill = "-", -1
	} else if seconds, err := strconv.ParseFloat(p.form("minFill"), 64); err == nil && seconds < 3600 {
		s.Spam.MinFill = time.Duration(seconds * float64(time.Second))
	}
	s.Captcha = ingest.CaptchaSettings{Name: p.form("captcha"), Field: p.form("captchaField"), OnOutage: ingest.CaptchaOutage(p.form("captchaOutage"))}
	s.Consent = ingest.Consent{
		Purpose: p.form("purpose"), Wording: p.form("wording"), Field: p.form("consentField"), DoubleOptIn: p.form("doubleOptIn") != "",
	}
	p.signatureForm(&s.Signature)
}

// signatureForm changes the key only where a new one is given: the page never shows it.
func (p *page) signatureForm(s *ingest.Signature) {
	s.Scheme = p.form("scheme")
	switch secret := p.form("secret"); {
	case p.form("unsigned") != "":
		*s = ingest.Signature{}
	case secret != "" && p.form("keepSecret") != "":
		s.Previous, s.Secret = s.Secret, ingest.NewSecret(secret)
	case secret != "":
		s.Previous, s.Secret = ingest.Secret{}, ingest.NewSecret(secret)
	case p.form("dropPrevious") != "":
		s.Previous = ingest.Secret{}
	}
	if !s.Secret.IsSet() {
		*s = ingest.Signature{}
	}
}

func rotateToken(p *page) error {
	keep := p.form("keep") != ""
	if _, err := p.desk().RotateToken(p.ctx(), p.user, p.id(), keep); err != nil {
		return err
	}
	if keep {
		return p.done("/sources/"+p.id(), "source.rotatedKept")
	}
	return p.done("/sources/"+p.id(), "source.rotated")
}

func deleteSource(p *page) error {
	if p.form("sure") == "" {
		s, err := p.desk().Source(p.ctx(), p.user, p.id())
		if err != nil {
			return err
		}
		return p.confirm(p.say("sources.delete"), confirmation{
			Text: p.say("sources.delete.sure"), Names: []string{s.Name}, Action: "sources/" + s.ID + "/delete", Fields: []field{{"sure", "yes"}},
			Button: p.say("form.delete"), Back: "sources/" + s.ID,
		})
	}
	if err := p.desk().DeleteSource(p.ctx(), p.user, p.id()); err != nil {
		return err
	}
	return p.done("/sources", "source.deleted")
}

// WrongBelow reports whether something is wrong with the field at a JSON pointer, or with a part of it.
func (v *view) WrongBelow(pointer string) bool {
	return slices.ContainsFunc(v.Wrong, func(f desk.FieldError) bool { return f.Pointer == pointer || strings.HasPrefix(f.Pointer, pointer+"/") })
}

// textLines are the lines of a text that hold something.
func textLines(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}

// lines makes an entry of every line of an error that lists several.
func lines(err error) error {
	var wrong *desk.InvalidError
	if !errors.As(err, &wrong) {
		return err
	}
	split := &desk.InvalidError{}
	for _, f := range wrong.Fields {
		for _, line := range textLines(f.Message) {
			split.Fields = append(split.Fields, desk.FieldError{Pointer: f.Pointer, Message: line})
		}
	}
	return split
}

// say returns a text of the catalogue.
func (p *page) say(key string, args ...any) string { return p.board.texts.text(key, args...) }
