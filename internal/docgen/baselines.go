package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
)

// baselinesPath is the guide that is written from the data of the baselines.
const baselinesPath = "templates/guides/baselines.md"

const baselinesHead = `---
page_title: "Baselines"
description: |-
  What each profile of sshkeepalive_server sets, why, and who says so.
---

# Baselines

` + "`profile`" + ` of ` + "`sshkeepalive_server`" + ` names one of these baselines. Its values are defaults: whatever you set yourself, by an attribute or in ` + "`settings`" + `, wins, and nothing is said about it.

<!-- example: warns: the profile cis can lock users out -->
` + "```terraform" + `
resource "sshkeepalive_server" "web" {
  host    = "web1.example.com"
  profile = "cis"

  # The profile says 15; a path with a shorter memory needs less.
  client_alive_interval = 10
  settings = {
    DisableForwarding = "no" # this host is a jump host
  }
}
` + "```" + `

Values that the host's OpenSSH is too old for are left out, and the plan names them. Lists of algorithms are cut down to what the release knows, because sshd refuses to start with any other.

To see what a host makes of a baseline, without changing anything, there is the data source ` + "`sshkeepalive_audit`" + `.

A value can lock users out: the last column of each table says which. The plan warns about these values before they become effective, and says so if the user of the connection itself is locked out. If the change is applied nevertheless, the confirming connection cannot log in and the host rolls the change back.

Where baselines disagree, one host cannot satisfy both:

`

// baselines returns the guide.
func baselines() string {
	var out strings.Builder
	out.WriteString(baselinesHead)
	conflicts(&out)
	for _, b := range baseline.All() {
		writeBaseline(&out, b)
	}
	return out.String()
}

func conflicts(out *strings.Builder) {
	out.WriteString("| keyword | values |\n|---|---|\n")
	for _, c := range baseline.Conflicts() {
		var values []string
		for _, name := range slices.Sorted(maps.Keys(c.Values)) {
			values = append(values, name+": "+code(c.Values[name]))
		}
		fmt.Fprintf(out, "| %s | %s |\n", c.Keyword, strings.Join(values, "<br>"))
	}
}

func writeBaseline(out *strings.Builder, b baseline.Baseline) {
	fmt.Fprintf(out, "\n## %s\n\n%s: %s.\n\n| keyword | value | because | source | can shut out |\n|---|---|---|---|---|\n", b.Name, b.Title, b.Version)
	for _, r := range b.Recommendations {
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", r.Keyword, code(r.Value), r.Reason, r.Source, r.Risk)
	}
	if len(b.Omissions) == 0 {
		return
	}
	out.WriteString("\nNot set by the profile:\n\n")
	for _, o := range b.Omissions {
		fmt.Fprintf(out, "- %s: %s\n", o.Keyword, o.Why)
	}
}

// code lets long lists break after their commas.
func code(value string) string {
	return "`" + strings.ReplaceAll(value, ",", ",` `") + "`"
}
