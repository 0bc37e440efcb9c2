// Package hosttest makes machines for tests: real sshd instances in namespaces
// of their own, scripted servers, and proxies with faults. It is imported by
// tests only.
package hosttest
