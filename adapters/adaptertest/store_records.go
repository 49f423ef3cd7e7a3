package adaptertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
)

const (
	saysPut      = "PutRecord stores r if its Version is that of the stored record (0 for none), and returns it with its new Version and UpdatedAt."
	saysPutStale = "Otherwise it returns ErrStale and changes nothing: of two writers that read the same version, one is told to begin anew."
	saysRecord   = "Record returns one record, or ErrNotFound."
	saysRecords  = "Records returns up to limit records of a kind in the byte order of their IDs, beginning behind after."
	saysHundreds = "A limit of 0 means 100, and above 1,000 means 1,000."
	saysUnnamed  = "A Kind or ID that cannot be stored is absent to reads and ErrInvalid to PutRecord."
	saysDeleted  = "DeleteRecord removes a record, whatever its version."
	saysNoRecord = "One that is not there is no error."
)

func recordContracts() []contract {
	return []contract{
		{"records/stored and read", saysPut, recordPut},
		{"records/when it was written", "when it was written, by the Store's clock", recordWhen},
		{"records/every kind", `1 to 40 bytes of lower-case letters, digits, "-" and "."`, recordKinds},
		{"records/data as it is", "at most 256 KiB of JSON text, kept as it is", recordData},
		{"records/too much data", "at most 256 KiB of JSON text, kept as it is; more is ErrInvalid", recordTooMuch},
		{"records/versions", "Version counts the writes, from 1; 0 stands for a record that is not there yet.", recordVersions},
		{"records/stale", saysPutStale, recordStale},
		{"records/written at once", "Its methods may be called concurrently.", recordTogether},
		{"records/no such record", saysRecord, recordAbsent},
		{"records/known by kind and ID", "Within a tenant it is known by Kind and ID.", recordNames},
		{"records/every ID", "1 to 255 bytes of valid UTF-8 without NUL", recordIDs},
		{"records/names that cannot be stored", saysUnnamed, recordUnnamed},
		{"records/pages", saysRecords, recordPages},
		{"records/limits", saysHundreds, recordLimits},
		{"records/deleted", saysDeleted, recordDeleted},
		{"records/deleted twice", saysNoRecord, recordDeletedTwice},
		{"records/ended context", saysEnded, recordEnded},
		{"records/memory", saysMemory, recordMemory},
	}
}

func (r *rig) newRecord(kind, id, data string) leads.Record {
	return leads.Record{Tenant: r.tenant, Kind: kind, ID: id, Data: json.RawMessage(data)}
}

func (r *rig) putRecord(record leads.Record) leads.Record {
	r.t.Helper()
	stored, err := ability[leads.Records](r).PutRecord(r.t.Context(), record)
	if err != nil {
		r.t.Fatalf("PutRecord(%s): %v", shown(record.ID), err)
	}
	return stored
}

func (r *rig) storedRecord(kind, id string) leads.Record {
	r.t.Helper()
	record, err := ability[leads.Records](r).Record(r.t.Context(), r.tenant, kind, id)
	if err != nil {
		r.t.Fatalf("Record(%s): %v", shown(id), err)
	}
	return record
}

// noRecord checks that a record is absent.
func (r *rig) noRecord(tenant, kind, id string) {
	r.t.Helper()
	_, err := ability[leads.Records](r).Record(r.t.Context(), tenant, kind, id)
	r.fails(fmt.Sprintf("Record(%q, %s, %s)", tenant, shown(kind), shown(id)), err, leads.ErrNotFound)
}

func recordPut(r *rig) {
	want := r.newRecord("endpoint", "crm", `{"url":"https://example.com"}`)
	stored := r.putRecord(want)
	r.same("returned", stored, want, "Version", "UpdatedAt")
	r.check(stored.Version == 1, "the first version is %d", stored.Version)
	r.same("read", r.storedRecord("endpoint", "crm"), stored)

	stored.Data = json.RawMessage(`{"url":"https://example.org"}`)
	second := r.putRecord(stored)
	r.check(second.Version == 2 && string(second.Data) == string(stored.Data), "the second version is %+v", second)
	r.same("read again", r.storedRecord("endpoint", "crm"), second)
}

func recordWhen(r *rig) {
	record := r.newRecord("kind", "id", `1`)
	record.UpdatedAt = r.start.Add(-hour)
	for range 2 {
		record = r.putRecord(record)
		r.check(time.Since(record.UpdatedAt).Abs() < 2*time.Minute, "it was written at %v", record.UpdatedAt)
		r.stamped("UpdatedAt", record.UpdatedAt)
		r.check(r.storedRecord("kind", "id").UpdatedAt.Equal(record.UpdatedAt), "it is read as written at %v", r.storedRecord("kind", "id").UpdatedAt)
	}
}

func recordKinds(r *rig) {
	for i, kind := range []string{"a", "0", "-", ".", "a-b.c", "z9", strings.Repeat("k", 40)} {
		want := r.putRecord(r.newRecord(kind, "id", fmt.Sprint(i)))
		r.same(kind, r.storedRecord(kind, "id"), want)
	}
}

func recordData(r *rig) {
	long := append(append([]byte(`"`), noise(256<<10-2)...), '"')
	for i, text := range append(exact(), ` { "a" : 1 } `, `"\u003cb\u003e"`, `{"a":1,"a":2}`, string(long)) {
		id := fmt.Sprintf("record%d", i)
		r.putRecord(r.newRecord("data", id, text))
		got := string(r.storedRecord("data", id).Data)
		r.check(got == text, "the data %s became %s", shown(text), shown(got))
	}
}

func recordTooMuch(r *rig) {
	kept := r.putRecord(r.newRecord("data", "id", `1`))
	kept.Data = append(append([]byte(`"`), noise(256<<10-1)...), '"')
	_, err := ability[leads.Records](r).PutRecord(r.t.Context(), kept)
	r.fails("PutRecord of 256 KiB and a byte", err, leads.ErrInvalid)
	r.check(string(r.storedRecord("data", "id").Data) == `1`, "what is too much was stored")
}

func recordVersions(r *rig) {
	record := r.newRecord("kind", "id", `0`)
	for version := int64(1); version <= 5; version++ {
		record = r.putRecord(record)
		r.check(record.Version == version, "write %d made version %d", version, record.Version)
	}
}

func recordStale(r *rig) {
	record := r.putRecord(r.putRecord(r.newRecord("kind", "id", `1`)))
	for _, version := range []int64{0, 1, 3, -1, 1 << 60} {
		late := record
		late.Version, late.Data = version, json.RawMessage(`2`)
		_, err := ability[leads.Records](r).PutRecord(r.t.Context(), late)
		r.fails(fmt.Sprintf("PutRecord of version %d", version), err, leads.ErrStale)
	}
	r.same("the record", r.storedRecord("kind", "id"), record)
	absent := r.newRecord("kind", "absent", `1`)
	absent.Version = 1
	_, err := ability[leads.Records](r).PutRecord(r.t.Context(), absent)
	r.fails("PutRecord of a version that is not there", err, leads.ErrStale)
	r.noRecord(r.tenant, "kind", "absent")
}

// recordTogether has many writers make one record, and many count in it.
func recordTogether(r *rig) {
	records := ability[leads.Records](r)
	const n = 16
	var won atomic.Int32
	r.together(n, func(i int) error {
		_, err := records.PutRecord(r.t.Context(), r.newRecord("made", "once", fmt.Sprint(i)))
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, leads.ErrStale) {
			return err
		}
		return nil
	})
	r.check(won.Load() == 1 && r.storedRecord("made", "once").Version == 1, "%d writers made one record", won.Load())
	r.together(n, func(int) error {
		_, err := leads.UpdateRecord(r.t.Context(), records, r.tenant, "counted", "id", func(record *leads.Record) error {
			record.Data = json.RawMessage(fmt.Sprint(record.Version + 1))
			return nil
		})
		return err
	})
	counted := r.storedRecord("counted", "id")
	r.check(counted.Version == n && string(counted.Data) == fmt.Sprint(n), "%d writers counted to %s in version %d", n, counted.Data, counted.Version)
}

func recordAbsent(r *rig) {
	r.putRecord(r.newRecord("kind", "id", `1`))
	r.noRecord(r.tenant, "kind", "other")
	r.noRecord(r.tenant, "other", "id")
	r.noRecord("other", "kind", "id")
	r.noRecord("", "kind", "id")
	page, err := ability[leads.Records](r).Records(r.t.Context(), "other", "kind", "", 0)
	r.check(err == nil && len(page) == 0, "another tenant has the records %+v, %v", page, err)
}

func recordNames(r *rig) {
	other := r.as("other")
	var want []leads.Record
	for _, record := range []leads.Record{
		r.newRecord("a", "id", `1`), r.newRecord("b", "id", `2`), r.newRecord("a", "di", `3`), other.newRecord("a", "id", `4`),
	} {
		want = append(want, r.putRecord(record))
	}
	records := ability[leads.Records](r)
	for _, w := range want {
		got, err := records.Record(r.t.Context(), w.Tenant, w.Kind, w.ID)
		r.check(err == nil && got.Version == 1, "Record: version %d, %v", got.Version, err)
		r.same(w.Tenant+" "+w.Kind+" "+w.ID, got, w)
	}
	page, err := records.Records(r.t.Context(), r.tenant, "a", "", 0)
	r.check(err == nil, "Records: %v", err)
	r.same("of one kind", page, []leads.Record{want[2], want[0]})
}

func recordIDs(r *rig) {
	kind := strings.Repeat("k-1.", 10)
	for _, id := range odd() {
		r.putRecord(r.newRecord(kind, id, fmt.Sprintf("%q", fmt.Sprint(len(id)))))
	}
	page, err := ability[leads.Records](r).Records(r.t.Context(), r.tenant, kind, "", 0)
	r.check(err == nil, "Records: %v", err)
	var got []string
	for _, record := range page {
		got = append(got, record.ID)
		r.same("by its ID", r.storedRecord(kind, record.ID), record)
	}
	r.check(slices.Equal(got, odd()), "the records are %q, want %q", got, odd())
}

func recordUnnamed(r *rig) {
	records := ability[leads.Records](r)
	kept := r.putRecord(r.newRecord("kind", "id", `1`))
	for _, name := range [][2]string{
		{"Kind", "id"}, {"kind ", "id"}, {"ki_nd", "id"}, {"kïnd", "id"}, {"kind\x00", "id"}, {strings.Repeat("k", 41), "id"}, {"", "id"}, {"kind", ""},
		{"kind", "id\x00"}, {"kind", "\x00"}, {"kind", "\xff"}, {"kind", "id\xed\xa0\x80"}, {"kind", strings.Repeat("i", 256)},
	} {
		_, err := records.PutRecord(r.t.Context(), r.newRecord(name[0], name[1], `1`))
		r.fails(fmt.Sprintf("PutRecord(%q)", name), err, leads.ErrInvalid)
		r.noRecord(r.tenant, name[0], name[1])
		r.check(records.DeleteRecord(r.t.Context(), r.tenant, name[0], name[1]) == nil, "DeleteRecord(%q) returned an error", name)
		if name[0] != "kind" {
			page, err := records.Records(r.t.Context(), r.tenant, name[0], "", 0)
			r.check(err == nil && len(page) == 0, "Records(%q): %+v, %v", name[0], page, err)
		}
	}
	r.same("the record", r.storedRecord("kind", "id"), kept)
}

// recordPage returns the IDs of a page.
func (r *rig) recordPage(after string, limit int) []string {
	r.t.Helper()
	page, err := ability[leads.Records](r).Records(r.t.Context(), r.tenant, "page", after, limit)
	if err != nil {
		r.t.Fatalf("Records behind %s: %v", shown(after), err)
	}
	ids := make([]string, len(page))
	for i, record := range page {
		ids[i] = record.ID
	}
	return ids
}

func recordPages(r *rig) {
	want := []string{"B", "a", "a!", "aa", "b", "z", "ä", "日"}
	for _, i := range []int{5, 2, 7, 0, 3, 1, 6, 4} {
		r.putRecord(r.newRecord("page", want[i], `1`))
	}
	var got []string
	for _, n := range []int{3, 3, 2, 0} {
		after := ""
		if len(got) > 0 {
			after = got[len(got)-1]
		}
		page := r.recordPage(after, 3)
		r.check(len(page) == n, "a page of %d records, want %d", len(page), n)
		got = append(got, page...)
	}
	r.check(slices.Equal(got, want), "the pages hold %q, want %q", got, want)
	r.check(slices.Equal(r.recordPage("a0", 0), want[3:]), "behind an ID that is not there: %q", r.recordPage("a0", 0))
}

func recordLimits(r *rig) {
	records := ability[leads.Records](r)
	const n = 1001
	r.together(8, func(worker int) error {
		for i := worker; i < n; i += 8 {
			if _, err := records.PutRecord(r.t.Context(), r.newRecord("page", fmt.Sprintf("%04d", i), `1`)); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, 1: 1, 1000: 1000, 1001: 1000, 1 << 30: 1000} {
		got := len(r.recordPage("", limit))
		r.check(got == want, "with limit %d there are %d records, want %d", limit, got, want)
	}
}

func recordDeleted(r *rig) {
	records := ability[leads.Records](r)
	r.putRecord(r.putRecord(r.newRecord("kind", "id", `1`)))
	kept := r.putRecord(r.newRecord("kind", "kept", `1`))
	theirs := r.as("other")
	theirs.putRecord(theirs.newRecord("kind", "id", `1`))
	r.check(records.DeleteRecord(r.t.Context(), r.tenant, "kind", "id") == nil, "DeleteRecord returned an error")
	r.noRecord(r.tenant, "kind", "id")
	r.same("another record", r.storedRecord("kind", "kept"), kept)
	theirs.storedRecord("kind", "id")
	again := r.putRecord(r.newRecord("kind", "id", `2`))
	r.check(again.Version == 1, "a record made again has version %d", again.Version)
}

func recordDeletedTwice(r *rig) {
	records := ability[leads.Records](r)
	r.putRecord(r.newRecord("kind", "id", `1`))
	for _, id := range []string{"id", "id", "never"} {
		err := records.DeleteRecord(r.t.Context(), r.tenant, "kind", id)
		r.check(err == nil, "DeleteRecord(%s): %v", id, err)
	}
}

func recordEnded(r *rig) {
	records, ctx := ability[leads.Records](r), ended(r.t)
	kept := r.putRecord(r.newRecord("kind", "id", `1`))
	_, err := records.Record(ctx, r.tenant, "kind", "id")
	r.check(err != nil, "Record with an ended context returned no error")
	_, err = records.Records(ctx, r.tenant, "kind", "", 0)
	r.check(err != nil, "Records with an ended context returned no error")
	changed := kept
	changed.Data = json.RawMessage(`2`)
	_, err = records.PutRecord(ctx, changed)
	r.check(err != nil, "PutRecord with an ended context returned no error")
	r.check(records.DeleteRecord(ctx, r.tenant, "kind", "id") != nil, "DeleteRecord with an ended context returned no error")
	r.same("the record", r.storedRecord("kind", "id"), kept)
}

func recordMemory(r *rig) {
	given := r.newRecord("kind", "id", `{"a":1}`)
	given.Data = slices.Grow(given.Data, 8)
	stored := r.putRecord(given)
	read := r.storedRecord("kind", "id")
	page, err := ability[leads.Records](r).Records(r.t.Context(), r.tenant, "kind", "", 0)
	r.check(err == nil && len(page) == 1, "Records: %d records, %v", len(page), err)
	for _, data := range [][]byte{given.Data, stored.Data, read.Data, page[0].Data} {
		r.check(bytes.Equal(data, []byte(`{"a":1}`)), "the data is shared: %s", data)
		scribble(data)
	}
	r.check(string(r.storedRecord("kind", "id").Data) == `{"a":1}`, "the data was changed from outside: %s", r.storedRecord("kind", "id").Data)
}
