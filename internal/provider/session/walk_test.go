package session

import (
	"strings"
	"testing"
)

func TestRefreshesAndApplies(t *testing.T) {
	for line, want := range map[string]bool{
		"terraform apply":                      true,
		"terraform apply -refresh=true":        true,
		"/usr/bin/tofu -chdir=infra destroy":   true,
		"terraform apply -refresh=false":       false,
		"terraform apply --refresh=0":          false,
		"terraform apply -input=0 -refresh=f ": false,
		"terraform plan -out apply.tfplan":     false,
		"terraform test":                       false,
		"":                                     false,
	} {
		if got := refreshesAndApplies(strings.Fields(line)); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
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
	for line, want := range map[string]bool{
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
	} {
		if got := appliesSavedPlan(strings.Fields(line)); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}
