package adaptertest

// Sentences returns what the cases quote, by their names.
func Sentences() map[string]string {
	sentences := map[string]string{
		"part/untouched": saysUntouched, "part/soon": saysSoon, "part/together": saysTogether,
		"part/no guess": saysNoGuess, "part/range": saysRange,
	}
	for _, c := range storeContracts() {
		sentences[c.name] = c.says
	}
	return sentences
}

// Cases counts the sentences that are quoted, those of TestStore once for each case.
func Cases() int { return 5 + len(storeContracts()) }
