package main

import (
	"net/http"
	"path"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// compressed keeps echo's Gzip, which does not look whether an answer is packed already, from packing the script a second time.
func compressed(c echo.Context) bool { return path.Ext(c.Request().URL.Path) == ".js" }

// echoMounts is the door under echo. Its "*" takes the slashes too. BodyLimit above 256 KiB leaves the answer for too much to the door.
var echoMounts = []mount{
	{name: "at the root", prefix: "/", wrap: func(door http.Handler) http.Handler {
		e := echo.New()
		e.Any("/*", echo.WrapHandler(door))
		return e
	}},
	{name: "under a prefix", prefix: "/api/webhooks/", wrap: func(door http.Handler) http.Handler {
		e := echo.New()
		e.Any("/api/webhooks/*", echo.WrapHandler(door))
		return e
	}},
	{name: "with StripPrefix", prefix: "/stripped/", wrap: func(door http.Handler) http.Handler {
		e := echo.New()
		e.Any("/stripped/*", echo.WrapHandler(http.StripPrefix("/stripped", door)))
		return e
	}},
	{name: "in a Group with middleware", prefix: "/v1/hooks/", wrap: func(door http.Handler) http.Handler {
		e := echo.New()
		e.Use(middleware.Recover(), middleware.RequestID(), middleware.BodyLimit("1M"))
		e.Use(middleware.GzipWithConfig(middleware.GzipConfig{Skipper: compressed}))
		e.Group("/v1").Group("/hooks").Any("/*", echo.WrapHandler(door))
		return e
	}},
	{name: "behind one that takes slashes off", prefix: "/bare/", wrap: func(door http.Handler) http.Handler {
		e := echo.New()
		e.Pre(middleware.RemoveTrailingSlash())
		e.Any("/bare/*", echo.WrapHandler(door))
		return e
	}},
}
