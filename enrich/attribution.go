package enrich

import (
	"context"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The keys of the facts that [Attribution] learns, of the first touch and of the last.
const (
	FirstChannel  = "attribution.first.channel"  // a Channel
	FirstSource   = "attribution.first.source"   // who sent the person: "google", "newsletter", "blog.example.com", "(direct)"
	FirstMedium   = "attribution.first.medium"   // how: "cpc", "organic", "referral", "(none)"
	FirstCampaign = "attribution.first.campaign" // the campaign, if one was named

	LastChannel  = "attribution.last.channel"
	LastSource   = "attribution.last.source"
	LastMedium   = "attribution.last.medium"
	LastCampaign = "attribution.last.campaign"
)

// Attribution learns through which channel a lead came, at first and last, by the rules of [ChannelOf]. A channel that cannot be told is
// Unknown, which is not direct: a lead that came by import or through another service has no visit to judge. The zero value
// is ready for use; it asks nobody and has no errors.
type Attribution struct {
	// Host is the site's own host ("www.example.com"), whose pages are no referrers. "" takes that of the page with the form.
	Host string
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
}

// Enrich learns the channels.
func (a Attribution) Enrich(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	now := clockOr(a.Clock)
	first, none := a.touch(lead.First.Attribution, firstKeys)
	last, noneLast := a.touch(lead.Last.Attribution, lastKeys)
	gone := withdraw(lead, now, "attribution", "the visit names none", append(none, noneLast...)...)
	return append(learned(lead, now, append(first, last...)...), gone...), nil
}

// touchKeys are the keys of the facts of one touch.
type touchKeys struct{ channel, source, medium, campaign string }

var (
	firstKeys = touchKeys{FirstChannel, FirstSource, FirstMedium, FirstCampaign}
	lastKeys  = touchKeys{LastChannel, LastSource, LastMedium, LastCampaign}
)

// touch returns the facts of one touch, and the keys of which a visit that is known names nothing.
func (a Attribution) touch(from ingest.Attribution, keys touchKeys) (found []leads.Fact, none []string) {
	o := ChannelOf(from, a.Host)
	if o.Channel == ChannelUnknown {
		return []leads.Fact{{Key: keys.channel, Truth: leads.Unknown, Reason: o.Reason, Source: "attribution"}}, nil
	}
	for _, f := range []struct{ key, value string }{
		{keys.channel, string(o.Channel)}, {keys.source, o.Source}, {keys.medium, o.Medium}, {keys.campaign, o.Campaign},
	} {
		value := capped(strings.Join(strings.Fields(f.value), " "), maxName)
		if value == "" {
			none = append(none, f.key)
			continue
		}
		found = append(found, leads.Fact{Key: f.key, Truth: leads.Yes, Value: value, Reason: o.Reason, Source: "attribution"})
	}
	return found, none
}
