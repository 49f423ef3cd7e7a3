package adaptertest

// Sentences returns what the cases of TestStore quote, by their names.
func Sentences() map[string]string {
	sentences := make(map[string]string)
	for _, c := range storeContracts() {
		sentences[c.name] = c.says
	}
	return sentences
}

// Cases counts the cases of TestStore.
func Cases() int { return len(storeContracts()) }
