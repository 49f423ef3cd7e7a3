package mmdb_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mmdb"
	"github.com/openleads/leads/enrich"
)

func Example() {
	folder, err := os.MkdirTemp("", "mmdb")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "GeoLite2-City.mmdb")
	if err := os.WriteFile(file, smallFile(), 0o600); err != nil {
		panic(err)
	}

	cities, err := mmdb.Open(file, nil)
	if err != nil {
		panic(err)
	}
	geo := enrich.Geo{Locators: []enrich.Locator{cities}}
	lead := leads.Lead{Last: leads.Touch{Client: netip.MustParseAddr("81.2.69.142")}}
	facts, err := geo.Enrich(context.Background(), lead)
	for _, f := range facts {
		fmt.Printf("%s: %s, from %s\n", f.Key, f.Value, f.Source)
	}
	fmt.Println(err)
	// Output:
	// geo.country: GB, from GeoLite2-City (2026-11-03)
	// geo.city: London, from GeoLite2-City (2026-11-03)
	// <nil>
}

// smallFile is a database with one network.
func smallFile() []byte {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-City", BuildEpoch: built.Unix(), RecordSize: 24})
	if err != nil {
		panic(err)
	}
	_, network, _ := net.ParseCIDR("81.2.69.0/24")
	if err := tree.Insert(network, mmdbtype.Map{
		"country": mmdbtype.Map{"iso_code": mmdbtype.String("GB")}, "city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("London")}},
	}); err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if _, err := tree.WriteTo(&file); err != nil {
		panic(err)
	}
	return file.Bytes()
}
