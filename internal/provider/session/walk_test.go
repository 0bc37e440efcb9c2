package session

import (
	"strings"
	"testing"
)

// judges checks what judge says of command lines.
func judges(t *testing.T, judge func([]string) bool, want map[string]bool) {
	t.Helper()
	for line, want := range want {
		if got := judge(strings.Fields(line)); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}

func TestRefreshesAndApplies(t *testing.T) {
	judges(t, refreshesAndApplies, map[string]bool{
		"terraform apply":                      true,
		"terraform apply -refresh=true":        true,
		"/usr/bin/tofu -chdir=infra destroy":   true,
		"terraform apply -refresh=false":       false,
		"terraform apply --refresh=0":          false,
		"terraform apply -input=0 -refresh=f ": false,
		"terraform plan -out apply.tfplan":     false,
		"terraform test":                       false,
		"":                                     false,
	})
}

func TestWalkThatApplies(t *testing.T) {
	plans := &applyWalk{approves: true}
	plans.Refreshed()
	applies := &applyWalk{approves: true}
	if plans.Sure(true) || plans.Sure(false) || !applies.Sure(true) || applies.Sure(false) {
		t.Error("a walk is taken for the other one")
	}
	applies.Begin()
	if !applies.Sure(false) || !(&applyWalk{saved: true}).Sure(false) || (&applyWalk{}).Sure(true) {
		t.Error("a walk is taken for the other one")
	}
}

func TestAppliesSavedPlan(t *testing.T) {
	judges(t, appliesSavedPlan, map[string]bool{
		"terraform apply saved": true,
		"/usr/bin/tofu -chdir=infra apply -no-color -input=false p": true,
		"terraform apply -var a=b plan.out":                         true,
		"terraform apply":                                           false,
		"terraform apply -auto-approve":                             false,
		"terraform apply -auto-approve -var a=b":                    false,
		"terraform apply -var-file prod.tfvars":                     false,
		"terraform plan -out=apply":                                 false,
		"terraform plan -out apply":                                 false,
		"terraform plan -target apply x":                            true, // no target has that name
		"":                                                          false,
	})
}
