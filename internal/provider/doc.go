// Package provider speaks Terraform: schemas, models, diagnostics, import and
// functions. It translates between Terraform's types and plain Go values and
// decides nothing; what it says to do about a failure is in advice.go and
// diag.go, and nowhere else in the house. It must not know how keywords are
// spelled, where files lie on a host, or any shell.
package provider
