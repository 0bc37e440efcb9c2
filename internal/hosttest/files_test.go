package hosttest

import (
	"io/fs"
	"testing"
)

func TestFiles(t *testing.T) {
	m := Start(t, Options{NoDaemon: true})
	m.Sh("mkdir -p /etc/x; printf 'a\\r\\nb' >/etc/x/file; chmod 640 /etc/x/file; chown 7:9 /etc/x/file; ln -s /etc/x/file /etc/x/link; ln /etc/x/file /etc/x/same")
	if got := string(m.Read("/etc/x/link")); got != "a\r\nb" {
		t.Errorf("read: got %q", got)
	}
	before := m.Snapshot("/etc/x", "/etc/nowhere")
	want := map[string]File{
		"/etc/x":      {Mode: fs.ModeDir | 0o755},
		"/etc/x/file": {Mode: 0o640, UID: 7, GID: 9, Data: "a\r\nb"},
		"/etc/x/same": {Mode: 0o640, UID: 7, GID: 9, Data: "a\r\nb"},
		"/etc/x/link": {Mode: fs.ModeSymlink | 0o777, Link: "/etc/x/file"},
	}
	if diff := Differences(want, before); diff != "" {
		t.Errorf("snapshot: %s", diff)
	}

	m.Write("/etc/x/link", "new")
	m.Write("/etc/x/deep/er", "")
	m.Remove("/etc/x/link")
	const changes = `/etc/x/deep/er: is new
/etc/x/deep: is new
/etc/x/file: was {Mode:-rw-r----- UID:7 GID:9 Data:a` + "\r\nb" + ` Link:}, is {Mode:-rw-r----- UID:7 GID:9 Data:new Link:}
/etc/x/link: is gone
/etc/x/same: was {Mode:-rw-r----- UID:7 GID:9 Data:a` + "\r\nb" + ` Link:}, is {Mode:-rw-r----- UID:7 GID:9 Data:new Link:}`
	if got := Differences(before, m.Snapshot("/etc/x")); got != changes {
		t.Errorf("differences: got %s", got)
	}
}
