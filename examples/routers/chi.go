package main

import (
	"io"
	"log"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// chiMounts is the door under chi, which leaves the path of a request as it is.
var chiMounts = []mount{
	{name: "at the root", prefix: "/", wrap: func(door http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/", door)
		return r
	}},
	{name: "with Mount", prefix: "/api/webhooks/", wrap: func(door http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/api/webhooks", door)
		return r
	}},
	{name: "with Handle", prefix: "/handled/", wrap: func(door http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Handle("/handled/*", door)
		return r
	}},
	{name: "with StripPrefix", prefix: "/stripped/", wrap: func(door http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/stripped", http.StripPrefix("/stripped", door))
		return r
	}},
	{name: "in a Route with middleware", prefix: "/v1/hooks/", wrap: func(door http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(middleware.RequestID, middleware.Recoverer, middleware.Compress(5), middleware.Timeout(time.Minute))
		r.Use(middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: log.New(io.Discard, "", 0)}))
		r.Route("/v1", func(r chi.Router) {
			r.Group(func(r chi.Router) { r.Mount("/hooks", door) })
		})
		return r
	}},
}
