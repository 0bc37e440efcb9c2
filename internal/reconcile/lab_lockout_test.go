//go:build hosts

package reconcile_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// attempt is a way to lock oneself out.
type attempt struct {
	name string
	want sshserver.Want
	user string // who applies; root when empty
	// meanwhile is what somebody else does on the host between two steps.
	at, meanwhile string
	// left is how it ends where that is not rolled back at once, or refused.
	left reconcile.Outcome
}

func single(keyword string, values ...string) sshserver.Want {
	return sshserver.Want{Takeover: true, Settings: []keepalive.Setting{{Attribute: keyword, Keyword: keyword, Values: values}}}
}

func forUs(keyword, value string) sshserver.Want {
	return sshserver.Want{Match: []sshserver.Match{{Criteria: "User root", Settings: []keepalive.Setting{{Attribute: keyword, Keyword: keyword, Values: []string{value}}}}}}
}

// attempts are ways to make a host unreachable for us with settings that sshd -t
// likes, in most cases.
var attempts = []attempt{
	{name: "AllowUsers without us", want: single("AllowUsers", "nobody-else")},
	{name: "AllowGroups without us", want: single("AllowGroups", "nogroup")},
	{name: "DenyUsers us", want: single("DenyUsers", "root")},
	{name: "AllowUsers us from elsewhere", want: single("AllowUsers", "root@192.0.2.1")},
	{name: "PermitRootLogin no", want: single("PermitRootLogin", "no")},
	{name: "PermitRootLogin forced-commands-only", want: single("PermitRootLogin", "forced-commands-only")},
	{name: "PubkeyAuthentication no", want: single("PubkeyAuthentication", "no")},
	{name: "AuthorizedKeysFile elsewhere", want: single("AuthorizedKeysFile", "/etc/ssh/no/%u")},
	{name: "AuthenticationMethods unsatisfiable", want: single("AuthenticationMethods", "publickey,password")},
	{name: "Port behind a firewall", want: single("Port", "2299")},
	{name: "Port of another daemon", want: single("Port", "2298")},
	{name: "ListenAddress loopback", want: single("ListenAddress", "127.0.0.1")},
	{name: "ListenAddress not of this host", want: single("ListenAddress", "203.0.113.9")},
	{name: "AddressFamily inet6", want: single("AddressFamily", "inet6")},
	{name: "MaxStartups 1:100:1, and one is busy", want: single("MaxStartups", "1:100:1"), at: "live",
		meanwhile: "(exec 3<>/dev/tcp/127.0.0.1/22; sleep 30) >/dev/null 2>&1 & sleep 0.3"},
	{name: "MaxStartups 0", want: single("MaxStartups", "0")},
	{name: "PerSourceMaxStartups 0", want: single("PerSourceMaxStartups", "0")},
	{name: "MaxSessions 0", want: single("MaxSessions", "0")},
	{name: "MaxAuthTries 0", want: single("MaxAuthTries", "0")},
	{name: "ForceCommand", want: single("ForceCommand", "/bin/false")},
	{name: "ForceCommand that prints", want: single("ForceCommand", "/bin/echo welcome")},
	{name: "ChrootDirectory missing", want: single("ChrootDirectory", "/srv/missing")},
	{name: "ChrootDirectory empty", want: single("ChrootDirectory", "/srv")},
	{name: "Ciphers that the client lacks", want: single("Ciphers", "aes256-cbc")},
	{name: "KexAlgorithms that the client lacks", want: single("KexAlgorithms", "diffie-hellman-group18-sha512")},
	{name: "HostKeyAlgorithms without our keys", want: single("HostKeyAlgorithms", "ssh-ed25519-cert-v01@openssh.com")},
	{name: "HostKey absent", want: single("HostKey", "/etc/ssh/absent_key")},
	{name: "HostKey another", want: single("HostKey", "/srv/other_key")},
	{name: "HostKey that anybody can read", want: single("HostKey", "/srv/open_key")},
	{name: "UsePAM no, locked account", want: single("UsePAM", "no"), user: "admin"},
	{name: "Match that denies only us", want: forUs("DenyUsers", "root")},
	{name: "Match with methods only for us", want: forUs("AuthenticationMethods", "hostbased")},
	{name: "Match with ForceCommand for us", want: forUs("ForceCommand", "/bin/false")},
	{name: "RefuseConnection for us", want: forUs("RefuseConnection", "yes")},
	{name: "another drop-in turns fatal before the reload", want: wish("ClientAliveInterval", "60"), at: "reload",
		meanwhile: "echo Nonsense yes >/etc/ssh/sshd_config.d/60-fatal.conf"},
	{name: "another drop-in is fatal for a while after the reload", want: single("PermitRootLogin", "no"), at: "live", left: reconcile.Watchdog,
		meanwhile: "echo Nonsense yes >/etc/ssh/sshd_config.d/60-fatal.conf; (sleep 5; rm /etc/ssh/sshd_config.d/60-fatal.conf) >/dev/null 2>&1 &"},
	{name: "Include of a fatal file", want: single("Include", "/srv/included/*.conf")},
}

// fate is a line of the table.
type fate struct {
	attempt, release, outcome string
	seconds                   float64
	login, identical          bool
	said                      string
}

// TestLockOuts tries every way on every release and prints what became of it. The
// host must end reachable with its old settings within the confirm timeout.
func TestLockOuts(t *testing.T) {
	var mu sync.Mutex
	var fates []fate
	t.Run("on", func(t *testing.T) {
		everyRelease(t, func(t *testing.T, o lab.Options) {
			r := newLabRig(t, o, "root")
			r.Sh("usermod -p '!' admin; ssh-keygen -q -t ed25519 -N '' -f /srv/other_key; ssh-keygen -q -t ed25519 -N '' -f /srv/open_key; chmod 644 /srv/open_key; " +
				"mkdir /srv/included; echo Nonsense yes >/srv/included/fatal.conf; " +
				"ip rule add ipproto 6 sport 2299 blackhole; /usr/sbin/sshd -o Port=2298 -o PidFile=/run/other.pid")
			for _, a := range attempts {
				f := r.lockOut(t, a)
				f.release = o.Release
				mu.Lock()
				fates = append(fates, f)
				mu.Unlock()
			}
		})
	})
	printFates(t, fates)
}

const lockOutTimeout = 12 * time.Second

// slack is what a busy machine may add to it.
const slack = 5 * time.Second

func (r *labRig) lockOut(t *testing.T, a attempt) fate {
	t.Helper()
	user := cmp.Or(a.user, "root")
	as := rigOn(t, r.Machine, user)
	target := as.target
	target.ConfirmTimeout = lockOutTimeout
	before := r.Snapshot("/etc/ssh")
	machines := &cutting{Machines: as.pool, onConfirm: func() {}}
	if a.at != "" {
		r.Write(brakeFile, a.at+"\n")
		go r.meddle(a.meanwhile)
	}
	began := time.Now()
	_, _, outcome, err := newWalk(machines).Apply(t.Context(), target, a.want, reconcile.Record{})
	f := fate{attempt: a.name, outcome: string(outcome), said: fmt.Sprint(err)}
	for until := began.Add(lockOutTimeout + 10*time.Second); time.Now().Before(until) && !f.login; time.Sleep(100 * time.Millisecond) {
		f.login = r.login(user) == nil
	}
	f.seconds = time.Since(began).Seconds()
	if a.left == reconcile.Watchdog {
		r.eventually(t, "the watchdog to finish", func() bool { return r.traces() == "" })
	}
	r.Sh("rm -f " + brakeFile + " /etc/ssh/sshd_config.d/60-fatal.conf")
	d := hosttest.Differences(before, r.Snapshot("/etc/ssh"))
	f.identical = d == ""
	var failed *reconcile.Error
	switch {
	case err == nil:
		t.Errorf("%s: %s, though it must not be", a.name, outcome)
	case !errors.As(err, &failed) || !strings.Contains(err.Error(), string(outcome)):
		t.Errorf("%s: the error does not say that it was %s: %v", a.name, outcome, err)
	case outcome != a.left && (a.left != "" || outcome != reconcile.RolledBack && outcome != reconcile.Unchanged):
		t.Errorf("%s: %s: %v", a.name, outcome, err)
	case !f.login || f.seconds > lockOutTimeout.Seconds()+slack.Seconds():
		t.Errorf("%s: reachable: %v after %.1f s", a.name, f.login, f.seconds)
	}
	if d != "" {
		t.Errorf("%s: /etc/ssh differs:\n%s", a.name, d)
	}
	r.noTraces(t)
	r.recover(t, a, before)
	return f
}

// meddle does something on the host while a change is stopped.
func (r *labRig) meddle(script string) {
	for range 300 {
		if _, err := r.Exec("test", "-s", brakedFile); err == nil {
			_, _ = r.Exec("bash", "-c", script)
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, _ = r.Exec("rm", "-f", brakedFile)
}

// recover lets the rest of the table be filled when an attempt came through.
func (r *labRig) recover(t *testing.T, a attempt, before map[string]hosttest.File) {
	t.Helper()
	if !t.Failed() || r.login("root") == nil && hosttest.Differences(before, r.Snapshot("/etc/ssh")) == "" {
		return
	}
	t.Logf("%s: putting the host right by hand", a.name)
	r.Sh("rm -f " + dropIn + "; sed -i '/sshkeepalive/d' " + mainFile)
	r.host.RestartSSHD()
}

func printFates(t *testing.T, fates []fate) {
	t.Helper()
	slices.SortStableFunc(fates, func(a, b fate) int {
		return cmp.Compare(position(a.attempt), position(b.attempt))
	})
	word := map[bool]string{true: "ok", false: "NO"}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "lock-out\trelease\toutcome\tseconds\tlogin\tfiles\tmessage")
	good := 0
	for _, f := range fates {
		if f.login && f.identical {
			good++
		}
		said := strings.TrimPrefix(f.said, "web1: ")
		fmt.Fprintf(table, "%s\t%s\t%s\t%.1f\t%s\t%s\t%s\n", f.attempt, f.release, f.outcome, f.seconds, word[f.login], word[f.identical], said)
	}
	table.Flush()
	fmt.Printf("%d of %d end reachable with the old settings\n", good, len(fates))
}

func position(name string) int {
	return slices.IndexFunc(attempts, func(a attempt) bool { return a.name == name })
}
