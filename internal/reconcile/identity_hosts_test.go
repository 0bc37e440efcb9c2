//go:build !hosts

package reconcile_test

import "testing"

// identityOnHosts is for hosts with systemd: see lab_identity_test.go.
func identityOnHosts(*testing.T, string, *identityTable) {}
