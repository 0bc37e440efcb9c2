package sshconf

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recording is what the sshd of a release that Debian does not ship said about
// generated trees, recorded once with builds without vendor patches. The first
// line of the file is the header, each other line a tree.
type recording struct {
	version  Version
	defaults Dump
	trees    []recordedTree
}

type recordedTree struct {
	Files   map[string]string
	Answers []struct {
		Context string
		Exit    int
		Stderr  string
		Differs map[string][]string // keywords whose values are not the defaults
	}
}

func readRecording(t *testing.T, path string) recording {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bufio.NewReader(z))
	var head struct {
		Release  string
		Defaults map[string][]string
	}
	if err := d.Decode(&head); err != nil {
		t.Fatal(err)
	}
	r := recording{defaults: head.Defaults}
	if r.version, err = ParseVersion("OpenSSH_" + head.Release + "p1"); err != nil {
		t.Fatal(err)
	}
	for {
		var tree recordedTree
		switch err := d.Decode(&tree); {
		case err == io.EOF:
			return r
		case err != nil:
			t.Fatal(err)
		}
		r.trees = append(r.trees, tree)
	}
}

// TestRecordedTrees compares our reading with what six releases that no Debian
// ships said of the same trees.
func TestRecordedTrees(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/recorded/openssh-*.jsonl.gz")
	if err != nil || len(paths) != 6 {
		t.Fatalf("%d recordings, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl.gz"), func(t *testing.T) {
			t.Parallel()
			r := readRecording(t, path)
			if len(r.trees) != 400 {
				t.Fatalf("%d trees", len(r.trees))
			}
			o := &oracle{version: r.version, defaults: map[Context]Dump{}}
			for i, tree := range r.trees {
				o.checkRecorded(t, fmt.Sprintf("tree %d", i+1), r, tree)
			}
			o.report(t, "recorded")
		})
	}
}

func (o *oracle) checkRecorded(t *testing.T, name string, r recording, recorded recordedTree) {
	t.Helper()
	tree := Tree{Dialect: Server, Version: r.version, Main: genDir + "/sshd_config", Dir: genDir, Files: map[string][]byte{}}
	for path, text := range recorded.Files {
		tree.Files[path] = []byte(text)
	}
	var contexts []Context
	var answers []answer
	var stderr strings.Builder
	for _, a := range recorded.Answers {
		c := parseSpec(t, a.Context)
		o.defaults[c] = r.defaults
		contexts = append(contexts, c)
		dump := maps.Clone(r.defaults)
		maps.Copy(dump, a.Differs)
		answers = append(answers, answer{dump: dump, exit: a.Exit})
		stderr.WriteString(a.Stderr)
	}
	o.compareAnswers(t, name, tree, contexts, answers, stderr.String())
}
