package mmdb_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/mmdb"
	"github.com/openleads/leads/enrich"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var built = time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)

func names(english, german string) mmdbtype.Map {
	return mmdbtype.Map{"en": mmdbtype.String(english), "de": mmdbtype.String(german), "ja": mmdbtype.String("何か")}
}

// maxmind is the schema of GeoLite2 City.
func maxmind(country, region, city, zone string) mmdbtype.Map {
	return mmdbtype.Map{
		"continent":          mmdbtype.Map{"code": mmdbtype.String("EU"), "names": names("Europe", "Europa")},
		"country":            mmdbtype.Map{"geoname_id": mmdbtype.Uint32(1), "is_in_european_union": mmdbtype.Bool(true), "iso_code": mmdbtype.String(country), "names": names("Germany", "Deutschland")},
		"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("FR")},
		"subdivisions": mmdbtype.Slice{
			mmdbtype.Map{"iso_code": mmdbtype.String("BY"), "names": names(region, "Bayern")},
			mmdbtype.Map{"iso_code": mmdbtype.String("XX")},
		},
		"city":     mmdbtype.Map{"geoname_id": mmdbtype.Uint32(2), "names": names(city, "München")},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(48), "time_zone": mmdbtype.String(zone)},
	}
}

// flat is the schema of ip-location-db.
func flat(country, region, city, zone string) mmdbtype.Map {
	return mmdbtype.Map{
		"country_code": mmdbtype.String(country), "state1": mmdbtype.String(region), "state2": mmdbtype.String(""), "city": mmdbtype.String(city),
		"timezone": mmdbtype.String(zone), "latitude": mmdbtype.Float64(48), "postcode": mmdbtype.String("80331"),
	}
}

// write builds a database of one kind in memory.
func write(tb testing.TB, kind string, version int, at time.Time, records map[string]mmdbtype.Map) []byte {
	tb.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: at.Unix(), IPVersion: version, RecordSize: 24, IncludeReservedNetworks: true})
	require.NoError(tb, err)
	for prefix, record := range records {
		_, network, err := net.ParseCIDR(prefix)
		require.NoError(tb, err)
		require.NoError(tb, tree.Insert(network, record))
	}
	var file bytes.Buffer
	_, err = tree.WriteTo(&file)
	require.NoError(tb, err)
	return file.Bytes()
}

// put replaces the file at path as an updater does.
func put(tb testing.TB, path string, content []byte) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path+".new", content, 0o600))
	require.NoError(tb, os.Rename(path+".new", path))
}

func open(tb testing.TB, content []byte, opts *mmdb.Options) (db *mmdb.DB, path string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "geo.mmdb")
	put(tb, path, content)
	db, err := mmdb.Open(path, opts)
	require.NoError(tb, err)
	return db, path
}

const munich, elsewhere = "81.2.69.142", "9.9.9.9"

func TestSchemas(t *testing.T) {
	t.Parallel()
	full := enrich.Location{Country: "DE", Region: "Bavaria", City: "Munich", TimeZone: "Europe/Berlin"}
	cases := map[string]struct {
		kind    string
		version int
		record  mmdbtype.Map
		want    enrich.Location
	}{
		"GeoLite2 City":            {"GeoLite2-City", 6, maxmind("DE", "Bavaria", "Munich", "Europe/Berlin"), full},
		"GeoLite2 City, IPv4 only": {"GeoLite2-City", 4, maxmind("DE", "Bavaria", "Munich", "Europe/Berlin"), full},
		"GeoLite2 Country":         {"GeoLite2-Country", 6, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}}, enrich.Location{Country: "DE"}},
		"registered elsewhere":     {"GeoLite2-Country", 6, mmdbtype.Map{"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}}, enrich.Location{}},
		"GeoLite2 ASN": {"GeoLite2-ASN", 6, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(3320), "autonomous_system_organization": mmdbtype.String("Deutsche Telekom AG")},
			enrich.Location{ASN: 3320, Organisation: "Deutsche Telekom AG"}},
		"GeoIP2 Enterprise": {"GeoIP2-Enterprise", 6, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}, "traits": mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(1), "autonomous_system_organization": mmdbtype.String("LVLT-1")}},
			enrich.Location{Country: "DE", ASN: 1, Organisation: "LVLT-1"}},
		"DB-IP City Lite": {"DBIP-City-Lite", 6, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}, "city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Munich")}}, "subdivisions": mmdbtype.Slice{mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Bavaria")}}}},
			enrich.Location{Country: "DE", Region: "Bavaria", City: "Munich"}},
		"subdivision without a name": {"x", 6, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}, "subdivisions": mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String("BY")}}}, enrich.Location{Country: "DE", Region: "BY"}},
		"ip-location-db city":        {"city ipvAll database", 6, flat("DE", "Bavaria", "Munich", "Europe/Berlin"), full},
		"ip-location-db country":     {"country ipvAll database", 6, mmdbtype.Map{"country_code": mmdbtype.String("DE")}, enrich.Location{Country: "DE"}},
		"ip-location-db asn":         {"asn", 6, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(7), "autonomous_system_organization": mmdbtype.String("Seven")}, enrich.Location{ASN: 7, Organisation: "Seven"}},
		"unknown country":            {"x", 6, flat("ZZ", "", "", ""), enrich.Location{}},
		"country as text":            {"x", 6, mmdbtype.Map{"country": mmdbtype.String("DE")}, enrich.Location{Country: "DE"}},
		"fields of other types":      {"x", 6, mmdbtype.Map{"country": mmdbtype.Uint32(4), "city": mmdbtype.Slice{mmdbtype.String("x")}, "country_code": mmdbtype.String("DE")}, enrich.Location{Country: "DE"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _ := open(t, write(t, c.kind, c.version, built, map[string]mmdbtype.Map{"81.2.69.0/24": c.record}), nil)
			if c.want != (enrich.Location{}) {
				c.want.Source = c.kind + " (2026-11-03)"
			}
			for _, addr := range []string{munich, "::ffff:" + munich} {
				got, err := db.Locate(t.Context(), netip.MustParseAddr(addr))
				require.NoError(t, err)
				require.Equal(t, c.want, got, addr)
			}
			for _, addr := range []string{elsewhere, "2a02:2e0::1"} {
				got, err := db.Locate(t.Context(), netip.MustParseAddr(addr))
				require.NoError(t, err)
				require.Zero(t, got, addr)
			}
			got, err := db.Locate(t.Context(), netip.Addr{})
			require.NoError(t, err)
			require.Zero(t, got)
		})
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	db, _ := open(t, write(t, "x", 6, built, map[string]mmdbtype.Map{"2a02:2e0::/32": flat("DE", "", "", "")}), nil)
	got, err := db.Locate(t.Context(), netip.MustParseAddr("2a02:2e0:3fe::1"))
	require.NoError(t, err)
	require.Equal(t, "DE", got.Country)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := write(t, "x", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": flat("DE", "", "", "")})
	for name, content := range map[string][]byte{"empty": nil, "text": []byte("<html>"), "cut": good[:len(good)/2], "cut in front": good[len(good)/2:]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "geo.mmdb")
			put(t, path, content)
			_, err := mmdb.Open(path, nil)
			require.ErrorContains(t, err, "mmdb: ")
		})
	}
	_, err := mmdb.Open(filepath.Join(t.TempDir(), "absent.mmdb"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func country(t *testing.T, db *mmdb.DB) string {
	t.Helper()
	found, err := db.Locate(t.Context(), netip.MustParseAddr(munich))
	require.NoError(t, err)
	return found.Country
}

func TestReload(t *testing.T) {
	t.Parallel()
	of := func(country string, at time.Time) []byte {
		return write(t, "GeoLite2-Country", 6, at, map[string]mmdbtype.Map{"81.2.69.0/24": flat(country, "", "", "")})
	}
	noon := built.AddDate(0, 0, 20)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		// The bubble's clock begins in 2000; the file's age goes by one of its own.
		db, path := open(t, of("DE", built), &mmdb.Options{Clock: func() time.Time { return noon }, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.Empty(t, db.Check(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- db.Background(ctx, func() {}) }()
		poll := func() {
			time.Sleep(time.Minute)
			synctest.Wait()
		}

		put(t, path, of("AT", built.AddDate(0, 0, 10)))
		require.Equal(t, "DE", country(t, db))
		poll()
		require.Equal(t, "AT", country(t, db))
		require.Empty(t, db.Check(t.Context()))

		put(t, path, []byte("half a file"))
		poll()
		poll()
		require.Equal(t, "AT", country(t, db), "a broken file leaves the old one in use")
		findings := db.Check(t.Context())
		require.Len(t, findings, 1)
		require.False(t, findings[0].Fatal)
		require.Equal(t, "geo", findings[0].Part)
		require.Contains(t, findings[0].Message, "GeoLite2-Country (2026-11-13) stays in use")

		require.NoError(t, os.Remove(path))
		poll()
		require.Equal(t, "AT", country(t, db))
		require.Contains(t, db.Check(t.Context())[0].Message, "no such file")
		require.NotContains(t, db.Check(t.Context())[0].Message, filepath.Dir(path))

		put(t, path, of("CH", built))
		poll()
		require.Equal(t, "CH", country(t, db))
		require.Empty(t, db.Check(t.Context()))

		changed, err := db.Reload()
		require.NoError(t, err)
		require.False(t, changed, "the same file is not read again")
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, 2, bytes.Count(log.Bytes(), []byte("cannot be used")), "once for each reason:\n%s", log.String())
		require.Equal(t, 2, bytes.Count(log.Bytes(), []byte("in use\" file=")), log.String())
	})
}

func TestAge(t *testing.T) {
	t.Parallel()
	content := write(t, "GeoLite2-City", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": flat("DE", "", "", "")})
	for name, c := range map[string]struct {
		age, limit time.Duration
		warns      bool
	}{
		"fresh":          {44 * 24 * time.Hour, 0, false},
		"at the limit":   {45 * 24 * time.Hour, 0, false},
		"old":            {46 * 24 * time.Hour, 0, true},
		"the host's own": {8 * 24 * time.Hour, 7 * 24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _ := open(t, content, &mmdb.Options{MaxAge: c.limit, Clock: func() time.Time { return built.Add(c.age) }})
			findings := db.Check(t.Context())
			require.Equal(t, c.warns, len(findings) == 1)
			if c.warns {
				require.Equal(t, fmt.Sprintf("GeoLite2-City (2026-11-03) is %d days old", int(c.age.Hours()/24)), findings[0].Message)
				require.False(t, findings[0].Fatal)
			}
		})
	}
}

// A file that is replaced under load is never seen half (run with -race).
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	of := func(country string) []byte {
		return write(t, "x", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": maxmind(country, country+"-region", country+"-city", "Europe/Berlin")})
	}
	db, path := open(t, of("DE"), nil)
	files := [][]byte{of("AT"), of("CH"), []byte("broken"), of("DE")}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				l, err := db.Locate(t.Context(), netip.MustParseAddr(munich))
				if err != nil || l.City != l.Country+"-city" {
					t.Errorf("%+v, %v", l, err)
					return
				}
			}
		})
	}
	for i := range 40 {
		put(t, path, files[i%len(files)])
		_, _ = db.Reload()
		runtime.Gosched()
	}
	close(done)
	readers.Wait()
}

// The engine finds the file behind a chain.
func TestEngineHearsOfTheFile(t *testing.T) {
	t.Parallel()
	db, _ := open(t, write(t, "x", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": flat("DE", "", "", "")}), &mmdb.Options{Clock: func() time.Time { return built.AddDate(1, 0, 0) }})
	var part leads.Enricher = enrich.Chain{enrich.WithTimeout(enrich.Geo{Locators: []enrich.Locator{enrich.NewLocatorCache(db, nil)}}, time.Second)}
	require.Len(t, part.(leads.Checker).Check(t.Context()), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, part.(leads.Background).Background(ctx, func() {}))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	db, _ := open(t, write(t, "x", 6, built, map[string]mmdbtype.Map{"0.0.0.0/1": flat("DE", "Bavaria", "Munich", "Europe/Berlin"), "2000::/3": flat("FR", "", "", "")}), nil)
	adaptertest.TestEnricher(t, enrich.Geo{Locators: []enrich.Locator{db}})
}

func FuzzOpen(f *testing.F) {
	good := write(f, "x", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": maxmind("DE", "Bavaria", "Munich", "Europe/Berlin"), "1.0.0.0/24": flat("AU", "", "", "")})
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "geo.mmdb")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		db, err := mmdb.Open(path, nil)
		if err != nil {
			return
		}
		_, _ = db.Locate(t.Context(), netip.MustParseAddr(munich))
		_, _ = db.Locate(t.Context(), netip.MustParseAddr("2a02:2e0::1"))
	})
}

func BenchmarkGeo(b *testing.B) {
	for name, record := range map[string]mmdbtype.Map{"maxmind": maxmind("DE", "Bavaria", "Munich", "Europe/Berlin"), "flat": flat("DE", "Bavaria", "Munich", "Europe/Berlin")} {
		b.Run(name, func(b *testing.B) {
			db, _ := open(b, write(b, "x", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": record}), nil)
			geo := enrich.Geo{Locators: []enrich.Locator{db}}
			lead := leads.Lead{Last: leads.Touch{Client: netip.MustParseAddr(munich)}}
			b.ReportAllocs()
			for b.Loop() {
				if facts, err := geo.Enrich(b.Context(), lead); err != nil || len(facts) != 4 {
					b.Fatal(facts, err)
				}
			}
		})
	}
}

func BenchmarkLocate(b *testing.B) {
	db, _ := open(b, write(b, "x", 6, built, map[string]mmdbtype.Map{"81.2.69.0/24": maxmind("DE", "Bavaria", "Munich", "Europe/Berlin")}), nil)
	addr := netip.MustParseAddr(munich)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.Locate(b.Context(), addr); err != nil {
			b.Fatal(err)
		}
	}
}
