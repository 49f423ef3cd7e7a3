package sequence_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/sequence"
)

const shop = "shop" // a tenant

func titled(id, name string) sequence.Definition {
	return sequence.Definition{ID: id, Name: name, Steps: []sequence.Step{mailStep("one")}}
}

func TestLibrary(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), sequence.Library{Records: memstore.New(nil)}
	_, err := l.Load(ctx, shop, "a")
	require.ErrorIs(t, err, leads.ErrNotFound)

	first, err := l.Save(ctx, shop, titled("a", "First"))
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Version)
	edited := first
	edited.Name = "Second"
	second, err := l.Save(ctx, shop, edited)
	require.NoError(t, err)
	require.EqualValues(t, 2, second.Version)

	got, err := l.Load(ctx, shop, "a")
	require.NoError(t, err)
	require.Equal(t, second, got)
	for n, want := range map[int64]sequence.Definition{1: first, 2: second} {
		got, err = l.Version(ctx, shop, "a", n)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, n := range []int64{-1, 0, 3} {
		_, err = l.Version(ctx, shop, "a", n)
		require.ErrorIs(t, err, leads.ErrNotFound, n)
	}
	_, err = l.Load(ctx, "other", "a")
	require.ErrorIs(t, err, leads.ErrNotFound, "another tenant has none")
}

func TestSaveRefusesTheSecondOfTwoEditors(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), sequence.Library{Records: memstore.New(nil)}
	read, err := l.Save(ctx, shop, titled("a", "Start"))
	require.NoError(t, err)
	_, err = l.Save(ctx, shop, titled("a", "New one of the same name"))
	require.ErrorIs(t, err, leads.ErrStale)

	const editors = 16
	var wg sync.WaitGroup
	errs := make([]error, editors)
	for i := range editors {
		wg.Go(func() { _, errs[i] = l.Save(context.WithoutCancel(ctx), shop, read) })
	}
	wg.Wait()
	saved := 0
	for _, err := range errs {
		if err == nil {
			saved++
		} else {
			require.ErrorIs(t, err, leads.ErrStale)
		}
	}
	require.Equal(t, 1, saved)
	got, err := l.Load(ctx, shop, "a")
	require.NoError(t, err)
	require.EqualValues(t, 2, got.Version)
}

func TestSaveValidates(t *testing.T) {
	t.Parallel()
	l := sequence.Library{Records: memstore.New(nil)}
	_, err := l.Save(t.Context(), shop, titled("a", ""))
	require.ErrorIs(t, err, leads.ErrInvalid)
	all, err := l.List(t.Context(), shop)
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestPause(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), sequence.Library{Records: memstore.New(nil)}
	first, err := l.Save(ctx, shop, titled("a", "First"))
	require.NoError(t, err)
	paused, err := l.Pause(ctx, shop, "a", true)
	require.NoError(t, err)
	require.True(t, paused.Paused)
	require.EqualValues(t, 1, paused.Version, "it is no new version")

	saved, err := l.Save(ctx, shop, first)
	require.NoError(t, err)
	require.True(t, saved.Paused, "who edits what was read before does not set it going")
	old, err := l.Version(ctx, shop, "a", 1)
	require.NoError(t, err)
	require.True(t, old.Paused, "all versions stand still")
	going, err := l.Pause(ctx, shop, "a", false)
	require.NoError(t, err)
	require.False(t, going.Paused)
	old, err = l.Version(ctx, shop, "a", 1)
	require.NoError(t, err)
	require.False(t, old.Paused)
	_, err = l.Pause(ctx, shop, "b", true)
	require.ErrorIs(t, err, leads.ErrNotFound)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), sequence.Library{Records: memstore.New(nil)}
	require.NoError(t, l.Delete(ctx, shop, "a"), "one that is not there")
	first, err := l.Save(ctx, shop, titled("a", "First"))
	require.NoError(t, err)
	require.NoError(t, l.Delete(ctx, shop, "a"))
	require.NoError(t, l.Delete(ctx, shop, "a"))
	_, err = l.Load(ctx, shop, "a")
	require.ErrorIs(t, err, leads.ErrNotFound)
	_, err = l.Pause(ctx, shop, "a", true)
	require.ErrorIs(t, err, leads.ErrNotFound)
	_, err = l.Save(ctx, shop, first)
	require.ErrorIs(t, err, leads.ErrStale, "who edits it still is told")
	old, err := l.Version(ctx, shop, "a", 1)
	require.NoError(t, err, "enrolments that were can be read")
	require.Equal(t, "First", old.Name)

	again, err := l.Save(ctx, shop, titled("a", "Another"))
	require.NoError(t, err)
	require.EqualValues(t, 2, again.Version, "numbers are not given again")
	old, err = l.Version(ctx, shop, "a", 1)
	require.NoError(t, err)
	require.Equal(t, "First", old.Name)
}

func TestList(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), sequence.Library{Records: memstore.New(nil)}
	for i := range 205 {
		_, err := l.Save(ctx, shop, titled("s-"+string(rune('a'+i/26))+string(rune('a'+i%26)), "X"))
		require.NoError(t, err)
	}
	require.NoError(t, l.Delete(ctx, shop, "s-ab"))
	all, err := l.List(ctx, shop)
	require.NoError(t, err)
	require.Len(t, all, 204)
	require.Equal(t, "s-aa", all[0].ID)
	require.Equal(t, "s-ac", all[1].ID)
	none, err := l.List(ctx, "other")
	require.NoError(t, err)
	require.Empty(t, none)
}

// failing is a store whose nth write fails, once.
type failing struct {
	*memstore.Store
	left int
}

var errBroken = errors.New("broken")

func (f *failing) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	if f.left--; f.left == 0 {
		return leads.Record{}, errBroken
	}
	return f.Store.PutRecord(ctx, r)
}

// A save that breaks off between its writes leaves the version that was, and does not stand in the way of the next.
func TestSaveBreaksOff(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), memstore.New(nil)
	l := sequence.Library{Records: store}
	first, err := l.Save(ctx, shop, titled("a", "First"))
	require.NoError(t, err)
	for write := 1; write <= 2; write++ {
		lost := first
		lost.Name = "Lost"
		_, err = sequence.Library{Records: &failing{store, write}}.Save(ctx, shop, lost)
		require.ErrorIs(t, err, errBroken)
		got, err := l.Load(ctx, shop, "a")
		require.NoError(t, err)
		require.Equal(t, first, got)
	}
	next := first
	next.Name = "Second"
	_, err = l.Save(ctx, shop, next)
	require.NoError(t, err)
	for n, want := range map[int64]string{1: "First", 2: "Second"} {
		got, err := l.Version(ctx, shop, "a", n)
		require.NoError(t, err)
		require.Equal(t, want, got.Name)
	}
}
