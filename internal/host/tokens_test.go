package host

import "testing"

func TestProxyCommandTokens(t *testing.T) {
	tokens := map[byte]string{'h': "web1", 'p': "22"}
	for text, want := range map[string]string{"nc %h %p": "nc web1 22", "%%h": "%h", "plain": "plain"} {
		if have, err := expandTokens(text, tokens); err != nil || have != want {
			t.Errorf("%q: want %q, have %q, %v", text, want, have, err)
		}
	}
	for _, text := range []string{"nc %", "nc %d"} {
		if have, err := expandTokens(text, tokens); err == nil {
			t.Errorf("%q became %q", text, have)
		}
	}
}
