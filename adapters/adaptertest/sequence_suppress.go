package adaptertest

import (
	"fmt"
	"slices"

	"github.com/openleads/leads/sequence"
)

const (
	saysSuppress     = "Suppress stores s."
	saysSuppressOnce = "If there is one for its tenant, key and purpose already, that stays as it is."
	saysSuppressed   = "Suppressed returns those of a key, oldest first, ties in the order of their purposes; none is no error."
	saysUnsuppress   = "Unsuppress removes the one for a key and purpose."
	saysNoSuppress   = "None is no error."
	saysSuppressions = "Suppressions returns up to limit of the tenant in the byte order of key and purpose, beginning behind the given pair."
)

func suppressContracts() []contract {
	return []contract{
		{"suppress/stored", saysSuppress, suppressStored},
		{"suppress/hostile text", saysSuppress, suppressHostile},
		{"suppress/again", saysSuppressOnce, suppressAgain},
		{"suppress/at once", saysSuppressOnce, suppressTogether},
		{"suppress/oldest first", saysSuppressed, suppressOrder},
		{"suppress/of the tenant and key", saysSuppressed, suppressOthers},
		{"suppress/removed", saysUnsuppress, suppressRemoved},
		{"suppress/nothing to remove", saysNoSuppress, suppressNothing},
		{"suppress/pages", saysSuppressions, suppressPages},
		{"suppress/limits", saysHundreds, suppressLimits},
		{"suppress/ended context", saysSeqEnded, suppressEnded},
	}
}

func (r *rig) suppression(key, purpose string) sequence.Suppression {
	return sequence.Suppression{Tenant: r.tenant, Key: key, Purpose: purpose, Reason: sequence.ReasonComplaint, Note: "said so", At: r.tick()}
}

func (r *rig) suppress(all ...sequence.Suppression) {
	r.t.Helper()
	for _, s := range all {
		if err := r.sequences().Suppress(r.t.Context(), s); err != nil {
			r.t.Fatalf("Suppress(%s): %v", shown(s.Key), err)
		}
	}
}

func (r *rig) suppressed(key string) []sequence.Suppression {
	r.t.Helper()
	found, err := r.sequences().Suppressed(r.t.Context(), r.tenant, key)
	if err != nil {
		r.t.Fatalf("Suppressed(%s): %v", shown(key), err)
	}
	return found
}

func suppressStored(r *rig) {
	f := &filler{base: r.start}
	for _, want := range []sequence.Suppression{filled[sequence.Suppression](f), filled[sequence.Suppression](f), {Key: "empty", At: r.start}} {
		want.Tenant = r.tenant
		r.suppress(want)
		r.same("suppression", r.suppressed(want.Key), []sequence.Suppression{want})
	}
}

func suppressHostile(r *rig) {
	for i, text := range hostile() {
		want := filled[sequence.Suppression](&filler{base: r.start, text: hostileText(text)})
		want.Tenant, want.Key = r.tenant, fmt.Sprintf("key%d", i)
		r.suppress(want)
		r.same("suppression", r.suppressed(want.Key), []sequence.Suppression{want})
	}
}

func suppressAgain(r *rig) {
	first := r.suppression("key", "")
	r.suppress(first)
	for range 2 {
		again := r.suppression("key", "")
		again.Reason, again.Note = sequence.ReasonBounce, "another"
		r.suppress(again)
		r.same("suppression", r.suppressed("key"), []sequence.Suppression{first})
	}
}

func suppressTogether(r *rig) {
	const n = 16
	all := make([]sequence.Suppression, n)
	for i := range all {
		all[i] = r.suppression("key", fmt.Sprintf("purpose%d", i%2))
	}
	r.together(n, func(i int) error { return r.sequences().Suppress(r.t.Context(), all[i]) })
	r.check(len(r.suppressed("key")) == 2, "for two purposes there are %+v", r.suppressed("key"))
}

func suppressOrder(r *rig) {
	r.check(len(r.suppressed("key")) == 0, "nobody is suppressed, but %+v", r.suppressed("key"))
	var want []sequence.Suppression
	for _, purpose := range []string{"newsletter", "", "events", "marketing"} {
		want = append(want, r.suppression("key", purpose))
	}
	for _, i := range []int{2, 0, 3, 1} {
		r.suppress(want[i])
	}
	r.same("suppressions", r.suppressed("key"), want)
	ties := []sequence.Suppression{r.suppression("ties", ""), r.suppression("ties", "a"), r.suppression("ties", "b"), r.suppression("ties", "ba")}
	for _, i := range []int{2, 0, 3, 1} {
		ties[i].At = r.start
		r.suppress(ties[i])
	}
	r.same("suppressions of one instant", r.suppressed("ties"), ties)
}

func suppressOthers(r *rig) {
	other := r.as("other")
	mine, theirs := r.suppression("key", ""), other.suppression("key", "")
	r.suppress(mine, r.suppression("KEY", ""), r.suppression("key ", ""))
	other.suppress(theirs)
	r.same("mine", r.suppressed("key"), []sequence.Suppression{mine})
	r.check(len(r.suppressed("KEY")) == 1 && len(r.suppressed("key ")) == 1, "keys that look alike are taken for one")
	r.same("theirs", other.suppressed("key"), []sequence.Suppression{theirs})
	other.unsuppress("key", "")
	r.same("mine, once theirs is removed", r.suppressed("key"), []sequence.Suppression{mine})
}

func (r *rig) unsuppress(key, purpose string) {
	r.t.Helper()
	if err := r.sequences().Unsuppress(r.t.Context(), r.tenant, key, purpose); err != nil {
		r.t.Errorf("Unsuppress(%s, %q): %v", shown(key), purpose, err)
	}
}

func suppressRemoved(r *rig) {
	all := []sequence.Suppression{r.suppression("key", ""), r.suppression("key", "events"), r.suppression("other", "")}
	r.suppress(all...)
	r.unsuppress("key", "")
	r.same("of the key", r.suppressed("key"), all[1:2])
	r.same("of another key", r.suppressed("other"), all[2:])
	again := r.suppression("key", "")
	r.suppress(again)
	r.same("suppressed again", r.suppressed("key"), []sequence.Suppression{all[1], again})
}

func suppressNothing(r *rig) {
	want := r.suppression("key", "events")
	r.suppress(want)
	r.unsuppress("key", "")
	r.unsuppress("key", "EVENTS")
	r.unsuppress("other", "events")
	r.unsuppress("key", "newsletter")
	r.same("suppressions", r.suppressed("key"), []sequence.Suppression{want})
}

func (r *rig) suppressionPage(key, purpose string, limit int) []sequence.Suppression {
	r.t.Helper()
	page, err := r.sequences().Suppressions(r.t.Context(), r.tenant, key, purpose, limit)
	if err != nil {
		r.t.Fatalf("Suppressions behind %s, %q: %v", shown(key), purpose, err)
	}
	return page
}

func suppressPages(r *rig) {
	other := r.as("other")
	other.suppress(other.suppression("b", ""))
	var want []sequence.Suppression
	for _, pair := range [][2]string{{"B", "z"}, {"a", ""}, {"a", "B"}, {"a", "a"}, {"a", "b"}, {"a!", ""}, {"aa", ""}, {"b", "ä"}, {"ä", "a"}} {
		want = append(want, r.suppression(pair[0], pair[1]))
	}
	for _, i := range []int{5, 2, 7, 0, 8, 3, 1, 6, 4} {
		r.suppress(want[i])
	}
	var got []sequence.Suppression
	for _, n := range []int{4, 4, 1, 0} {
		var after sequence.Suppression
		if len(got) > 0 {
			after = got[len(got)-1]
		}
		page := r.suppressionPage(after.Key, after.Purpose, 4)
		r.check(len(page) == n, "a page of %d suppressions, want %d", len(page), n)
		got = append(got, page...)
	}
	r.same("the pages", got, want)
	r.check(slices.Equal(r.suppressionPage("a", "zzz", 0), want[5:]), "behind a pair that is not there: %+v", r.suppressionPage("a", "zzz", 0))
}

func suppressLimits(r *rig) {
	const n = 1001
	all := make([]sequence.Suppression, n)
	for i := range all {
		all[i] = r.suppression(fmt.Sprintf("%04d", i), "")
	}
	r.together(8, func(worker int) error {
		for i := worker; i < n; i += 8 {
			if err := r.sequences().Suppress(r.t.Context(), all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, 1: 1, 1000: 1000, 1001: 1000, 1 << 30: 1000} {
		got := len(r.suppressionPage("", "", limit))
		r.check(got == want, "with limit %d there are %d suppressions, want %d", limit, got, want)
	}
}

func suppressEnded(r *rig) {
	ctx := ended(r.t)
	want := r.suppression("key", "")
	r.suppress(want)
	r.check(r.sequences().Suppress(ctx, r.suppression("key", "events")) != nil, "Suppress with an ended context returned no error")
	r.check(r.sequences().Unsuppress(ctx, r.tenant, "key", "") != nil, "Unsuppress with an ended context returned no error")
	_, err := r.sequences().Suppressed(ctx, r.tenant, "key")
	r.check(err != nil, "Suppressed with an ended context returned no error")
	_, err = r.sequences().Suppressions(ctx, r.tenant, "", "", 0)
	r.check(err != nil, "Suppressions with an ended context returned no error")
	r.same("suppressions", r.suppressed("key"), []sequence.Suppression{want})
}
