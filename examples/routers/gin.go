package main

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// newGin returns a gin without its notes on the standard output.
func newGin(middleware ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(middleware...)
	return r
}

// ginMounts is the door under gin. A "*path" takes the slashes too, so that gin's own redirects for them never come in.
var ginMounts = []mount{
	{name: "at the root", prefix: "/", wrap: func(door http.Handler) http.Handler {
		r := newGin()
		r.Any("/*path", gin.WrapH(door))
		return r
	}},
	{name: "under a prefix", prefix: "/api/webhooks/", wrap: func(door http.Handler) http.Handler {
		r := newGin()
		r.Any("/api/webhooks/*path", gin.WrapH(door))
		return r
	}},
	{name: "with StripPrefix", prefix: "/stripped/", wrap: func(door http.Handler) http.Handler {
		r := newGin()
		r.Any("/stripped/*path", gin.WrapH(http.StripPrefix("/stripped", door)))
		return r
	}},
	{name: "in a Group with middleware", prefix: "/v1/hooks/", wrap: func(door http.Handler) http.Handler {
		r := newGin(gin.LoggerWithWriter(io.Discard), gin.RecoveryWithWriter(io.Discard))
		r.Group("/v1").Group("/hooks").Any("/*path", gin.WrapH(door))
		return r
	}},
	{name: "where no route is", prefix: "/rest/", wrap: func(door http.Handler) http.Handler {
		r := newGin()
		r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "the rest of the program") })
		r.NoRoute(func(c *gin.Context) {
			c.Status(http.StatusOK) // gin has set 404, which a handler that only writes a body would keep
			door.ServeHTTP(c.Writer, c.Request)
		})
		return r
	}},
}
