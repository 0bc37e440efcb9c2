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

// Limits; the files of users have some hundred lines.
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

// includeLoader holds the files read so far, and why others could not be read.
type includeLoader struct {
	reader *Reader
	tree   sshconf.Tree
	failed map[string]error
	seen   map[string]bool // patterns
}

// evaluate reads the file and the files that it includes, and evaluates them. Whether an
// Include applies may depend on lines before it, so evaluation is repeated after each
// new file, and runs commands only when all files are read.
func (r *Reader) evaluate(ctx context.Context, main string, q sshconf.ClientQuery) (sshconf.Result, error) {
	f := includeLoader{reader: r, failed: map[string]error{}, seen: map[string]bool{}, tree: sshconf.Tree{
		Dialect: sshconf.Client, Version: r.version, Main: keyOf(main), Dir: "/etc/ssh", Files: map[string][]byte{}, Parsed: map[string]*sshconf.File{},
	}}
	if err := f.add(main); err != nil {
		return sshconf.Result{}, err
	}
	result, err := f.evaluateAll(q)
	if err != nil || len(result.Depends) == 0 {
		return result, errors.Join(err, f.check(result))
	}
	local := *q.Local
	local.Exec = func(command string) (bool, error) { return r.exec(ctx, command) }
	q.Local = &local
	result, err = f.evaluateAll(q)
	switch {
	case ctx.Err() != nil:
		return result, context.Cause(ctx)
	case err != nil:
		return result, err
	}
	return result, f.check(result)
}

// evaluateAll evaluates until every pattern of an Include has been expanded.
func (f *includeLoader) evaluateAll(q sshconf.ClientQuery) (sshconf.Result, error) {
	for {
		result := sshconf.EvaluateClient(f.tree, q)
		more := false
		for _, pattern := range result.Includes {
			if f.seen[pattern] {
				continue
			}
			if f.seen[pattern], more = true, true; len(f.seen) > maxFiles {
				return result, fmt.Errorf("there are more than %d patterns in Include, the last %s", maxFiles, pattern)
			}
			if err := f.include(pattern); err != nil {
				return result, err
			}
		}
		if !more {
			return result, nil
		}
	}
}

// include reads the files of a pattern. Those that cannot be read matter only if
// the evaluation, which is exact about patterns, finds them.
func (f *includeLoader) include(pattern string) error {
	names, err := filepath.Glob(fileOf(strings.ReplaceAll(pattern, "[!", "[^")))
	if err != nil {
		return nil //nolint:nilerr // an invalid pattern matches nothing
	}
	for _, name := range names {
		if _, have := f.tree.Files[keyOf(name)]; have {
			continue
		}
		if err := f.add(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // which is a symbolic link to nowhere
			f.tree.Files[keyOf(name)], f.failed[keyOf(name)] = nil, err
		}
		if len(f.tree.Files) > maxFiles {
			return fmt.Errorf("more than %d files are included, the last by Include %s", maxFiles, pattern)
		}
	}
	return nil
}

// add reads a file into the tree.
func (f *includeLoader) add(name string) error {
	read, err := f.reader.read(name)
	if err == nil {
		f.tree.Files[keyOf(name)], f.tree.Parsed[keyOf(name)] = read.text, read.parsed
	}
	return err
}

// vendorKeywords are keywords of ssh on macOS, which users there write without
// IgnoreUnknown. They do not say how a host is reached.
const vendorKeywords = "bad configuration option: usekeychain"

// check returns the first reason why ssh would not go on, or we cannot.
func (f *includeLoader) check(result sshconf.Result) error {
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

// read returns a file, which it reads once.
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

// readFile reads a regular file: it does not open what could block, such as a pipe.
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
		return nil, fmt.Errorf("%s is writable by every account: chmod o-w %[1]s", name)
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
		return nil, fmt.Errorf("%s:%d: the line contains a zero byte", name, 1+bytes.Count(text[:zero], []byte("\n")))
	}
	return text, nil
}
