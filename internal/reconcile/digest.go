package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest returns the SHA-256 of a text, "" for a file that is absent.
func Digest(text []byte) string {
	if text == nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Digests returns those of files, by path, each of what own leaves of the text of a file:
// nil where nothing is the business of who asks.
func Digests(files map[string][]byte, own func(name string, text []byte) []byte) map[string]string {
	list := map[string]string{}
	for name, text := range files {
		if d := Digest(own(name, text)); d != "" {
			list[name] = d
		}
	}
	return list
}
