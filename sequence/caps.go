package sequence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"time"
)

// Caps bound how many mails the sequences of a tenant send. What is beyond one waits until its period is over; no mail is left out or sent
// twice for it. Days, hours and minutes are those of UTC. 0 means the default, and a negative number that there is no such cap.
type Caps struct {
	Address int // to one address a day; 0 means 2
	Domain  int // to the addresses of one domain a day; 0 means 2,000
	Sender  int // from one sender's address a day; 0 means 10,000
	Day     int // of the tenant a day; 0 means 10,000
	Hour    int // of the tenant an hour; 0 means 1,000
	// Minute is of the tenant a minute. It spreads what has piled up while nothing was running. 0 means 60.
	Minute int
	// ConfirmDomain and ConfirmTenant bound the mails that ask for a confirmation an hour, beside the one in 24 hours that an address
	// gets. They count under the others too. 0 means 50 and 500.
	ConfirmDomain int
	ConfirmTenant int
}

func (c Caps) withDefaults() Caps {
	c.Address, c.Domain, c.Sender = cmp.Or(c.Address, 2), cmp.Or(c.Domain, 2000), cmp.Or(c.Sender, 10_000)
	c.Day, c.Hour, c.Minute = cmp.Or(c.Day, 10_000), cmp.Or(c.Hour, 1000), cmp.Or(c.Minute, 60)
	c.ConfirmDomain, c.ConfirmTenant = cmp.Or(c.ConfirmDomain, 50), cmp.Or(c.ConfirmTenant, 500)
	return c
}

const day = 24 * time.Hour

// capped is a quota, and from when on it is worth trying again once it is used up.
type capped struct {
	Quota
	again time.Time
}

// each is a cap of a period that ends with a whole day, hour or minute. A limit below 0 makes none.
func each(what string, limit int, now time.Time, period time.Duration) []capped {
	if limit < 0 {
		return nil
	}
	begin := now.Truncate(period) // days of UTC too: the zero time is a midnight
	end := begin.Add(period)
	// Those who were turned away do not all come back at once.
	spread := time.Duration(rand.Int64N(int64(min(period*10, time.Hour))))
	return []capped{{Quota{Key: "mail/" + what + "/" + period.String() + "/" + begin.Format("2006-01-02T15:04"), Limit: limit, Until: end}, end.Add(spread)}}
}

// parties are whose mails are counted.
type parties struct {
	addressKey, domain, sender string
}

// quotas are what a mail of a sequence needs one of each of.
func (c Caps) quotas(p parties, now time.Time) []capped {
	all := each("address/"+p.addressKey, c.Address, now, day)
	all = append(all, each("domain/"+short(p.domain), c.Domain, now, day)...)
	all = append(all, each("sender/"+short(p.sender), c.Sender, now, day)...)
	all = append(all, each("tenant", c.Day, now, day)...)
	all = append(all, each("tenant", c.Hour, now, time.Hour)...)
	return append(all, each("tenant", c.Minute, now, time.Minute)...)
}

// confirming are the quotas of a mail that asks for a confirmation. Its first is that of the address, which is not of a calendar day but of
// the 24 hours that follow.
func (c Caps) confirming(p parties, now time.Time) []capped {
	own := capped{Quota{Key: "confirm/" + p.addressKey, Limit: 1, Until: now.Add(day)}, now.Add(day)}
	all := append([]capped{own}, each("confirm/domain/"+short(p.domain), c.ConfirmDomain, now, time.Hour)...)
	all = append(all, each("confirm/tenant", c.ConfirmTenant, now, time.Hour)...)
	return append(all, c.quotas(p, now)[c.addressQuota():]...)
}

// addressQuota counts the quotas of the address alone.
func (c Caps) addressQuota() int {
	if c.Address < 0 {
		return 0
	}
	return 1
}

// short keeps a name within what a quota's key may have.
func short(name string) string {
	name = strings.ToLower(name)
	if len(name) <= 128 {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// spend takes one of each, or returns the first that is used up.
func (s *Sequencer) spend(ctx context.Context, tenant string, all []capped) (*capped, error) {
	if len(all) == 0 {
		return nil, nil
	}
	quotas := make([]Quota, len(all))
	for i, c := range all {
		quotas[i] = c.Quota
	}
	usedUp, err := s.store.Spend(ctx, tenant, quotas...)
	if err != nil || usedUp == "" {
		return nil, err
	}
	for _, c := range all {
		if c.Key == usedUp {
			return &c, nil
		}
	}
	return &all[0], nil
}
