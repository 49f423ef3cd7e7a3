package bunstore

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"

	"github.com/openleads/leads"
)

// uid is an ID as it is stored: uuid on PostgreSQL, 16 bytes on SQLite. The zero value stands for "".
type uid [16]byte

// parseID reads an ID in its text form. Other forms that package uuid knows are not IDs.
func parseID(s string) (uid, bool) {
	if len(s) != 36 {
		return uid{}, false
	}
	u, err := uuid.Parse(s)
	return uid(u), err == nil
}

// checkID reads the ID of something to be stored. "" is allowed where the ID is optional.
func checkID(field, s string, optional bool) (uid, error) {
	if optional && s == "" {
		return uid{}, nil
	}
	u, ok := parseID(s)
	if !ok {
		return uid{}, fmt.Errorf("%w: %s %.40q is not a UUID", leads.ErrInvalid, field, s)
	}
	return u, nil
}

// String returns the text form, "" for the zero value.
func (u uid) String() string {
	if u == (uid{}) {
		return ""
	}
	return uuid.UUID(u).String()
}

// AppendQuery writes the ID into a query of bun's.
func (u uid) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if gen.Dialect().Name() == dialect.PG {
		b = append(b, '\'')
		b = append(b, uuid.UUID(u).String()...)
		return append(b, "'::uuid"...), nil
	}
	b = append(b, "X'"...)
	b = hex.AppendEncode(b, u[:])
	return append(b, '\''), nil
}

// Scan reads the ID from a driver.
func (u *uid) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*u = uid{}
		return nil
	case []byte:
		if len(v) == len(u) {
			copy(u[:], v)
			return nil
		}
		return u.scanText(string(v))
	case string:
		return u.scanText(v)
	case [16]byte:
		*u = v
		return nil
	}
	return fmt.Errorf("an ID cannot be read from %T", src)
}

func (u *uid) scanText(s string) error {
	parsed, err := uuid.Parse(s)
	*u = uid(parsed)
	return err
}

// stamp is a time as it is stored: timestamptz on PostgreSQL, microseconds since 1970 on SQLite, NULL for the zero value.
type stamp struct{ time.Time }

// AppendQuery writes the time into a query of bun's.
func (t stamp) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	switch {
	case t.IsZero():
		return append(b, "NULL"...), nil
	case gen.Dialect().Name() == dialect.PG:
		b = append(b, '\'')
		b = t.UTC().AppendFormat(b, "2006-01-02 15:04:05.999999Z07:00")
		return append(b, "'::timestamptz"...), nil
	}
	return strconv.AppendInt(b, t.UnixMicro(), 10), nil
}

// Scan reads the time from a driver.
func (t *stamp) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		t.Time = time.Time{}
	case int64:
		t.Time = time.UnixMicro(v).UTC()
	case time.Time:
		t.Time = v.UTC()
	default:
		return fmt.Errorf("a time cannot be read from %T", src)
	}
	return nil
}

// storable reports whether both databases keep the text as it is. PostgreSQL refuses NUL and invalid UTF-8, and bun drops NUL.
func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// noTime stands for the store's own clock.
var noTime time.Time

// today is the clock of this machine, as times of leads and events are kept: UTC, in whole microseconds.
func today() time.Time { return micro(time.Now().UTC()) }

func micro(t time.Time) time.Time { return t.Truncate(time.Microsecond) }

const maxTenant = 255 // bytes; it is a part of every key

func validTenant(s string) bool { return s != "" && len(s) <= maxTenant && storable(s) }

// maxNamed bounds the texts that are parts of a key, in bytes.
const maxNamed = 255

// keyable reports whether a text can be a part of a key.
func keyable(s string) bool { return len(s) <= maxNamed && storable(s) }

// pageOf is how many rows a page has when limit are asked for.
func pageOf(limit int) int {
	if limit == 0 {
		return 100
	}
	return min(max(limit, 0), 1000)
}
