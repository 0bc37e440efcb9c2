package sshclient

import (
	"testing"
)

// TestJudgeSocket by what OpenSSH 9.2 says.
func TestJudgeSocket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exit  int
		said  []string
		state SocketState
		pid   int64
	}{
		"a master":                  {0, []string{"Master running (pid=4711)"}, Live, 4711},
		"after a warning":           {0, []string{"Warning: x", "Master running (pid=1)"}, Live, 1},
		"success that says nothing": {0, nil, Unclear, 0},
		"nobody":                    {255, []string{"Control socket connect(/x): Connection refused"}, Stale, 0},
		"not ours":                  {255, []string{"Control socket connect(/x): Permission denied"}, Unclear, 0},
		"no answer":                 {124, nil, Unclear, 0},
		"refused, on a busy host":   {124, []string{"Control socket connect(/x): Connection refused"}, Stale, 0},
		"no answer, by perl":        {142, nil, Unclear, 0},
		"a web server":              {255, []string{"mux_client_read: reserve: insufficient buffer space"}, NotSSH, 0},
		"an agent":                  {255, []string{"mux_client_hello_exchange: parse type: incomplete message"}, NotSSH, 0},
		"other packets":             {255, []string{"mux_client_hello_exchange: expected HELLO (1) got 1633837924"}, NotSSH, 0},
		"a master of another user":  {255, []string{"muxclient: master hello exchange failed"}, Unclear, 0},
		"silence":                   {1, nil, Unclear, 0},
	} {
		s := ClassifySocket(SocketCheck{Exit: c.exit, Said: c.said})
		if s.State != c.state || s.PID != c.pid || (s.Why == "") != (c.state == Live) {
			t.Errorf("%s: have %+v", name, s)
		}
	}
	noise := SocketCheck{Exit: 255, Said: []string{"muxclient: master hello exchange failed", "kex_exchange_identification: Connection closed by remote host", "Connection closed by UNKNOWN port 65535"}}
	if got := ClassifySocket(noise).Why; got != noise.Said[0] || noise.Gone() {
		t.Errorf("why: %q", got)
	}
	if gone := (SocketCheck{Exit: 255, Said: []string{"Control socket connect(/x): No such file or directory"}}); !gone.Gone() {
		t.Error("what is gone is told")
	}
	for mode, want := range map[uint32]bool{0o600: false, 0o755: false, 0o620: true, 0o602: true} {
		if got := ClassifySocket(SocketCheck{Mode: mode}).Exposed; got != want {
			t.Errorf("mode %o is exposed: %v", mode, got)
		}
	}
}
