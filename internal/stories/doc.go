// Package stories rebuilds, with real programs, the reports of dead connections for
// which this provider exists, and shows each of them before and after a terraform apply:
// real Capistrano, Net::SSH and ssh, behind a router that forgets idle connections.
//
// It has tests only. `make stories` prints the table.
package stories
