package pool

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// The parity tests ask the real ssh and this package the same question, case by
// case: is the login possible? `make parity` runs PARITY_N cases of each.

// parityCases is how many cases a parity test makes: PARITY_N, or few enough for
// the ordinary tests.
func parityCases(t testing.TB, usual int) int {
	t.Helper()
	text := os.Getenv("PARITY_N")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PARITY_N is %q, not a number of cases", text)
	}
	return n
}

// parityReleases are the Debian releases whose sshd and ssh are asked:
// PARITY_RELEASES, or those with OpenSSH 9.2 and 10.0.
func parityReleases() []string {
	return strings.Split(cmp.Or(os.Getenv("PARITY_RELEASES"), "bookworm,trixie"), ",")
}

// difference is a kind of case in which this package refuses what ssh accepts, on
// purpose. None may be the other way round.
type difference struct {
	name, reason string
	is           func(ours *host.Error) bool
	count        int
}

func trustDifferences() []difference {
	return []difference{
		{name: "no principals", reason: "a host certificate that names no hosts counted for every host until OpenSSH 10.2, and counts for none since 10.3 (CVE-2024-7594)",
			is: func(ours *host.Error) bool { return strings.Contains(ours.Err.Error(), "it names no hosts") }},
		{name: "pattern", reason: "a principal of a host certificate may be a pattern since OpenSSH 10.3 only",
			is: func(ours *host.Error) bool {
				return strings.Contains(ours.Err.Error(), "its certificate does not count: it is for web*")
			}},
		{name: "remembered", reason: "under accept-new state remembers every key that a host showed, and ssh only those that it wrote down because nothing was recorded",
			is: func(ours *host.Error) bool { return ours.HostKey != nil && ours.HostKey.Record }},
		{name: "DSA", reason: "a host with only a DSA key recorded is a known host, as it is to ssh up to 9.9; newer releases skip the line",
			is: func(ours *host.Error) bool {
				return ours.HostKey != nil && ours.HostKey.RecordedType == knownhosts.AlgorithmDSA
			}},
		{name: "revoked", reason: "a key that is revoked under any name of the host is refused under every name, and under every policy; ssh looks under the name that it found a key for, and accepts a revoked key with StrictHostKeyChecking=no",
			is: func(ours *host.Error) bool { return ours.Kind == host.HostKeyRevoked }},
	}
}

// dssKey is a DSA key, which OpenSSH 10.0 no longer reads and 9.2 does.
const dssKey = "AAAAB3NzaC1kc3MAAACBAIvJaku/kzQH6ltiHvDs3ePkxhlNE2EI2IQxHuxFN/vQl2nx0rtYGyBLelwFOCYKHPaZCsnmuzEUyQb2xzOO89UYIbWxBm0M93rW" +
	"8FzzKeYJdvo4hCp0aET1n2H59xYEPsoi8v2zwJCkCD2OwHvi7pApS/peFxKxfGWeooxAwJjfAAAAFQC1eYjFJpVXiASpR41AF1IJw/U9mwAAAIBpJV5xg0Ig" +
	"r57MJYR+J6gw6S5IXWXVx7c7cnPjoVSO5f71GB94J0GVnMbSggrlPYv2Zvc7ox3ToZXv2L3UpudOj3WsThjNGXubpjpHS3KG9Wbhkj5TyGYGnQMlcSa/2Gg5" +
	"jll+kuqVXJzB5vE23gN+M9UxSwjWYsdSAzEfcpykwQAAAIAkI+yvMKp3lE8Xa5KtaGhkKQKCElTSNcwp5MKjK53mITY4YoR4NkX+00xji4LybP2I1GkxEGJ+" +
	"tL28ATrtLLLP/KSAaFfS4M0hqobgnbwOLCvnBI7vnqUvT4zD1kepv6KIV5yW1Jmxqk3LptPP29WuxrA7TY9vtSBkMmTpNvTT9w=="
