// Package failures has the tests of what goes wrong: logins, refusals, silence, interrupts, secrets and hostile text.
package failures
