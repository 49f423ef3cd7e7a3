package restapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/openleads/leads/adapters/desk"
)

// submissionKey is the idempotency key under which the Store knows a lead that is created: should the process end between the two, the
// same request finds the submission.
func (c *call) submissionKey() string {
	key := c.r.Header.Get("Idempotency-Key")
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.user.ID + "\x00" + key))
	return "api/" + hex.EncodeToString(sum[:])
}

// once answers a request with the same key and body as the first time.
func (c *call) once(key string, route route) error {
	if len(key) > 200 {
		return field("Idempotency-Key", "at most 200 bytes")
	}
	sum := sha256.Sum256(append([]byte(c.r.Method+" "+c.r.URL.Path+"?"+c.r.URL.RawQuery+"\x00"), c.body...))
	digest := hex.EncodeToString(sum[:])
	kept, begun, err := c.api.desk.BeginOnce(c.ctx(), c.user, key, digest)
	switch {
	case err != nil:
		return err
	case begun:
		return c.first(key, route)
	case kept.Digest != digest:
		return &fault{status: http.StatusUnprocessableEntity, code: "idempotency_key_reused", message: "the key was used for another request"}
	case kept.Status == 0:
		return &fault{status: http.StatusConflict, code: "in_progress", message: "the first request with this key is still being worked on"}
	case kept.Object != "":
		res, err := getLeadByID(c, kept.Object)
		res.status = kept.Status
		return c.reply(res, err)
	}
	return c.reply(result{status: kept.Status, body: json.RawMessage(kept.Body)}, nil)
}

// first does what is asked for and keeps the answer. What fails may be asked for again.
func (c *call) first(key string, route route) error {
	done := false
	defer func() {
		if !done {
			c.api.desk.ForgetOnce(c.ctx(), c.user, key)
		}
	}()
	res, err := route.run(c)
	if err != nil {
		return err
	}
	kept := desk.Kept{Status: cmp.Or(res.status, http.StatusOK), Object: res.object}
	if kept.Object == "" {
		body := res.body
		if res.kept != nil {
			body = res.kept
		}
		if kept.Body, err = json.Marshal(body); err != nil {
			return err
		}
	}
	done = true
	if err := c.api.desk.EndOnce(c.ctx(), c.user, key, kept); err != nil { // it was done all the same
		c.api.opts.Logger.ErrorContext(c.ctx(), "restapi: an answer could not be kept for its idempotency key", "error", err)
	}
	return c.reply(res, nil)
}
