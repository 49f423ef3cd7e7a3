package ingest

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

// TokenPrefix begins every token that NewToken makes, so that people and secret scanners know one when they see it. A token is public
// by nature: it stands in the page of the form, and all it allows is to submit.
const TokenPrefix = "lc_pub_"

const (
	tokenAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	tokenRandom   = 30 // 62^30 is a little more than 178 bits
	tokenChecksum = 6  // 62^6 holds a CRC-32

	minToken = 8
	maxToken = 128
)

// NewToken returns a new token for a source: TokenPrefix, 30 random characters (178 bits from crypto/rand) and a checksum of 6, all
// of them letters, digits and "_". The checksum is the CRC-32 (IEEE) of what is before it, in base 62, most significant digit first.
func NewToken() string {
	token := make([]byte, 0, len(TokenPrefix)+tokenRandom+tokenChecksum)
	token = append(token, TokenPrefix...)
	var random [64]byte
	for len(token) < len(TokenPrefix)+tokenRandom {
		_, _ = rand.Read(random[:]) // never fails: it would end the program
		for _, b := range random {
			// 62 of 64 values are used, so that every character is equally likely.
			if b &= 63; int(b) < len(tokenAlphabet) && len(token) < len(TokenPrefix)+tokenRandom {
				token = append(token, tokenAlphabet[b])
			}
		}
	}
	sum := crc32.ChecksumIEEE(token)
	token = token[:len(token)+tokenChecksum]
	for i := 1; i <= tokenChecksum; i++ {
		token[len(token)-i] = tokenAlphabet[sum%62]
		sum /= 62
	}
	return string(token)
}

// tokenIn returns the last segment of an escaped URL path if it can be a token at all. Slashes behind it and doubled ones do
// not matter; whatever is before it is the host's business.
func tokenIn(path string) (string, bool) {
	path = strings.TrimRight(path, "/")
	token := path[strings.LastIndexByte(path, '/')+1:]
	if len(token) < minToken || len(token) > maxToken {
		return "", false
	}
	for i := range len(token) {
		if !isTokenByte(token[i]) {
			return "", false
		}
	}
	return token, true
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
