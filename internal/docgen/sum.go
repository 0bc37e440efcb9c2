package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// digests returns one line for what the documentation is made from and one for
// what was made.
func digests(root string, schema []byte) (string, error) {
	sources, err := digestTrees(root, schema, "templates", "examples", "tools/go.mod")
	if err != nil {
		return "", err
	}
	docs, err := digestTrees(root, nil, "docs")
	if err != nil {
		return "", err
	}
	return "sources " + sources + "\ndocs " + docs + "\n", nil
}

// digestTrees digests the names and contents of all files below the paths, in
// the order of their names.
func digestTrees(root string, first []byte, paths ...string) (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\n%s", len(first), first)
	for _, path := range paths {
		err := filepath.WalkDir(filepath.Join(root, path), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(hash, "%s %d\n%s", filepath.ToSlash(rel), len(data), data)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
