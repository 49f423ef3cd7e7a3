package lists

// Loaded reports whether the lists are in memory.
func Loaded() bool { return once.lists.tables != nil }

// Unpack does what the first look-up does, and returns what is then held.
func Unpack() any { return unpackAll() }
