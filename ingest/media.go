package ingest

import (
	"errors"
	"mime"
	"net/http"
	"strings"
)

// media is what the door makes of a Content-Type.
type media struct {
	kind     mediaKind
	boundary string // of multipart/form-data
}

type mediaKind uint8

const (
	mediaJSON mediaKind = iota
	mediaGuess
	mediaForm
	mediaMultipart
)

// mediaOf says how a body is to be read, or that it is not: 415.
func mediaOf(h http.Header) (media, error) {
	for _, encoding := range h["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return media{}, errEncoding
		}
	}
	types := h["Content-Type"]
	switch {
	case len(types) == 0 || len(types) == 1 && types[0] == "":
		return media{kind: mediaGuess}, nil
	case len(types) > 1:
		return media{}, errMedia
	case types[0] == "application/json": // nearly all
		return media{}, nil
	}
	return parseMedia(types[0])
}

func parseMedia(contentType string) (media, error) {
	name, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return media{}, errMedia
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return media{}, errCharset
	}
	switch {
	case name == "application/json", name == "text/plain", strings.HasSuffix(name, "+json"):
		return media{kind: mediaJSON}, nil
	case name == "application/x-www-form-urlencoded":
		return media{kind: mediaForm}, nil
	case name == "multipart/form-data":
		return media{kind: mediaMultipart, boundary: params["boundary"]}, nil
	}
	return media{}, errMedia
}
