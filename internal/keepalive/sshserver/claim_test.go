package sshserver

import (
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

const (
	firstID  = "1111111111111111"
	secondID = "2222222222222222"
)

// claimant is a resource with an id whose lines go where it says.
func claimant(id string, at Placement, interval string) Want {
	want := Want{Placement: at, Claim: keepalive.Claim{ID: id}, Settings: addWish(nil, "", "ClientAliveInterval "+interval),
		Match: []Match{{Criteria: "User git", Settings: addWish(nil, "match[0].", "ClientAliveCountMax 9")}}}
	return want
}

// planOn plans want on tree and returns the tree that comes of it.
func planOn(t *testing.T, want Want, tree sshconf.Tree) (keepalive.Plan, sshconf.Tree) {
	t.Helper()
	plan := Plan(want, pureFacts(tree, want))
	after := tree.Clone()
	for _, c := range plan.Changes {
		if c.New == nil {
			delete(after.Files, c.Path)
		} else {
			after.Files[c.Path] = c.New
		}
	}
	return plan, after
}

func codes(plan keepalive.Plan) []keepalive.Code {
	var list []keepalive.Code
	for _, p := range plan.Problems {
		if p.Code == keepalive.Adopted || p.Code == keepalive.OtherResources || p.Code == keepalive.OlderLines {
			list = append(list, p.Code)
		}
	}
	return list
}

// TestLinesKeepTheirID as long as nothing else about them changes and no other resource
// has it.
func TestLinesKeepTheirID(t *testing.T) {
	for _, at := range []Placement{DropIn, InPlace} {
		tree := sshconf.Tree{Dialect: sshconf.Server, Version: sshconf.Version{Major: 9, Minor: 2}, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh",
			Files: map[string][]byte{"/etc/ssh/sshd_config": []byte("# head\n\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nMatch User bob\n\tX11Forwarding no\n")}}
		for _, c := range []struct {
			name, id, interval string
			claim              keepalive.Claim
			file               string // id that is written, "" if nothing is
			says               []keepalive.Code
		}{
			{"an earlier version", "", "60", keepalive.Claim{ID: secondID}, "", nil},
			{"an earlier version, and a change", "", "90", keepalive.Claim{ID: secondID}, secondID, nil},
			{"an earlier version, by a new resource", "", "60", keepalive.Claim{ID: secondID, New: true}, "", nil},
			{"an earlier version, and a new resource that differs", "", "90", keepalive.Claim{ID: secondID, New: true}, secondID, []keepalive.Code{keepalive.OlderLines}},
			{"an image", keepalive.ImageID, "60", keepalive.Claim{ID: secondID, New: true}, "", nil},
			{"an image, and another value", keepalive.ImageID, "90", keepalive.Claim{ID: secondID, New: true}, secondID, nil},
			{"an image that is baked again", keepalive.ImageID, "90", keepalive.Claim{ID: keepalive.ImageID, New: true}, keepalive.ImageID, nil},
			{"its own", firstID, "90", keepalive.Claim{ID: firstID}, firstID, nil},
			{"an import", firstID, "60", keepalive.Claim{ID: secondID, Former: firstID}, "", nil},
			{"an import, and a change", firstID, "90", keepalive.Claim{ID: secondID, Former: firstID}, secondID, nil},
			{"another resource", firstID, "60", keepalive.Claim{ID: secondID, New: true}, secondID, []keepalive.Code{keepalive.Adopted}},
			{"another resource, and another value", firstID, "90", keepalive.Claim{ID: secondID, New: true}, secondID, []keepalive.Code{keepalive.OtherResources}},
			{"another resource that is replaced", firstID, "90", keepalive.Claim{ID: secondID, New: true, Adopt: true}, secondID, []keepalive.Code{keepalive.OtherResources}},
			{"another resource took it", firstID, "90", keepalive.Claim{ID: secondID}, secondID, []keepalive.Code{keepalive.OtherResources}},
		} {
			before, there := planOn(t, claimant(c.id, at, "60"), tree)
			if len(before.Changes) == 0 {
				t.Fatalf("%v", before.Problems)
			}
			want := claimant("", at, c.interval)
			want.Claim = c.claim
			plan, after := planOn(t, want, there)
			if got := codes(plan); !slices.Equal(got, c.says) {
				t.Errorf("%s, %s: said %v: %+v", at, c.name, got, plan.Problems)
			}
			if fails := slices.Contains(c.says, keepalive.OtherResources) && !c.claim.Adopt; keepalive.HasErrors(plan.Problems) != fails {
				t.Errorf("%s, %s: %+v", at, c.name, plan.Problems)
			} else if fails {
				if p := plan.Problems[len(plan.Problems)-1]; !strings.Contains(p.Text, "would disappear:\n  ClientAliveInterval 60 (/etc/ssh/") || strings.Contains(p.Text, "CountMax") {
					t.Errorf("%s, %s: %s", at, c.name, p.Text)
				}
				continue
			}
			if wrote := len(plan.Changes) > 0; wrote != (c.file != "") || wrote && Holder("", pureFacts(after, want)) != c.file {
				t.Errorf("%s, %s: changes %v, id %s", at, c.name, plan.Paths(), Holder("", pureFacts(after, want)))
			}
			if strings.Contains(plan.ManagedContent, "resource") {
				t.Errorf("the content has the id: %s", plan.ManagedContent)
			}
			back := after.Clone()
			for _, x := range Restore("", pureFacts(after, want)).Changes {
				back.Files[x.Path] = x.New
				if x.New == nil {
					delete(back.Files, x.Path)
				}
			}
			if len(back.Files) != 1 || string(back.Files[tree.Main]) != string(tree.Files[tree.Main]) {
				t.Errorf("%s, %s: restored as %q", at, c.name, back.Files)
			}
		}
	}
}
