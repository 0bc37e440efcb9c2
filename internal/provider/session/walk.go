package session

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// applyWalk tells whether this process serves the walk that applies. The protocol does
// not: the engine asks for each plan again just before it applies it, with the same
// request, and a value that was known in the first plan must not become unknown in the
// second one.
type applyWalk struct {
	begun     atomic.Bool // a resource is being created, updated or deleted
	refreshed atomic.Bool // a resource was read
	saved     bool        // the engine was started to apply a saved plan
	// approves says that the engine was started to plan, to have that approved and to
	// apply it, and that it reads what exists before it plans.
	approves bool
}

func newApplyWalk() *applyWalk {
	args := parentArguments()
	environment := os.Getenv("TF_CLI_ARGS") + " " + os.Getenv("TF_CLI_ARGS_apply") + " " + os.Getenv("TF_CLI_ARGS_destroy")
	return &applyWalk{saved: appliesSavedPlan(args), approves: refreshesAndApplies(append(args, strings.Fields(environment)...))}
}

// Begin notes that the engine applies.
func (w *applyWalk) Begin() { w.begun.Store(true) }

// Refreshed notes that the engine reads a resource, which it does in the walk that plans.
func (w *applyWalk) Refreshed() { w.refreshed.Store(true) }

// Sure reports whether the plan that is asked for is known to be the second one, of the
// walk that applies; exists says whether it is about a resource that exists, which is read
// before its first plan. It is false in one case where it should be true: a new resource
// of an apply without a saved plan, before anything is applied.
func (w *applyWalk) Sure(exists bool) bool {
	return w.saved || w.begun.Load() || w.approves && exists && !w.refreshed.Load()
}

// parentArguments returns the command line of the engine that started this process, nil
// where that cannot be read: on other systems than Linux.
func parentArguments() []string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid()))
	if err != nil {
		return nil
	}
	var args []string
	for arg := range bytes.SplitSeq(bytes.TrimSuffix(line, []byte{0}), []byte{0}) {
		args = append(args, string(arg))
	}
	return args
}

// refreshesAndApplies reports whether args is the command line of an engine that applies,
// and does not leave out the refresh.
func refreshesAndApplies(args []string) bool {
	applies := slices.ContainsFunc(args, func(arg string) bool { return arg == "apply" || arg == "destroy" })
	return applies && !slices.ContainsFunc(args, func(arg string) bool {
		flag, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return flag == "refresh" && value != "true"
	})
}

// flagsWithValue are the flags of apply whose value may be an argument of its own.
var flagsWithValue = []string{"backup", "lock-timeout", "parallelism", "replace", "state", "state-out", "target", "exclude", "var", "var-file"}

// appliesSavedPlan reports whether args is the command line of an engine that applies a
// saved plan: its last argument is then the file.
func appliesSavedPlan(args []string) bool {
	command := slices.IndexFunc(args, func(arg string) bool { return arg == "apply" })
	if command < 1 || command == len(args)-1 {
		return false
	}
	last, before := args[len(args)-1], strings.TrimLeft(args[len(args)-2], "-")
	return !strings.HasPrefix(last, "-") && !(strings.HasPrefix(args[len(args)-2], "-") && slices.Contains(flagsWithValue, before))
}
