package adaptertest

import (
	"context"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
)

const (
	saysHanded    = "Send hands the mail to the next hop and returns its receipt."
	saysOneLine   = "one line; a Mailer refuses CR, LF and NUL with a permanent error"
	saysChecked   = "Names and values are checked like Subject."
	saysStructure = "Its addresses are structures, so that text from a lead cannot become a header."
	saysSameID    = "made by the sender so that a retry carries the same one."
	saysApart     = "Its errors are told apart by [IsPermanent] (never try again), [IsAmbiguous] (it may have been sent) and [RetryAfter]; any other may be retried as it is."
	saysMailsSoon = "It may be called concurrently and must return soon after ctx ends."
	saysGrouped   = "Tags group mails for the provider's statistics; Variables come back with its events."
)

// Arrived returns the mails with a Message-ID as their recipient reads them: texts decoded, Headers with every field that is not one of the mail's
// own or of MIME. [ReadMail] makes one of a message. Tags and Variables are not looked at.
type Arrived func(t *testing.T, messageID string) []leads.Email

// mailerContract is one sentence about mails, and the test that holds a Mailer to it.
type mailerContract struct {
	name string
	// says is the sentence, word for word.
	says string
	test func(p *post)
}

// TestMailer holds a Mailer to its contract, with mails from plain to hostile, to and from addresses of example.com. It is called with what must not
// be sent to anybody, so what is behind it should be a test's. arrived is what has come out at the other end; where that cannot be seen it is
// nil, and only what Send returns is tested.
func TestMailer(t *testing.T, mailer leads.Mailer, arrived Arrived) {
	for _, c := range mailerContracts() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the contract says: %s", c.says)
				}
			})
			c.test(&post{T: t, mailer: mailer, arrived: arrived})
		})
	}
}

// mailerContracts returns every case of TestMailer.
func mailerContracts() []mailerContract {
	return []mailerContract{
		{"mail", saysHanded, mailWhole},
		{"mail plain text", saysHanded, mailPlain},
		{"mail hostile bodies", saysHanded, mailBodies},
		{"mail refused subjects", saysOneLine, mailSubjects},
		{"mail refused headers", saysChecked, mailHeaders},
		{"mail refused addresses", saysStructure, mailAddresses},
		{"mail hostile text", saysStructure, mailHostile},
		{"mail sent again", saysSameID, mailAgain},
		{"mail left alone", saysSameID, mailUntouched},
		{"mail tags", saysGrouped, mailTags},
		{"mail concurrent", saysMailsSoon, mailConcurrent},
		{"mail ended context", saysMailsSoon, mailEnded},
		{"mail ending context", saysApart, mailEnding},
	}
}

// post is a Mailer and the other end.
type post struct {
	*testing.T
	mailer  leads.Mailer
	arrived Arrived
}

// letter makes a mail with something in every field and a Message-ID of its own.
func letter() leads.Email {
	return leads.Email{
		From: mail.Address{Name: "Leads", Address: "leads@example.com"}, To: []mail.Address{{Name: "Sales", Address: "sales@example.com"}},
		ReplyTo: []mail.Address{{Name: "Ann Lee", Address: "ann@example.com"}},
		Subject: "Your demo", Text: "the text\nof two lines\n", HTML: "<p>the html</p>\n", MessageID: leads.NewID() + "@example.com",
		Headers: map[string]string{"List-Unsubscribe": "<https://example.com/u/1>", "X-Text": "text"},
		Tags:    []string{"tag"}, Variables: map[string]string{"lead": "l1"},
	}
}

// deliver sends a mail that must get through, and checks what arrived.
func (p *post) deliver(m leads.Email) {
	p.Helper()
	if _, err := p.mailer.Send(p.Context(), m); err != nil {
		p.Errorf("a mail that is in order was not sent: %v", err)
		return
	}
	p.check(m)
}

// check compares what arrived with what was sent.
func (p *post) check(m leads.Email) {
	p.Helper()
	if p.arrived == nil {
		return
	}
	mails := p.arrived(p.T, m.MessageID)
	if len(mails) == 0 {
		p.Errorf("%q was sent without an error and has not arrived", shown(m.Subject))
	}
	for _, got := range mails {
		for _, d := range differences(flatten(readable(got)), flatten(readable(m)), []string{"Tags", "Variables"}) {
			p.Errorf("what arrived differs: %s", d)
		}
	}
}

// readable makes alike what a mail does not keep apart: line breaks, the blanks between words of a header, the spelling of header names. Marks that an adapter puts
// into names to keep readers from misreading them (a blank within "=?", a slash for a backslash) count as the same.
func readable(m leads.Email) leads.Email {
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	lines := func(s string) string {
		return strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
	}
	names := func(list []mail.Address) []mail.Address {
		list = slices.Clone(list)
		for i := range list {
			list[i].Name = words(strings.NewReplacer("= ?", "=?", `\`, "/").Replace(list[i].Name))
		}
		return list
	}
	headers := make(map[string]string, len(m.Headers))
	for name, value := range m.Headers {
		headers[strings.ToLower(name)] = words(value)
	}
	m.From, m.To, m.ReplyTo = names([]mail.Address{m.From})[0], names(m.To), names(m.ReplyTo)
	m.Subject, m.Text, m.HTML, m.Headers = words(m.Subject), lines(m.Text), lines(m.HTML), headers
	return m
}

// refused sends a mail that must be refused for good.
func (p *post) refused(what string, m leads.Email) {
	p.Helper()
	_, err := p.mailer.Send(p.Context(), m)
	if err == nil {
		p.Errorf("%s: it was sent", what)
	} else if !leads.IsPermanent(err) {
		p.Errorf("%s: the error is not permanent: %v", what, err)
	}
	p.nothing(what, m.MessageID)
}

// nothing checks that no such mail has arrived.
func (p *post) nothing(what, messageID string) {
	p.Helper()
	if p.arrived != nil && len(p.arrived(p.T, messageID)) > 0 {
		p.Errorf("%s: it has arrived", what)
	}
}

func mailWhole(p *post) { p.deliver(letter()) }

func mailPlain(p *post) {
	m := letter()
	m.HTML, m.ReplyTo, m.Headers, m.Tags, m.Variables = "", nil, nil, nil, nil
	m.Subject = "Größe № 1 " + strings.Repeat("日本語 ", 30)
	p.deliver(m)
}

// mailBodies sends every text there is as a body, where nothing but NUL is out of the ordinary.
func mailBodies(p *post) {
	texts := append(hostile(), ".\r\n.\nQUIT\n", "From x\n>From y\n..", "--boundary--\n", "=3D=\n=", strings.Repeat("long ", 4000), "Subject: x\n\nbody")
	for _, text := range texts {
		m := letter()
		m.Text, m.HTML = "begins "+text+" ends", "<p>"+text+"</p>"
		p.deliver(m)
	}
}

// breaking are texts that would end a header line.
var breaking = []string{"a\r\nBcc: evil@example.com", "a\nb", "a\rb", "a\x00b", "\r\n", "a\r\n\r\n<html>"}

func mailSubjects(p *post) {
	for _, text := range breaking {
		m := letter()
		m.Subject = text
		p.refused(fmt.Sprintf("the subject %q", text), m)
	}
}

func mailHeaders(p *post) {
	for _, text := range breaking {
		m := letter()
		m.Headers["X-Text"] = text
		p.refused(fmt.Sprintf("a header of %q", text), m)
		m = letter()
		m.Headers["X-"+text] = "value"
		p.refused(fmt.Sprintf("a header named %q", text), m)
	}
	m := letter()
	m.Headers["X-A: b"] = "value"
	p.refused("a header name with a colon", m)
}

func mailAddresses(p *post) {
	m := letter()
	m.To = nil
	p.refused("no recipient", m)
	for _, text := range append(slices.Clone(breaking), "", "ann", "a@example.com, b@example.com", "Ann <ann@example.com>", "a@example.com\r\nBcc: b@example.com", "@example.com", "a@", "a b@example.com") {
		for name, set := range map[string]func(*leads.Email){
			"From":     func(m *leads.Email) { m.From.Address = text },
			"To":       func(m *leads.Email) { m.To[0].Address = text },
			"Reply-To": func(m *leads.Email) { m.ReplyTo[0].Address = text },
		} {
			m := letter()
			set(&m)
			p.refused(fmt.Sprintf("the address %q in %s", text, name), m)
		}
	}
}

// mailHostile puts a text wherever a mail takes one: it is refused, or arrives as it was among the headers of any other mail.
func mailHostile(p *post) {
	texts := append(hostile(), "=?utf-8?q?a=0D=0ABcc:_x@example.com?=", "=?", "=?utf-8?b?AA==?= x", `"quoted\" <a@b.example>`, "a, b@example.com;", "(comment)", "Bcc: x@example.com")
	for _, text := range slices.Concat(texts, breaking) {
		for name, set := range map[string]func(*leads.Email){
			"Subject":   func(m *leads.Email) { m.Subject = text },
			"From":      func(m *leads.Email) { m.From.Name = text },
			"To":        func(m *leads.Email) { m.To[0].Name = text },
			"Reply-To":  func(m *leads.Email) { m.ReplyTo[0].Name = text },
			"a header":  func(m *leads.Email) { m.Headers["X-Text"] = text },
			"a tag":     func(m *leads.Email) { m.Tags = []string{text} },
			"a value":   func(m *leads.Email) { m.Variables["lead"] = text },
			"all of it": func(m *leads.Email) { m.Subject, m.ReplyTo[0].Name, m.Headers["X-Text"] = text, text, text },
		} {
			m := letter()
			set(&m)
			if _, err := p.mailer.Send(p.Context(), m); err == nil {
				p.check(m)
			} else if !leads.IsPermanent(err) {
				p.Errorf("%q in %s is neither sent nor refused for good: %v", shown(text), name, err)
			} else {
				p.nothing(fmt.Sprintf("%q in %s", shown(text), name), m.MessageID)
			}
		}
	}
}

func mailAgain(p *post) {
	m := letter()
	p.deliver(m)
	p.deliver(m)
}

// mailUntouched sends one mail twice, and expects it to be as it was in between; what is done to it afterwards changes nothing that was sent.
func mailUntouched(p *post) {
	m := letter()
	m.Headers["x-lower"], m.Tags = "b", []string{"b", "a", "d", "c"}
	m.To = append(make([]mail.Address, 0, 4), m.To...) // with room behind it, which is not the adapter's
	before := flatten(m)
	p.deliver(m)
	for _, d := range differences(flatten(m), before, nil) {
		p.Errorf("it changed the mail: %s", d)
	}
	if spare := m.To[:cap(m.To)]; spare[len(spare)-1] != (mail.Address{}) {
		p.Errorf("it wrote behind the end of the list of recipients")
	}
	sent := m
	sent.To, sent.ReplyTo, sent.Headers = slices.Clone(m.To), slices.Clone(m.ReplyTo), maps.Clone(m.Headers)
	m.To[0].Address, m.ReplyTo[0].Name, m.Headers["X-Text"] = "other@example.com", "Other", "other"
	p.check(sent)
}

// mailTags sends more tags than a provider takes: statistics are no reason to lose a mail.
func mailTags(p *post) {
	m := letter()
	m.Tags = nil
	for i := range 12 {
		m.Tags = append(m.Tags, fmt.Sprintf("tag-%d", i))
		m.Variables[fmt.Sprintf("v%d", i)] = strings.Repeat("x", 200)
	}
	m.Tags = append(m.Tags, "größe", strings.Repeat("long", 100), "two words", "a,b")
	p.deliver(m)
}

// mailConcurrent sends different mails at once, for the race detector too, and expects each to arrive as it is.
func mailConcurrent(p *post) {
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			m := letter()
			m.Subject, m.Text = fmt.Sprintf("mail %d", i), fmt.Sprintf("this is mail %d\n", i)
			m.To[0].Address = fmt.Sprintf("sales%d@example.com", i)
			p.deliver(m)
		})
	}
	all.Wait()
}

// mailEnded sends with a context that has ended.
func mailEnded(p *post) {
	m := letter()
	p.hurried(ended(p.T), m, 0)
}

// mailEnding ends the context while mails are under way, each a little later than the one before.
func mailEnding(p *post) {
	for i := range 24 {
		m := letter()
		wait := time.Duration(i) * 250 * time.Microsecond
		ctx, cancel := context.WithTimeout(p.Context(), wait)
		p.hurried(ctx, m, wait)
		cancel()
	}
}

// hurried sends a mail whose context ends. It must come back, and must not say that the mail may be sent again where it has been sent, nor that
// it may not.
func (p *post) hurried(ctx context.Context, m leads.Email, wait time.Duration) {
	p.Helper()
	returned := make(chan error, 1)
	go func() {
		_, err := p.mailer.Send(ctx, m)
		returned <- err
	}()
	select {
	case err := <-returned:
		switch {
		case err == nil:
			p.check(m)
		case leads.IsPermanent(err):
			p.Errorf("the end of its context is an error for good: %v", err)
		case !leads.IsAmbiguous(err):
			p.nothing(fmt.Sprintf("after %v it failed with %q, by which it may be sent again", wait, err), m.MessageID)
		}
	case <-time.After(wait + soonAfter):
		p.Errorf("it has not returned %v after its context ended", soonAfter)
	}
}
