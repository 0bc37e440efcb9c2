// Package examples has the tests of every example of the documentation, run as a reader would.
package examples
