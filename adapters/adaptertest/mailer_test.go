package adaptertest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
)

// letterbox is a Mailer in memory. Its hooks spoil it.
type letterbox struct {
	mu    sync.Mutex
	mails map[string][]leads.Email
	// check refuses mails; deliver is what comes out for what is sent; send takes the place of all.
	check   func(leads.Email) error
	deliver func(leads.Email) leads.Email
	send    func(ctx context.Context, m leads.Email) error
}

func newLetterbox() *letterbox {
	return &letterbox{mails: make(map[string][]leads.Email), check: sound, deliver: copied}
}

func (l *letterbox) Send(ctx context.Context, m leads.Email) (leads.Receipt, error) {
	if l.send != nil {
		return leads.Receipt{}, l.send(ctx, m)
	}
	if err := l.check(m); err != nil {
		return leads.Receipt{}, leads.Permanent(err)
	}
	if err := ctx.Err(); err != nil {
		return leads.Receipt{}, err
	}
	l.put(l.deliver(m))
	return leads.Receipt{ID: m.MessageID}, nil
}

func (l *letterbox) put(m leads.Email) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mails[m.MessageID] = append(l.mails[m.MessageID], m)
}

func (l *letterbox) arrived(_ *testing.T, id string) []leads.Email {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.mails[id])
}

// copied shares nothing with the mail.
func copied(m leads.Email) leads.Email {
	m.To, m.ReplyTo, m.Headers, m.Tags = slices.Clone(m.To), slices.Clone(m.ReplyTo), maps.Clone(m.Headers), slices.Clone(m.Tags)
	return m
}

// sound refuses what has to be refused.
func sound(m leads.Email) error {
	texts, addresses := []string{m.Subject}, append([]mail.Address{m.From}, slices.Concat(m.To, m.ReplyTo)...)
	for name, value := range m.Headers {
		texts = append(texts, name, value)
		if strings.Contains(name, ":") {
			return errors.New("the header name")
		}
	}
	for _, a := range addresses {
		texts = append(texts, a.Name)
		if parsed, err := mail.ParseAddress("<" + a.Address + ">"); err != nil || parsed.Address != a.Address {
			return errors.New("the address")
		}
	}
	if len(m.To) == 0 || strings.ContainsAny(strings.Join(texts, ""), "\r\n\x00") {
		return errors.New("no recipient, or a line break")
	}
	return nil
}

func TestSoundMailer(t *testing.T) {
	t.Parallel()
	l := newLetterbox()
	adaptertest.TestMailer(t, l, l.arrived)
	t.Run("unseen", func(t *testing.T) {
		t.Parallel()
		adaptertest.TestMailer(t, newLetterbox(), nil)
	})
}

// brokenMailers are what spoils a letterbox, by the case that has to notice.
var brokenMailers = map[string]func(l *letterbox){
	"mail":            func(l *letterbox) { l.deliver = func(m leads.Email) leads.Email { m.ReplyTo = nil; return m } },
	"mail/headers":    func(l *letterbox) { l.deliver = func(m leads.Email) leads.Email { m.Headers = nil; return m } },
	"mail/lost":       func(l *letterbox) { l.send = func(context.Context, leads.Email) error { return nil } },
	"mail plain text": func(l *letterbox) { l.deliver = func(m leads.Email) leads.Email { m.HTML = m.Text; return m } },
	"mail hostile bodies": func(l *letterbox) {
		l.deliver = func(m leads.Email) leads.Email { m.Text = strings.ReplaceAll(m.Text, ".\r\n", ""); return m }
	},
	"mail refused subjects":  func(l *letterbox) { l.check = except(func(m *leads.Email) { m.Subject = "x" }) },
	"mail refused headers":   func(l *letterbox) { l.check = except(func(m *leads.Email) { m.Headers = nil }) },
	"mail refused addresses": func(l *letterbox) { l.check = except(func(m *leads.Email) { m.ReplyTo = nil }) },
	"mail refused addresses/for now": func(l *letterbox) {
		l.send = func(_ context.Context, m leads.Email) error { return sound(m) } // not marked as permanent
	},
	"mail hostile text": func(l *letterbox) {
		l.deliver = func(m leads.Email) leads.Email {
			m = copied(m)
			if name, value, ok := strings.Cut(m.Subject, ": "); ok {
				m.Headers[name] = value
			}
			return m
		}
	},
	"mail sent again": func(l *letterbox) {
		var once sync.Map
		l.send = func(_ context.Context, m leads.Email) error {
			if _, again := once.LoadOrStore(m.MessageID, true); again {
				return leads.Permanent(errors.New("had it"))
			}
			l.put(copied(m))
			return nil
		}
	},
	"mail left alone": func(l *letterbox) {
		l.deliver = func(m leads.Email) leads.Email { slices.Sort(m.Tags); return copied(m) }
	},
	"mail left alone/kept":  func(l *letterbox) { l.deliver = func(m leads.Email) leads.Email { return m } },
	"mail left alone/spare": func(l *letterbox) { l.deliver = func(m leads.Email) leads.Email { spare(m.To); return copied(m) } },
	"mail tags": func(l *letterbox) {
		l.check = func(m leads.Email) error {
			if len(m.Tags) > 3 {
				return fmt.Errorf("%d tags", len(m.Tags))
			}
			return sound(m)
		}
	},
	"mail concurrent": func(l *letterbox) {
		var last leads.Email
		l.deliver = func(m leads.Email) leads.Email {
			l.mu.Lock()
			defer l.mu.Unlock()
			m = copied(m)
			m.Text, last = last.Text, copied(m)
			return m
		}
	},
	"mail ended context": func(l *letterbox) {
		l.send = func(ctx context.Context, m leads.Email) error {
			if ctx.Err() != nil {
				select {} // for ever
			}
			return nil
		}
	},
	"mail ended context/for good": func(l *letterbox) {
		l.send = func(ctx context.Context, m leads.Email) error { return leads.Permanent(ctx.Err()) }
	},
	"mail ending context": func(l *letterbox) {
		l.send = func(ctx context.Context, m leads.Email) error {
			l.put(copied(m))
			<-ctx.Done()
			return ctx.Err() // as if it could be sent again
		}
	},
}

func spare(list []mail.Address) {
	if list = list[:cap(list)]; len(list) > 1 {
		list[len(list)-1] = mail.Address{Address: "archive@example.com"}
	}
}

// except checks a mail that has been changed first.
func except(change func(*leads.Email)) func(leads.Email) error {
	return func(m leads.Email) error {
		change(&m)
		return sound(m)
	}
}

// TestBrokenMailers expects every broken mailer to be rejected by the case that is meant for it, each in a process of its own.
func TestBrokenMailers(t *testing.T) {
	t.Parallel()
	if spoil, ok := brokenMailers[os.Getenv(brokenEnv)]; ok {
		l := newLetterbox()
		spoil(l)
		adaptertest.TestMailer(t, l, l.arrived)
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	for name := range brokenMailers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rejectedBy, _, _ := strings.Cut(name, "/")
			rejectedBy = strings.ReplaceAll(rejectedBy, " ", "_")
			child := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenMailers$/^"+rejectedBy+"$", "-test.timeout=60s")
			child.Env = append(os.Environ(), brokenEnv+"="+name)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the mailer is accepted:\n%s", output)
			require.Contains(t, string(output), "--- FAIL: TestBrokenMailers/"+rejectedBy, "another case failed:\n%s", output)
			require.Contains(t, string(output), "the contract says: ")
			require.NotContains(t, string(output), "panic:")
		})
	}
}

// TestEveryMailerCaseIsBroken has each case of the suite reject somebody, and each quote stand in a comment.
func TestEveryMailerCaseIsBroken(t *testing.T) {
	t.Parallel()
	var comments strings.Builder
	for _, file := range sources(t) {
		for _, group := range file.Comments {
			comments.WriteString(flat(group.Text()) + "\n")
		}
	}
	for name, sentence := range adaptertest.MailerSentences() {
		require.Contains(t, brokenMailers, name)
		require.Contains(t, comments.String(), sentence, name)
	}
}

func TestReadMail(t *testing.T) {
	t.Parallel()
	_, err := adaptertest.ReadMail([]byte("Subject: a\r\nSubject: b\r\n\r\n"))
	require.ErrorContains(t, err, "Subject stands 2 times")
	m, err := adaptertest.ReadMail([]byte("Subject: =?utf-8?q?=C3=A4?=\r\nTo: Ann <a@example.com>\r\nX-A: b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n"))
	require.NoError(t, err)
	require.Equal(t, leads.Email{Subject: "ä", To: []mail.Address{{Name: "Ann", Address: "a@example.com"}}, HTML: "x", Headers: map[string]string{"X-A": "b"}}, m)
}
