package sequence

import (
	"time"

	"github.com/openleads/leads"
)

// What the tests of definitions look at from outside.
var (
	Personal  = personal
	ZoneOf    = zoneOf
	CheckLink = func(target string) string { return checkLink(target, false, nil) }
)

func (d Definition) First() string { return d.first() }

func (d Definition) Follow(id string, v View, seed string) (next, outcome string) {
	s, _ := d.step(id)
	return d.follow(s, v, seed)
}

func (d Definition) DueAfter(id string, from time.Time, zone *time.Location) time.Time {
	return d.dueAfter(id, from, zone)
}

func (d Definition) Start(at time.Time, zone *time.Location) (string, time.Time) {
	return d.start(at, zone)
}

func (d Definition) Marketing() bool { return d.marketing() }

func (d Definition) Render(e EmailStep, v View, f Frame) (leads.Email, error) {
	return d.render(e, v, f)
}

func (n NotifyStep) Fill(v View) (string, error) { return n.fill(v) }
