// Package acceptance has the tests that run the provider under Terraform or OpenTofu, on
// real sshd: the life of each resource, every example of the documentation, and what a plan
// costs a host. Tests that speak the provider's protocol themselves are in package provider.
package acceptance
