package criteria

import "testing"

// TestNarrower: what is known of criteria without a host.
func TestNarrower(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"User deploy", "User deploy", true},
		{"User deploy", "all", true},
		{"all", "User deploy", false},
		{"all", "all", true},
		{"User deploy Address 10.0.0.0/8", "User deploy", true},
		{"User deploy", "User deploy Address 10.0.0.0/8", false},
		{"User deploy,ci", "User deploy", false},
		{"User deploy,ci", "User ci,deploy,x", true},
		{"User deploy,ci", "User *,!root", true},
		{"User deploy,root", "User *,!root", false},
		{"User de*", "User d*", false}, // which is not tried
		{"user=deploy", "User deploy", true},
		{"Group admin", "Group admin", true},
		{"Group admin,wheel", "Group admin", false},
		{"Address 10.1.2.3", "Address 10.0.0.0/8", true},
		{"LocalPort 22", "LocalPort 22", true},
		{"User deploy and Match Address 10.0.0.0/8", "Address 10.0.0.0/8", true},
		{"invalid-user", "invalid-user", true},
		{"invalid-user", "User x", false},
	} {
		if got := Narrower(c.a, c.b); got != c.want {
			t.Errorf("Narrower(%q, %q) is %v", c.a, c.b, got)
		}
	}
}
