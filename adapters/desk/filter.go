package desk

// maxListed bounds the lists of a [Filter].
const maxListed = 100

// validate reports what no Store could look for.
func (f Filter) validate() error {
	var c check
	for _, l := range []struct {
		name   string
		values []string
	}{
		{"statuses", texts(f.Statuses)}, {"stages", f.Stages}, {"sources", f.Sources}, {"qualifications", texts(f.Qualifications)},
		{"search", []string{f.Search}}, {"tag", []string{f.Tag}}, {"assignee", []string{f.Assignee}}, {"after", []string{f.After}},
	} {
		c.that(len(l.values) <= maxListed, "/"+l.name, "at most %d", maxListed)
		for _, v := range l.values {
			if len(v) > 2000 || !storable(v) {
				c.that(false, "/"+l.name, "valid UTF-8 without NUL, at most 2,000 bytes")
				break
			}
		}
	}
	c.that(f.Offset >= 0 && f.Limit >= 0, "/offset", "not below 0")
	return c.err()
}

func texts[T ~string](values []T) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}
