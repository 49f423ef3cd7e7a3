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
	first, firstGone := a.touch(lead, now, lead.First.Attribution, FirstChannel, FirstSource, FirstMedium, FirstCampaign)
	last, lastGone := a.touch(lead, now, lead.Last.Attribution, LastChannel, LastSource, LastMedium, LastCampaign)
	return append(learned(lead, now, append(first, last...)...), append(firstGone, lastGone...)...), nil
}

// touch returns the facts of one touch under the given keys, and those that make what was said of an earlier one Unknown.
func (a Attribution) touch(lead leads.Lead, now time.Time, from ingest.Attribution, channel, source, medium, campaign string) (found, gone []leads.Fact) {
	o := ChannelOf(from, a.Host)
	if o.Channel == ChannelUnknown {
		return []leads.Fact{{Key: channel, Truth: leads.Unknown, Reason: o.Reason, Source: "attribution"}}, nil
	}
	var empty []string
	for _, f := range []struct{ key, value string }{{channel, string(o.Channel)}, {source, o.Source}, {medium, o.Medium}, {campaign, o.Campaign}} {
		value := capped(strings.Join(strings.Fields(f.value), " "), maxName)
		if value == "" {
			empty = append(empty, f.key)
			continue
		}
		found = append(found, leads.Fact{Key: f.key, Truth: leads.Yes, Value: value, Reason: o.Reason, Source: "attribution"})
	}
	return found, withdraw(lead, now, "attribution", "the newer visit names none", empty...)
}
