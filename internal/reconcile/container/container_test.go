package container

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

const (
	mux   = "/var/www/html/storage/app/ssh/mux"
	id    = "4f0c2a7be91d33584f0c2a7be91d33584f0c2a7be91d33584f0c2a7be91d3358"
	image = "ghcr.io/coollabsio/coolify:4.3.8"
	// secret is what an environment file keeps for itself.
	secret = "hunter2-9f31"
	env    = "APP_KEY=base64:" + secret + "\nDB_PASSWORD='" + secret + "'\nSSH_MAX_RETRIES=1\n"
)

// fakeDocker is a stand-in for Docker's program, which answers as that of Docker 28 does
// for our template: no daemon runs in a test.
const fakeDocker = `#!/bin/sh
echo "$*" >>/fake/asked
[ "$1 $2 $3 $5" = "container inspect --format coolify" ] || { echo "unknown command: docker $*" >&2; exit 125; }
cat /fake/said >&2
cat /fake/row
[ -s /fake/row ]
`

// engine puts a Docker on the machine, in which no container is.
func engine(m *hosttest.Machine) {
	m.Sh("mkdir -p /fake; : >/fake/row; echo 'Error response from daemon: No such container: coolify' >/fake/said; cp \"$(command -v sleep)\" /usr/local/bin/dockerd; (setsid dockerd 10000 >/dev/null 2>&1 &)")
	m.Write("/usr/local/bin/docker", fakeDocker)
	m.Sh("chmod 755 /usr/local/bin/docker; until grep -qx dockerd /proc/[0-9]*/comm; do sleep 0.05; done")
}

// contain starts a process with file systems of its own, in which setup is run, as Docker
// does, and returns its pid.
func contain(m *hosttest.Machine, setup string) string {
	m.Sh("rm -f /fake/pid; mkdir -p /var/www /fake/containers/" + id + "; touch /etc/hostname; hostname >/fake/containers/" + id + "/hostname")
	m.Write("/fake/start", "set -e\nmount -t tmpfs none /var/www\nmount --bind /fake/containers/"+id+"/hostname /etc/hostname\n"+setup+"\necho $$ >/fake/pid.new\nmv /fake/pid.new /fake/pid\nexec sleep 10000\n")
	m.Sh("(setsid unshare -m --propagation private sh /fake/start >/fake/log 2>&1 &) ; n=0; until [ -e /fake/pid ]; do n=$((n+1)); [ $n -lt 200 ] || { cat /fake/log; exit 1; }; sleep 0.1; done")
	return strings.TrimSpace(m.Sh("cat /fake/pid"))
}

// row is what docker prints of a container.
func row(pid, created, status, image string) string {
	return fmt.Sprintf("@container %s %s %q %q %q %q\n", id, pid, created, created, status, image)
}

func look(t *testing.T, m *hosttest.Machine) (coolify.Installation, error) {
	t.Helper()
	target := reconcile.Target{File: coolify.DefaultFile, Spec: host.Spec{Transport: "local"}}
	out, err := m.Exec("sh", "-c", gatherScript(target, "coolify"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, secret) {
		t.Errorf("the secret left the host: %s", out)
	}
	s, err := parse(target, "coolify", out)
	return s.Facts, err
}

func mustLook(t *testing.T, m *hosttest.Machine) coolify.Installation {
	t.Helper()
	in, err := look(t, m)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestReleaseOfAnInstallation is that of the file, else that of the container, else not
// known, and each time the reason is said. Nothing changes on the host.
func TestReleaseOfAnInstallation(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: env}})
	release := func(want, source, why string) coolify.Installation {
		t.Helper()
		in := mustLook(t, m)
		if r, s, w := in.Release(); r != want || s != source || (w == "") != (why == "") || !strings.Contains(w, why) {
			t.Errorf("%q of %q: %s", r, s, w)
		}
		return in
	}
	before := m.Snapshot("/data", "/etc", "/run", "/tmp", "/var", "/root")
	release("", "", "neither dockerd nor a container of podman runs")
	if d := hosttest.Differences(before, m.Snapshot("/data", "/etc", "/run", "/tmp", "/var", "/root")); d != "" {
		t.Errorf("changed:\n%s", d)
	}
	engine(m)
	in := release("", "", "docker: Error response from daemon: No such container: coolify")
	if _, why := in.Pending(); !strings.Contains(why, "No such container") {
		t.Errorf("pending: %q", why)
	}
	m.Write("/fake/row", row("0", "2026-08-01T00:00:00.123456789Z", "exited", image))
	in = release("4.3.8", coolify.FromContainer, "")
	if _, _, why := in.Shared(); why != "the container does not run (exited)" {
		t.Errorf("sockets: %q", why)
	}
	for fake, why := range map[string]string{
		"ghcr.io/coollabsio/coolify:latest": "names no release", "coolify:4.3.9": "is not coollabsio/coolify", "evil/coollabsio/coolify:4.3.9/x": "is not coollabsio/coolify",
		"ghcr.io/coollabsio/coolify@sha256:" + id: "names no release", "x\u001b]0;owned\u0007:4.3.9": `\x1b`, strings.Repeat("x", 5000): "is not coollabsio/coolify",
	} {
		m.Write("/fake/row", strings.NewReplacer(`\x1b`, `\u001b`, `\a`, `\u0007`).Replace(row("0", "2026-08-01T00:00:00Z", "running", fake)))
		if in := release("", "", why); strings.ContainsAny(in.Container.Image, "\x1b\a") {
			t.Errorf("%q", in.Container.Image)
		}
	}
	m.Write("/fake/row", row("0", "0001-01-01T00:00:00Z", "created", image))
	m.Sh("echo LATEST_IMAGE=v4.0.0-beta.442 >>" + coolify.DefaultFile)
	in = release("4.0.0-beta.442", coolify.FromFile, "")
	if _, why := in.Pending(); why != "docker does not tell when the container was created" {
		t.Errorf("pending: %q", why)
	}
	if r := in.Reports()[0]; r.Verdict != coolify.Applies || !strings.Contains(r.Why, "4.3.8") {
		t.Errorf("it is not judged by what runs: %+v", r)
	}
}

// TestNoCoolify is an error of the environment file, which says so, whatever the engine has.
func TestNoCoolify(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	if _, err := look(t, m); err == nil || !strings.Contains(err.Error(), "no Coolify was installed") {
		t.Errorf("%v", err)
	}
	m.Sh("mkdir -p /data/coolify/source; head -c 2000000 /dev/zero | tr '\\0' A >" + coolify.DefaultFile)
	if _, err := look(t, m); err == nil || !strings.Contains(err.Error(), "2000000 bytes") {
		t.Errorf("%v", err)
	}
}

// TestPendingRestart: the container is older than the file, to the second.
func TestPendingRestart(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: env}})
	engine(m)
	m.Write("/fake/row", row("0", "2026-08-01T10:00:00.5Z", "running", image))
	for changed, want := range map[string]bool{"09:59:59": false, "10:00:00": false, "10:00:01": true, "11:00:00": true} {
		m.Sh("TZ=UTC touch -d '2026-08-01 " + changed + "' " + coolify.DefaultFile)
		in := mustLook(t, m)
		if pending, why := in.Pending(); pending != want || why != "" {
			t.Errorf("%s: %v %s", changed, pending, why)
		}
		if first := in.Advice()[0]; strings.Contains(first, "was written after the container was created") != want {
			t.Errorf("%s: %s", changed, first)
		}
	}
}

// master starts the real ssh as Coolify does, which listens at a socket of this name.
func master(m *hosttest.Machine, name string) string {
	return fmt.Sprintf("ssh -F /dev/null -i /fake/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p %d -fN -o ControlMaster=auto -o ControlPath=%s/%s -o ControlPersist=3600 root@%s >/dev/null 2>&1", m.Port, mux, name, m.Addr)
}

// TestSharedConnectionsOfAContainer: a master with its socket, a socket without a master,
// and the two kinds of orphans, all with the real ssh, in file systems that the host does
// not see.
func TestSharedConnectionsOfAContainer(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: env}})
	engine(m)
	key, err := os.ReadFile(m.KeyPath)
	if err != nil {
		t.Fatal(err)
	}
	m.Write("/fake/key", string(key))
	m.Sh("chmod 600 /fake/key")
	pid := contain(m, "mkdir -p "+mux+"\n"+strings.Join([]string{
		master(m, "mux_live"), master(m, "mux_lost"), "rm " + mux + "/mux_lost", master(m, "mux_twice"), "rm " + mux + "/mux_twice", "sleep 1.1", master(m, "mux_twice"),
		master(m, "mux_dead"), "kill -9 $(ssh -F /dev/null -O check -S " + mux + "/mux_dead x 2>&1 | sed 's/.*pid=//; s/).*//')", "touch " + mux + "/mux_file", "mkdir " + mux + "/mux_dir",
	}, "\n"))
	m.Write("/fake/row", row(pid, "2026-08-01T10:00:00Z", "running", image))
	outside := "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"/var/www/mux_host\", Listen => 1); sleep 10000'"
	m.Sh("(setsid " + outside + " >/dev/null 2>&1 &)")
	before := m.Sh("ls -la --full-time /proc/" + pid + "/root" + mux)
	if out, err := m.Exec("bash", "--posix", "-c", gatherScript(reconcile.Target{File: coolify.DefaultFile}, "coolify")); err != nil || strings.Count(out, "@listener ") != 4 {
		t.Errorf("bash: %v %s", err, out)
	}
	in := mustLook(t, m)
	if now := m.Sh("ls -la --full-time /proc/" + pid + "/root" + mux); now != before {
		t.Errorf("changed:\n%s\n%s", before, now)
	}
	sockets, orphans, why := in.Shared()
	var got []string
	for _, s := range sockets {
		listens := "-"
		if s.Master != nil {
			listens = s.Master.Program
		}
		got = append(got, s.Name+" "+s.Mode+" "+listens)
	}
	if want := []string{"mux_dead 600 -", "mux_live 600 ssh", "mux_twice 600 ssh"}; !slices.Equal(got, want) || why != "" {
		t.Errorf("%q, %s\n%s", got, why, m.Processes())
	}
	var lost []string
	for _, o := range orphans {
		lost = append(lost, o.Name+" "+o.Program)
		if args := m.Sh(fmt.Sprintf("tr '\\0' ' ' </proc/%d/cmdline", o.PID)); !strings.Contains(args, o.Name) {
			t.Errorf("%d is %s", o.PID, args)
		}
	}
	if slices.Sort(lost); !slices.Equal(lost, []string{"mux_lost ssh", "mux_twice ssh"}) {
		t.Errorf("%q\n%s", lost, m.Processes())
	}
	for _, o := range orphans {
		for _, s := range sockets {
			if s.Master != nil && s.Master.PID == o.PID {
				t.Errorf("%d is both", o.PID)
			}
			if o.Name == "mux_twice" && s.Name == "mux_twice" && s.Master.Age > o.Age {
				t.Error("the older master has the name")
			}
		}
	}
	if asked := m.Sh("grep -v '^container inspect ' /fake/asked || :"); asked != "" {
		t.Errorf("docker was asked for more: %s", asked)
	}
}

// TestHostileContainer: names with control characters are left out, a link is not followed
// out of the container, a flood is bounded, and a process of the host does not pass for
// one of the container.
func TestHostileContainer(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: env}})
	engine(m)
	bind := func(names string) string {
		return "perl -MIO::Socket::UNIX -e 'chdir \"" + mux + "\"; for (" + names + ") { push @s, IO::Socket::UNIX->new(Local => $_, Listen => 1) or die \"$_: $!\" } open F, \">/fake/bound\"; sleep 10000' >/dev/null 2>&1 &\nuntil [ -e /fake/bound ]; do sleep 0.1; done\nrm /fake/bound"
	}
	pid := contain(m, "mkdir -p "+mux+"\n"+bind(`"a\n\@env", "e\e]0;x\a", "x y", "\$(touch ran)", "-n", "good", map { "flood$_" } 1 .. 1500`))
	first := pid
	m.Write("/fake/row", row(pid, "2026-08-01T10:00:00Z", "running", image))
	in := mustLook(t, m)
	sockets, _, why := in.Shared()
	if why != "" || len(sockets) != 1502 || sockets[0].Name != "-n" {
		t.Errorf("%d sockets, %s", len(sockets), why)
	}
	if ran := m.Sh("find / -xdev -name ran | head"); ran != "" {
		t.Errorf("a name ran: %s", ran)
	}
	m.Write("/fake/row", row("1", "2026-08-01T10:00:00Z", "running", image))
	if _, _, why := mustLook(t, m).Shared(); why == "" {
		t.Error("process 1 of the host passes for a container")
	}
	m.Sh("setsid sleep 9999 >/dev/null 2>&1 & echo $! >/fake/other")
	other := strings.TrimSpace(m.Sh("cat /fake/other"))
	m.Write("/fake/row", row(other, "2026-08-01T10:00:00Z", "running", image))
	if _, _, why := mustLook(t, m).Shared(); !strings.Contains(why, "is not in a container on this host") {
		t.Errorf("a process of the host passes for a container: %q", why)
	}
	m.Sh("mkdir -p /srv/mux; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"/srv/mux/mux_hosts\", Listen => 1)'")
	pid = contain(m, "mkdir -p "+filepath.Dir(mux)+"\nln -s /srv/mux "+mux)
	m.Write("/fake/row", row(pid, "2026-08-01T10:00:00Z", "running", image))
	if sockets, _, why := mustLook(t, m).Shared(); len(sockets) > 0 || !strings.Contains(why, "is a link, which is not followed") {
		t.Errorf("%v, %q", sockets, why)
	}
	pid = contain(m, ":")
	m.Write("/fake/row", row(pid, "2026-08-01T10:00:00Z", "running", image))
	if _, _, why := mustLook(t, m).Shared(); why != "/var/www/html is not in the container" {
		t.Errorf("%q", why)
	}
	m.Write("/fake/row", row(first, "2026-08-01T10:00:00Z", "running", image))
	for program, why := range map[string]string{"find": "could not be listed", "stat": "", "readlink": "is not in a container"} {
		m.Sh("cp $(command -v " + program + ") /fake/" + program + "; printf '#!/bin/sh\\nexit 1\\n' >/usr/local/bin/" + program + "; chmod 755 /usr/local/bin/" + program)
		in := mustLook(t, m)
		m.Sh("rm /usr/local/bin/" + program)
		// Docker is not asked where stat does not say whose the process is.
		if program == "stat" {
			if _, why := in.Pending(); why == "" {
				t.Error("without stat the file has a time")
			}
			continue
		}
		if sockets, _, got := in.Shared(); len(sockets) > 0 || !strings.Contains(got, why) {
			t.Errorf("%s: %d sockets, %q", program, len(sockets), got)
		}
	}
}

// TestEngineThatHangs and one that prints nonsense end with a reason, and the file is read.
func TestEngineThatHangs(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: env}})
	engine(m)
	for program, why := range map[string]string{
		"exec sleep 100": "docker: it did not answer", "echo nonsense; echo @end": "docker: nonsense @end", "printf '\\033]0;x\\007' >&2; exit 1": `\x1b]0;x`,
	} {
		m.Write("/usr/local/bin/docker", "#!/bin/sh\n"+program+"\n")
		began := time.Now()
		in := mustLook(t, m)
		if _, got := in.ImageRelease(); !strings.Contains(got, why) || time.Since(began) > 40*time.Second {
			t.Errorf("%s: %q", program, got)
		}
	}
	m.Sh("rm /usr/local/bin/docker")
	if _, why := mustLook(t, m).ImageRelease(); why != "docker: dockerd runs, and there is no program docker" {
		t.Errorf("%q", why)
	}
}

// TestRealDockerProgram: our template, in the real program of Docker, over what the API of
// its daemon answers by its documentation (GET /containers/{id}/json).
func TestRealDockerProgram(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("this needs the program of Docker, which no other test does")
	}
	socket := daemonAPI(t)
	_, format, _ := strings.Cut(gatherSource, "FORMAT='")
	format, _, _ = strings.Cut(format, "'")
	cmd := exec.CommandContext(t.Context(), program, "container", "inspect", "--format", format, "coolify")
	cmd.Env = []string{"DOCKER_HOST=unix://" + socket, "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if want := row("4242", "2026-08-01T10:00:00.123456789Z", "running", image); err != nil || string(out) != want {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
}
