// Package provider is the provider block and the process that serves it: schema,
// configuration, shutdown. With the packages below it, it speaks Terraform: it translates
// between Terraform's types and plain Go values and decides nothing. What is said to do about
// a failure is in diagnostics, and nowhere else in the house.
package provider
