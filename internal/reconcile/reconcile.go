// Package reconcile joins the others: it gathers facts about a machine, has the
// decision made, carries it out under a confirmed commit, gathers again, and
// compares.
//
// It knows that sequence. It must not know schemas, flags or Terraform.
package reconcile
