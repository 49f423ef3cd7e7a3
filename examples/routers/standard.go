package main

import (
	"net/http"
	"strings"
)

// standard is the door under net/http's ServeMux. The mux redirects paths with doubled slashes (307, so that a client that follows sends
// its body again); where senders make such paths and do not follow, the door stands before the mux.
var standard = []mount{
	{name: "at the root", prefix: "/", wrap: func(door http.Handler) http.Handler { return door }},
	{name: "under a prefix", prefix: "/api/webhooks/", cleans: true, wrap: func(door http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/webhooks/", door)
		return mux
	}},
	{name: "with StripPrefix", prefix: "/stripped/", cleans: true, wrap: func(door http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/stripped/", http.StripPrefix("/stripped", door))
		return mux
	}},
	{name: "in a mux within a mux", prefix: "/outer/inner/", cleans: true, wrap: func(door http.Handler) http.Handler {
		inner := http.NewServeMux()
		inner.Handle("/inner/", door)
		mux := http.NewServeMux()
		mux.Handle("/outer/", http.StripPrefix("/outer", inner))
		return mux
	}},
	{name: "before the mux", prefix: "/direct/", wrap: func(door http.Handler) http.Handler {
		mux := http.NewServeMux() // the rest of the program
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/direct/") {
				door.ServeHTTP(w, r)
				return
			}
			mux.ServeHTTP(w, r)
		})
	}},
}
