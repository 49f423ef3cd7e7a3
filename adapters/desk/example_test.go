package desk_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// exampleDesk is a desk without sequences over a store in memory.
func exampleDesk() *desk.Desk {
	store := memstore.New(nil)
	engine, err := leads.New(leads.Config{Store: store})
	if err != nil {
		panic(err)
	}
	d, err := desk.New(desk.Config{Engine: engine, Store: store, BaseURL: "https://crm.example.com"})
	if err != nil {
		panic(err)
	}
	return d
}

func Example() {
	ctx, d := context.Background(), exampleDesk()
	ann := desk.User{Tenant: leads.DefaultTenant, ID: "ann", Role: desk.Member}
	lead, created, err := d.Create(ctx, ann, desk.NewLead{Fields: ingest.Fields{Email: "bob@example.com", LastName: "Bobson"}})
	fmt.Println(lead.Status, created, err)

	qualified, me := leads.StatusQualified, ann.ID
	lead, err = d.Update(ctx, ann, lead.ID, desk.Patch{Status: &qualified, Assignee: &me, AddTags: []string{"fair"}, Note: "wants a demo"})
	fmt.Println(lead.Status, lead.Assignee, lead.Tags, err)

	events, err := d.Events(ctx, ann, lead.ID)
	for _, e := range events {
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %s", e.Kind, e.Data)))
	}
	fmt.Println(err)
	_, err = d.CreateSource(ctx, ann, ingest.Source{Name: "Form"})
	fmt.Println(err)
	// Output:
	// new true <nil>
	// qualified ann [fair] <nil>
	// created
	// status {"from":"new","to":"qualified","by":"ann","reason":"Qualified"}
	// assigned {"to":"ann","by":"ann"}
	// tagged {"to":"fair","by":"ann"}
	// noted {"text":"wants a demo","by":"ann"}
	// <nil>
	// desk: the role does not allow this
}

func ExampleDesk_Import() {
	ctx, d := context.Background(), exampleDesk()
	ada := desk.User{Tenant: leads.DefaultTenant, ID: "ada", Role: desk.Admin}
	file := "E-Mail;Vorname;Tags\nann@example.com;Ann;\"fair; vip\"\nann@example.com;Anna;\n\"broken\" line;;\n"
	report, err := d.Import(ctx, ada, strings.NewReader(file), nil)
	fmt.Println(report.Created, report.Merged, report.Mapping["Vorname"], err)
	for _, refused := range report.Refused {
		fmt.Println(refused.Line, refused.Message)
	}
	// Output:
	// 1 1 firstName <nil>
	// 4 this line is no CSV: extraneous or missing " in quoted-field
}

func ExampleDesk_ExportCSV() {
	ctx, d := context.Background(), exampleDesk()
	ada := desk.User{Tenant: leads.DefaultTenant, ID: "ada", Role: desk.Admin}
	_, _, err := d.Create(ctx, ada, desk.NewLead{Fields: ingest.Fields{Email: "a@example.com", Company: "=1+1"}})
	if err != nil {
		panic(err)
	}
	var file strings.Builder
	n, err := d.ExportCSV(ctx, ada, desk.Filter{Search: "a@example.com"}, &file, false)
	fmt.Println(n, strings.Contains(file.String(), ",'=1+1,"), err)
	// Output: 1 true <nil>
}

func ExampleCell() {
	fmt.Fprintln(os.Stdout, desk.Cell("=HYPERLINK(…)"), desk.Cell("+49 30 1234"), desk.Cell("O'Neil & Sons"))
	// Output: '=HYPERLINK(…) '+49 30 1234 O'Neil & Sons
}
