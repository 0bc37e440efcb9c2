// Package ownership has the tests of whose lines they are, and which machine: two resources, imports, adoption,
// clones, addresses and ports that move.
package ownership
