package ingest

// FullName is what a mapping calls a person's whole name, which is split by [SplitName].
const FullName = fullName

// SplitName splits a person's whole name into the names before and after: "Ann Lee" and "Lee, Ann" alike, "Ludwig van Beethoven" before
// the particle, "John Smith Jr." before the family name. A single word is a first name.
func SplitName(full string) (first, last string) { return splitName(full) }
