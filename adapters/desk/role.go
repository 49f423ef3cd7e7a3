package desk

import "slices"

// roles are in the order of what they may, the least first.
var roles = []Role{Reader, Member, Admin, Owner}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return slices.Contains(roles, r) }

// May reports whether the role may what needs the other one.
func (r Role) May(needed Role) bool {
	return r.Valid() && slices.Index(roles, r) >= slices.Index(roles, needed)
}

// may is the first line of every method: who acts must have a tenant, which is not the one of our own records, and at least the role needed.
func may(u User, needed Role) error {
	if u.Tenant == "" || u.Tenant == directory || !u.Role.May(needed) {
		return ErrForbidden
	}
	return nil
}
