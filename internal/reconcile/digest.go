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
