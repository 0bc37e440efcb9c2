package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// includeLines are lines that ssh and sshd read otherwise than they look. Every word in
// them that could be a name begins with x.
var includeLines = []string{
	"Include x1 x2", "include\tx1\tx2", "INCLUDE=x1", "Include = x1", "Include==x1", "Include x1=x2", " \t Include x1 \t", "\rInclude x1", "Include x1\r",
	"Include x1 # x2", "Include x1 #x2", "Include x1# x2", "Include x1#x2", "#Include x1", "Include #x1", "Include \"x1\" # \"x2\"", "Include \"x1 # x2\" x3",
	`Include "x1 x2" x3`, `Include "x1"x2`, `Include x1"x2"`, `Include x1"x2"x3 x4`, `Include 'x1 x2' x3`, `Include x1'x2'`, `Include "x1'x2"`, `Include 'x1"x2'`,
	`Include "x1`, `Include 'x1`, `Include x1 "x2`, `Include x1 'x2 x3`, `Include x1"`, `Include ""`, `Include "" x1`, `Include x1 "" x2`,
	`Include x1\ x2`, `Include x1\"x2`, `Include x1\'x2`, `Include x1\\x2`, `Include x1\nx2`, `Include x1\`, `Include "x1\"x2"`, `Include "x1\ x2"`, `Include 'x1\'x2'`, `Include 'x1\\x2'`,
	`"Include" x1`, `"Include"x1`, `Inc"lude" x1`, `"Include x1"`, `Include"x1"`, `Includes x1`, `=Include x1`, `= Include x1`, `== Include x1`,
	"Include x1\f", "Include x1\v", "\fInclude x1", "Include x1\fx2", "Include\fx1", "Include x1 \f x2",
	"Include $(touch xran) x1", "Include `touch xran` x1", "Include ; touch xran", "Include x1;x2|x3&x4>x5", "Include -x1 -n -e", "Include x*1 [x]2 x?3", "Include ~/x1", "Include /x1 x/../x2",
	"Include \xc3\xa4x1 \xffx2", "Include x1\u00a0x2", "Include " + strings.Repeat("x", 300) + " x1", "Include x1" + strings.Repeat(" ", 5000) + "x2" + strings.Repeat(" ", 5000), strings.Repeat(" ", 3000) + "Include x1",
	"Include", "Include ", "Host x1 Include x2", "IncludeX x1", "Include\\ x1", `I\nclude x1`,
}

// TestIncludesAreReadAsSSHReadsThem: the script finds the words that ssh, and sshd, of
// each release goes by, in each shell, and no other.
func TestIncludesAreReadAsSSHReadsThem(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		for _, server := range []bool{false, true} {
			t.Run(release+map[bool]string{false: " ssh", true: " sshd"}[server], func(t *testing.T) {
				t.Parallel()
				o := hosttest.Binary(t, release)
				_, version, _ := o.Run(nil, "ssh", "-V")
				var want []*[]string
				for _, line := range includeLines {
					want = append(want, includedBy(o, line, server))
				}
				for _, shell := range []string{"dash", "bash", "mksh", "busybox"} {
					for i, got := range scriptIncludes(t, shell, version, server) {
						if want[i] != nil && !slices.Equal(got, *want[i]) {
							t.Errorf("%s, %q: have %q, want %q", shell, includeLines[i], got, *want[i])
						}
					}
				}
			})
		}
	}
}

// logEscape is how OpenSSH writes what is not plain in its messages (strnvis).
var logEscape = regexp.MustCompile(`\\(\\|[0-7]{3})`)

func unescaped(code string) string {
	if n, err := strconv.ParseUint(code[1:], 8, 8); err == nil {
		return string([]byte{byte(n)})
	}
	return code[1:]
}

// includedBy is what a release takes for the names in a line, by what it says; nil if it
// refuses the line.
func includedBy(o *hosttest.Oracle, line string, server bool) *[]string {
	args := []string{"ssh", "-vvv", "-F", "/config", "-G", "h"}
	if server {
		args = []string{"sshd", "-ddd", "-T", "-f", "/config"}
	}
	_, said, _ := o.Run(map[string][]byte{"/config": []byte(line + "\n")}, args...)
	list := []string{}
	for l := range strings.Lines(said) {
		l = strings.TrimRight(l, "\r\n")
		_, word, found := strings.Cut(l, " include ")
		if server {
			_, word, found = strings.Cut(l, " new include ")
		}
		if found {
			word = strings.TrimSuffix(word, " matched no files")
			word = logEscape.ReplaceAllStringFunc(word, unescaped)
			list = append(list, strings.TrimPrefix(strings.TrimPrefix(word, "~/.ssh/"), "/etc/ssh/"))
		}
		if strings.Contains(l, "terminating") || strings.Contains(l, "bad configuration option") || strings.Contains(l, "Bad configuration option") {
			return nil
		}
	}
	return &list
}

// scriptIncludes are the words of each of the lines, by the script.
func scriptIncludes(t *testing.T, shell, version string, server bool) [][]string {
	t.Helper()
	args := map[string][]string{"busybox": {"sh"}}[shell]
	dir := t.TempDir()
	script := "LC_ALL=C; export LC_ALL; " + tight.Replace(Pack(Files+Old+tightAwk.Replace(Includes))) + " OLD=; old " + Quote(version) + "; " + Flag("SERVER", server)
	for i, line := range includeLines {
		file := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		script += "(includes " + Quote(file) + "); echo; "
	}
	cmd := exec.CommandContext(t.Context(), shell, append(args, "-c", script)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(shell, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "xran")); err == nil {
		t.Error("a line ran")
	}
	lists := [][]string{{}}
	for word := range strings.SplitSeq(string(out), "\n") {
		if word == "" {
			lists = append(lists, []string{})
		} else {
			lists[len(lists)-1] = append(lists[len(lists)-1], word)
		}
	}
	return lists[:len(includeLines)]
}

// TestIncludesOfTheScriptAndOfTheEvaluator agree, so that what is evaluated was read.
func TestIncludesOfTheScriptAndOfTheEvaluator(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"OpenSSH_8.4p1", "OpenSSH_8.6p1", "OpenSSH_8.7p1", "OpenSSH_9.2p1", "OpenSSH_10.0p2"} {
		version, err := sshconf.ParseVersion(release)
		if err != nil {
			t.Fatal(err)
		}
		for dialect, server := range map[sshconf.Dialect]bool{sshconf.Client: false, sshconf.Server: true} {
			for i, got := range scriptIncludes(t, "dash", release, server) {
				want := []string{}
				for _, l := range sshconf.Parse(dialect, version, []byte(includeLines[i])).Lines {
					if l.Is("Include") && l.Err != nil {
						want = got // ssh may read the names before the fault
					} else if l.Is("Include") {
						want = append(want, slices.DeleteFunc(slices.Clone(l.Args), func(a string) bool { return a == "" })...)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, %v, %q: have %q, want %q", release, server, includeLines[i], got, want)
				}
			}
		}
	}
}
