package keepalive

import (
	"fmt"
	"slices"
)

// MountedFile is a file on which something is mounted, as containers and Kubernetes
// mount a single file. A change takes the place of a file by rename, and the kernel
// refuses that there (EBUSY).
const MountedFile Code = "mounted file"

// MountProblems says which of the files that change cannot be replaced.
func MountProblems(files, mounts []string) []Problem {
	var problems []Problem
	for _, file := range files {
		if slices.Contains(mounts, file) {
			problems = append(problems, Problem{Code: MountedFile,
				Text: fmt.Sprintf("%s is a mount point, so no new file can replace it", file)})
		}
	}
	return problems
}
