package coolify

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
)

// Installation is a Coolify as one look saw it: its environment file, and its container.
type Installation struct {
	Facts
	Now         int        // on the host, in seconds since 1970
	Engine      string     // that runs the container: docker or podman
	Container   *Container // nil where none was found,
	NoContainer string     // because of this; "" where no engine runs
	// Seen says that the shared connections inside the container were looked at, and
	// NoSockets why they were not, or not all of them.
	Seen      bool
	NoSockets string
	Sockets   []Socket // the files, in the order of their names
	Masters   []Master // the processes that listen at sockets of those names
}

// Container is what the engine tells of it.
type Container struct {
	ID, Image, Status string
	PID               int   // of its first process; 0 where it does not run
	Created, Started  int64 // in seconds since 1970; 0 where that is not known
}

// Socket is a file by which processes in the container share a connection.
type Socket struct {
	Name, Mode string
	UID        int
	Age        int64   // seconds since it was made
	Master     *Master // the process that listens there, nil where none does
}

// Master is a process that listens at a socket.
type Master struct {
	Name    string // of the socket
	PID     int    // as the host counts
	UID     int
	Program string // its name, without arguments
	Age     int64  // in seconds
}

// DefaultContainer is the name that Coolify's docker-compose.yml gives its container.
const DefaultContainer = "coolify"

// imageForm is the image of Coolify in any registry, with its tag.
var imageForm = regexp.MustCompile(`^(?:[A-Za-z0-9._:-]+/)*coollabsio/coolify(?::([A-Za-z0-9._-]+))?(?:@sha256:[0-9a-f]+)?$`)

// ImageRelease is the release that the tag of the container's image names; "", and why,
// where it names none.
func (in Installation) ImageRelease() (release, why string) {
	c := in.Container
	if c == nil {
		return "", in.whyNoContainer()
	}
	m := imageForm.FindStringSubmatch(c.Image)
	if m == nil {
		return "", fmt.Sprintf("the image %q is not coollabsio/coolify", c.Image)
	}
	if _, ok := parseRelease(m[1]); !ok {
		return "", fmt.Sprintf("the image %q names no release", c.Image)
	}
	return bare(m[1]), ""
}

func (in Installation) whyNoContainer() string {
	return cmp.Or(in.NoContainer, "neither dockerd nor a container of podman runs on the host")
}

// Where a release was found.
const (
	FromFile      = "file"
	FromContainer = "container"
)

// Release is the release that the file names, else the one that the image does; "", and
// why, where neither does.
func (in Installation) Release() (release, source, why string) {
	if release := Version(in.Facts); release != "" {
		return release, FromFile, ""
	}
	release, why = in.ImageRelease()
	if release != "" {
		return release, FromContainer, ""
	}
	return "", "", in.File + " names no release, and neither does the container: " + why
}

// running is the release by which the installation is judged: that of the container, which
// is what runs, else that of the file.
func (in Installation) running() string {
	release, _ := in.ImageRelease()
	return cmp.Or(release, Version(in.Facts))
}

// Pending reports whether the file was written after the container was created, which
// reads it only then; why not, where that is not known.
func (in Installation) Pending() (pending bool, why string) {
	switch c := in.Container; {
	case c == nil:
		return false, in.whyNoContainer()
	case c.Created == 0:
		return false, in.Engine + " does not tell when the container was created"
	case in.Changed == 0:
		return false, "the host does not tell when " + in.File + " was written"
	default:
		return int64(in.Changed) > c.Created, ""
	}
}

// whyNoSockets says why the shared connections were not looked at, "" where they were.
func (in Installation) whyNoSockets() string {
	switch {
	case in.NoSockets != "":
		return in.NoSockets
	case in.Seen:
		return ""
	case in.Container == nil:
		return in.whyNoContainer()
	case in.Container.PID == 0:
		return "the container does not run (" + in.Container.Status + ")"
	}
	return in.Engine + " names no process of the container"
}

// Shared lists the sockets with the process that listens at each, and the orphans: ssh
// processes that listen at a socket whose file is gone or is another one by now, so that
// no ssh finds them and none ends them. Why says why neither is known.
func (in Installation) Shared() (sockets []Socket, orphans []Master, why string) {
	if why := in.whyNoSockets(); why != "" {
		return nil, nil, why
	}
	sockets = slices.Clone(in.Sockets)
	// A master takes a name only if no other answers there: the youngest has it.
	masters := slices.SortedFunc(slices.Values(in.Masters), func(a, b Master) int { return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(b.PID, a.PID)) })
	free := map[string]*Socket{}
	for i := range sockets {
		free[sockets[i].Name] = &sockets[i]
	}
	for _, m := range masters {
		switch s := free[m.Name]; {
		case s != nil:
			s.Master, free[m.Name] = &m, nil
		case m.Program == "ssh":
			orphans = append(orphans, m)
		}
	}
	slices.Reverse(orphans) // the oldest first
	return sockets, orphans, ""
}
