package main

import (
	"bytes"
	"net/mail"
	"sync"
)

// syncBuffer is a bytes.Buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func addresses(list ...string) []mail.Address {
	var out []mail.Address
	for _, a := range list {
		out = append(out, mail.Address{Address: a})
	}
	return out
}
