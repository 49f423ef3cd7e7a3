package restapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/openleads/leads/adapters/desk"
)

// maxBody bounds a JSON body, in bytes.
const maxBody = 1 << 20

// call is one request on its way.
type call struct {
	api  *API
	w    http.ResponseWriter
	r    *http.Request
	user desk.User
	body []byte // of a route that takes one
}

func (c *call) ctx() context.Context { return c.r.Context() }
func (c *call) id() string           { return c.r.PathValue("id") }

// run answers the route, once for an idempotency key.
func (c *call) run(route route) error {
	if route.Body != nil {
		if err := c.read(); err != nil {
			return err
		}
	}
	key := c.r.Header.Get("Idempotency-Key")
	if key == "" || !route.Idempotent {
		return c.reply(route.run(c))
	}
	return c.once(key, route)
}

// result is what a handler answers.
type result struct {
	status int // 0 means the route's
	body   any // nil means none, and 204
	etag   string
	// What is kept for an idempotency key: object is the ID of the lead that was made, kept stands in for a body with a secret.
	object string
	kept   any
}

// ok answers 200 with a body.
func ok(body any, err error) (result, error) { return result{body: body}, err }

// done answers 204.
func done(err error) (result, error) { return result{status: http.StatusNoContent}, err }

// tagged is ok with an ETag made of a version, or of the body where there is none.
func tagged(body any, version int64, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	if version > 0 {
		return result{body: body, etag: versionTag(version)}, nil
	}
	tag, err := digest(body)
	return result{body: body, etag: tag}, err
}

func versionTag(version int64) string { return fmt.Sprintf(`"v%d"`, version) }

func digest(body any) (string, error) {
	data, err := json.Marshal(body)
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:12]) + `"`, err
}

// written is set by handlers that have written their answer themselves.
var written = result{status: -1}

// reply writes a result.
func (c *call) reply(res result, err error) error {
	if err != nil || res.status == written.status {
		return err
	}
	if res.etag != "" {
		c.w.Header().Set("ETag", res.etag)
		if c.r.Method == http.MethodGet && matches(c.r.Header.Get("If-None-Match"), res.etag) {
			c.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	switch {
	case res.status == http.StatusNoContent:
		c.w.WriteHeader(http.StatusNoContent)
	default:
		answer(c.w, res.status, "application/json", res.body)
	}
	return nil
}

// matches reports whether a list of ETags has one of them, or "*".
func matches(list, tag string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(t string) bool {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		return t == tag || t == "*"
	})
}

// unchanged holds If-Match against the ETag of what there is.
func (c *call) unchanged(current string) error {
	if given := c.r.Header.Get("If-Match"); given != "" && !matches(given, current) {
		return errStale
	}
	return nil
}

// version reads If-Match: the version that a thing must have, 0 for any. current tells which one it has now; it is asked only when If-Match
// has several.
func (c *call) version(current func() (int64, error)) (int64, error) {
	given := strings.TrimSpace(c.r.Header.Get("If-Match"))
	if given == "" || given == "*" {
		return 0, nil
	}
	if strings.Contains(given, ",") {
		now, err := current()
		if err == nil {
			err = c.unchanged(versionTag(now))
		}
		return now, err
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(given, `"v`), `"`), 10, 64)
	if err != nil || n < 1 || versionTag(n) != given {
		return 0, errStale // an ETag that nothing has
	}
	return n, nil
}

// read reads the body.
func (c *call) read() error {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if c.r.Header.Get("Content-Encoding") != "" {
		return &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send it without a Content-Encoding"}
	}
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send application/json"}
	}
	c.body, err = io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &fault{status: http.StatusRequestEntityTooLarge, code: "too_large", message: fmt.Sprintf("at most %d bytes", maxBody)}
	case err != nil:
		return &fault{status: http.StatusBadRequest, code: "invalid_body", message: "the body did not arrive whole"}
	}
	return nil
}

// decode decodes the body strictly: unknown and repeated names are errors that name where they stand.
func (c *call) decode(v any) error {
	body := bytes.TrimSpace(c.body)
	if len(body) == 0 {
		return &fault{status: http.StatusBadRequest, code: "invalid_body", message: "the body is empty"}
	}
	err := jsonv2.Unmarshal(body, v, jsonv2.RejectUnknownMembers(true), jsontext.AllowInvalidUTF8(false))
	var semantic *jsonv2.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		return field(string(semantic.JSONPointer), "this name or value cannot be taken here")
	case errors.As(err, &syntactic):
		return field(string(syntactic.JSONPointer), "this is no valid JSON")
	case err != nil:
		return field("", "this is no valid JSON")
	}
	return nil
}

// field is the fault of one field.
func field(pointer, message string) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid", message: "some fields cannot be taken", fields: []desk.FieldError{{Pointer: pointer, Message: message}}}
}

// acceptable reports whether a caller takes one of the media types.
func acceptable(accept string, kinds []string) bool {
	if strings.TrimSpace(accept) == "" || len(kinds) == 0 {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil || strings.Trim(params["q"], "0.") == "" && params["q"] != "" {
			continue
		}
		for _, k := range kinds {
			family, _, _ := strings.Cut(k, "/")
			if kind == "*/*" || kind == k || kind == family+"/*" {
				return true
			}
		}
	}
	return false
}
