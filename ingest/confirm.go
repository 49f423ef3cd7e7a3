package ingest

import (
	"io"
	"net/http"
	"net/url"
)

// challengeIn returns the challenge of a request by which Meta makes sure that an address wants its webhooks: a GET with hub.mode,
// hub.verify_token and hub.challenge. A challenge is a number; only letters and digits are ever sent back.
func challengeIn(r *http.Request) (challenge string, ok bool) {
	if r.Method != http.MethodGet || len(r.URL.RawQuery) > 1024 {
		return "", false
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || query.Get("hub.mode") != "subscribe" {
		return "", false
	}
	challenge = query.Get("hub.challenge")
	for i := range len(challenge) {
		if !isTokenByte(challenge[i]) {
			return "", false
		}
	}
	return challenge, challenge != "" && len(challenge) <= 128
}

// confirm checks that the source expects Meta, and that the verify token is the source's own token, which whoever set the webhook up has
// seen in its address.
func confirm(r *http.Request, source *opened) error {
	token, _ := tokenIn(r.URL.EscapedPath())
	if source.Preset != "meta" || r.URL.Query().Get("hub.verify_token") != token {
		return errMethod
	}
	return nil
}

// echo answers a challenge.
func echo(w http.ResponseWriter, challenge string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, challenge)
}
