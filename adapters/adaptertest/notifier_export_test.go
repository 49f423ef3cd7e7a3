package adaptertest

// NotifierSentences returns what the cases of TestNotifierEffects quote, by their names.
func NotifierSentences() map[string]string {
	sentences := make(map[string]string)
	for _, c := range notifierCases() {
		sentences[c.name] = c.says
	}
	return sentences
}
