package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// RecordDigest is the kind of the [leads.Record] in which what is for somebody's next digest is collected; its ID is the person's. It names leads
// and holds no more of them than the first words of a note.
const RecordDigest = "digest"

const (
	maxItems     = 500       // listed in one digest; what comes on top is counted
	maxItemNote  = 160       // characters
	maxItemBytes = 200 << 10 // of all items together, below what a Record takes
)

// item is one notification that waits for the digest.
type item struct {
	Lead string                 `json:"lead,omitempty"`
	Kind leads.NotificationKind `json:"kind"`
	Note string                 `json:"note,omitempty"`
	At   time.Time              `json:"at"`
	Key  string                 `json:"key"` // knows the item again when it comes twice
}

// batch is what one mail holds.
type batch struct {
	Items []item `json:"items,omitempty"`
	More  int    `json:"more,omitempty"` // how many there was no room for
	bytes int
}

// collection is the data of a record: what has come together, and what is being sent.
type collection struct {
	batch
	// Sending is the batch of the digest that was due at Due, until it is sent.
	Sending *batch `json:"sending,omitempty"`
	Due     string `json:"due,omitempty"`
}

func newItem(n leads.Notification) item {
	note := inline(n.Note, maxItemNote)
	h := sha256.Sum256([]byte(string(n.Kind) + "\x00" + n.Lead.ID + "\x00" + n.SubmissionID + "\x00" + note))
	return item{Lead: n.Lead.ID, Kind: n.Kind, Note: note, At: n.At.UTC().Truncate(time.Second), Key: hex.EncodeToString(h[:8])}
}

// add puts an item in unless it is there, and counts it where there is no room.
func (b *batch) add(i item) {
	if slices.ContainsFunc(b.Items, func(old item) bool { return old.Key == i.Key }) {
		return
	}
	if len(b.Items) >= maxItems || b.bytes+i.size() > maxItemBytes {
		b.More++
		return
	}
	b.Items, b.bytes = append(b.Items, i), b.bytes+i.size()
}

// size is how many bytes the item takes at most: JSON escapes one with six.
func (i item) size() int { return len(i.Lead) + len(i.Kind) + 6*len(i.Note) + 100 }

// join puts another batch behind this one.
func (b *batch) join(other batch) {
	for _, i := range other.Items {
		b.add(i)
	}
	b.More += other.More
}

func (b *batch) empty() bool { return len(b.Items) == 0 && b.More == 0 }

// read makes a collection of a record's data.
func read(data json.RawMessage) (collection, error) {
	var c collection
	if len(data) > 0 {
		if err := json.Unmarshal(data, &c); err != nil {
			return collection{}, leads.Permanent(fmt.Errorf("notify: the record of a digest: %w", err))
		}
	}
	for _, i := range c.Items {
		c.bytes += i.size()
	}
	return c, nil
}

// change changes a person's collection. An error of change stores nothing and is returned.
func (t *TeamNotifier) change(ctx context.Context, tenant, person string, change func(c *collection) error) (leads.Record, error) {
	return leads.UpdateRecord(ctx, t.opts.Store, tenant, RecordDigest, person, func(r *leads.Record) error {
		c, err := read(r.Data)
		if err != nil {
			return err
		}
		if err := change(&c); err != nil {
			return err
		}
		r.Data, err = json.Marshal(c)
		return err
	})
}

// collect keeps n for a person and has the digest made at until or, if that is zero, at the person's next time for it.
func (t *TeamNotifier) collect(ctx context.Context, n leads.Notification, p Person, until time.Time) error {
	body, err := json.Marshal(newItem(n))
	if err != nil {
		return leads.Permanent(err)
	}
	d := leads.Delivery{Channel: "digest", Recipient: p.ID, Body: body}
	err = n.Once(ctx, d, func(ctx context.Context, d leads.Delivery) (leads.Receipt, error) {
		var i item
		if err := json.Unmarshal(d.Body, &i); err != nil {
			return leads.Receipt{}, leads.Permanent(err)
		}
		_, err := t.change(ctx, n.Tenant, p.ID, func(c *collection) error { c.add(i); return nil })
		return leads.Receipt{}, err
	})
	if err != nil {
		return fmt.Errorf("notify: collect: %w", err)
	}
	return t.schedule(ctx, n, p, until)
}

// schedule has the digest made. What was written before the digest's time is read by it, and what was written later is for the next one: the
// record's own time says which, so that nothing stays behind.
func (t *TeamNotifier) schedule(ctx context.Context, n leads.Notification, p Person, due time.Time) error {
	r, err := t.opts.Store.Record(ctx, n.Tenant, RecordDigest, p.ID)
	if err != nil {
		return fmt.Errorf("notify: collect: %w", err)
	}
	if c, err := read(r.Data); err != nil || c.empty() {
		return err // a retry: the digest has been made meanwhile
	}
	if !due.After(r.UpdatedAt) {
		due = p.digest(r.UpdatedAt, p.zone(t.zone))
	}
	name := due.UTC().Format(time.RFC3339)
	return n.Schedule(ctx, "digest/"+p.ID+"/"+name, leads.Notice{Kind: leads.NotifyDigest, To: p.ID, Note: name}, due)
}

var (
	errNothing   = errors.New("nothing to send")
	errOvertaken = errors.New("a later digest has it")
)

// flush mails a person's digest. What it holds is set apart before it is sent and dropped afterwards, so that a crash between leaves either the
// whole batch, whose mail is then known to be sent, or nothing.
func (t *TeamNotifier) flush(ctx context.Context, n leads.Notification, people []Person) error {
	i := slices.IndexFunc(people, func(p Person) bool { return n.To != "" && p.ID == n.To })
	if i < 0 || t.opts.Store == nil {
		return nil
	}
	p, due := people[i], n.Note
	if due == "" {
		due = n.At.UTC().Format(time.RFC3339)
	}
	sending, err := t.seal(ctx, n.Tenant, p.ID, due)
	if errors.Is(err, errNothing) || errors.Is(err, errOvertaken) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: digest: %w", err)
	}
	if err := t.send(ctx, n, p, sending); err != nil {
		return err
	}
	_, err = t.change(ctx, n.Tenant, p.ID, func(c *collection) error {
		if c.Due != due {
			return errOvertaken
		}
		c.Sending, c.Due = nil, ""
		return nil
	})
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

// seal sets apart what the digest that was due then sends. A digest that could not be sent leaves its batch to the next one.
func (t *TeamNotifier) seal(ctx context.Context, tenant, person, due string) (batch, error) {
	var sending batch
	_, err := t.change(ctx, tenant, person, func(c *collection) error {
		sending = batch{}
		if c.Sending != nil {
			sending.join(*c.Sending)
		}
		switch {
		case c.Sending != nil && c.Due == due:
			return nil
		case c.Sending != nil && c.Due > due: // RFC 3339 in UTC sorts
			return errOvertaken
		}
		if sending.join(c.batch); sending.empty() {
			return errNothing
		}
		*c = collection{Sending: &sending, Due: due}
		return nil
	})
	return sending, err
}

// send mails a batch.
func (t *TeamNotifier) send(ctx context.Context, n leads.Notification, p Person, sending batch) error {
	found := make(map[string]leads.Lead)
	for _, i := range sending.Items {
		if _, ok := found[i.Lead]; ok || i.Lead == "" {
			continue
		}
		lead, err := t.opts.Store.Lead(ctx, n.Tenant, i.Lead)
		if err != nil && !leads.IsNotFound(err) {
			return fmt.Errorf("notify: digest: %w", err)
		}
		if err == nil {
			found[i.Lead] = lead
		}
	}
	letter, err := renderDigest(sending, found, n.URL, p.zone(t.zone))
	if errors.Is(err, errNothing) { // every lead is gone
		return nil
	}
	if err != nil {
		return leads.Permanent(fmt.Errorf("notify: render: %w", err))
	}
	if prefix := header(t.opts.Prefix, 40); prefix != "" {
		letter.Subject = prefix + " " + letter.Subject
	}
	return t.post(ctx, n, letter, p)
}
