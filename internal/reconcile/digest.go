package reconcile

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// digestOf is "" for an absent file.
func digestOf(text []byte) string {
	if text == nil {
		return ""
	}
	return digest(text)
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}
