package commit

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets this binary, called sshd by a symbolic link, be a small sshd:
// first value wins, Include, "Match user", -t, -T -C, a listener that makes a
// new socket at SIGHUP and dies of what it cannot load.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "sshd" {
		os.Exit(fakeSSHD(os.Args[1:]))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil { // they mostly wait
		panic(err)
	}
	os.Exit(m.Run())
}

type fakeArgs struct {
	test, dump, foreground bool
	file, user             string
	options                []string
}

func fakeSSHD(args []string) int {
	var a fakeArgs
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-t":
			a.test = true
		case "-T":
			a.dump = true
		case "-D":
			a.foreground = true
		case "-C":
			i++
			a.user = strings.TrimPrefix(args[i], "user=")
		case "-f":
			i++
			a.file = args[i]
		case "-o":
			i++
			a.options = append(a.options, strings.Replace(args[i], "=", " ", 1))
		}
	}
	if a.foreground {
		return a.serve()
	}
	conf, err := a.load()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\r\n", err)
		return 255
	}
	switch {
	case a.dump:
		fmt.Print(conf.dump())
	case !a.test:
		return daemonize(args)
	}
	return 0
}

func daemonize(args []string) int {
	cmd := exec.Command(os.Args[0], append(args, "-D")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() != nil {
		return 1
	}
	return 0
}

type fakeConf struct {
	order  []string
	values map[string]string
}

func (c *fakeConf) dump() string {
	var b strings.Builder
	for _, k := range c.order {
		fmt.Fprintf(&b, "%s %s\n", strings.ToLower(k), c.values[k])
	}
	return b.String()
}

func (a fakeArgs) load() (*fakeConf, error) {
	c := &fakeConf{values: make(map[string]string)}
	for _, o := range a.options {
		c.set(o)
	}
	if err := c.read(a.file, a.user); err != nil {
		return nil, err
	}
	if d := c.values["privsepdir"]; d != "" {
		if _, err := os.Stat(d); err != nil {
			return nil, fmt.Errorf("Missing privilege separation directory: %s", d)
		}
	}
	return c, nil
}

func (c *fakeConf) set(line string) {
	k, v, _ := strings.Cut(line, " ")
	k = strings.ToLower(k)
	if _, ok := c.values[k]; !ok {
		c.order = append(c.order, k)
		c.values[k] = v
	}
}

func (c *fakeConf) read(file, user string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	skip := false
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		k, v, _ := strings.Cut(line, " ")
		switch strings.ToLower(k) {
		case "", "#":
		case "match":
			skip = strings.TrimPrefix(v, "user ") != user
		case "bogus":
			return fmt.Errorf("%s: line %d: Bad configuration option: %s", file, n, k)
		case "include":
			names, _ := filepath.Glob(v)
			for _, name := range names {
				if err := c.read(name, user); err != nil {
					return err
				}
			}
		default:
			if !skip {
				c.set(line)
			}
		}
	}
	return s.Err()
}

// serve listens, and writes what it loaded to the file that LoadedFile names.
func (a fakeArgs) serve() int {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	for {
		conf, err := a.load()
		if err != nil || conf.values["unbindable"] != "" {
			return 255
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 255
		}
		pidFile := conf.values["pidfile"]
		_ = os.WriteFile(conf.values["loadedfile"], []byte(conf.dump()), 0o600)
		_ = os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())), 0o600)
		<-hup
		_ = os.Remove(pidFile)
		_ = l.Close()
	}
}
