package adaptertest

// MailerSentences returns what the cases of TestMailer quote, by their names.
func MailerSentences() map[string]string {
	sentences := make(map[string]string)
	for _, c := range mailerContracts() {
		sentences[c.name] = c.says
	}
	return sentences
}
