package mailgun_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
)

func ExampleNew() {
	mailgunServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // Mailgun's place in this example
		fmt.Println(r.Method, r.URL.Path, r.FormValue("to"), r.FormValue("o:tracking"))
		_, _ = fmt.Fprintf(w, `{"id":%q,"message":"Queued. Thank you."}`, r.FormValue("h:Message-Id"))
	}))
	defer mailgunServer.Close()

	mailer := mailgun.New("mg.example.com", "key-0123456789", &mailgun.Options{Base: mailgunServer.URL}) // Base: "EU" for the European region
	receipt, err := mailer.Send(context.Background(), leads.Email{
		From: mail.Address{Address: "leads@mg.example.com"}, To: []mail.Address{{Address: "sales@example.com"}},
		Subject: "Hello", Text: "It works.", MessageID: "1@mg.example.com",
	})
	fmt.Println(receipt.ID, err)
	// Output:
	// POST /v3/mg.example.com/messages <sales@example.com> no
	// 1@mg.example.com <nil>
}

func ExampleNewEvents() {
	sink := mailgun.SinkFunc(func(_ context.Context, e leads.MailEvent) error { // in a program: the sequence.Sequencer
		fmt.Println(e.Kind, e.Recipient, e.MessageID)
		return nil
	})
	events := mailgun.NewEvents("signing-key", sink, nil)

	// What Mailgun posts.
	timestamp, token := strconv.FormatInt(time.Now().Unix(), 10), "5d1f"
	mac := hmac.New(sha256.New, []byte("signing-key"))
	mac.Write([]byte(timestamp + token))
	body := fmt.Sprintf(`{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":{"event":"unsubscribed",
		"recipient":"ann@acme.example","message":{"headers":{"message-id":"1@mg.example.com"}}}}`, timestamp, token, hex.EncodeToString(mac.Sum(nil)))
	for range 2 {
		answer := httptest.NewRecorder()
		events.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/mailgun", strings.NewReader(body)))
		fmt.Println(answer.Code, strings.TrimSpace(answer.Body.String()))
	}
	// Output:
	// unsubscribed ann@acme.example 1@mg.example.com
	// 200 ok
	// 200 had before
}
