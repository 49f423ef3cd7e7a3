// Package mmdb tells where an address is from a MaxMind DB file: GeoLite2 and GeoIP2 of MaxMind, and those of DB-IP and ip-location-db.
//
//	cities, err := mmdb.Open("GeoLite2-City.mmdb", nil)
//	networks, err := mmdb.Open("GeoLite2-ASN.mmdb", nil)
//	enrich.Geo{Locators: []enrich.Locator{cities, networks}}
//
// A file that is replaced is read anew while the program runs; one that cannot be read leaves the old one in use and is reported by the
// engine's Check, and so is one that has grown old. The file is held in memory, not mapped: an updater that
// writes into a mapped file instead of replacing it ends the program.
package mmdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
)

// Options sets a [DB]. The zero value of each field is its default.
type Options struct {
	// MaxAge is how old the data may be before Check warns. 0 means 45 days: MaxMind publishes twice a week, the others monthly.
	MaxAge time.Duration
	// Poll is how often Background looks whether the file has changed. 0 means 1m.
	Poll time.Duration
	// Clock gives the time by which the age is told. Nil means time.Now.
	Clock func() time.Time
	// Logger is told when a file was taken or could not be. Nil means none.
	Logger *slog.Logger
}

// DB is an [enrich.Locator] over one file. It is made by Open; its methods may be called concurrently. It needs no closing.
type DB struct {
	path string
	opts Options
	data atomic.Pointer[data]

	mu     sync.Mutex  // one reload at a time
	tried  os.FileInfo // nil to try whatever is there
	failed error       // why the newest file was not taken
}

var (
	_ enrich.Locator   = (*DB)(nil)
	_ leads.Checker    = (*DB)(nil)
	_ leads.Background = (*DB)(nil)
)

// data is one file in memory.
type data struct {
	reader *maxminddb.Reader
	built  time.Time
	source string
}

// Open reads the file at path. Nil opts are the defaults.
func Open(path string, opts *Options) (*DB, error) {
	d := &DB{path: path}
	if opts != nil {
		d.opts = *opts
	}
	d.opts.MaxAge = cmp.Or(max(0, d.opts.MaxAge), 45*24*time.Hour)
	d.opts.Poll = cmp.Or(max(0, d.opts.Poll), time.Minute)
	if d.opts.Clock == nil {
		d.opts.Clock = time.Now
	}
	if d.opts.Logger == nil {
		d.opts.Logger = slog.New(slog.DiscardHandler)
	}
	if _, err := d.Reload(); err != nil {
		return nil, err
	}
	return d, nil
}

// Reload takes the file anew if it has changed since it was last tried, and reports whether it did. After an error what was there before stays
// in use, and a file that was read is not tried again as it is. Background calls it; a program may too.
func (d *DB) Reload() (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := os.Stat(d.path)
	if err != nil {
		d.failed, d.tried = fmt.Errorf("mmdb: %w", err), nil
		return false, d.failed
	}
	if d.tried != nil && os.SameFile(info, d.tried) && info.ModTime().Equal(d.tried.ModTime()) && info.Size() == d.tried.Size() {
		return false, nil
	}
	d.tried = info // from before the reading: what is written meanwhile is a change
	read, err := load(d.path)
	if err != nil {
		if _, unread := errors.AsType[*os.PathError](err); unread {
			d.tried = nil
		}
		d.failed = fmt.Errorf("mmdb: %s: %w", filepath.Base(d.path), err)
		return false, d.failed
	}
	d.failed = nil
	d.data.Store(read)
	return true, nil
}

// load reads a whole file and tries it.
func load(path string) (*data, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	reader, err := maxminddb.OpenBytes(content)
	if err != nil {
		return nil, err
	}
	read := &data{reader: reader, source: reader.Metadata.DatabaseType}
	if reader.Metadata.BuildEpoch > 0 {
		read.built = reader.Metadata.BuildTime().UTC()
		read.source += " (" + read.built.Format(time.DateOnly) + ")"
	}
	return read, read.try()
}

// try looks addresses from all over IPv4 up: a file that was cut or damaged shows it, and so does one of another kind.
func (d *data) try() error {
	for i := range 224 {
		if _, err := d.find(netip.AddrFrom4([4]byte{byte(i), 1, 1, 1})); err != nil {
			return err
		}
	}
	return nil
}

func (d *data) find(addr netip.Addr) (record, error) {
	var found record
	err := d.reader.Lookup(addr).Decode(&found)
	return found, err
}

// Locate returns what the file has on addr; the zero Location if it has nothing. An error is of the file and so [leads.Permanent].
func (d *DB) Locate(_ context.Context, addr netip.Addr) (enrich.Location, error) {
	if !addr.IsValid() {
		return enrich.Location{}, nil
	}
	current := d.data.Load()
	if addr = addr.Unmap().WithZone(""); addr.Is6() && current.reader.Metadata.IPVersion == 4 {
		return enrich.Location{}, nil
	}
	found, err := current.find(addr)
	if err != nil {
		return enrich.Location{}, leads.Permanent(fmt.Errorf("mmdb: %s: %w", current.source, err))
	}
	location := found.location()
	if location != (enrich.Location{}) {
		location.Source = current.source
	}
	return location, nil
}

// Background looks for a changed file until ctx ends.
func (d *DB) Background(ctx context.Context, _ func()) error {
	ticker := time.NewTicker(d.opts.Poll)
	defer ticker.Stop()
	var before error
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		switch changed, err := d.Reload(); {
		case changed:
			d.opts.Logger.InfoContext(ctx, "mmdb: a new file is in use", "file", d.data.Load().source)
		case err != nil && (before == nil || before.Error() != err.Error()):
			d.opts.Logger.WarnContext(ctx, "mmdb: the file cannot be used, and the one before stays in use", "error", err)
			before = err
		case err == nil:
			before = nil
		}
	}
}

// Check warns when the data is older than Options.MaxAge, and when the newest file could not be used. It does no I/O.
func (d *DB) Check(context.Context) []leads.Finding {
	d.mu.Lock()
	failed := d.failed
	d.mu.Unlock()
	current := d.data.Load()
	var findings []leads.Finding
	if failed != nil {
		findings = append(findings, leads.Finding{
			Part: "geo", Message: fmt.Sprintf("the file cannot be used (%v); %s stays in use", cause(failed), current.source), Fix: "put a whole file in its place",
		})
	}
	if age := d.opts.Clock().Sub(current.built); !current.built.IsZero() && age > d.opts.MaxAge {
		findings = append(findings, leads.Finding{
			Part: "geo", Message: fmt.Sprintf("%s is %d days old", current.source, int(age.Hours()/24)), Fix: "replace " + filepath.Base(d.path) + " by a newer one; it is taken while the program runs",
		})
	}
	return findings
}

// cause leaves the folder out of what a finding says.
func cause(err error) error {
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		return pathError.Err
	}
	return err
}
