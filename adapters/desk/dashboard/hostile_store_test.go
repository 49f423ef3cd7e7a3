package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
	"github.com/openleads/leads/notify"
	rubrics "github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// poison puts hostile texts in place of every text that comes out of a store, whatever the doors in front of it would have refused: names, values, keys
// of maps, errors, and texts within JSON. IDs, states and numbers stay, by which pages find their way.
type poison struct {
	mu    sync.Mutex
	texts []string
	mail  bool           // addresses stay, so that there can be a mail
	each  bool           // each place goes through the texts by itself; otherwise they are dealt out to all places in turn
	next  int            // of the texts that are dealt out
	at    map[string]int // how far each place is, by its path in the types
	dealt []string       // since the last call of taken
}

// deal begins anew with other texts, for a page.
func (p *poison) deal(v visit, texts []string, each bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mail = v.mailed
	p.texts, p.each, p.next, p.at, p.dealt = texts, each, 0, make(map[string]int), nil
}

// taken returns what was dealt since the last call.
func (p *poison) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	dealt := p.dealt
	p.dealt = nil
	return dealt
}

// done reports whether every text has been dealt: to every place that has had one, or to any. Where there is no place for one, it is done too.
func (p *poison) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dealt = nil
	if !p.each {
		return p.next == 0 || p.next >= len(p.texts)
	}
	for _, had := range p.at {
		if had < len(p.texts) {
			return false
		}
	}
	return true
}

func (p *poison) text(path string) string {
	i := p.next
	if p.each {
		i = p.at[path]
	} else {
		p.next++
	}
	p.at[path]++
	s := p.texts[i%len(p.texts)]
	p.dealt = append(p.dealt, s)
	return s
}

// kept are fields by which things are found, or that a program reads.
var kept = []string{"Tenant", "Stage", "Color", "Key", "Zone", "Channel", "DuplicateOf", "Version", "Digest", "Preset", "Scheme", "Country", "Field", "Step", "Then", "Else", "Next", "Day", "At", "Hash", "Signal", "AddressKey"}

// keptJSON are names within JSON of the same kind.
var keptJSON = []string{
	"id", "kind", "state", "outcome", "stage", "step", "next", "then", "else", "field", "for", "delay", "reEnter", "from", "at", "days", "color", "scope", "digest", "hash", "axis", "signal",
	"qualification", "action", "purpose", "zone", "digestAt", "state", "sequence", "query", "words", "version", "createdAt", "expiresAt",
}

// of returns v with other texts. name is the field that it stands in, path where that is.
func (p *poison) of(v reflect.Value, path, name string) reflect.Value {
	switch v.Type() {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[ingest.Secret]():
		return v
	case reflect.TypeFor[json.RawMessage]():
		return reflect.ValueOf(p.json(v.Bytes(), path))
	case reflect.TypeFor[[]byte]():
		return reflect.ValueOf([]byte(p.text(path) + "\n" + p.text(path)))
	case reflect.TypeFor[string]():
		if slices.Contains(kept, name) || p.mail && name == "Email" || strings.HasSuffix(name, "ID") || strings.HasSuffix(name, "IDs") {
			return v
		}
		return reflect.ValueOf(p.text(path))
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(p.of(v.Elem(), path, name))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				out.Field(i).Set(p.of(v.Field(i), v.Type().String()+"."+f.Name, f.Name))
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(p.of(v.Index(i), path, name))
			}
		}
	case reflect.Map:
		p.entries(v, out, path)
	}
	return out
}

// entries replaces keys too, where they are texts. The order of the texts is that of the keys, so that pages are the same every time.
func (p *poison) entries(v, out reflect.Value, path string) {
	if v.IsNil() || v.Type().Key() != reflect.TypeFor[string]() {
		return
	}
	out.Set(reflect.MakeMap(v.Type()))
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		key, value := reflect.ValueOf(p.text(path+" key")), p.of(v.MapIndex(k), path+" value", "")
		if v.Type() == reflect.TypeFor[leads.Enrichment]() { // pages sort facts by their keys
			key = reflect.ValueOf(k.String() + key.String())
			fact := value.Interface().(leads.Fact) //nolint:errcheck // it is one
			fact.Key = key.String()
			value = reflect.ValueOf(fact)
		}
		for n := 2; out.MapIndex(key).IsValid(); n++ {
			key = reflect.ValueOf(fmt.Sprint(key.String(), " ", n))
		}
		out.SetMapIndex(key, value)
	}
}

// json replaces the texts in JSON. A value that is a text itself is replaced as well.
func (p *poison) json(data json.RawMessage, path string) json.RawMessage {
	var v any
	if json.Unmarshal(data, &v) != nil {
		return data
	}
	out, _ := json.Marshal(p.within(v, path, ""))
	return out
}

func (p *poison) within(v any, path, name string) any {
	switch v := v.(type) {
	case string:
		mail := strings.HasSuffix(path, " trial") && (name == "subject" || name == "body") // of which a mail can be made
		if mail || slices.Contains(keptJSON, name) || strings.HasSuffix(strings.ToLower(name), "id") {
			return v
		}
		return p.text(path + "/" + name)
	case []any:
		for i := range v {
			v[i] = p.within(v[i], path, name)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if k != "hours" { // are read as such
				v[k] = p.within(v[k], path, k)
			}
		}
	}
	return v
}

// spoil replaces the texts of what a call returned.
func spoil[T any](p *poison, v T, err error) (T, error) {
	if err != nil {
		return v, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.texts == nil {
		return v, nil
	}
	return p.of(reflect.ValueOf(&v).Elem(), reflect.TypeFor[T]().String(), "").Interface().(T), nil //nolint:errcheck // it has the same type
}

// spoilt is a store whose answers are poisoned.
type spoilt struct {
	*memstore.Store
	p *poison
}

func (s spoilt) Lead(ctx context.Context, tenant, id string) (leads.Lead, error) {
	v, err := s.Store.Lead(ctx, tenant, id)
	return spoil(s.p, v, err)
}

func (s spoilt) Leads(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error) {
	v, err := s.Store.Leads(ctx, q)
	return spoil(s.p, v, err)
}

func (s spoilt) FindLeads(ctx context.Context, f desk.Filter) (desk.Page, error) {
	v, err := s.Store.FindLeads(ctx, f)
	next := v.Next
	v, err = spoil(s.p, v, err)
	v.Next = next
	return v, err
}

func (s spoilt) Submissions(ctx context.Context, tenant, leadID string) ([]ingest.Submission, error) {
	v, err := s.Store.Submissions(ctx, tenant, leadID)
	return spoil(s.p, v, err)
}

func (s spoilt) Events(ctx context.Context, tenant, leadID string) ([]leads.Event, error) {
	v, err := s.Store.Events(ctx, tenant, leadID)
	return spoil(s.p, v, err)
}

func (s spoilt) Tasks(ctx context.Context, tenant, leadID string) ([]leads.Task, error) {
	v, err := s.Store.Tasks(ctx, tenant, leadID)
	return spoil(s.p, v, err)
}

func (s spoilt) DeadTasks(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error) {
	v, err := s.Store.DeadTasks(ctx, tenant, after, limit)
	return spoil(s.p, v, err)
}

func (s spoilt) Deliveries(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
	v, err := s.Store.Deliveries(ctx, tenant, leadID)
	return spoil(s.p, v, err)
}

func (s spoilt) ListSources(ctx context.Context, tenant string) ([]desk.SourceEntry, error) {
	v, err := s.Store.ListSources(ctx, tenant)
	return spoil(s.p, v, err)
}

func (s spoilt) Source(ctx context.Context, tenant, id string) (ingest.Source, error) {
	v, err := s.Store.Source(ctx, tenant, id)
	return spoil(s.p, v, err)
}

func (s spoilt) Payloads(ctx context.Context, tenant, sourceID string, limit int) ([]ingest.Submission, error) {
	v, err := s.Store.Payloads(ctx, tenant, sourceID, limit)
	return spoil(s.p, v, err)
}

func (s spoilt) Quarantined(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error) {
	v, err := s.Store.Quarantined(ctx, tenant, after, limit)
	return spoil(s.p, v, err)
}

func (s spoilt) Entries(ctx context.Context, tenant, after string, limit int) ([]desk.Entry, error) {
	v, err := s.Store.Entries(ctx, tenant, after, limit)
	return spoil(s.p, v, err)
}

func (s spoilt) LeadsByDay(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error) {
	v, err := s.Store.LeadsByDay(ctx, q)
	return spoil(s.p, v, err)
}

func (s spoilt) Suppressions(ctx context.Context, tenant, afterKey, afterPurpose string, limit int) ([]sequence.Suppression, error) {
	v, err := s.Store.Suppressions(ctx, tenant, afterKey, afterPurpose, limit)
	return spoil(s.p, v, err)
}

func (s spoilt) Enrollments(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
	v, err := s.Store.Enrollments(ctx, q)
	return spoil(s.p, v, err)
}

func (s spoilt) Records(ctx context.Context, tenant, kind, after string, limit int) ([]leads.Record, error) {
	v, err := s.Store.Records(ctx, tenant, kind, after, limit)
	return spoilRecords(s.p, v, err)
}

func (s spoilt) Record(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
	v, err := s.Store.Record(ctx, tenant, kind, id)
	all, err := spoilRecords(s.p, []leads.Record{v}, err)
	return all[0], err
}

func spoilRecords(p *poison, all []leads.Record, err error) ([]leads.Record, error) {
	if err != nil {
		return all, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.texts != nil {
		for i, r := range all {
			if strings.HasPrefix(r.ID, "tenant.") { // rules are read as such, and come poisoned from the host
				continue
			}
			all[i].Data = p.json(slices.Clone(r.Data), r.Kind+" "+r.ID)
		}
	}
	return all, nil
}

// spoiltRubric are rules that can be scored by: their names differ, and are lines.
func spoiltRubric(p *poison) *rubrics.Rubric {
	r := rubrics.DefaultRubric()
	other := func(s *string, n int) {
		text, _ := spoil(p, *s, nil)
		text = strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) && r != '\uFFFD' {
				return r
			}
			return ' '
		}, hostile.Cut(text, 48))
		*s = strings.TrimSpace(fmt.Sprint(strings.Join(strings.Fields(text), " "), between, n))
	}
	for i := range r.Criteria {
		other(&r.Criteria[i].Name, i)
		for j := range r.Criteria[i].Levels {
			other(&r.Criteria[i].Levels[j].Name, j)
			other(&r.Criteria[i].Levels[j].Reason, j)
		}
	}
	for i := range r.Caps {
		other(&r.Caps[i].Name, 1000+i)
		other(&r.Caps[i].Reason, i)
	}
	other(&r.Name, 0)
	return r
}

// The host's parts, poisoned as the store is.
type (
	spoiltHooks struct {
		*hooks
		p *poison
	}
	spoiltPeople struct {
		team notify.People
		p    *poison
	}
	spoiltCheck struct {
		leads.EnricherFunc
		p    *poison
		much int
	}
)

func (h spoiltHooks) Webhooks(ctx context.Context, tenant string) ([]desk.Webhook, error) {
	v, err := h.hooks.Webhooks(ctx, tenant)
	return spoil(h.p, v, err)
}

func (h spoiltPeople) People(ctx context.Context, tenant string) ([]notify.Person, error) {
	v, err := h.team.People(ctx, tenant)
	return spoil(h.p, v, err)
}

// Check finds much.
func (c spoiltCheck) Check(context.Context) []leads.Finding {
	v, _ := spoil(c.p, make([]leads.Finding, c.much), nil)
	return v
}
