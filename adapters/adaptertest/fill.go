package adaptertest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// filler gives every field of a value, found by reflection, a valid value that is not zero and unlike the others, so that a field added
// later is covered without a change here.
type filler struct {
	n    int
	base time.Time
	// text makes the value of a text field; nil numbers them.
	text func(field string) string
}

// filled returns a T with every field set.
func filled[T any](f *filler) T {
	var value T
	f.fill("", reflect.ValueOf(&value).Elem())
	return value
}

func (f *filler) fill(name string, v reflect.Value) {
	f.n++
	if known, ok := f.known(v.Type()); ok {
		v.Set(reflect.ValueOf(known))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(name, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				f.fill(field.Name, v.Field(i))
			}
		}
	case reflect.Slice, reflect.Map:
		f.fillMany(name, v)
	case reflect.Array:
		for i := range v.Len() {
			f.fill(name, v.Index(i))
		}
	default:
		f.fillScalar(name, v)
	}
}

// known makes values of the types that have rules of their own.
func (f *filler) known(t reflect.Type) (any, bool) {
	switch reflect.Zero(t).Interface().(type) {
	case time.Time:
		return f.base.Add(time.Duration(f.n)*time.Minute + time.Duration(f.n)*7919*time.Microsecond), true
	case netip.Addr:
		return f.addr(), true
	case json.RawMessage:
		return json.RawMessage(fmt.Sprintf(`{"n":%d}`, f.n)), true
	case leads.Truth:
		return leads.No, true
	case leads.Status:
		return leads.StatusQualified, true
	case leads.Qualification:
		return leads.Warm, true
	case leads.TaskKind:
		return leads.TaskNotify, true
	case leads.TaskState:
		return leads.TaskWaiting, true
	case leads.EventKind:
		return leads.EventStage, true
	case leads.DeliveryState:
		return leads.DeliveryAmbiguous, true
	case []ingest.Flag:
		return []ingest.Flag{ingest.FlagDuplicateKeys, ingest.FlagSanitised, ingest.FlagNotScalar}, true
	case ingest.Verdict:
		return ingest.Accepted, true
	case sequence.State:
		return sequence.Active, true
	case sequence.Reason:
		return sequence.ReasonGoal, true
	case sequence.ConsentAction:
		return sequence.ConsentWithdrawn, true
	}
	return nil, false
}

// addr is an IPv4 or IPv6 address of the blocks for documentation (RFC 5737, RFC 3849).
func (f *filler) addr() netip.Addr {
	if f.n%2 == 0 {
		return netip.AddrFrom4([4]byte{203, 0, 113, byte(f.n)})
	}
	return netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", f.n))
}

func (f *filler) fillMany(name string, v reflect.Value) {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(name, v.Index(0))
		f.fill(name, v.Index(1))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range 2 {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill("Name", key)
		f.fill(name, value)
		v.SetMapIndex(key, value)
	}
}

func (f *filler) fillScalar(name string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.String && (strings.HasSuffix(name, "ID") || name == "DuplicateOf"):
		v.SetString(leads.NewID())
	case v.Kind() == reflect.String && f.text != nil:
		v.SetString(f.text(name))
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("text %d", f.n))
	case v.CanInt():
		v.SetInt(int64(f.n%100 + 1))
	case v.CanUint():
		v.SetUint(uint64(f.n%255 + 1))
	case v.CanFloat():
		v.SetFloat(float64(f.n) + .5)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	default:
		panic("adaptertest: a field of kind " + v.Kind().String() + " needs a rule in filler")
	}
}

// submission returns a submission of the rig's tenant with every field set that a sender's request sets.
func (f *filler) submission(r *rig) ingest.Submission {
	sub := filled[ingest.Submission](f)
	sub.Tenant, sub.SourceID, sub.ID, sub.Received = r.tenant, r.source, leads.NewID(), r.tick()
	sub.Digest = sha256.Sum256(sub.Raw)
	sub.DuplicateOf = ""
	return sub
}

// lead returns a lead with every field set.
func (f *filler) lead() leads.Lead {
	lead := filled[leads.Lead](f)
	enrichment := make(leads.Enrichment)
	for key, fact := range lead.Enrichment {
		fact.Key = key
		enrichment[key] = fact
	}
	lead.Enrichment = enrichment
	return lead
}
