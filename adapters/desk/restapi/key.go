package restapi

import (
	"time"

	"github.com/openleads/leads/adapters/desk"
)

type keyBody struct {
	Label     string     `json:"label"`
	Scope     desk.Scope `json:"scope"`
	ExpiresAt time.Time  `json:"expiresAt,omitzero"`
}

type keyPatch struct {
	Label     *string    `json:"label,omitempty"`
	Active    *bool      `json:"active,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

func listKeys(c *call) (result, error) {
	keys, err := c.api.desk.Keys(c.ctx(), c.user)
	return ok(each(keys, func(k desk.Key) keyShape { return shapeKey(k, "") }), err)
}

func createKey(c *call) (result, error) {
	var in keyBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	k, secret, err := c.api.desk.CreateKey(c.ctx(), c.user, desk.Key{Label: in.Label, Scope: in.Scope, ExpiresAt: in.ExpiresAt})
	res, err := c.key(k, err)
	shape := shapeKey(k, "")
	res.kept = shape // the key itself is shown once and kept nowhere
	shape.Key = secret
	res.body = shape
	return res, err
}

func (c *call) key(k desk.Key, err error) (result, error) {
	return tagged(shapeKey(k, ""), k.Version, err)
}

func (c *call) keyVersion() (int64, error) {
	k, err := c.api.desk.Key(c.ctx(), c.user, c.id())
	return k.Version, err
}

func getKey(c *call) (result, error) { return c.key(c.api.desk.Key(c.ctx(), c.user, c.id())) }

func patchKey(c *call) (result, error) {
	var in keyPatch
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	version, err := c.version(c.keyVersion)
	if err != nil {
		return result{}, err
	}
	return c.key(c.api.desk.PatchKey(c.ctx(), c.user, c.id(), desk.KeyPatch{Version: version, Label: in.Label, Active: in.Active, ExpiresAt: in.ExpiresAt}))
}

func deleteKey(c *call) (result, error) {
	if c.r.Header.Get("If-Match") != "" {
		version, err := c.keyVersion()
		if err != nil {
			return result{}, err
		}
		if err := c.unchanged(versionTag(version)); err != nil {
			return result{}, err
		}
	}
	return done(c.api.desk.DeleteKey(c.ctx(), c.user, c.id()))
}
