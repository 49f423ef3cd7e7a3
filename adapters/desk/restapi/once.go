package restapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// submissionKey is the idempotency key of a lead that is created: the door's own rules hold for it.
func (c *call) submissionKey() string {
	if key := c.r.Header.Get("Idempotency-Key"); key != "" {
		return "api/" + c.user.ID + "/" + key
	}
	return ""
}

// once answers a create with the same key and body as the first time. Creates of leads are known by the Store; for the others the desk
// keeps what was answered.
func (c *call) once(key string, route route) error {
	if len(key) > 200 {
		return field("Idempotency-Key", "at most 200 bytes")
	}
	if route.Path == "/leads" {
		return c.reply(route.do(c))
	}
	sum := sha256.Sum256(append([]byte(route.Path+"\x00"), c.body...))
	kept, begun, err := c.api.desk.BeginOnce(c.ctx(), c.user, key, hex.EncodeToString(sum[:]))
	if err != nil {
		return err
	}
	if !begun {
		switch {
		case kept.Digest != hex.EncodeToString(sum[:]):
			return &fault{status: http.StatusUnprocessableEntity, code: "idempotency_key_reused", message: "the key was used with another body"}
		case kept.Status == 0:
			return &fault{status: http.StatusConflict, code: "in_progress", message: "the first request with this key is still being worked on"}
		}
		c.w.Header().Set("Content-Type", "application/json")
		c.w.WriteHeader(kept.Status)
		_, _ = c.w.Write(kept.Body)
		return nil
	}
	tee := &teeWriter{ResponseWriter: c.w, status: http.StatusOK}
	c.w = tee
	err = c.reply(route.do(c))
	if err != nil {
		c.w = tee.ResponseWriter
		c.api.desk.ForgetOnce(c.ctx(), c.user, key)
		return err
	}
	return c.api.desk.EndOnce(c.ctx(), c.user, key, tee.status, tee.body.Bytes())
}

// teeWriter keeps what is answered.
type teeWriter struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *teeWriter) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *teeWriter) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// cutLast cuts around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
