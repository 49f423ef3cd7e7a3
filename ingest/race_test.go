//go:build race

package ingest_test

// raceDetector is whether the race detector is on, under which sync.Pool forgets at random and allocations say nothing.
const raceDetector = true
