package sequence_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// TestRaces has stops and workers race for claimed mails: for 2,000, and for 20,000 with LEADS_PROOF=1.
func TestRaces(t *testing.T) {
	t.Parallel()
	for range count(2, 20) { // a store that has no index is quicker so
		adaptertest.TestStops(t, memstore.New(nil), 1000)
	}
}

// TestAConfirmationWhileTheMailIsBeingSent confirms before the worker has noted that it has asked: the first mail is due at once, not in a week.
func TestAConfirmationWhileTheMailIsBeingSent(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var r *rig
		out := &outbox{}
		out.answer = func(n int, m leads.Email) (int, error) {
			if n == 1 {
				go func() { r.post(linkTo(t, m, "c")) }()
				out.mu.Unlock()
				<-time.After(time.Second)
				out.mu.Lock()
			}
			return 1, nil
		}
		r = newRig(t, options(course()), parts{mailer: out})
		id := r.submit(ingest.Submission{SourceID: r.source(ingest.Source{}), Fields: ingest.Fields{Email: "bob@example.com"}})
		after(time.Hour)
		require.Equal(t, []string{"Please confirm your address", "First"}, r.out.subjects())
		after(3 * 24 * time.Hour)
		require.Equal(t, sequence.Finished, r.only(id).State)
		require.Len(t, r.out.all(), 3)
	})
}

// between does something just before the worker settles its task for later.
type between struct {
	*memstore.Store
	do func()
}

func (b *between) Settle(ctx context.Context, task leads.Task, o leads.Outcome) error {
	if do := b.do; do != nil && task.Kind == leads.TaskStep && o.Settlement == leads.Retry && o.Delay > time.Hour {
		b.do = nil
		do()
	}
	return b.Store.Settle(ctx, task, o)
}

// TestAChangeBeforeTheTaskIsSettled has a person change an enrolment when the worker has moved it on and is about to settle its task for days
// later. What the person wants is due at once all the same.
func TestAChangeBeforeTheTaskIsSettled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := &between{Store: memstore.New(nil)}
		r := newRig(t, options(course()), parts{store: store})
		r.store = store.Store
		store.do = func() { require.Equal(t, 200, r.post(linkTo(t, r.out.all()[0].Email, "c"))) }
		r.submit(ingest.Submission{SourceID: r.source(ingest.Source{}), Fields: ingest.Fields{Email: "bob@example.com"}})
		after(time.Hour)
		require.Equal(t, []string{"Please confirm your address", "First"}, r.out.subjects())
	})
}

// TestANewAddress stops the new address of a lead, and the old one while a mail to it is under way.
func TestANewAddress(t *testing.T) {
	t.Parallel()
	move := func(t *testing.T, r *rig, id, to string) {
		_, err := r.store.Edit(t.Context(), leads.DefaultTenant, id, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
			l.Email = to
			return nil, nil, nil
		})
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		stop string
		want sequence.State
	}{
		"the new one": {"new@example.com", sequence.Exited}, "the old one": {"bob@example.com", sequence.Exited}, "another": {"x@example.com", sequence.Finished},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				r := newRig(t, options(course()), parts{})
				id := r.capture(ingest.Fields{Email: "bob@example.com"})
				after(time.Hour)
				move(t, r, id, "new@example.com")
				require.NoError(t, r.seq.Suppress(t.Context(), leads.DefaultTenant, c.stop, "", sequence.ReasonByHand))
				after(3 * 24 * time.Hour)
				require.Equal(t, c.want, r.only(id).State)
				if c.want == sequence.Finished {
					require.Equal(t, "new@example.com", r.out.all()[1].To[0].Address)
					key, err := r.seq.AddressKey(t.Context(), leads.DefaultTenant, "new@example.com")
					require.NoError(t, err)
					require.Equal(t, key, r.only(id).AddressKey)
				}
			})
		})
	}
}

func TestUnsuppress(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := newRig(t, options(course()), parts{})
		ctx, tenant := t.Context(), leads.DefaultTenant
		require.NoError(t, r.seq.Suppress(ctx, tenant, "bob@example.com", "marketing", sequence.ReasonUnsubscribed))
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		require.Empty(t, r.enrollments(id))
		require.NoError(t, r.seq.Unsuppress(ctx, tenant, "bob@example.com", "marketing"))
		lead, err := r.store.Lead(ctx, tenant, id)
		require.NoError(t, err)
		_, err = r.seq.Enroll(ctx, lead)
		require.NoError(t, err)
		after(time.Hour)
		require.Len(t, r.out.all(), 1)
		require.ErrorIs(t, r.seq.Suppress(ctx, tenant, "nonsense", "", ""), leads.ErrInvalid)
	})
}

// TestAStopForAnotherPurpose leaves the sequences of other purposes alone.
func TestAStopForAnotherPurpose(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		receipts := course()
		receipts.ID, receipts.Purpose = "receipts", "transactional"
		r := newRig(t, options(course(), receipts), parts{})
		id := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		for _, m := range r.out.all() {
			if len(links(m.Email)) > 0 {
				require.Equal(t, 200, r.post(linkTo(t, m.Email, "u")))
			}
		}
		after(7 * 24 * time.Hour)
		states := map[string]sequence.State{}
		for _, e := range r.enrollments(id) {
			states[e.SequenceID] = e.State
		}
		require.Equal(t, map[string]sequence.State{"welcome": sequence.Exited, "receipts": sequence.Finished}, states)
	})
}
