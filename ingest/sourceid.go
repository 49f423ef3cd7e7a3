package ingest

import "github.com/google/uuid"

// sources is the namespace of SourceID.
var sources = uuid.MustParse("5c3f0b5e-9d1c-5f0e-8a55-6c1d0f5c7a11")

// SourceID returns the ID (a UUIDv5) that a program can give to a source of its own making: the same for the same tenant and name, so that
// setting the source up at every start makes one source.
func SourceID(tenant, name string) string {
	return uuid.NewSHA1(sources, []byte(tenant+"\x00"+name)).String()
}
