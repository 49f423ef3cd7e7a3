package main

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

// resolver is the system's resolver where the name server may not know the Internet: an offline network's often says of every
// name that it does not exist. Before that is believed, the root of all names must be known.
type resolver struct {
	*net.Resolver
	knowsRoot atomic.Bool
}

// errOffline says nothing about a domain.
var errOffline = errors.New("the name server does not know the root of the domain name system")

// LookupMX is the first question about every domain.
func (r *resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := r.Resolver.LookupMX(ctx, name)
	var absent *net.DNSError
	if !errors.As(err, &absent) || !absent.IsNotFound || r.knowsRoot.Load() {
		return records, err
	}
	if root, _ := r.LookupNS(ctx, "."); len(root) == 0 {
		return nil, errOffline
	}
	r.knowsRoot.Store(true)
	return records, err
}
