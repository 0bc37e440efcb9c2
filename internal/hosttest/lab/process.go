package lab

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// systemBelow finds the process below another that is process 1 of a namespace
// and runs an init; 0 if there is none yet.
func systemBelow(pid int) int {
	for _, child := range childrenOf(pid) {
		if isSystem(child) {
			return child
		}
		if found := systemBelow(child); found != 0 {
			return found
		}
	}
	return 0
}

func childrenOf(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // none when it is gone
	var list []int
	for word := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(word); err == nil {
			list = append(list, n)
		}
	}
	return list
}

// isSystem tells an init from what systemd-nspawn was before it executed it.
func isSystem(pid int) bool {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if n := strings.TrimSpace(string(name)); n != "systemd" && n != "init" {
		return false
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return strings.HasSuffix(strings.TrimSpace(numbers), "\t1")
		}
	}
	return false
}
