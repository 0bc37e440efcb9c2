// Package resources has the tests of the life of each resource: apply, drift, repair, import, destroy.
package resources
