package knownhosts

import (
	"errors"
	"strings"
	"testing"
)

// TestTextsThatAreNotHostKeys: the error says what was given, and repeats no private key.
func TestTextsThatAreNotHostKeys(t *testing.T) {
	whole := "AAAAC3NzaC1lZDI1NTE5AAAAIIkFbXkWQ3Y0mPJjgDkzdGMF9EUKjH0y6lGhhM5t0q7B"
	for text, want := range map[string]string{
		"ssh-ed25519 AAAA…":                  `begins with "AAAA…", has 5 characters and cannot be read; a whole one has 68. The dots stand`,
		"ssh-ed25519 AAAA...":                "has 7 characters and cannot be read; a whole one has 68. The dots stand",
		"ssh-ed25519 " + whole[:60]:          `begins with "AAAAC3NzaC1l", has 60 characters and cannot be read; a whole one has 68`,
		"ssh-rsa AAAAB3Nz":                   "has 8 characters and cannot be read",
		"web1 ssh-ed25519":                   "no key after it",
		"SHA256:2vhU2VlqWkpyg5BjfB1vWoNTzbn": "the fingerprint of a key",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU": "the text of a key file",
		whole: "must be a type and a key",
		"":    "must be a type and a key",
	} {
		_, err := ParseHostKey(text)
		var wrong *HostKeyTextError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "b3Blb") {
			t.Errorf("%q: want %q, have %v", text, want, err)
		}
	}
	if _, err := ParseHostKey("ssh-ed25519 " + whole + " root@web1"); err != nil {
		t.Error(err)
	}
}
