package session

import (
	"strings"
	"testing"
)

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
