package desk

import (
	"context"
	"encoding/json"
	"errors"
)

// ErrNoHandOut says that the program hands no leads out: Config.HandOut is nil.
var ErrNoHandOut = errors.New("desk: this program hands out no leads")

// maxHandOut is how many leads are handed out at once.
const maxHandOut = 1000

// HandsOut reports whether leads can be handed out.
func (d *Desk) HandsOut() bool { return d.cfg.HandOut != nil }

// HandOut hands the leads out that nobody is responsible for, the oldest first and at most 1,000 at once, and returns how many found somebody. New
// leads are handed out as they come; those that were imported, or came before the program handed any out, wait for this. For members.
func (d *Desk) HandOut(ctx context.Context, u User) (int, error) {
	if err := may(u, Member); err != nil {
		return 0, err
	}
	if d.cfg.HandOut == nil {
		return 0, ErrNoHandOut
	}
	n, err := d.cfg.HandOut(ctx, u.Tenant, maxHandOut)
	if n > 0 {
		data, _ := json.Marshal(map[string]int{"leads": n}) // a number always encodes
		d.audit(ctx, u, "lead.handout", "", data)
	}
	return n, wrap("hand out", err)
}
