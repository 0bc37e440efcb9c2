package commit

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// fullDisk is a file system with room for a change, and then without a byte more, or
// without a name more.
type fullDisk struct {
	name, dirs, options string
}

var noRoom = []fullDisk{
	{"run", "/run", "size=900k"},
	{"run without inodes", "/run", "size=900k,nr_inodes=120"},
	{"state", "/var/lib", "size=900k"},
	{"state without inodes", "/var/lib", "size=900k,nr_inodes=120"},
	{"etc", "/etc/ssh", "size=900k"},
	{"etc without inodes", "/etc/ssh", "size=900k,nr_inodes=120"},
	{"everything", "/run /var/lib /etc/ssh", "size=900k"},
	{"everything without inodes", "/run /var/lib /etc/ssh", "size=900k,nr_inodes=120"},
}

// small puts small file systems over directories, with what sshd needs of them.
func (h realHost) small(f fullDisk) {
	h.Sh(`for d in ` + f.dirs + `; do
		mkdir -p /srv/kept
		[ "$d" = /var/lib ] || cp -a "$d/." /srv/kept
		mount -t tmpfs -o mode=755,` + f.options + ` tmpfs "$d"
		cp -a /srv/kept/. "$d"
		rm -r /srv/kept
	done`)
}

// fill takes all the room there is.
func (h realHost) fill(f fullDisk) {
	take := `dd if=/dev/zero of="$d/filler" bs=1k 2>/dev/null || :; dd if=/dev/zero of="$d/filler" bs=1 oflag=append conv=notrunc 2>/dev/null || :`
	if strings.Contains(f.options, "inodes") {
		take = `mkdir "$d/filler"; (cd "$d/filler" && seq 500 | xargs mkdir 2>/dev/null) || :`
	}
	h.Sh(`for d in ` + f.dirs + `; do ` + take + `; done`)
}

// TestRollbackWithoutRoom: a change that nobody confirms is taken back in time, though
// its files, its state or the place of its lock have no room for anything.
func TestRollbackWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, f := range noRoom {
		t.Run(f.name, func(t *testing.T) {
			h, _ := bootReal(t)
			h.small(f)
			h.RestartSSHD()
			before := h.Snapshot("/etc/ssh")
			r := h.request("room", "ClientAliveInterval 60\nAllowUsers nobody\n")
			r.ConfirmTimeout = 20 * time.Second // filling takes some 20 milliseconds
			began, err := (&scripted{machine: h, req: r, protocol: standardProtocol}).perform(t.Context(), begin)
			if err != nil || began.answer != "live" {
				t.Fatalf("%+v, %v", began, err)
			}
			due := h.due(r.ID)
			h.fill(f)
			for d := range strings.FieldsSeq(f.dirs) {
				if _, err := h.Exec("sh", "-c", "echo x >"+d+"/filler.more"); err == nil {
					t.Fatalf("%s has room", d)
				}
			}
			if left := due - h.number("date +%s"); left < 1 {
				t.Fatalf("the disk was full %d seconds too late", -left)
			}
			late := h.number("n=0; until [ ! -e "+realDropIn+" ] || [ $n -gt 900 ]; do sleep 0.1; n=$((n + 1)); done; date +%s") - due
			t.Logf("rolled back %d seconds after the confirm timeout", late)
			if late > 25 { // a machine that does nothing else needs three
				t.Error("that is too late")
			}
			h.Sh("rm -rf /run/filler* /var/lib/filler* /etc/ssh/filler*")
			h.waitRestored(t, before)
			if err := h.login(t.Context(), Pending{}); err != nil {
				t.Errorf("nobody can log in: %v", err)
			}
		})
	}
}

// waitRestored waits until /etc/ssh is as before and nothing of ours is left.
func (h realHost) waitRestored(t *testing.T, before map[string]hosttest.File) {
	t.Helper()
	h.unwatched()
	d := "unknown"
	for end := time.Now().Add(20 * time.Second); d != "" && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		d = hosttest.Differences(before, h.Snapshot("/etc/ssh")) + h.Sh("ls -d /var/lib/sshkeepalive /run/sshkeepalive 2>/dev/null || :")
	}
	if d != "" {
		t.Errorf("different:\n%s", d)
	}
}

// due is when the watchdog of change id acts, in seconds of the host's clock.
func (h realHost) due(id string) int {
	return h.number("cut -d' ' -f1 /var/lib/sshkeepalive/" + id + "/deadline")
}

func (h realHost) number(script string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(h.Sh(script)))
	return n
}
