package desk

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/openleads/leads"
)

// Place is where a lead stands in an order. A [Store] begins a page behind the place of the last lead of the page before, and may write it
// as Page.Next with String.
type Place struct {
	Sort Sort
	// Key is what is sorted by: the score, -1 for none, or a time in microseconds since 1970.
	Key int64
	ID  string // the lead's
}

// PlaceOf returns where a lead stands.
func PlaceOf(sort Sort, lead leads.Lead) Place {
	p := Place{Sort: sort, Key: -1, ID: lead.ID}
	switch {
	case sort == ChangedFirst:
		p.Key = lead.UpdatedAt.UnixMicro()
	case sort != HottestFirst:
		p.Key = lead.CreatedAt.UnixMicro()
	case lead.Score != nil:
		p.Key = int64(lead.Score.Value)
	}
	return p
}

// Compare is negative if p comes before other, which has the same Sort.
func (p Place) Compare(other Place) int {
	c := cmp.Or(cmp.Compare(p.Key, other.Key), cmp.Compare(p.ID, other.ID))
	if p.Sort == OldestFirst {
		return c
	}
	return -c
}

// String writes the place as ParsePlace reads it.
func (p Place) String() string { return fmt.Sprintf("%s~%d~%s", p.Sort, p.Key, p.ID) }

// ParsePlace reads the After of a page in the order sort. What is malformed or of another order is [leads.ErrInvalid].
func ParsePlace(sort Sort, after string) (Place, error) {
	parts := strings.Split(after, "~")
	if len(parts) == 3 && Sort(parts[0]) == sort && len(parts[2]) == 36 && uuid.Validate(parts[2]) == nil {
		if n, err := strconv.ParseInt(parts[1], 10, 64); err == nil {
			return Place{Sort: sort, Key: n, ID: strings.ToLower(parts[2])}, nil
		}
	}
	return Place{}, fmt.Errorf("desk: %w: after is not the Next of a page in this order", leads.ErrInvalid)
}
