package host

// Secret is text that no message, log or dump may show.
type Secret string

const redacted = "***"

// String returns three stars.
func (Secret) String() string { return redacted }

// GoString returns three stars.
func (Secret) GoString() string { return redacted }

// MarshalText returns three stars, so that no encoder writes the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }
