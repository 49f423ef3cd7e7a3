// Command customadapter shows parts of one's own: an Enricher that asks the company's customer list, a Scorer that knows customers, a
// Notifier that writes a line to standard output, and a Mailer wrapped so that nothing leaves for addresses outside the company. Each is one
// method; adaptertest holds them to the contract in the tests beside.
//
//	go run ./examples/customadapter
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
)

// factCustomer is our own fact: the plan that the lead's company has.
const factCustomer = "crm.plan"

// customers is an Enricher that looks a company up in a list, which would be a CRM elsewhere.
type customers map[string]string // the plan by domain

// Enrich learns the plan of a lead's company. It says No, and not nothing, for a company that is no customer: that is known too.
func (c customers) Enrich(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	_, domain, ok := strings.Cut(strings.ToLower(lead.Email), "@")
	if !ok {
		return nil, nil
	}
	f := leads.Fact{Key: factCustomer, Truth: leads.No, Reason: "no customer", Source: "crm", Expires: time.Now().Add(24 * time.Hour)}
	if plan, known := c[domain]; known {
		f.Truth, f.Value, f.Reason = leads.Yes, plan, "a customer already"
	}
	return []leads.Fact{f}, nil
}

// loyal is a Scorer around another: who is a customer is hot.
type loyal struct{ next leads.Scorer }

// Score judges as the next Scorer does, and lifts customers.
func (l loyal) Score(ctx context.Context, lead leads.Lead) (leads.Score, error) {
	s, err := l.next.Score(ctx, lead)
	if plan := lead.Enrichment.Value(factCustomer); plan != "" && s.By != "" {
		s.Evidence = append(s.Evidence, leads.Evidence{Criterion: "customer", Level: plan, Points: 100 - s.Value, Max: 100, Reason: "is a customer already", By: "rule"})
		s.Value, s.Qualification = 100, leads.Hot
	}
	return s, err
}

// lines is a Notifier that writes a line.
type lines struct{ out io.Writer }

// Notify writes one line for each notification, once.
func (l lines) Notify(ctx context.Context, n leads.Notification) error {
	d := leads.Delivery{Channel: "lines", Recipient: "out", Body: fmt.Appendf(nil, "%s: %q, %s\n", n.Kind, n.Lead.Email, verdict(n.Lead.Score))}
	return n.Once(ctx, d, func(_ context.Context, d leads.Delivery) (leads.Receipt, error) {
		_, err := l.out.Write(d.Body)
		return leads.Receipt{}, err
	})
}

func verdict(s *leads.Score) string {
	if s == nil {
		return "not scored"
	}
	return fmt.Sprintf("%s, %d of 100", s.Qualification, s.Value)
}

// inside is a Mailer around another that refuses addresses of other domains.
type inside struct {
	next   leads.Mailer
	domain string
}

var errOutside = errors.New("customadapter: the address is not one of ours")

// Send sends what stays inside; anything else is refused for good, as another attempt would not mend it.
func (m inside) Send(ctx context.Context, mail leads.Email) (leads.Receipt, error) {
	for _, to := range mail.To {
		if !strings.HasSuffix(strings.ToLower(to.Address), "@"+m.domain) {
			return leads.Receipt{}, leads.Permanent(errOutside)
		}
	}
	return m.next.Send(ctx, mail)
}

func main() {
	if err := run(context.Background(), os.Stdout, "outbox"); err != nil {
		log.Fatal(err)
	}
}

// run takes one lead in and waits until everything is done for it.
func run(ctx context.Context, out io.Writer, outbox string) error {
	mail := inside{next: emldir.New(outbox), domain: "example.com"}
	engine, err := leads.New(leads.Config{
		Store:    memstore.New(nil),
		Enricher: enrich.Chain{enrich.Company{}, customers{"acme-tools.com": "pro"}},
		Scorer:   loyal{score.DefaultRubric()},
		Notifier: notify.All(lines{out}, notify.Email(mail, "sales@example.com")),
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	captured, err := engine.Capture(ctx, ingest.Submission{Fields: ingest.Fields{Email: "eve@acme-tools.com", FirstName: "Eve"}})
	if err == nil {
		err = await(ctx, engine, captured.LeadID)
	}
	stop()
	return errors.Join(err, <-ended)
}

// await returns when no work is left for the lead.
func await(ctx context.Context, engine *leads.Engine, id string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		x, err := engine.Explain(ctx, leads.DefaultTenant, id)
		if err != nil || !x.Pending() {
			return err
		}
	}
	return nil
}
