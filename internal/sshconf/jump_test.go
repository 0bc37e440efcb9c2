package sshconf

import (
	"fmt"
	"testing"
)

func TestParseJump(t *testing.T) {
	for text, want := range map[string]string{
		"none": "[]", "NONE ": "[]", "": "[]", "NONE # why": "[{ NONE }]", // as ssh has it
		"a":                         "[{ a }]",
		"u@a:22,b":                  "[{u a 22} { b }]",
		"me@corp@a/2222 # comment":  "[{me@corp a 2222}]",
		"[2001:db8::1]:99,[::1]":    "[{ 2001:db8::1 99} { ::1 }]",
		"ssh://u%40x@h:7/,ssh://h2": "[{u@x h 7} { h2 }]",
		"@a":                        "", "a,": "", ":22": "", "[::1": "", "[::1]x": "", "ssh://@h": "",
	} {
		hops, err := ParseJump(text)
		if have := fmt.Sprint(hops); (err == nil) != (want != "") || err == nil && have != want {
			t.Errorf("%q: want %q, have %s, %v", text, want, have, err)
		}
	}
}

func TestExpand(t *testing.T) {
	env := func(name string) (string, bool) { return "%h", name == "SET" }
	tokens := Tokens{'h': "$host%", 'p': "22"}
	for text, want := range map[string]string{
		"%h:%p %% $x $": "$host%:22 % $x $", "${SET}%p": "%h22", "": "",
		"%": "", "%z": "", "${UNSET}": "", "${": "", "${}": "",
	} {
		have, err := tokens.Expand(text, env)
		if (err == nil) != (want != "" || text == "") || have != want {
			t.Errorf("%q: want %q, have %q, %v", text, want, have, err)
		}
	}
	if have, err := tokens.Expand("${SET}", nil); have != "${SET}" || err != nil {
		t.Errorf("without an environment: have %q, %v", have, err)
	}
	if _, err := tokens.Only("p").Expand("%h", nil); err == nil {
		t.Error("a token that was taken away is there")
	}
}

// TestHostNameOfTheSecondReading: ssh has put the name it has in its place by then.
func TestHostNameOfTheSecondReading(t *testing.T) {
	tree := Tree{Dialect: Client, Main: "/c", Files: map[string][]byte{"/c": []byte("Match final\nHostName never\nUser late\n")}}
	r := EvaluateClient(tree, ClientQuery{Host: "web"})
	if s, ok := r.Winner("HostName"); ok {
		t.Errorf("have %v", s)
	}
	if s, _ := r.Winner("User"); s.Rest != "late" {
		t.Errorf("have %v", s)
	}
}

// TestDependsInTheSecondReading: a command after final is not asked for before.
func TestDependsInTheSecondReading(t *testing.T) {
	tree := Tree{Dialect: Client, Main: "/c", Files: map[string][]byte{"/c": []byte("Match exec x\nPort 1\nMatch final exec y\nUser late\n")}}
	r := EvaluateClient(tree, ClientQuery{Host: "web"})
	if len(r.Depends) != 2 || r.Depends[0].Pos.Line != 1 || r.Depends[1].Pos.Line != 3 {
		t.Errorf("have %v", r.Depends)
	}
}
