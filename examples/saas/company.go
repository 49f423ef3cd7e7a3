package main

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// company is a tenant. A host has these in its own tables.
type company struct {
	ID     string // the tenant, and its name below the program's domain
	Name   string
	Sender sequence.Sender // who its leads get mails from
	Users  []desk.User
}

type companies []company

// demo are the companies of the demonstration.
func demo() companies {
	return companies{
		newCompany("acme", "Acme Tools", "1 High Street, Bath",
			desk.User{ID: "ann", Name: "Ann Archer", Role: desk.Owner}, desk.User{ID: "ben", Name: "Ben Bauer", Role: desk.Member}),
		newCompany("umbra", "Umbra Lamps", "2 Low Road, York",
			desk.User{ID: "uma", Name: "Uma Unger", Role: desk.Owner}, desk.User{ID: "rob", Name: "Rob Reader", Role: desk.Reader}),
	}
}

func newCompany(id, name, postal string, users ...desk.User) company {
	for i := range users {
		users[i].Tenant, users[i].Email = id, users[i].ID+"@"+id+".example"
	}
	from := mail.Address{Name: name, Address: "hello@" + id + ".example"}
	return company{ID: id, Name: name, Sender: sequence.Sender{From: from, Postal: name + ", " + postal}, Users: users}
}

// find returns the company with the ID.
func (all companies) find(id string) (company, bool) {
	i := slices.IndexFunc(all, func(c company) bool { return c.ID == id })
	if i < 0 {
		return company{}, false
	}
	return all[i], true
}

// ids are those of the tenants.
func (all companies) ids(context.Context) ([]string, error) {
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// at returns the company whose name below the domain a request was made to. What the Host header says is the sender's choice, so it only
// ever narrows: who signed in at one company is nobody at another.
func (all companies) at(host, domain string) (company, bool) {
	id, ok := strings.CutSuffix(strings.ToLower(host), "."+domain)
	if !ok {
		return company{}, false
	}
	return all.find(id)
}

// people are those of a company who are told about its leads and take turns at them. It is a notify.DirectoryFunc.
func (all companies) people(_ context.Context, tenant string) ([]notify.Person, error) {
	c, _ := all.find(tenant)
	var found []notify.Person
	for _, u := range c.Users {
		p := notify.Person{ID: u.ID, Name: u.Name, Email: u.Email}
		if u.Role.May(desk.Member) {
			p.Weight = 1
		}
		found = append(found, p)
	}
	return found, nil
}

// sender says who writes for a company. It is sequence.Options.Senders.
func (all companies) sender(_ context.Context, tenant string) (sequence.Sender, error) {
	c, ok := all.find(tenant)
	if !ok {
		return sequence.Sender{}, fmt.Errorf("saas: there is no company %q", tenant)
	}
	return c.Sender, nil
}

// welcomeMail is a sequence that every company has; each can make others of its own on its dashboard. A form's token is public, so whoever
// writes through it is asked by mail first.
func welcomeMail() sequence.Definition {
	return sequence.Definition{
		ID: "welcome", Name: "Welcome", Purpose: "transactional",
		Match: &sequence.Condition{Field: "qualification", Is: []string{"hot", "warm"}},
		Steps: []sequence.Step{{ID: "thanks", Email: &sequence.EmailStep{
			Subject: "Thank you for writing{{#firstName}}, {{firstName}}{{/firstName}}",
			Body:    "Hello{{#firstName}} {{firstName}}{{/firstName}},\n\nwe have your message and will answer soon.",
		}}},
	}
}
