package sequence

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// Frame is what a mail has around its template.
type Frame struct {
	From mail.Address
	// ReplyTo is where answers go; the zero value means From.
	ReplyTo mail.Address
	// Postal is the sender's postal address in one or more lines, and UnsubscribeURL the person's own page for saying stop, an absolute http or https
	// address. A mail that is not transactional needs both.
	Postal         string
	UnsubscribeURL string
	// UnsubscribeLabel is the text of the link to it. "" means "Unsubscribe".
	UnsubscribeLabel string
	// OneClickURL takes the POST of RFC 8058, which needs https. "" means UnsubscribeURL.
	OneClickURL string
	MessageID   string // without its angle brackets
	// Headers, Tags and Variables are added to the mail.
	Headers   map[string]string
	Tags      []string
	Variables map[string]string
}

// Preview makes the mail of a step as it would be sent to a lead, for people to look at. What the Frame leaves empty is filled with examples.
func (d Definition) Preview(stepID string, v View, f Frame) (leads.Email, error) {
	s, ok := d.step(stepID)
	if !ok || s.Email == nil {
		return leads.Email{}, fmt.Errorf("sequence: %q is not a step that sends a mail", stepID)
	}
	if f.From.Address == "" {
		f.From = mail.Address{Name: cmp.Or(f.From.Name, "Your name"), Address: "you@example.com"}
	}
	f.Postal = cmp.Or(f.Postal, "Your postal address")
	f.UnsubscribeURL = cmp.Or(f.UnsubscribeURL, "https://example.com/unsubscribe")
	if v.Lead.Email == "" {
		v.Lead.Email = "lead@example.com"
	}
	return d.render(*s.Email, v, f)
}

// render makes the mail of a step for a lead. Its errors are for ever: the same step, lead and frame fail again.
func (d Definition) render(e EmailStep, v View, f Frame) (leads.Email, error) {
	return d.renderWith(e.compiled, v, f)
}

// renderWith is render for a template that may have been compiled before.
func (d Definition) renderWith(compiled func() (*emailTemplate, error), v View, f Frame) (leads.Email, error) {
	to, err := emailaddr.Parse(v.Lead.Email)
	if err != nil {
		return leads.Email{}, fmt.Errorf("sequence: the lead's address: %w", err)
	}
	if err := d.checkFrame(f); err != nil {
		return leads.Email{}, err
	}
	t, err := compiled()
	if err != nil {
		return leads.Email{}, err
	}
	m, err := t.fill(v, f)
	if err != nil {
		return leads.Email{}, err
	}
	m.From, m.To = f.From, []mail.Address{{Name: displayName(v.Lead), Address: to.String()}}
	if f.ReplyTo.Address != "" {
		m.ReplyTo = []mail.Address{f.ReplyTo}
	}
	m.MessageID, m.Tags, m.Variables = f.MessageID, slices.Clone(f.Tags), maps.Clone(f.Variables)
	m.Headers = d.headers(f)
	return m, nil
}

// displayName is the lead's name as it stands beside the address. What quotes and ends names goes: not every program reads that alike.
func displayName(lead leads.Lead) string {
	return headerText(personal(strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\\"<>", r) {
			return -1
		}
		return r
	}, visible(lead.FirstName+" "+lead.LastName))))
}

// headers are the Frame's and, on mails that are not asked for, the way out of them (RFC 2369, RFC 8058).
func (d Definition) headers(f Frame) map[string]string {
	h := maps.Clone(f.Headers)
	if f.UnsubscribeURL == "" || !d.marketing() {
		return h
	}
	if h == nil {
		h = make(map[string]string)
	}
	oneClick := cmp.Or(f.OneClickURL, f.UnsubscribeURL)
	h["List-Unsubscribe"] = "<" + oneClick + ">"
	if strings.HasPrefix(oneClick, "https://") {
		h["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
	}
	return h
}

// checkFrame refuses to send what must not go out.
func (d Definition) checkFrame(f Frame) error {
	var errs []error
	if f.From.Address == "" {
		errs = append(errs, errors.New("Frame.From is required"))
	}
	if d.marketing() && strings.TrimSpace(f.Postal) == "" {
		errs = append(errs, errors.New("Frame.Postal is required: a mail that is not transactional names its sender's postal address"))
	}
	if d.marketing() && f.UnsubscribeURL == "" {
		errs = append(errs, errors.New("Frame.UnsubscribeURL is required: a mail that is not transactional has a way out"))
	}
	for name, address := range map[string]string{"Frame.UnsubscribeURL": f.UnsubscribeURL, "Frame.OneClickURL": f.OneClickURL} {
		if address != "" && !isWebAddress(address) {
			errs = append(errs, fmt.Errorf("%s is not an absolute http or https address", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sequence: %w", err)
	}
	return nil
}

// isWebAddress reports whether an address can stand in a header and a link as it is.
func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsFunc(address, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '<' || r == '>' || r == '"'
	})
}

// fill makes both bodies and the subject.
func (t *emailTemplate) fill(v View, f Frame) (leads.Email, error) {
	values := t.values(v, f)
	subject, err1 := t.subject.Render(values)
	inner, err2 := t.body.html.Render(values)
	text, err3 := t.body.text.Render(values)
	if err := errors.Join(err1, err2, err3); err != nil {
		return leads.Email{}, fmt.Errorf("sequence: %w", err)
	}
	p := page{
		Subject: headerText(subject), Body: template.HTML(inner), Postal: lines(f.Postal),
		Unsubscribe: template.URL(f.UnsubscribeURL), Label: cmp.Or(f.UnsubscribeLabel, "Unsubscribe"),
	}
	var html strings.Builder
	if err := layout.Execute(&html, p); err != nil {
		return leads.Email{}, fmt.Errorf("sequence: %w", err)
	}
	return leads.Email{Subject: p.Subject, HTML: html.String(), Text: tidy(text) + p.footer(f)}, nil
}

// footer is the end of the plain-text part.
func (p page) footer(f Frame) string {
	if len(p.Postal) == 0 && p.Unsubscribe == "" {
		return ""
	}
	all := append([]string{"", "-- "}, p.Postal...)
	if p.Unsubscribe != "" {
		all = append(all, p.Label+": "+f.UnsubscribeURL)
	}
	return strings.Join(all, "\n") + "\n"
}

// lines splits a text into its lines, empty ones left out.
func lines(s string) []string {
	var kept []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// tidy takes away the empty lines that left-out sections leave.
func tidy(s string) string {
	var kept []string
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\n") + "\n"
}

// headerText makes one line of a text in which no mail program finds an encoded word.
func headerText(s string) string {
	return shorten(strings.Join(strings.Fields(strings.ReplaceAll(visible(s), "=?", "= ?")), " "), maxSubject)
}
