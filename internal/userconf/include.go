package userconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Files of people have some hundred lines.
const (
	maxFile  = 1 << 20
	maxFiles = 1000
)

// mainFile is the absolute name of the file that the user named; a relative one
// is looked for where Terraform runs.
func mainFile(file string) (string, error) {
	if rest, ok := strings.CutPrefix(file, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		file = filepath.Join(home, rest)
	}
	return filepath.Abs(file)
}

// keyOf names a file as trees do, fileOf the other way round. They differ where
// absolute names do not begin with a slash.
func keyOf(file string) string { return "/" + strings.TrimPrefix(filepath.ToSlash(file), "/") }

func fileOf(key string) string {
	if runtime.GOOS == "windows" {
		return strings.TrimPrefix(key, "/")
	}
	return key
}

// forest is the tree as far as it is read, and why some of it is not.
type forest struct {
	reader *Reader
	tree   sshconf.Tree
	failed map[string]error
	seen   map[string]bool // patterns
}

// evaluate reads the file and what it includes, and says what that means. What an
// Include is about may hang on lines before it, so it is evaluated again after
// each new file, and without running commands until all are there.
func (r *Reader) evaluate(ctx context.Context, main string, q sshconf.ClientQuery) (sshconf.Result, error) {
	f := forest{reader: r, failed: map[string]error{}, seen: map[string]bool{}, tree: sshconf.Tree{
		Dialect: sshconf.Client, Version: r.version, Main: keyOf(main), Dir: "/etc/ssh", Files: map[string][]byte{}, Parsed: map[string]*sshconf.File{},
	}}
	if err := f.plant(main); err != nil {
		return sshconf.Result{}, err
	}
	result, err := f.grow(q)
	if err != nil || len(result.Depends) == 0 {
		return result, errors.Join(err, f.check(result))
	}
	local := *q.Local
	local.Exec = func(command string) (bool, error) { return r.exec(ctx, command) }
	q.Local = &local
	result, err = f.grow(q)
	switch {
	case ctx.Err() != nil:
		return result, context.Cause(ctx)
	case err != nil:
		return result, err
	}
	return result, f.check(result)
}

// grow evaluates until no Include names a file that was not looked for.
func (f *forest) grow(q sshconf.ClientQuery) (sshconf.Result, error) {
	for {
		result := sshconf.EvaluateClient(f.tree, q)
		grown := false
		for _, pattern := range result.Includes {
			if f.seen[pattern] {
				continue
			}
			if f.seen[pattern], grown = true, true; len(f.seen) > maxFiles {
				return result, fmt.Errorf("there are more than %d patterns in Include, the last %s", maxFiles, pattern)
			}
			if err := f.include(pattern); err != nil {
				return result, err
			}
		}
		if !grown {
			return result, nil
		}
	}
}

// include reads the files of a pattern. Those that cannot be read matter only if
// the evaluation, which is exact about patterns, finds them.
func (f *forest) include(pattern string) error {
	names, err := filepath.Glob(fileOf(strings.ReplaceAll(pattern, "[!", "[^")))
	if err != nil {
		return nil //nolint:nilerr // a pattern that is none matches nothing
	}
	for _, name := range names {
		if _, have := f.tree.Files[keyOf(name)]; have {
			continue
		}
		if err := f.plant(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // which is a symbolic link to nowhere
			f.tree.Files[keyOf(name)], f.failed[keyOf(name)] = nil, err
		}
		if len(f.tree.Files) > maxFiles {
			return fmt.Errorf("more than %d files are included, the last by Include %s", maxFiles, pattern)
		}
	}
	return nil
}

// plant reads a file into the tree.
func (f *forest) plant(name string) error {
	read, err := f.reader.read(name)
	if err == nil {
		f.tree.Files[keyOf(name)], f.tree.Parsed[keyOf(name)] = read.text, read.parsed
	}
	return err
}

// vendorKeywords are those of ssh on macOS, where nobody writes IgnoreUnknown for
// them. No file says anything about reaching hosts with them.
const vendorKeywords = "bad configuration option: usekeychain"

// check returns the first reason why ssh would not go on, or we cannot.
func (f *forest) check(result sshconf.Result) error {
	for _, key := range result.Read {
		if err := f.failed[key]; err != nil {
			return err
		}
	}
	for _, p := range result.Problems {
		if p.Fatal && p.Text != vendorKeywords {
			return errors.New(at(p.Pos) + ": " + p.Text)
		}
	}
	return nil
}

// at spells a position with the name that the file has here.
func at(p sshconf.Pos) string {
	return sshconf.Pos{Path: fileOf(p.Path), Line: p.Line}.String()
}

// source is a file as it was read.
type source struct {
	text   []byte
	parsed *sshconf.File
}

// read reads a file, once and for all.
func (r *Reader) read(name string) (source, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.files[name]; ok {
		return s, nil
	}
	text, err := readFile(name)
	if err != nil {
		return source{}, err
	}
	s := source{text, sshconf.Parse(sshconf.Client, r.version, text)}
	r.files[name] = s
	return s, nil
}

// readFile opens nothing that could make it wait, such as a pipe.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory", name)
	case !info.Mode().IsRegular() && name != os.DevNull:
		return nil, fmt.Errorf("%s is not a regular file", name)
	case info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 && runtime.GOOS != "windows":
		// It may name commands to run; ssh refuses such an included file, too.
		return nil, fmt.Errorf("%s may be written by everybody", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch zero := bytes.IndexByte(text, 0); {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	case zero >= 0:
		return nil, fmt.Errorf("%s:%d: there is a zero byte in the line", name, 1+bytes.Count(text[:zero], []byte("\n")))
	}
	return text, nil
}
