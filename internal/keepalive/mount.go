package keepalive

import (
	"fmt"
	"slices"
)

// MountedFile is a file on which something is mounted, as containers and Kubernetes
// mount a single file. A change takes the place of a file by rename, and the kernel
// refuses that there (EBUSY).
const MountedFile Code = "mounted file"

// mounted says which of the files that change cannot be replaced.
func mounted(files, mounts []string) []Problem {
	var problems []Problem
	for _, file := range files {
		if slices.Contains(mounts, file) {
			problems = append(problems, Problem{Code: MountedFile,
				Text: fmt.Sprintf("%s is a mount of its own, and no new file can take its place", file)})
		}
	}
	return problems
}

// movable leaves out the places whose file cannot be replaced, if any other is left.
func movable(places []spot, mounts []string) []spot {
	left := slices.DeleteFunc(slices.Clone(places), func(s spot) bool {
		return slices.Contains(mounts, s.file) || s.adds && slices.Contains(mounts, s.include.Path)
	})
	if len(left) == 0 {
		return places
	}
	return left
}
