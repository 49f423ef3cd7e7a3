package ingest_test

import "crypto/sha256"

func digestOf(s string) [32]byte { return sha256.Sum256([]byte(s)) }
