// Package acceptance is what the tests share that run the provider under Terraform or
// OpenTofu, on real sshd: a directory of the engine, hosts, and what users write about them.
// The tests are in its folders, by what they are about. Tests that speak the provider's
// protocol themselves are in package provider.
package acceptance
