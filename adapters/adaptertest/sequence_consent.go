package adaptertest

import (
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

const (
	saysConsent     = "AddConsent adds an entry."
	saysConsentOnce = "One whose ID the tenant has already is left as it is."
	saysConsents    = "Consents returns the entries of an address key, oldest first, ties in the order of their IDs."
	saysLedger      = "It is only ever added to."
)

func consentContracts() []contract {
	return []contract{
		{"consent/every field", saysConsent, consentFields},
		{"consent/hostile text", saysConsent, consentHostile},
		{"consent/again", saysConsentOnce, consentAgain},
		{"consent/again at once", saysConsentOnce, consentTogether},
		{"consent/oldest first", saysConsents, consentOrder},
		{"consent/of the tenant and address", saysConsents, consentOthers},
		{"consent/granted and withdrawn", saysLedger, consentLedger},
		{"consent/ended context", saysSeqEnded, consentEnded},
	}
}

func (r *rig) consent(action sequence.ConsentAction) sequence.Consent {
	return sequence.Consent{
		Tenant: r.tenant, ID: leads.NewID(), LeadID: leads.NewID(), AddressKey: "key", Purpose: "newsletter", Action: action,
		Wording: "I agree.", Digest: "abc", At: r.tick(),
	}
}

func (r *rig) addConsent(all ...sequence.Consent) {
	r.t.Helper()
	for _, c := range all {
		if err := r.sequences().AddConsent(r.t.Context(), c); err != nil {
			r.t.Fatalf("AddConsent: %v", err)
		}
	}
}

func (r *rig) consents(addressKey string) []sequence.Consent {
	r.t.Helper()
	found, err := r.sequences().Consents(r.t.Context(), r.tenant, addressKey)
	if err != nil {
		r.t.Fatalf("Consents(%s): %v", shown(addressKey), err)
	}
	return found
}

func consentFields(r *rig) {
	f := &filler{base: r.start}
	for _, want := range []sequence.Consent{filled[sequence.Consent](f), filled[sequence.Consent](f), {ID: leads.NewID(), AddressKey: "empty", At: r.start}} {
		want.Tenant = r.tenant
		r.addConsent(want)
		r.same("consent", r.consents(want.AddressKey), []sequence.Consent{want})
	}
}

func consentHostile(r *rig) {
	for i, text := range hostile() {
		want := filled[sequence.Consent](&filler{base: r.start, text: hostileText(text)})
		want.Tenant, want.AddressKey = r.tenant, fmt.Sprintf("key%d", i)
		r.addConsent(want)
		r.same("consent", r.consents(want.AddressKey), []sequence.Consent{want})
	}
}

func consentAgain(r *rig) {
	first := r.consent(sequence.ConsentGranted)
	r.addConsent(first)
	for _, addressKey := range []string{"key", "another"} {
		again := r.consent(sequence.ConsentWithdrawn)
		again.ID, again.AddressKey = first.ID, addressKey
		r.addConsent(again)
	}
	r.same("consents", r.consents("key"), []sequence.Consent{first})
	r.check(len(r.consents("another")) == 0, "the entry was moved: %+v", r.consents("another"))
}

func consentTogether(r *rig) {
	const n = 16
	all := make([]sequence.Consent, n)
	for i := range all {
		all[i] = r.consent(sequence.ConsentGranted)
		all[i].ID = all[i%2].ID
	}
	r.together(n, func(i int) error { return r.sequences().AddConsent(r.t.Context(), all[i]) })
	r.check(len(r.consents("key")) == 2, "two entries were added as %+v", r.consents("key"))
}

func consentOrder(r *rig) {
	r.check(len(r.consents("key")) == 0, "nobody has agreed, but %+v", r.consents("key"))
	var want []sequence.Consent
	for range 4 {
		want = append(want, r.consent(sequence.ConsentGranted))
	}
	for _, i := range []int{2, 0, 3, 1} {
		r.addConsent(want[i])
	}
	r.same("consents", r.consents("key"), want)
	for _, i := range []int{2, 0, 3, 1} {
		want[i].ID, want[i].AddressKey, want[i].At = fmt.Sprintf("0000000%d-0000-4000-8000-000000000000", i), "ties", r.start
		r.addConsent(want[i])
	}
	r.same("consents of one instant", r.consents("ties"), want)
}

func consentOthers(r *rig) {
	other := r.as("other")
	mine, theirs := r.consent(sequence.ConsentGranted), other.consent(sequence.ConsentGranted)
	theirs.ID = mine.ID
	r.addConsent(mine)
	other.addConsent(theirs)
	r.same("mine", r.consents("key"), []sequence.Consent{mine})
	r.same("theirs", other.consents("key"), []sequence.Consent{theirs})
	r.check(len(r.consents("KEY")) == 0 && len(r.consents("")) == 0, "other keys have the entries too")
}

func consentLedger(r *rig) {
	want := []sequence.Consent{
		r.consent(sequence.ConsentRequested), r.consent(sequence.ConsentGranted), r.consent(sequence.ConsentWithdrawn), r.consent(sequence.ConsentGranted),
	}
	for i := range want {
		r.addConsent(want[i])
		r.same("the ledger", r.consents("key"), want[:i+1])
	}
	got := r.consents("key")
	scribble(got)
	r.same("the ledger after the caller changed what it had got", r.consents("key"), want)
}

func consentEnded(r *rig) {
	ctx := ended(r.t)
	r.check(r.sequences().AddConsent(ctx, r.consent(sequence.ConsentGranted)) != nil, "AddConsent with an ended context returned no error")
	_, err := r.sequences().Consents(ctx, r.tenant, "key")
	r.check(err != nil, "Consents with an ended context returned no error")
	r.check(len(r.consents("key")) == 0, "an entry was added: %+v", r.consents("key"))
}
