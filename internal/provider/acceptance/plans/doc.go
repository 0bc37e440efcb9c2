// Package plans has the tests of what plans and data sources read, say and cost, and of the exporter beside them.
package plans
